package local

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/prompt"
)

// Render makes one picture of one recipe; the recipe's batch hint is ignored. The same recipe gives the same bits on
// the same machine.
func (e *Engine) Render(ctx context.Context, r art.Recipe, progress engine.Progress) (engine.Picture, error) {
	pictures, err := e.RenderBatch(ctx, []art.Recipe{r}, progress)
	if err != nil {
		return engine.Picture{}, err
	}
	return pictures[0], nil
}

// RenderBatch makes one picture per recipe, several at a time. Equal recipes are rendered once.
func (e *Engine) RenderBatch(ctx context.Context, recipes []art.Recipe, progress engine.Progress) ([]engine.Picture, error) {
	for i, r := range recipes {
		if err := e.Check(r); err != nil {
			return nil, fmt.Errorf("local: recipe %d of %d: %w", i+1, len(recipes), err)
		}
	}
	different, place, err := distinct(recipes)
	if err != nil {
		return nil, err
	}
	made, err := e.renderAll(ctx, different, progress)
	if err != nil {
		return nil, err
	}
	pictures := make([]engine.Picture, len(recipes))
	for i, at := range place {
		pictures[i] = made[at]
	}
	return pictures, nil
}

// distinct gives each different recipe once, and for each recipe its place among them.
func distinct(recipes []art.Recipe) (different []art.Recipe, place []int, err error) {
	known := map[string]int{}
	for _, r := range recipes {
		id, err := r.ID()
		if err != nil {
			return nil, nil, fmt.Errorf("local: %w", err)
		}
		id += r.Model.Dir // a place on disk isn't part of the identity, but decides which files are read
		at, ok := known[id]
		if !ok {
			at = len(different)
			known[id] = at
			different = append(different, r)
		}
		place = append(place, at)
	}
	return different, place, nil
}

// renderAll renders recipes that were checked.
func (e *Engine) renderAll(ctx context.Context, recipes []art.Recipe, progress engine.Progress) ([]engine.Picture, error) {
	groups, err := group(recipes, func(r art.Recipe) (int, error) { return e.together(r, len(recipes)) })
	if err != nil {
		return nil, err
	}
	steps := 0
	for _, members := range groups {
		n, err := e.calls(recipes[members[0]])
		if err != nil {
			return nil, err
		}
		steps += n
	}
	count := counter(progress, steps)
	pictures := make([]engine.Picture, len(recipes))
	err = e.each(ctx, len(groups), func(ctx context.Context, k int) error {
		return e.renderGroup(ctx, recipes, groups[k], pictures, count)
	})
	if err != nil {
		return nil, err
	}
	return pictures, nil
}

// each calls do for 0 … n−1, several at a time; run waits for cores. The first error ends the others.
func (e *Engine) each(ctx context.Context, n int, do func(ctx context.Context, k int) error) error {
	tasks, ctx := errgroup.WithContext(ctx)
	tasks.SetLimit(e.options.Cores)
	for k := range n {
		tasks.Go(func() error { return do(ctx, k) })
	}
	return tasks.Wait()
}

// renderGroup renders the recipes at the given places in one run.
func (e *Engine) renderGroup(ctx context.Context, recipes []art.Recipe, members []int, pictures []engine.Picture, count func()) error {
	start := e.options.Now()
	batch := make([]art.Recipe, len(members))
	for i, at := range members {
		batch[i] = recipes[at]
	}
	result, err := e.run(ctx, batch, Inputs{}, count)
	if err != nil {
		return err
	}
	for i, at := range members {
		if pictures[at], err = result.Picture(i); err != nil {
			return err
		}
	}
	share := e.options.Now().Sub(start) / time.Duration(len(members))
	for _, at := range members {
		pictures[at].Elapsed = share
	}
	return nil
}

// calls is how often the denoiser is asked for one recipe.
func (e *Engine) calls(r art.Recipe) (int, error) {
	if onlyEnlarged(r) {
		return 1, nil
	}
	r = redrawn(r)
	f, err := e.folder(r.Model)
	if err != nil {
		return 0, err
	}
	samplers, err := newSamplers(f, r, 1)
	if err != nil {
		return 0, err
	}
	n := len(samplers[0].Timesteps())
	n -= min(firstCall(samplers[0], r), n)
	if r.Hires != nil {
		again := r
		again.Mode, again.Strength = art.ModeImageToImage, &r.Hires.Strength
		n += len(samplers[0].Timesteps()) - min(firstCall(samplers[0], again), len(samplers[0].Timesteps()))
	}
	return n, nil
}

// together is how many of n pictures are made in one run: as many as the options or the model say, and no more than
// leave work for every core.
func (e *Engine) together(r art.Recipe, n int) (int, error) {
	if onlyEnlarged(r) {
		return 1, nil
	}
	f, err := e.folder(r.Model)
	if err != nil {
		return 0, err
	}
	size := orInt(e.options.Together, orInt(f.about.Together, 1))
	threads := orInt(orInt(e.options.Threads, f.about.Threads), e.options.Cores)
	parallel := max(1, e.options.Cores/threads)
	return max(1, min(size, (n+parallel-1)/parallel)), nil
}

// group sorts recipes into runs of at most size pictures that are equal but for prompts and seeds.
func group(recipes []art.Recipe, size func(art.Recipe) (int, error)) ([][]int, error) {
	var groups [][]int
	open := map[string]int{} // what must be equal → the group that still has room
	for i, r := range recipes {
		same := r
		same.Seed, same.Batch = 0, 0
		same.VariationSeed, same.VariationStrength = 0, 0
		if r.Syntax != prompt.A1111 { // whose prompts differ in length and change by step
			same.Prompt, same.NegativePrompt, same.Prompt2 = "", "", ""
		}
		key, err := art.CanonicalJSON(same)
		if err != nil {
			return nil, err
		}
		room, err := size(r)
		if err != nil {
			return nil, err
		}
		at, ok := open[string(key)]
		if !ok || len(groups[at]) >= room {
			at = len(groups)
			groups = append(groups, nil)
			open[string(key)] = at
		}
		groups[at] = append(groups[at], i)
	}
	return groups, nil
}

// counter gives a function that reports one more step of steps; it may be called from several goroutines.
func counter(progress engine.Progress, steps int) func() {
	if progress == nil {
		return func() {}
	}
	var mu sync.Mutex
	done := 0
	return func() {
		mu.Lock()
		defer mu.Unlock()
		done++
		progress(done, steps)
	}
}
