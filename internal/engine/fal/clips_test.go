package fal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/testkit"
)

func walk(model string) engine.Shot {
	return engine.Shot{Engine: "fal", Model: model, Prompt: "the apple rolls", First: sum, Width: 1280, Height: 720, Seconds: 5, Seed: 7}
}

// Each model has its own words for frames, length and size; the file comes back as it was.
func TestClips(t *testing.T) {
	for model, test := range map[string]struct {
		change func(*engine.Shot)
		says   func(input) bool
	}{
		"fal-ai/pika/v2.2/image-to-video": {func(*engine.Shot) {}, func(i input) bool {
			return i.Image != "" && i.Duration == "5" && i.Resolving == "720p" && i.Ratio == "" && i.Seed == 7
		}},
		"fal-ai/pika/v2.2/text-to-video": {func(s *engine.Shot) { s.First, s.Width, s.Height = "", 1080, 1350 }, func(i input) bool {
			return i.Image == "" && i.Ratio == "4:5" && i.Resolving == "1080p"
		}},
		"fal-ai/pika/v2.2/pikaframes": {func(s *engine.Shot) { s.Last, s.Seconds, s.Prompt = sum, 10, "" }, func(i input) bool {
			return len(i.Images) == 2 && i.Duration == nil && i.Moves[0].Duration == 10
		}},
		"fal-ai/bytedance/seedance/v1.5/pro/image-to-video": {func(s *engine.Shot) {
			s.Last, s.Seconds, s.Options = sum, 12, map[string]any{"generate_audio": false}
		}, func(i input) bool { return i.Image != "" && i.Last != "" && i.Duration == "12" && i.Ratio == "16:9" }},
	} {
		q := &queue{}
		e := open(t, q)
		shot := walk(model)
		test.change(&shot)
		ticket, err := e.Film(context.Background(), "run-1", shot)
		if err != nil {
			t.Errorf("%s: %v", model, err)
			continue
		}
		clip, err := newEngine(t, e.service).Develop(context.Background(), ticket, nil)
		if err != nil || !bytes.Equal(clip.Bytes, testkit.MP4()) || clip.MIME != "video/mp4" || !test.says(q.jobs[0].input) {
			t.Errorf("%s: asked %+v, got %q, %v", model, q.jobs[0], clip.Bytes, err)
		}
	}
}

func TestClipsThatAreNotMade(t *testing.T) {
	e := open(t, &queue{})
	for name, test := range map[string]struct {
		change  func(*engine.Shot)
		want    error
		says    string
		unknown bool
	}{
		"size":      {func(s *engine.Shot) { s.Width = 1000 }, art.ErrUnsupported, "1280×720", false},
		"length":    {func(s *engine.Shot) { s.Seconds = 7 }, art.ErrUnsupported, "use 5, 10", false},
		"model":     {func(s *engine.Shot) { s.Model = "fal-ai/pika/v1" }, art.ErrNotFound, "v2.2", false},
		"no first":  {func(s *engine.Shot) { s.First = "" }, art.ErrUnsupported, "first", false},
		"last":      {func(s *engine.Shot) { s.Last = sum }, art.ErrUnsupported, "last", false},
		"option":    {func(s *engine.Shot) { s.Options = map[string]any{"fps": 24} }, art.ErrUnsupported, "options.fps", false},
		"forbidden": {func(s *engine.Shot) { s.Prompt = "forbidden" }, art.ErrRefused, "content_policy_violation", false},
		"broken":    {func(s *engine.Shot) { s.Prompt = "broken" }, art.ErrUnavailable, "no MP4", true},
	} {
		shot := walk("fal-ai/pika/v2.2/image-to-video")
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
