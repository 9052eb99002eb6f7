package factory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/imaging"
	"presswerk/internal/plan"
	"presswerk/internal/prompt"
	"presswerk/internal/safety"
)

// FixOrder asks for a part of a candidate to be made anew. Exactly one of Mask, Boxes, Evidence and Words names the part.
type FixOrder struct {
	Candidate string
	Mask      []byte                   // a picture of the candidate's size, white where it is made anew
	Boxes     []art.Box                // in pixels
	Evidence  string                   // the scorer that has named the places
	Words     string                   // for what is seen there, as judge.Locate knows them
	Prompt    string                   // what shall be seen there; "" as in the candidate's recipe
	Engine    string                   // NAME or NAME/MODEL; "" is the candidate's
	Models    art.ModelPolicy          // of the workspace, where another engine is named
	Cards     map[string]art.ModelCard // the workspace's own, likewise
	Strength  *float64                 // above 0 to 1
	Seed      *art.Seed                // nil goes on from the candidate's
	Grow      *int                     // pixels by which the part is widened; nil suits the picture's size
	Feather   *float64                 // standard deviation in pixels of its soft edge; nil suits the picture's size
	By        string                   // who wants it
	Reason    string                   // "" says which part
}

// Fix sends a candidate back to have a part of it made anew. What comes is a new candidate of the same run with the old one as
// its parent, judged like any other; the old one stays as it was. A candidate may have several parts made anew, one after the
// other, or several tries at one. Errors are those of Decide, of judge.Locate and of plan.Retouch.
func (f *Factory) Fix(ctx context.Context, o FixOrder) (art.Candidate, error) {
	f.deciding.Lock()
	defer f.deciding.Unlock()
	c, err := f.Records.Candidate(ctx, o.Candidate)
	if err != nil {
		return art.Candidate{}, fmt.Errorf("factory: fix: %w", err)
	}
	run, err := f.Records.Run(ctx, c.Run)
	if err != nil {
		return art.Candidate{}, fmt.Errorf("factory: fix: %w", err)
	}
	d := art.Decision{Candidate: c.ID, Action: art.Fix, By: o.By, Reason: cmp.Or(o.Reason, "a part is made anew: "+o.part())}
	sentBack := c.Decision != nil && c.Decision.Action == art.Fix
	unsaid := c
	if sentBack {
		unsaid.Decision = nil
	}
	if err := mayDecide(d, unsaid, run.Run); err != nil {
		return art.Candidate{}, err
	}
	if c.Image == "" {
		return art.Candidate{}, fmt.Errorf("factory: %s has no picture: %w", c.ID, art.ErrConflict)
	}
	planned, err := f.fixed(ctx, o, c, run.Run)
	if err != nil {
		return art.Candidate{}, fmt.Errorf("factory: fixing %s: %w", c.ID, err)
	}
	var change art.Change
	if !sentBack {
		if change, err = f.decided(ctx, d, c, run.Run); err != nil {
			return art.Candidate{}, fmt.Errorf("factory: fix: %w", err)
		}
	}
	all, err := f.Records.Candidates(ctx, c.Run)
	if err != nil {
		return art.Candidate{}, fmt.Errorf("factory: fix: %w", err)
	}
	anew := f.added(&change, len(all), c.Candidate, planned)
	if err := f.Commit(ctx, change); err != nil {
		return art.Candidate{}, fmt.Errorf("factory: writing the fix of %s: %w", c.ID, err)
	}
	return f.arrived(ctx, anew)
}

// arrived reads a candidate back that was just written: another process may have taken its place.
func (f *Factory) arrived(ctx context.Context, c art.Candidate) (art.Candidate, error) {
	v, err := f.Records.Candidate(ctx, c.ID)
	if err == nil && (v.Parent != c.Parent || v.Planned.ID != c.Planned.ID && v.Image == "") {
		err = fmt.Errorf("factory: another process was quicker, and %s is another candidate; ask once more: %w", c.ID, art.ErrConflict)
	}
	return v.Candidate, err
}

// part says which part an order names.
func (o FixOrder) part() string {
	switch {
	case o.Evidence != "":
		return "where " + o.Evidence + " looks"
	case o.Words != "":
		return o.Words
	case len(o.Boxes) > 0:
		return fmt.Sprintf("%d boxes", len(o.Boxes))
	}
	return "as drawn"
}

