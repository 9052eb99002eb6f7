package factory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/engine"
	"presswerk/internal/guard"
	"presswerk/internal/imaging"
	"presswerk/internal/ledger"
	"presswerk/internal/plan"
)

// GuardOrder is a comparison to make: a brand's prompt set with an old and a new side. The brief of the order gives
// parameters over the kit's; it may be empty.
type GuardOrder struct {
	Order

	Set      brand.PromptSet
	Old, New plan.Change
	By       string
}

// Guard renders a prompt set with both sides, with equal seeds, scores all pictures with the brand's rubric, compares them
// pair by pair and keeps the result. Pictures that were rendered from an equal recipe before are taken over, and each is
// kept when it is there, so that a comparison that was killed goes on. Sides that do not differ give art.ErrInvalid, a side
// that no engine honours art.ErrRefused. Progress may be nil.
func (f *Factory) Guard(ctx context.Context, o GuardOrder, progress func(done, total int)) (art.Guard, error) {
	old, now, err := f.sides(o)
	if err != nil {
		return art.Guard{}, err
	}
	if err := f.keepPictures(ctx, o.Order); err != nil {
		return art.Guard{}, err
	}
	set, err := o.Set.Digest()
	if err != nil {
		return art.Guard{}, err
	}
	g := art.Guard{
		Brand: o.Kit.ID, Brief: o.Brief.ID, Set: set, Old: side(old, o.Old), New: side(now, o.New), Confidence: confidence(o.Set), By: o.By, At: f.Now(),
	}
	if g.Changed = changed(g, o); len(g.Changed) == 0 {
		return g, art.Invalid("new", "it is the same as the old side", "say what is new: --new NAME, or --with FIELD=VALUE")
	}
	shots, err := f.shots(ctx, slices.Concat(old.Recipes, now.Recipes), o.Kit, f.developed, progress)
	if err != nil {
		return g, fmt.Errorf("factory: comparing for %s: %w", o.Kit.ID, err)
	}
	var samples []guard.Sample
	for i, r := range old.Recipes {
		pair := art.GuardPair{Prompt: r.Cell["prompt"], Words: r.Prompt, Seed: r.Seed, Old: shots[i], New: shots[len(old.Recipes)+i]}
		g.Pairs = append(g.Pairs, pair)
		samples = append(samples, guard.Sample{Prompt: pair.Prompt, Old: pair.Old.Scores, New: pair.New.Scores})
	}
	g.Scorers, g.Outcome = guard.Compare(samples, guard.Rules(o.Kit.Rubric, o.Set.Margins), g.Confidence)
	content, err := art.CanonicalJSON(g)
	if err != nil {
		return g, fmt.Errorf("factory: naming a comparison: %w", err)
	}
	g.ID = "guard-" + art.Digest(content)[:10]
	return g, f.Commit(ctx, art.Change{Guards: []art.Guard{g}})
}

func confidence(s brand.PromptSet) float64 {
	if s.Confidence == 0 {
		return guard.Confidence
	}
	return s.Confidence
}

// sides works both sides out; they have the same prompts and seeds in the same order.
func (f *Factory) sides(o GuardOrder) (old, now art.Plan, err error) {
	in, err := f.input(o.Order)
	if err != nil {
		return old, now, err
	}
	for _, s := range []struct {
		name   string
		plan   *art.Plan
		change plan.Change
	}{{"old", &old, o.Old}, {"new", &now, o.New}} {
		p, err := plan.Set(in, o.Set, s.change)
		if err == nil {
			err = refusals(p)
		}
		if err != nil {
			return old, now, fmt.Errorf("the %s side: %w", s.name, err)
		}
		*s.plan = p
	}
	return old, now, nil
}

func side(p art.Plan, c plan.Change) art.Side {
	r := p.Recipes[0]
	return art.Side{Engine: r.Engine, EngineVersion: r.EngineVersion, Model: r.Model, LoRAs: r.LoRAs, Fields: c.Fields}
}

// changed lists what was asked differently. What follows from it, such as a prompt in the other model's dialect, is part of
// it: production does the same.
func changed(g art.Guard, o GuardOrder) []string {
	found := map[string]bool{
		"model": g.Old.Model != g.New.Model, "engine": g.Old.Engine != g.New.Engine,
		"engine_version": g.Old.Engine == g.New.Engine && g.Old.EngineVersion != g.New.EngineVersion,
		"loras":          !slices.Equal(o.Old.LoRAs, o.New.LoRAs),
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(o.Old.Fields)), slices.Collect(maps.Keys(o.New.Fields))) {
		if name != "model" && name != "engine" && o.Old.Fields[name] != o.New.Fields[name] {
			found[name] = true
		}
	}
	maps.DeleteFunc(found, func(_ string, yes bool) bool { return !yes })
	return slices.Sorted(maps.Keys(found))
}

