package finish

import (
	"context"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance"
)

// Given is a picture that a recipe began with or was steered by.
type Given struct {
	Label string // how the manifest refers to it, such as "init", "mask", "control-1"
	Title string // what it was there for
	MIME  string
	Data  []byte // with its own manifest, if it has one
}

// The labels of pictures that mean more than that they were given.
const (
	GivenInit = "init" // what the picture is a later state of
	GivenMask = "mask" // white where a model painted anew
)

// serviceLabel is how a master's actions refer to the file of a service that has signed it.
const serviceLabel = "service"

// changed tells whether a model changed a picture that was there before, and which.
func (w *work) changed() (Given, bool) {
	if !w.made() || w.Clip != nil {
		return Given{}, false
	}
	return w.given(GivenInit)
}

func (w *work) given(label string) (Given, bool) {
	for _, g := range w.Given {
		if g.Label == label {
			return g, true
		}
	}
	return Given{}, false
}

// makes begins the claim of a picture that was made here. Where the service that made it has signed it, what was opened is its file, with
// its chain. A picture that a model changed is a later state of the one before; whatever else was given was an input.
func (w *work) makes(ctx context.Context, c provenance.Claim) (provenance.Claim, error) {
	made := w.created()
	if provenance.Claimed(w.Picture) {
		c.Ingredients = []provenance.Ingredient{{Label: serviceLabel, Title: w.Candidate.Planned.Engine, Parent: true, MIME: w.mime, Data: w.Picture}}
		c.Actions = []provenance.Action{{Action: "c2pa.opened", Ingredients: []string{serviceLabel}, Parameters: made.Parameters}}
		return c, nil
	}
	before, changed := w.changed()
	for _, g := range w.Given {
		parent := changed && g.Label == GivenInit
		c.Ingredients = append(c.Ingredients, provenance.Ingredient{Label: g.Label, Title: g.Title, Parent: parent, MIME: g.MIME, Data: g.Data})
		if !parent {
			made.Ingredients = append(made.Ingredients, g.Label)
		}
	}
	if !changed {
		c.Actions = []provenance.Action{made}
		return c, nil
	}
	made.Action, made.SourceType = "c2pa.edited", w.origin()
	if w.Candidate.Planned.Mode == art.ModeUpscale {
		made.Action = "c2pa.enhanced"
	}
	var err error
	made.Regions, err = w.painted(ctx)
	c.Actions = []provenance.Action{{Action: "c2pa.opened", Ingredients: []string{before.Label}}, made}
	return c, err
}

// painted is the rectangle around what a mask let a model paint; none where there is no mask, or an empty one.
func (w *work) painted(ctx context.Context) ([]provenance.Region, error) {
	g, ok := w.given(GivenMask)
	if !ok {
		return nil, nil
	}
	p, err := imaging.Decode(ctx, g.Data, imaging.Limits{})
	if err != nil {
		return nil, fmt.Errorf("the mask: %w", err)
	}
	left, top, right, bottom := p.Width, p.Height, -1, -1
	for y := range p.Height {
		for x := range p.Width {
			if r, _, _ := p.At(x, y); r > 127 {
				left, top, right, bottom = min(left, x), min(top, y), max(right, x), max(bottom, y)
			}
		}
	}
	if right < 0 {
		return nil, nil
	}
	across := func(n, of int) float64 { return 100 * float64(n) / float64(of) }
	return []provenance.Region{{
		X: across(left, p.Width), Y: across(top, p.Height), Width: across(right+1-left, p.Width), Height: across(bottom+1-top, p.Height),
	}}, nil
}