// fixed works an order out: the region, its mask and the recipe.
func (f *Factory) fixed(ctx context.Context, o FixOrder, c art.CandidateView, run art.Run) (art.PlannedRecipe, error) {
	k, err := Kit(run)
	if err != nil {
		return art.PlannedRecipe{}, err
	}
	can, err := f.inpainter(o, c.Planned, run, k)
	if err != nil {
		return art.PlannedRecipe{}, err
	}
	concerns, err := f.fixWords(o.Prompt, run, k)
	if err != nil {
		return art.PlannedRecipe{}, err
	}
	region, record, err := f.region(ctx, o, c)
	if err != nil {
		return art.PlannedRecipe{}, err
	}
	record.By = o.By
	all, err := f.Records.Candidates(ctx, c.Run)
	if err != nil {
		return art.PlannedRecipe{}, err
	}
	in := plan.Retouched{Candidate: c.Candidate, Engine: can, Take: len(fixesOf(c.ID, all)), Prompt: o.Prompt, Strength: o.Strength, Seed: o.Seed, Record: record}
	grow, feather := edge(c.Width, c.Height)
	if o.Grow != nil {
		grow = *o.Grow
	}
	if o.Feather != nil {
		feather = *o.Feather
	}
	p, err := f.retouch(ctx, in, region, grow, feather)
	p.Concerns = append(p.Concerns, concerns...)
	return p, err
}

// edge is the usual way to widen and soften a region: the soft edge grows with the picture, and lies outside the region.
func edge(width, height int) (grow int, feather float64) {
	side := float64(min(width, height))
	feather = math.Max(1, math.Round(side/128))
	return int(2*feather + math.Round(side/64)), feather
}

// retouch keeps the mask of a region and makes the recipe.
func (f *Factory) retouch(ctx context.Context, in plan.Retouched, region *imaging.Plane, grow int, feather float64) (art.PlannedRecipe, error) {
	side := max(region.Width, region.Height)
	if grow < 0 || grow > side || math.IsNaN(feather) || feather < 0 || feather > float64(side)/4 {
		return art.PlannedRecipe{}, art.Invalid("grow", fmt.Sprintf("growing by %d pixels with an edge of %v doesn't suit a picture of %d×%d", grow, feather, region.Width, region.Height), "leave both out")
	}
	wide := region.Grown(grow)
	in.Record.Grow, in.Record.Feather, in.Record.Share = grow, feather, math.Round(wide.Mean()*1e4)/1e4
	if in.Record.Share == 0 {
		return art.PlannedRecipe{}, art.Invalid("mask", "nothing is to be made anew", "paint what shall change white")
	}
	in.Reach = reach(wide)
	mask, err := imaging.Encode(wide.Soft(feather), imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		return art.PlannedRecipe{}, fmt.Errorf("drawing the mask: %w", err)
	}
	in.Mask = "sha256:" + art.Digest(mask)
	p, err := plan.Retouch(in)
	if err != nil {
		return p, err
	}
	_, err = f.Blobs.Put(ctx, mask)
	return p, err
}

// reach is the longer side of what a mask opens.
func reach(p *imaging.Plane) int {
	left, top, right, bottom := p.Width, p.Height, -1, -1
	for i, v := range p.Pix {
		if v > 0 {
			left, right = min(left, i%p.Width), max(right, i%p.Width)
			top, bottom = min(top, i/p.Width), max(bottom, i/p.Width)
		}
	}
	return max(right-left, bottom-top) + 1
}

// region finds the part that an order names, as a mask of 0 and 1.
func (f *Factory) region(ctx context.Context, o FixOrder, c art.CandidateView) (*imaging.Plane, art.Retouch, error) {
	named := 0
	for _, one := range []bool{len(o.Mask) > 0, len(o.Boxes) > 0, o.Evidence != "", o.Words != ""} {
		if one {
			named++
		}
	}
	if named != 1 {
		return nil, art.Retouch{}, art.Invalid("region", fmt.Sprintf("%d regions are named", named), "name exactly one: a mask, boxes, a scorer's evidence or words")
	}
	switch {
	case len(o.Mask) > 0:
		m, err := f.drawn(ctx, o.Mask, c)
		return m, art.Retouch{Region: art.RegionMask}, err
	case o.Words != "":
		return f.located(ctx, o.Words, c)
	case o.Evidence != "":
		boxes, err := evidenceOf(c, o.Evidence)
		if err != nil {
			return nil, art.Retouch{}, err
		}
		m, err := imaging.BoxMask(c.Width, c.Height, boxes)
		return m, art.Retouch{Region: art.RegionEvidence, Named: o.Evidence, Boxes: boxes}, err
	}
	m, err := imaging.BoxMask(c.Width, c.Height, o.Boxes)
	return m, art.Retouch{Region: art.RegionBoxes, Boxes: o.Boxes}, err
}

// drawn reads a mask that somebody drew.
func (f *Factory) drawn(ctx context.Context, data []byte, c art.CandidateView) (*imaging.Plane, error) {
	p, err := imaging.Decode(ctx, data, imaging.Limits{})
	if err != nil {
		return nil, art.Invalid("mask", "is no picture: "+err.Error(), "use a PNG, white where the picture is made anew")
	}
	if p.Width != c.Width || p.Height != c.Height {
		return nil, art.Invalid("mask", fmt.Sprintf("is %d×%d, and the picture %d×%d", p.Width, p.Height, c.Width, c.Height), "draw it at the picture's size")
	}
	return p.Drawn(), nil
}

