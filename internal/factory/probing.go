package factory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/guard"
	"presswerk/internal/plan"
)

// ProbeOrder is a probe to make: a brand's prompt set on one model of one engine.
type ProbeOrder struct {
	Order

	Set    brand.PromptSet
	Engine string
	Model  string  // "" takes the kit's, or the engine's first; a pinned one is taken in its pinned version
	Briefs []Order // of the workspace; those that depend on the model are told
}

// Probe renders a prompt set anew and compares the pictures with the baseline's. The first probe of a prompt set, engine
// and model becomes the baseline. The change has the probe and, where the engine gives other pictures than before, a pause
// of whatever depends on the model; the caller commits it.
func (f *Factory) Probe(ctx context.Context, o ProbeOrder, progress func(done, total int)) (art.Probe, art.Change, error) {
	p, planned, err := f.probe(o)
	if err != nil {
		return p, art.Change{}, err
	}
	if err := f.keepPictures(ctx, o.Order); err != nil {
		return p, art.Change{}, err
	}
	baseline, err := f.Records.Baseline(ctx, p.Key)
	first := errors.Is(err, art.ErrNotFound)
	if err != nil && !first {
		return p, art.Change{}, err
	}
	repeats := 1
	if first && !p.Deterministic {
		repeats = guard.Repeats
	}
	recipes := slices.Repeat(planned.Recipes, repeats)
	shots, err := f.shots(ctx, recipes, o.Kit, f.anew, progress)
	if err != nil {
		return p, art.Change{}, fmt.Errorf("factory: probing %s: %w", o.Engine, err)
	}
	for i, s := range shots {
		r := recipes[i]
		p.Shots = append(p.Shots, art.ProbeShot{Prompt: r.Cell["prompt"], Words: r.Prompt, Seed: r.Seed, Repeat: i / len(planned.Recipes), Shot: s})
	}
	content, err := art.CanonicalJSON(p)
	if err != nil {
		return p, art.Change{}, fmt.Errorf("factory: naming a probe: %w", err)
	}
	p.ID = "probe-" + art.Digest(content)[:10]
	if first {
		return p, art.Change{Probes: []art.Probe{p}}, nil
	}
	p = guard.Judge(p, baseline, guard.Rules(o.Kit.Rubric, o.Set.Margins))
	change := art.Change{Probes: []art.Probe{p}}
	if p.Changed {
		change.Pauses, err = f.pause(ctx, p, o.Briefs)
	}
	return p, change, err
}

// probe begins the record and works the set out. What is paused can be probed.
func (f *Factory) probe(o ProbeOrder) (art.Probe, art.Plan, error) {
	o.Order.Models.Pauses = nil
	in, err := f.input(o.Order)
	if err != nil {
		return art.Probe{}, art.Plan{}, err
	}
	set, err := o.Set.Digest()
	if err != nil {
		return art.Probe{}, art.Plan{}, err
	}
	fields := map[string]string{"engine": o.Engine}
	if o.Model == "" && (o.Kit.Defaults.Engine == o.Engine || o.Kit.Defaults.Engine == "") {
		o.Model = o.Kit.Defaults.Model
	}
	if pin, ok := o.Models.PinOf(o.Kit.ID, o.Model); ok {
		o.Model = pin.SHA256
	}
	c, ok := capable(in.Engines, o.Engine, o.Model)
	if ok {
		o.Model = cmp.Or(c.Model.SHA256, strings.TrimSuffix(c.Model.Name+"@"+c.Model.Version, "@"))
		in.Kit.Defaults, o.Set.Parameters = suited(in.Kit.Defaults, c), suited(o.Set.Parameters, c)
	}
	if o.Model != "" {
		fields["model"] = o.Model
	}
	planned, err := plan.Set(in, o.Set, plan.Change{Fields: fields})
	if err == nil {
		err = refusals(planned)
	}
	if err != nil {
		return art.Probe{}, planned, err
	}
	r := planned.Recipes[0]
	p := art.Probe{Brand: o.Kit.ID, Engine: r.Engine, EngineVersion: r.EngineVersion, Model: r.Model, Deterministic: c.Deterministic, At: f.Now()}
	p.Key = guard.Key(p, set)
	return p, planned, nil
}

