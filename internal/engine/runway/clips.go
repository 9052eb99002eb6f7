package runway

import (
	"context"
	"maps"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// film is a model for clips.
type film struct {
	name     string
	sizes    string
	text     string // sizes of clips that begin with no picture; "" is none
	seconds  []int
	last     art.Frame
	wordless bool // a first frame is enough
	negative bool
	options  []string
}

// films are the models for clips, the preferred one first.
func films() []film {
	own, veo := []int{5, 10, 2, 3, 4, 6, 7, 8, 9}, []int{8, 4, 6}
	const ownSizes, veoSizes = "1280x720 720x1280 1104x832 832x1104 960x960 1584x672", "1280x720 720x1280 1920x1080 1080x1920"
	return []film{
		{name: "gen4.5", sizes: ownSizes, text: "1280x720 720x1280", seconds: own, options: []string{"contentModeration"}},
		{name: "gen4_turbo", sizes: ownSizes, seconds: own, wordless: true, options: []string{"contentModeration"}},
		{name: "veo3.1", sizes: veoSizes, text: veoSizes, seconds: veo, last: art.FrameMay, wordless: true, negative: true, options: []string{"audio"}},
		{name: "veo3.1_fast", sizes: veoSizes, text: veoSizes, seconds: veo, last: art.FrameMay, wordless: true, negative: true, options: []string{"audio"}},
	}
}

// Films tells which models make clips.
func (e *Engine) Films() (all []engine.FilmModel) {
	for _, f := range e.films {
		m := engine.FilmModel{
			Name: f.name, Sizes: sizes(f.sizes), OfWords: sizes(f.text), Seconds: f.seconds, First: art.FrameMay, Last: f.last, Promptless: f.wordless,
			Negative: f.negative, Seeds: true, Options: f.options, Service: terms(true),
		}
		if f.text == "" {
			m.First = art.FrameMust
		}
		all = append(all, m)
	}
	return all
}

// Film starts a task that makes a clip.
func (e *Engine) Film(ctx context.Context, name string, s engine.Shot) (engine.Ticket, error) {
	if _, err := engine.CheckShot(e.service.Name, e.Films(), s); err != nil {
		return engine.Ticket{}, err
	}
	f := e.films[slices.IndexFunc(e.films, func(f film) bool { return f.name == s.Model })]
	if err := f.check(s); err != nil {
		return engine.Ticket{}, err
	}
	if err := e.service.Ready(ctx); err != nil {
		return engine.Ticket{}, err
	}
	body := map[string]any{"model": f.name, "ratio": ratio(s.Width, s.Height), "duration": s.Seconds}
	maps.Copy(body, s.Options)
	if s.Prompt != "" {
		body["promptText"] = s.Prompt
	}
	if s.NegativePrompt != "" {
		body["negativePrompt"] = s.NegativePrompt
	}
	if s.Seed != 0 {
		body["seed"] = int64(s.Seed)
	}
	path := "/v1/text_to_video"
	if s.First != "" {
		frames, err := e.frames(ctx, s)
		if err != nil {
			return engine.Ticket{}, err
		}
		path, body["promptImage"] = "/v1/image_to_video", frames
	}
	return e.submit(ctx, name, path, body, art.Size{Width: s.Width, Height: s.Height})
}

// check refuses what a clip that begins with no picture can't be.
func (f film) check(s engine.Shot) error {
	if s.First == "" && s.Prompt == "" {
		return art.Invalid("prompt", "is empty, and there is no picture to begin with", "write what is to be seen")
	}
	return checkWords(s.Prompt, maxPrompt, s.Seed)
}

// frame is a picture at its place in a clip.
type frame struct {
	URI      string `json:"uri"`
	Position string `json:"position"`
}

func (e *Engine) frames(ctx context.Context, s engine.Shot) (all []frame, err error) {
	for _, one := range []struct{ field, sum string }{{"first", s.First}, {"last", s.Last}} {
		if one.sum == "" {
			continue
		}
		uri, err := e.service.DataURI(ctx, one.field, one.sum, maxInside)
		if err != nil {
			return nil, err
		}
		all = append(all, frame{uri, one.field})
	}
	return all, nil
}

// Develop gives the clip of a task.
func (e *Engine) Develop(ctx context.Context, t engine.Ticket, progress engine.Progress) (engine.Clip, error) {
	return e.watcher(t, progress).Clip(ctx)
}
