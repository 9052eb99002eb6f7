package fal

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// film is a model for clips.
type film struct {
	name        string // the endpoint, too
	ratios      []string
	resolutions []string
	seconds     []int
	first, last art.Frame
	firstName   string // the service's field for it; "" where both go into a list
	lastName    string
	shaped      bool // takes aspect_ratio; else the first frame's shape is the clip's
	promptless  bool
	negative    bool
	options     []string
}

// films are the models for clips, Pika's first.
func films() []film {
	usual := []string{"16:9", "9:16", "1:1", "4:5", "5:4", "3:2", "2:3"}
	pika := film{ratios: usual, resolutions: []string{"720p", "1080p"}, seconds: []int{5, 10}, negative: true}
	text, image, frames := pika, pika, pika
	text.name, text.shaped = "fal-ai/pika/v2.2/text-to-video", true
	image.name, image.first, image.firstName = "fal-ai/pika/v2.2/image-to-video", art.FrameMust, "image_url"
	frames.name, frames.first, frames.last, frames.promptless = "fal-ai/pika/v2.2/pikaframes", art.FrameMust, art.FrameMust, true
	return []film{image, text, frames, {
		name: "fal-ai/bytedance/seedance/v1.5/pro/image-to-video", shaped: true,
		ratios: []string{"16:9", "9:16", "1:1", "4:3", "3:4", "21:9"}, resolutions: []string{"720p", "480p", "1080p"},
		seconds: []int{4, 5, 6, 7, 8, 9, 10, 11, 12}, first: art.FrameMust, last: art.FrameMay, firstName: "image_url", lastName: "end_image_url",
		options: []string{"camera_fixed", "enable_safety_checker", "generate_audio"},
	}}
}

// sized is a size and the words that stand for it.
type sized struct {
	art.Size
	ratio, resolution string
}

// sizes are what the words mean: a resolution is the shorter side, and sides are even.
func (f film) sizes() (all []sized) {
	for _, resolution := range f.resolutions {
		short, _ := strconv.Atoi(resolution[:len(resolution)-1]) // of our table
		for _, ratio := range f.ratios {
			w, h := cut(ratio)
			long := (short*max(w, h)/min(w, h) + 1) / 2 * 2
			size := art.Size{Width: long, Height: short}
			if w < h {
				size = art.Size{Width: short, Height: long}
			}
			all = append(all, sized{size, ratio, resolution})
		}
	}
	return all
}

// cut reads a ratio of our table.
func cut(ratio string) (w, h int) {
	at := slices.Index([]byte(ratio), ':')
	w, _ = strconv.Atoi(ratio[:at])
	h, _ = strconv.Atoi(ratio[at+1:])
	return w, h
}

// Films tells which models make clips.
func (e *Engine) Films() (all []engine.FilmModel) {
	for _, f := range e.films {
		m := engine.FilmModel{
			Name: f.name, Seconds: f.seconds, First: f.first, Last: f.last, Promptless: f.promptless, Negative: f.negative, Seeds: true,
			Options: f.options, ShapeOfLead: !f.shaped, Service: terms("each clip, by seconds and resolution"),
		}
		for _, size := range f.sizes() {
			m.Sizes = append(m.Sizes, size.Size)
		}
		all = append(all, m)
	}
	return all
}

// Film puts a request for a clip into the queue.
func (e *Engine) Film(ctx context.Context, name string, s engine.Shot) (engine.Ticket, error) {
	if _, err := engine.CheckShot(e.service.Name, e.Films(), s); err != nil {
		return engine.Ticket{}, err
	}
	if err := e.service.Ready(ctx); err != nil {
		return engine.Ticket{}, err
	}
	f := e.films[slices.IndexFunc(e.films, func(f film) bool { return f.name == s.Model })]
	body, err := e.shot(ctx, f, s)
	if err != nil {
		return engine.Ticket{}, err
	}
	return e.submit(ctx, name, f.name, body, art.Size{Width: s.Width, Height: s.Height})
}

func (e *Engine) shot(ctx context.Context, f film, s engine.Shot) (map[string]any, error) {
	all := f.sizes()
	size := all[slices.IndexFunc(all, func(one sized) bool { return one.Width == s.Width && one.Height == s.Height })]
	body := map[string]any{"resolution": size.resolution}
	maps.Copy(body, s.Options)
	if s.Prompt != "" {
		body["prompt"] = s.Prompt
	}
	if s.NegativePrompt != "" {
		body["negative_prompt"] = s.NegativePrompt
	}
	if f.shaped {
		body["aspect_ratio"] = size.ratio
	}
	if s.Seed != 0 {
		body["seed"] = int64(s.Seed)
	}
	if f.first != art.FrameNone && f.firstName == "" {
		first, err := e.service.DataURI(ctx, "first", s.First, maxInside)
		if err != nil {
			return nil, err
		}
		last, err := e.service.DataURI(ctx, "last", s.Last, maxInside)
		if err != nil {
			return nil, err
		}
		body["image_urls"], body["transitions"] = []string{first, last}, []any{map[string]any{"duration": s.Seconds}}
		return body, nil
	}
	body["duration"] = strconv.Itoa(s.Seconds)
	if s.First != "" {
		if err := e.inside(ctx, body, picture{f.firstName, "first", s.First}); err != nil {
			return nil, err
		}
	}
	if s.Last != "" {
		return body, e.inside(ctx, body, picture{f.lastName, "last", s.Last})
	}
	return body, nil
}

// Develop gives the clip of a request.
func (e *Engine) Develop(ctx context.Context, t engine.Ticket, progress engine.Progress) (engine.Clip, error) {
	w, err := e.watcher(t, progress)
	if err != nil {
		return engine.Clip{}, err
	}
	return w.Clip(ctx)
}
