package factory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/engine"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
	"presswerk/internal/plan"
	"presswerk/internal/safety"
)

// Order is all that a run is made of: a brief with the kit and the style tokens that it names, and the state of the
// workspace that they were read from, with what it has settled about models.
type Order struct {
	Brief    art.Brief
	Kit      brand.Kit
	Styles   []brand.Style
	Commit   art.Commit
	Safety   *safety.Guide // policy for words; nil knows the no-gos of kit and brief only
	Models   art.ModelPolicy
	Cards    map[string]art.ModelCard // the workspace's own, by model; they stand over those that engines know
	Prices   art.Prices               // what engines cost
	Funds    []art.Fund               // budgets that count for the brief, with what was spent of them
	Pictures map[string][]byte        // those that brief and kit name by their paths in the workspace
	Logo     []byte                   // the kit's; nil where it has none
	Times    []art.Measured           // how long engines took here
}

// Plan works an order out and writes nothing.
func (f *Factory) Plan(o Order) (art.Plan, error) {
	in, err := f.input(o)
	if err != nil {
		return art.Plan{}, err
	}
	p, err := plan.Make(in)
	p.Warnings = append(p.Warnings, f.unmeasured(o)...)
	return p, err
}

// unmeasured warns of gates that no picture can pass, because nobody here measures what they ask for.
func (f *Factory) unmeasured(o Order) (all []art.Refusal) {
	names := f.Panel.Names()
	if o.Brief.Clip != nil {
		names = append(names, judge.ClipPanel().Names()...)
	}
	for _, g := range o.Kit.RubricFor(o.Brief.Channels) {
		if len(f.Panel) > 0 && !slices.Contains(names, g.Scorer) {
			all = append(all, art.Refusal{Field: "rubric." + g.Scorer, Reason: fmt.Sprintf("nobody measures %q, so no picture can pass this gate", g.Scorer), Remedy: "use one of " + strings.Join(names, ", ")})
		}
	}
	return all
}

// input is all that a plan is made of: the order, what engines can do, and how long they can do it.
func (f *Factory) input(o Order) (plan.Input, error) {
	in := plan.Input{
		Safety: o.Safety, Down: map[string]string{}, Brief: o.Brief, Kit: o.Kit, Styles: o.Styles, Models: o.Models, Prices: o.Prices, Funds: o.Funds, Pictures: map[string]string{}, Measured: o.Times,
	}
	for path, data := range o.Pictures {
		in.Pictures[path] = "sha256:" + art.Digest(data)
	}
	in.Texts = textsOf(o.Pictures)
	if f.Now != nil {
		in.Now = f.Now()
	}
	table, err := engine.Shutdowns()
	if err != nil {
		return in, err
	}
	var infos []engine.Info
	for _, e := range f.Engines.All() {
		info := e.Info()
		if info.Ready {
			in.Engines = append(in.Engines, engine.Films(e)...)
		} else {
			in.Down[info.Name] = info.Reason
		}
		infos = append(infos, info)
		for _, m := range info.Models {
			c := m.Capabilities
			if c.Service != nil && !info.Ready {
				continue // a service without a key
			}
			c.LoRAs = o.carded(c.LoRAs)
			in.Engines = append(in.Engines, c)
		}
	}
	for i, c := range in.Engines {
		if own, ok := o.Cards[c.Model.Name]; ok {
			in.Engines[i].Card = &own
		}
	}
	in.Shutdowns = engine.Endings(o.Models.Shutdowns, infos, table)
	return in, nil
}

// textsOf are the names of pictures and the texts in them, in the order of the names: words get into engines by these, too.
func textsOf(pictures map[string][]byte) []safety.Field {
	var all []safety.Field
	for _, path := range slices.Sorted(maps.Keys(pictures)) {
		all = append(all, safety.Field{Name: "file:" + path, Words: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))})
		texts, _ := imaging.Texts(pictures[path], imaging.Limits{}) // what can't be read is refused where the picture is decoded
		for _, t := range texts {
			all = append(all, safety.Field{Name: "file:" + path + "#" + t.Key, Words: t.Value})
		}
		if info, err := imaging.Probe(pictures[path], imaging.Limits{}); err == nil && len(info.XMP) > 0 {
			all = append(all, safety.Field{Name: "file:" + path + "#xmp", Words: string(info.XMP)})
		}
	}
	return all
}

