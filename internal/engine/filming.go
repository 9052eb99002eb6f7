package engine

import (
	"context"

	"presswerk/internal/art"
)

// Capabilities tells what the model honours in the words of plans. A service's seed is kept, and promises nothing.
func (m FilmModel) Capabilities(info Info) art.Capabilities {
	c := art.Capabilities{
		Engine: info.Name, EngineVersion: info.Version, Model: art.ModelRef{Name: m.Name}, Dialect: "plain", Sizes: m.Sizes, SizeStep: 1,
		Negative: m.Negative, Promptless: m.Promptless, Options: m.Options,
		Clip: &art.ClipCapabilities{Seconds: m.Seconds, First: m.First, Last: m.Last, OfWords: m.OfWords, ShapeOfLead: m.ShapeOfLead},
	}
	if m.First != art.FrameMust {
		c.Modes = append(c.Modes, art.ModeTextToVideo)
	}
	if m.First != art.FrameNone {
		c.Modes = append(c.Modes, art.ModeImageToVideo)
	}
	if len(m.Sizes) > 0 {
		c.NativeWidth, c.NativeHeight, c.MinSize = m.Sizes[0].Width, m.Sizes[0].Height, m.Sizes[0].Width
	}
	for _, size := range m.Sizes {
		c.MinSize, c.MaxSize = min(c.MinSize, size.Width, size.Height), max(c.MaxSize, size.Width, size.Height)
	}
	if m.Service != nil {
		service := *m.Service
		service.SeedKept = m.Seeds
		c.Service = &service
	}
	return c
}

// ShotOf reads the shot out of a recipe of a mode that makes clips.
func ShotOf(r art.Recipe) Shot {
	s := Shot{
		Engine: r.Engine, Model: r.Model.Name, Prompt: r.Prompt, NegativePrompt: r.NegativePrompt, Width: r.Width, Height: r.Height,
		Seed: r.Seed, Options: r.Options,
	}
	if r.Clip != nil {
		s.Seconds, s.First, s.Last = r.Clip.Seconds, r.Clip.First, r.Clip.Last
	}
	return s
}

// Films lists what an engine can do with clips; nothing where it makes none.
func Films(e Engine) (all []art.Capabilities) {
	f, ok := As[Filmer](e)
	if !ok {
		return nil
	}
	for _, m := range f.Films() {
		all = append(all, m.Capabilities(e.Info()))
	}
	return all
}

// Filming is an engine whose pictures are clips, so that they are bought as pictures are: a recipe of ModeTextToVideo or
// ModeImageToVideo gives the clip's bytes, and nobody has looked into them for a size. An engine that makes no clips gives
// art.ErrUnsupported.
func Filming(e Engine) (Engine, error) {
	filmer, films := As[Filmer](e)
	jobber, outlives := As[Jobber](e)
	if !films || !outlives {
		return nil, art.Unsupported("mode", e.Info().Name+" makes no clips", "use an engine that does; presswerk engines lists them")
	}
	return &filming{Engine: e, filmer: filmer, jobber: jobber}, nil
}

// filming is a Jobber whose jobs are clips.
type filming struct {
	Engine
	filmer Filmer
	jobber Jobber
}

// Info lists the models that make clips.
func (f *filming) Info() Info {
	info := f.Engine.Info()
	info.Models = nil
	for _, c := range Films(f.Engine) {
		info.Models = append(info.Models, Model{Capabilities: c})
	}
	return info
}

// Render makes a clip without anybody who remembers it.
func (f *filming) Render(ctx context.Context, r art.Recipe, progress Progress) (Picture, error) {
	return Run(ctx, f, "", r, progress)
}

// Start asks for a clip.
func (f *filming) Start(ctx context.Context, name string, r art.Recipe) (Ticket, error) {
	return f.filmer.Film(ctx, name, ShotOf(r))
}

// Wait gives the clip.
func (f *filming) Wait(ctx context.Context, t Ticket, progress Progress) (Picture, error) {
	c, err := f.filmer.Develop(ctx, t, progress)
	return Picture{Bytes: c.Bytes, MIME: c.MIME, Notes: c.Notes, Elapsed: c.Elapsed}, err
}

// Cancel ends a clip that isn't wanted any more.
func (f *filming) Cancel(ctx context.Context, t Ticket) error { return f.jobber.Cancel(ctx, t) }

// Find looks for a clip's job by our name.
func (f *filming) Find(ctx context.Context, name string) (Ticket, error) {
	return f.jobber.Find(ctx, name)
}
