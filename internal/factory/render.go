package factory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/imaging"
	"presswerk/internal/ledger"
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
		c.Image, c.Clip, c.PixelsSHA256, c.Width, c.Height = twin.Image, twin.Clip, twin.PixelsSHA256, twin.Width, twin.Height
		c.Notes, c.Call, c.Reused, c.RenderedAt = twin.Notes, twin.Call, true, f.Now()
		return c, nil
	}
	if !errors.Is(err, art.ErrNotFound) {
		return c, err
	}
	if err := f.running(ctx, c.Planned.Recipe); err != nil {
		return c, err
	}
	e, err := f.maker(c.Planned.Recipe)
	if err != nil {
		return c, err
	}
	p, call, c, err := f.madeOrOver(ctx, e, c)
	if err != nil {
		return c, err
	}
	if p, err = f.putBack(ctx, c.Planned.Recipe, p); err != nil {
		return c, err
	}
	c.Call, c.Notes, c.Elapsed, c.RenderedAt = call.ID, p.Notes, p.Elapsed, f.Now()
	if c.Planned.Clip != nil {
		return f.filmed(ctx, c, p.Bytes)
	}
	if c.Image, err = f.Blobs.Put(ctx, p.Bytes); err != nil {
		return c, err
	}
	c.PixelsSHA256, c.Width, c.Height = p.PixelsSHA256, p.Width, p.Height
	return c, nil
}

// putBack lays a part that was made anew over the picture that it belongs to, so that nothing outside the mask changes,
// whatever the engine did to it. Engines that render the part alone have blended its edge themselves.
func (f *Factory) putBack(ctx context.Context, r art.Recipe, p engine.Picture) (engine.Picture, error) {
	if r.Mode != art.ModeInpaint {
		return p, nil
	}
	var all [2]*imaging.RGB
	for i, name := range []string{r.InitImage, r.MaskImage} {
		var err error
		if all[i], err = f.decode(ctx, strings.TrimPrefix(name, "sha256:")); err != nil {
			return p, fmt.Errorf("reading what a part is put back into: %w", err)
		}
	}
	anew, err := imaging.Decode(ctx, p.Bytes, imaging.Limits{})
	if err != nil {
		return p, fmt.Errorf("reading the part that was made anew: %w", err)
	}
	whole, err := imaging.PutBack(all[0], anew, all[1], r.MaskPadding != nil)
	if err != nil {
		return p, err
	}
	p.Bytes, err = imaging.Encode(whole, imaging.Encoding{Format: imaging.PNG})
	p.MIME, p.Width, p.Height, p.PixelsSHA256 = imaging.PNG.MIME(), whole.Width, whole.Height, art.Digest(whole.Pix)
	return p, err
}

// made renders a candidate, through the ledger where that costs something or outlives the process. Orders of one recipe
// are the same thing, whichever run they come from: what an earlier run has paid for, or doesn't know, counts for all.
func (f *Factory) made(ctx context.Context, e engine.Engine, c art.Candidate) (engine.Picture, art.Call, error) {
	bought, err := f.bought(e, c.Planned.Recipe)
	if err != nil {
		return engine.Picture{}, art.Call{}, err
	}
	if !bought {
		p, err := f.watched(ctx, e, c)
		return p, art.Call{}, err
	}
	run, err := f.Records.Run(ctx, c.Run)
	if err != nil {
		return engine.Picture{}, art.Call{}, err
	}
	o := ledger.Order{
		Key: recipeKey(c.Planned.ID), Recipe: c.Planned.Recipe, Run: c.Run, Candidate: c.ID, Brand: run.BrandID, Budgets: run.Brief.Budgets,
	}
	var preview []byte
	if f.Hub.Heard() {
		o.See = show(&preview)
	}
	return f.Ledger.Render(ctx, e, o, f.tell(c, &preview))
}

// bought tells whether a recipe goes through the ledger. Without one, only what is free and ends with us is made.
func (f *Factory) bought(e engine.Engine, r art.Recipe) (bool, error) {
	if f.Ledger != nil {
		q, err := f.Ledger.Quote(e, r)
		return ledger.Takes(e, q), err
	}
	if m, err := e.Info().Model(r.Model); err == nil && ledger.Takes(e, art.Prices(nil).Quote(m.Capabilities, r)) {
		return false, art.Unsupported("engine", r.Engine+" may cost something, and nothing is bought here", "use an engine of this machine")
	}
	return false, nil
}

// tell gives a progress that listeners hear, with the preview of the step that is told next.
func (f *Factory) tell(c art.Candidate, preview *[]byte) engine.Progress {
	return func(step, steps int) {
		f.Hub.Tell(art.Event{Kind: "step", Run: c.Run, Candidate: c.ID, Step: step, Steps: steps, Preview: *preview, At: f.Now()})
	}
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
	var preview []byte
	tell := f.tell(c, &preview)
	shower, ok := engine.As[engine.Previewer](e)
	if !ok || !f.Hub.Heard() {
		return e.Render(ctx, c.Planned.Recipe, tell)
	}
	return shower.RenderSeen(ctx, c.Planned.Recipe, tell, show(&preview))
}

// show keeps the newest preview for the step that is told next.
func show(preview *[]byte) func(image.Image) {
	return func(p image.Image) {
		var file bytes.Buffer
		if err := png.Encode(&file, p); err == nil { // without one, the step is told alone
			*preview = file.Bytes()
		}
	}
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