// shots makes and scores the picture of each recipe, several at a time; the engines decide how many they take.
func (f *Factory) shots(ctx context.Context, recipes []art.PlannedRecipe, kit brand.Kit, develop func(context.Context, art.PlannedRecipe) (art.Kept, bool, error), progress func(done, total int)) ([]art.Shot, error) {
	count := counter(len(recipes), progress)
	all := make([]art.Shot, len(recipes))
	tasks, ctx := errgroup.WithContext(ctx)
	tasks.SetLimit(runtime.NumCPU())
	for i, r := range recipes {
		tasks.Go(func() error {
			k, reused, err := develop(ctx, r)
			if err == nil {
				all[i], err = f.score(ctx, k, kit)
			}
			if err != nil {
				return fmt.Errorf("%s with seed %d: %w", r.Cell["prompt"], r.Seed, err)
			}
			all[i].Reused = reused
			count()
			return nil
		})
	}
	return all, tasks.Wait()
}

// counter tells that one more of total is done; several goroutines may call it.
func counter(total int, progress func(done, total int)) func() {
	var mu sync.Mutex
	done := 0
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if done++; progress != nil {
			progress(done, total)
		}
	}
}

// developed gives a recipe's picture: one that was made from an equal recipe before, else a new one, which is kept.
func (f *Factory) developed(ctx context.Context, r art.PlannedRecipe) (k art.Kept, reused bool, err error) {
	if k, err = f.Records.Kept(ctx, r.ID); err == nil || !errors.Is(err, art.ErrNotFound) {
		return k, true, err
	}
	c, err := f.Records.RenderedAs(ctx, r.ID)
	if err == nil {
		return art.Kept{Recipe: r.ID, Image: c.Image, PixelsSHA256: c.PixelsSHA256, Width: c.Width, Height: c.Height, Notes: c.Notes}, true, nil
	}
	if !errors.Is(err, art.ErrNotFound) {
		return k, false, err
	}
	if k, err = f.fresh(ctx, r); err != nil {
		return k, false, err
	}
	return k, false, f.Commit(ctx, art.Change{Kept: []art.Kept{k}})
}

// fresh renders a recipe. An engine of another version than the recipe's is refused: its pictures would be called by the
// wrong name.
func (f *Factory) fresh(ctx context.Context, r art.PlannedRecipe) (art.Kept, error) {
	e, err := f.Engines.Get(r.Engine)
	if err != nil {
		return art.Kept{}, err
	}
	m, err := e.Info().Model(r.Model)
	if err != nil {
		return art.Kept{}, err
	}
	if m.EngineVersion != r.EngineVersion {
		return art.Kept{}, &art.FieldError{
			Field: "engine_version", Reason: fmt.Sprintf("%s is version %s here, and no picture of this prompt that %s made is kept", r.Engine, m.EngineVersion, r.EngineVersion),
			Remedy: "compare before the next upgrade: what a guard renders is kept", Kind: art.ErrRefused,
		}
	}
	bought, err := f.bought(e, r.Recipe)
	if err != nil {
		return art.Kept{}, err
	}
	var p engine.Picture
	if bought { // within the workspace's budgets; nobody's run pays for it
		p, _, err = f.Ledger.Render(ctx, e, ledger.Order{Key: "look/" + r.ID, Recipe: r.Recipe, Fresh: true}, nil)
	} else {
		p, err = e.Render(ctx, r.Recipe, nil)
	}
	if err != nil {
		return art.Kept{}, err
	}
	sum, err := f.Blobs.Put(ctx, p.Bytes)
	return art.Kept{Recipe: r.ID, Image: sum, PixelsSHA256: p.PixelsSHA256, Width: p.Width, Height: p.Height, Notes: p.Notes}, err
}

// score looks at a picture with the brand's eyes. Evidence is left out: there is a picture to look at.
func (f *Factory) score(ctx context.Context, k art.Kept, kit brand.Kit) (art.Shot, error) {
	shot := art.Shot{Recipe: k.Recipe, Image: k.Image, PixelsSHA256: k.PixelsSHA256, Width: k.Width, Height: k.Height, Notes: k.Notes}
	p, err := f.decode(ctx, k.Image)
	if err != nil {
		return shot, err
	}
	print, _, err := imaging.PDQ(p)
	if err != nil {
		return shot, err
	}
	shot.Print = print.String()
	s, err := f.eyes.Look(ctx, kit, f.Blobs.Get)
	if err != nil {
		return shot, err
	}
	s.Picture = p
	v := f.verdict(ctx, s, kit.Rubric)
	shot.Pass = v.Pass
	for _, s := range v.Scores {
		if slices.ContainsFunc(kit.Rubric, func(g art.Gate) bool { return g.Scorer == s.Scorer }) {
			s.Meaning = nil
			shot.Scores = append(shot.Scores, s)
		}
	}
	return shot, ctx.Err()
}