// capable finds what an engine's model can do; no model means the engine's first.
func capable(all []art.Capabilities, engine, model string) (art.Capabilities, bool) {
	for _, c := range all {
		if c.Engine == engine && (model == "" || model == c.Model.Name || model == c.Model.Name+"@"+c.Model.Version || model == c.Model.SHA256) {
			return c, true
		}
	}
	return art.Capabilities{}, false
}

// suited leaves out what a model has no notion of. A probe asks whether pictures have changed, not which ones they are, so
// a brand's usual sampler is no reason not to ask a hosted engine that has none.
func suited(p art.Parameters, c art.Capabilities) art.Parameters {
	if !slices.Contains(c.Samplers, p.Sampler) {
		p.Sampler = ""
	}
	if !slices.Contains(c.Schedulers, p.Scheduler) {
		p.Scheduler = ""
	}
	for _, side := range []**int{&p.Width, &p.Height} {
		if n := *side; n != nil && (*n < c.MinSize || c.MaxSize > 0 && *n > c.MaxSize || c.SizeStep > 0 && *n%c.SizeStep != 0) {
			*side = nil
		}
	}
	if len(c.Sizes) > 0 && (p.Width == nil || p.Height == nil || !slices.Contains(c.Sizes, art.Size{Width: *p.Width, Height: *p.Height})) {
		p.Width, p.Height = nil, nil
	}
	return p
}

// anew renders a recipe whether or not an equal one was rendered before: that is what a probe is for.
func (f *Factory) anew(ctx context.Context, r art.PlannedRecipe) (art.Kept, bool, error) {
	k, err := f.fresh(ctx, r)
	return k, false, err
}

// pause stops what depends on a model that has changed, unless it is stopped already.
func (f *Factory) pause(ctx context.Context, p art.Probe, briefs []Order) ([]art.Pause, error) {
	open, err := f.Records.Pauses(ctx)
	if err != nil || slices.ContainsFunc(open, func(o art.Pause) bool { return o.Stops(p.Engine, p.Model) }) {
		return nil, err
	}
	var depend []string
	for _, b := range briefs {
		planned, err := f.Plan(b)
		if err != nil {
			continue // a brief that cannot be planned depends on nothing
		}
		if slices.ContainsFunc(planned.Recipes, func(r art.PlannedRecipe) bool {
			return r.Engine == p.Engine && r.Model.Name == p.Model.Name && r.Model.Version == p.Model.Version
		}) {
			depend = append(depend, b.Brief.ID)
		}
	}
	return []art.Pause{guard.PauseFor(p, depend)}, nil
}

// Resume lifts a pause by its identity, or the only one of "engine" or "engine/model". Nobody's name, or no reason, gives
// art.ErrInvalid. With accept, the pictures of the probe that noticed become the baseline.
func (f *Factory) Resume(ctx context.Context, name string, r art.Resumption) (art.Resumption, error) {
	open, err := f.Records.Pauses(ctx)
	if err != nil {
		return r, err
	}
	var found []art.Pause
	for _, p := range open {
		if name == p.ID || name == p.Engine || name == p.Engine+"/"+p.Model.Name {
			found = append(found, p)
		}
	}
	switch {
	case len(found) == 0:
		return r, &art.FieldError{Field: "pause", Reason: fmt.Sprintf("nothing that is called %q is paused", name), Remedy: "see what is: presswerk models resume", Kind: art.ErrNotFound}
	case len(found) > 1:
		return r, art.Invalid("pause", fmt.Sprintf("%q is paused more than once", name), "name the pause itself")
	case r.By == "":
		return r, art.Invalid("by", "nobody is named", "say who lifts it: --by NAME")
	case strings.TrimSpace(r.Reason) == "":
		return r, art.Invalid("reason", "is missing", "say why: --reason WHY")
	}
	r.Pause, r.At = found[0].ID, f.Now()
	return r, f.Commit(ctx, art.Change{Resumptions: []art.Resumption{r}})
}
