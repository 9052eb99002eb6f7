package factory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/imaging"
)

// pdq names the perceptual hash that finds near-duplicates.
const pdq = "pdq"

// render makes one candidate's picture, or takes it from an equal recipe that was rendered before.
func (f *Factory) render(ctx context.Context, job art.Job) (art.Change, error) {
	view, err := f.Records.Candidate(ctx, job.Subject)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: render: %w", err)
	}
	c := view.Candidate
	c, err = f.picture(ctx, c)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: rendering %s: %w", c.ID, err)
	}
	print, err := f.fingerprint(ctx, c)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: taking the fingerprint of %s: %w", c.ID, err)
	}
	return art.Change{
		Rendered:     []art.Candidate{c},
		Fingerprints: []art.Fingerprint{print},
		Jobs:         []art.Job{{Kind: art.JobJudge, Run: c.Run, Subject: c.ID, Revision: job.Revision}},
		Events:       []art.Event{{Kind: "candidate", Run: c.Run, Candidate: c.ID, At: f.Now()}},
	}, nil
}

// picture fills in what rendering adds to a candidate.
func (f *Factory) picture(ctx context.Context, c art.Candidate) (art.Candidate, error) {
	twin, err := f.Records.RenderedAs(ctx, c.Planned.ID)
	if err == nil {
		c.Image, c.PixelsSHA256, c.Width, c.Height = twin.Image, twin.PixelsSHA256, twin.Width, twin.Height
		c.Notes, c.Reused, c.RenderedAt = twin.Notes, true, f.Now()
		return c, nil
	}
	if !errors.Is(err, art.ErrNotFound) {
		return c, err
	}
	if err := f.running(ctx, c.Planned.Recipe); err != nil {
		return c, err
	}
	e, err := f.Engines.Get(c.Planned.Engine)
	if err != nil {
		return c, err
	}
	p, err := f.watched(ctx, e, c)
	if err != nil {
		return c, err
	}
	if c.Image, err = f.Blobs.Put(ctx, p.Bytes); err != nil {
		return c, err
	}
	c.PixelsSHA256, c.Width, c.Height = p.PixelsSHA256, p.Width, p.Height
	c.Notes, c.Elapsed, c.RenderedAt = p.Notes, p.Elapsed, f.Now()
	return c, nil
}

// running refuses a recipe whose model was paused after its run had been planned.
func (f *Factory) running(ctx context.Context, r art.Recipe) error {
	pauses, err := f.Records.Pauses(ctx)
	if err != nil {
		return err
	}
	for _, p := range pauses {
		if p.Stops(r.Engine, r.Model) {
			return &art.FieldError{
				Field: "model", Reason: fmt.Sprintf("%s of %s is paused: %s", r.Model.Name, r.Engine, p.Reason.In(art.English)),
				Remedy: "lift it: presswerk models resume " + p.ID + "; then call make again", Kind: art.ErrRefused,
			}
		}
	}
	return nil
}

// watched renders a candidate and tells how far it is, with a preview where the engine shows one.
func (f *Factory) watched(ctx context.Context, e engine.Engine, c art.Candidate) (engine.Picture, error) {
	var preview []byte // of the step that is told next
	tell := func(step, steps int) {
		f.Hub.Tell(art.Event{Kind: "step", Run: c.Run, Candidate: c.ID, Step: step, Steps: steps, Preview: preview, At: f.Now()})
	}
	shower, ok := engine.As[engine.Previewer](e)
	if !ok || !f.Hub.Heard() {
		return e.Render(ctx, c.Planned.Recipe, tell)
	}
	return shower.RenderSeen(ctx, c.Planned.Recipe, tell, func(p image.Image) {
		var file bytes.Buffer
		if err := png.Encode(&file, p); err == nil { // without one, the step is told alone
			preview = file.Bytes()
		}
	})
}

// fingerprint hashes a candidate's picture so that later ones can be compared with it.
func (f *Factory) fingerprint(ctx context.Context, c art.Candidate) (art.Fingerprint, error) {
	p, err := f.decode(ctx, c.Image)
	if err != nil {
		return art.Fingerprint{}, err
	}
	h, _, err := imaging.PDQ(p)
	if err != nil {
		return art.Fingerprint{}, err
	}
	return art.Fingerprint{Candidate: c.ID, Run: c.Run, Index: c.Index, Kind: pdq, Hash: h.String()}, nil
}

// decode reads a kept picture.
func (f *Factory) decode(ctx context.Context, sum string) (*imaging.RGB, error) {
	data, err := f.Blobs.Get(ctx, sum)
	if err != nil {
		return nil, err
	}
	return imaging.Decode(ctx, data, imaging.Limits{})
}
