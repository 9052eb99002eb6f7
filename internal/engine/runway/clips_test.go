package runway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/testkit"
)

func walk() engine.Shot {
	return engine.Shot{Engine: "runway", Model: "gen4.5", Prompt: "the apple rolls", First: sum, Width: 1280, Height: 720, Seconds: 5, Seed: 7}
}

// Each model has its own frames, lengths and sizes; the file comes back as it was, to who kept the ticket.
func TestClips(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*engine.Shot)
		path   string
		says   func(input) bool
	}{
		"of a picture": {func(*engine.Shot) {}, "/v1/image_to_video", func(i input) bool {
			return len(i.Frames) == 1 && i.Frames[0].Position == "first" && i.Duration == 5 && i.Ratio == "1280:720" && i.Seed == 7
		}},
		"of words": {func(s *engine.Shot) { s.First = "" }, "/v1/text_to_video", func(i input) bool { return i.Frames == nil && i.Prompt != "" }},
		"wordless": {func(s *engine.Shot) { s.Model, s.Prompt, s.Width, s.Height = "gen4_turbo", "", 960, 960 }, "/v1/image_to_video", func(i input) bool { return i.Prompt == "" }},
		"two frames": {func(s *engine.Shot) {
			s.Model, s.Last, s.Seconds, s.NegativePrompt, s.Options = "veo3.1", sum, 8, "rain", map[string]any{"audio": false}
		}, "/v1/image_to_video", func(i input) bool {
			return len(i.Frames) == 2 && i.Frames[1].Position == "last" && i.Negative == "rain" && i.Audio != nil && !*i.Audio
		}},
	} {
		a := &api{}
		e := open(t, a)
		shot := walk()
		test.change(&shot)
		ticket, err := e.Film(context.Background(), "run-1", shot)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		kept, err := json.Marshal(ticket)
		var found engine.Ticket
		if err = errors.Join(err, json.Unmarshal(kept, &found)); err != nil {
			t.Fatal(err)
		}
		clip, err := newEngine(t, e.service).Develop(context.Background(), found, nil)
		if err != nil || !bytes.Equal(clip.Bytes, testkit.MP4()) || clip.MIME != "video/mp4" || a.jobs[0].path != test.path || !test.says(a.jobs[0].in) {
			t.Errorf("%s: asked %+v, got %q, %v", name, a.jobs[0], clip.Bytes, err)
		}
	}
}

func TestClipsThatAreNotMade(t *testing.T) {
	e := open(t, &api{})
	for name, test := range map[string]struct {
		change  func(*engine.Shot)
		want    error
		says    string
		unknown bool
	}{
		"size":         {func(s *engine.Shot) { s.Width = 1000 }, art.ErrUnsupported, "1280×720", false},
		"size of text": {func(s *engine.Shot) { s.First, s.Width, s.Height = "", 960, 960 }, art.ErrUnsupported, "first frame", false},
		"length":       {func(s *engine.Shot) { s.Seconds = 11 }, art.ErrUnsupported, "seconds", false},
		"model":        {func(s *engine.Shot) { s.Model = "gen3a_turbo" }, art.ErrNotFound, "gen4_turbo", false},
		"last":         {func(s *engine.Shot) { s.Last = sum }, art.ErrUnsupported, "last", false},
		"no first":     {func(s *engine.Shot) { s.Model, s.First = "gen4_turbo", "" }, art.ErrUnsupported, "first", false},
		"nothing":      {func(s *engine.Shot) { s.Model, s.First, s.Prompt, s.Seconds = "veo3.1", "", "", 8 }, art.ErrInvalid, "prompt", false},
		"forbidden":    {func(s *engine.Shot) { s.Prompt = "forbidden" }, art.ErrRefused, "SAFETY", false},
		"broken":       {func(s *engine.Shot) { s.Prompt = "broken" }, art.ErrUnavailable, "no MP4", true},
	} {
		shot := walk()
		test.change(&shot)
		ticket, err := e.Film(context.Background(), "run-1", shot)
		if err == nil {
			_, err = e.Develop(context.Background(), ticket, nil)
		}
		if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.says) || errors.Is(err, engine.ErrUnknown) != test.unknown {
			t.Errorf("%s: %v", name, err)
		}
	}
}