// carded puts the workspace's own cards over those of LoRAs.
func (o Order) carded(all []art.Adapter) []art.Adapter {
	all = slices.Clone(all)
	for i, a := range all {
		name, _, _ := strings.Cut(a.Name, "@")
		if own, ok := o.Cards[name]; ok {
			all[i].Card = &own
		}
	}
	return all
}

// Start begins a run, or finds the one that equals the order: the same brief, kit and recipes are the same run, so
// asking twice does nothing twice; what was given up in it is tried once more. A plan with refusals is not started: the error lists them and wraps ErrRefused.
func (f *Factory) Start(ctx context.Context, o Order) (art.RunView, error) {
	p, err := f.Plan(o)
	if err != nil {
		return art.RunView{}, fmt.Errorf("factory: planning %s: %w", o.Brief.ID, err)
	}
	if err := refusals(p); err != nil {
		return art.RunView{}, err
	}
	run, err := newRun(o, p)
	if err != nil {
		return art.RunView{}, err
	}
	there, err := f.Records.Run(ctx, run.ID)
	if err == nil {
		return f.resume(ctx, there)
	}
	if !errors.Is(err, art.ErrNotFound) {
		return art.RunView{}, err
	}
	if err := f.keepPictures(ctx, o); err != nil {
		return art.RunView{}, err
	}
	if err := f.Commit(ctx, firstChange(run, f.Now)); err != nil {
		return art.RunView{}, fmt.Errorf("factory: starting run %s: %w", run.ID, err)
	}
	return f.Records.Run(ctx, run.ID)
}

// resume queues once more what a run was given up for: pictures that could not be rendered where nothing else passed,
// and finishing, selecting and publishing where the run failed. Pictures that could not be bought are always tried once more:
// a budget may have been raised, a service may be back. Any other run is left as it is.
func (f *Factory) resume(ctx context.Context, run art.RunView) (art.RunView, error) {
	if run.State == art.RunWorking {
		return run, nil
	}
	candidates, err := f.Records.Candidates(ctx, run.ID)
	if err != nil {
		return run, fmt.Errorf("factory: resuming run %s: %w", run.ID, err)
	}
	revision := int(f.Now().UnixMilli())
	var change art.Change
	if run.State == art.RunFailed || run.State == art.RunEmpty || run.State == art.RunExplored {
		change = givenUp(run.Run, candidates, revision)
		change.RunState = &art.RunStateChange{Run: run.ID, State: art.RunWorking}
	} else {
		change = f.unbought(run.Run, candidates, revision)
	}
	if len(change.Jobs) == 0 {
		return run, nil
	}
	change.Events = []art.Event{{Kind: "run", Run: run.ID, At: f.Now()}}
	if err := f.Commit(ctx, change); err != nil {
		return run, fmt.Errorf("factory: resuming run %s: %w", run.ID, err)
	}
	return f.Records.Run(ctx, run.ID)
}

// unbought lists the pictures to try again that could not be bought, or that another engine could make by now. What is unknown
// is refused again, and costs nothing.
func (f *Factory) unbought(run art.Run, candidates []art.CandidateView, revision int) art.Change {
	var c art.Change
	for _, v := range candidates {
		if v.Failure == "" || f.Ledger == nil && len(v.Planned.StandIns) == 0 {
			continue
		}
		e, err := f.maker(v.Planned.Recipe)
		if err != nil {
			continue // nobody could make it
		}
		if bought, err := f.bought(e, v.Planned.Recipe); err == nil && bought || len(v.Planned.StandIns) > 0 {
			c.Failures = append(c.Failures, art.RenderFailure{Candidate: v.ID})
			c.Jobs = append(c.Jobs, art.Job{Kind: art.JobRender, Run: run.ID, Subject: v.ID, Revision: revision})
		}
	}
	return c
}