// located looks for what words name.
func (f *Factory) located(ctx context.Context, words string, c art.CandidateView) (*imaging.Plane, art.Retouch, error) {
	record := art.Retouch{Region: art.RegionWords, Named: words}
	if f.Locate == nil {
		return nil, record, art.Unsupported("words", "nobody looks into pictures here", "draw a mask or a box")
	}
	p, err := f.decode(ctx, c.Image)
	if err != nil {
		return nil, record, err
	}
	found, err := f.Locate(ctx, p, words)
	if err != nil || found.Mask != nil {
		return found.Mask, record, err
	}
	record.Boxes = found.Boxes
	m, err := imaging.BoxMask(c.Width, c.Height, found.Boxes)
	return m, record, err
}

// evidenceOf are the places that a scorer has named in a candidate.
func evidenceOf(c art.CandidateView, scorer string) ([]art.Box, error) {
	var known []string
	for _, s := range c.Verdict.Scores {
		if s.Evidence == nil || len(s.Evidence.Boxes) == 0 {
			continue
		}
		if known = append(known, s.Scorer); s.Scorer == scorer {
			return s.Evidence.Boxes, nil
		}
	}
	return nil, art.Invalid("evidence", fmt.Sprintf("%q shows no place in %s", scorer, c.ID), "there are places of: "+cmp.Or(strings.Join(known, ", "), "nobody"))
}

// inpainter is who makes a part anew: the candidate's own engine and model, or those that an order names. Others have to be
// allowed for the brand as in a plan.
func (f *Factory) inpainter(o FixOrder, p art.PlannedRecipe, run art.Run, k brand.Kit) (art.Capabilities, error) {
	name, model, _ := strings.Cut(o.Engine, "/")
	e, err := f.Engines.Get(cmp.Or(name, p.Engine))
	if err != nil {
		return art.Capabilities{}, err
	}
	info := e.Info()
	if !info.Ready {
		return art.Capabilities{}, &art.FieldError{Field: "engine", Reason: info.Name + " is not ready: " + info.Reason, Remedy: "look at it: presswerk engines", Kind: art.ErrUnavailable}
	}
	if name == "" {
		m, err := info.Model(p.Model)
		return m.Capabilities, err
	}
	for _, m := range info.Models {
		c := m.Capabilities
		if !slices.Contains(c.Modes, art.ModeInpaint) || model != "" && model != c.Model.Name && model != c.Model.Name+"@"+c.Model.Version {
			continue
		}
		if own, ok := o.Cards[c.Model.Name]; ok {
			c.Card = &own
		}
		var all []error
		for _, r := range plan.Terms(plan.Input{Brief: run.Brief, Kit: k, Models: o.Models, Now: f.Now()}, c) {
			all = append(all, &art.FieldError{Field: r.Field, Reason: r.Reason, Remedy: r.Remedy, Kind: art.ErrRefused})
		}
		return c, errors.Join(all...)
	}
	return art.Capabilities{}, art.Unsupported("engine", o.Engine+" makes no part of a picture anew", "name one that lists inpaint: presswerk engines")
}

// fixWords looks at the words that an order brings along, as a plan does.
func (f *Factory) fixWords(words string, run art.Run, k brand.Kit) ([]art.Concern, error) {
	if words == "" {
		return nil, nil
	}
	asked := art.Prompt{Subject: art.Part{Words: art.Text{art.English: words}}}
	for _, h := range prompt.FindNoGos(asked, slices.Concat(k.NoGos, run.Brief.Legal.NoGos)) {
		return nil, &art.FieldError{Field: "prompt", Reason: fmt.Sprintf("%q is a no-go, found in %q", h.NoGo, h.Words), Remedy: "ask for something else, or talk to " + k.Owner.Name, Kind: art.ErrRefused}
	}
	if f.Guide == nil {
		return nil, nil
	}
	g, err := f.Guide(k.Sector)
	if err != nil {
		return nil, err
	}
	all := g.Look([]safety.Field{{Name: "fix.prompt", Words: words}}, safety.For{Brand: k.ID, On: f.Now()})
	for _, c := range all {
		if c.Ruling == art.Block {
			return nil, &art.FieldError{Field: c.Field, Reason: fmt.Sprintf("the rule %s of the policy %s blocks %s", c.Rule, c.Policy, c.Reason.In(art.English)), Remedy: c.Remedy.In(art.English), Kind: art.ErrRefused}
		}
	}
	return all, nil
}

// fixesOf are the candidates that make a part of another anew.
func fixesOf(id string, all []art.CandidateView) (some []art.CandidateView) {
	for _, c := range all {
		if c.Parent == id && c.Planned.Retouch != nil {
			some = append(some, c)
		}
	}
	return some
}