// givenUp lists the jobs to try again. The revision tells them from the ones that ended.
func givenUp(run art.Run, candidates []art.CandidateView, revision int) art.Change {
	var c art.Change
	approved, selected := false, false
	for _, v := range candidates {
		selected = selected || v.Selection != nil
		switch {
		case v.Failure != "":
			c.Failures = append(c.Failures, art.RenderFailure{Candidate: v.ID}) // without a reason: it is not given up any more
			c.Jobs = append(c.Jobs, art.Job{Kind: art.JobRender, Run: run.ID, Subject: v.ID, Revision: revision})
		case v.Decision != nil && v.Decision.Action == art.Approve:
			approved = true
			if v.AssetID == "" {
				c.Jobs = append(c.Jobs, art.Job{Kind: art.JobFinish, Run: run.ID, Subject: v.ID, Revision: revision})
			}
		}
	}
	if run.State == art.RunFailed && !selected {
		c.Jobs = append(c.Jobs, art.Job{Kind: art.JobSelect, Run: run.ID, Revision: revision})
	}
	if run.State == art.RunFailed && approved {
		c.Jobs = append(c.Jobs, art.Job{Kind: art.JobPublish, Run: run.ID, Subject: fmt.Sprintf("resumed-%d", revision)})
	}
	return c
}

// refusals turns a plan's refusals into one error, or nil.
func refusals(p art.Plan) error {
	var all []error
	for _, r := range p.Refused {
		all = append(all, &art.FieldError{Field: r.Field, Reason: r.Reason, Remedy: r.Remedy, Kind: art.ErrRefused})
	}
	return errors.Join(all...)
}

// newRun gives the run its identity: the brief's name and a hash over all that decides what it makes.
func newRun(o Order, p art.Plan) (art.Run, error) {
	o.Brief.Identity, o.Kit.Identity = o.pinned(o.Brief.Identity), o.pinned(o.Kit.Identity)
	o.Kit.Budgets = nil // they are read anew for each call, and other ones make no other pictures
	kit, err := art.CanonicalJSON(o.Kit)
	if err != nil {
		return art.Run{}, fmt.Errorf("factory: writing the kit down: %w", err)
	}
	recipes := make([]string, len(p.Recipes))
	for i, r := range p.Recipes {
		recipes[i] = r.ID
	}
	whole, err := art.CanonicalJSON(map[string]any{"brief": o.Brief, "kit": json.RawMessage(kit), "recipes": recipes})
	if err != nil {
		return art.Run{}, fmt.Errorf("factory: writing the order down: %w", err)
	}
	return art.Run{
		ID: o.Brief.ID + "-" + art.Digest(whole)[:10], Brief: o.Brief, BrandID: o.Kit.ID, BrandKit: kit,
		Kind: o.Brief.Run, Commit: o.Commit, Plan: p, State: art.RunWorking,
	}, nil
}

// pinned names a picture by what is in it: its file may be another one tomorrow.
func (o Order) pinned(path string) string {
	if data, ok := o.Pictures[path]; ok {
		return "sha256:" + art.Digest(data)
	}
	return path
}

// firstChange writes the run, its candidates and a render job for each, in the order of the plan.
func firstChange(run art.Run, now func() time.Time) art.Change {
	run.CreatedAt, run.UpdatedAt = now(), now()
	c := art.Change{NewRun: &run, Events: []art.Event{{Kind: "run", Run: run.ID, At: now()}}}
	for i, planned := range run.Plan.Recipes {
		id := fmt.Sprintf("%s-%03d", run.ID, i+1)
		c.NewCandidates = append(c.NewCandidates, art.Candidate{ID: id, Run: run.ID, Index: i, Planned: planned})
		c.Jobs = append(c.Jobs, art.Job{Kind: art.JobRender, Run: run.ID, Subject: id})
	}
	return c
}
