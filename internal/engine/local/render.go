package local

import (
	"context"
	"fmt"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
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

// RenderBatch makes one picture per recipe. Recipes that differ in prompts and seeds only share runs of the network.
func (e *Engine) RenderBatch(ctx context.Context, recipes []art.Recipe, progress engine.Progress) ([]engine.Picture, error) {
	groups, err := group(recipes)
	if err != nil {
		return nil, err
	}
	for i, r := range recipes {
		if err := e.Check(r); err != nil {
			return nil, fmt.Errorf("local: recipe %d of %d: %w", i+1, len(recipes), err)
		}
	}
	pictures := make([]engine.Picture, len(recipes))
	for k, members := range groups {
		if err := e.renderGroup(ctx, recipes, members, pictures, part(progress, k, len(groups))); err != nil {
			return nil, err
		}
	}
	return pictures, nil
}

// renderGroup renders the recipes at the given places in one run.
func (e *Engine) renderGroup(ctx context.Context, recipes []art.Recipe, members []int, pictures []engine.Picture, progress engine.Progress) error {
	start := e.options.Now()
	batch := make([]art.Recipe, len(members))
	for i, at := range members {
		batch[i] = recipes[at]
	}
	result, err := e.run(ctx, batch, Inputs{}, progress)
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

// group sorts recipes into runs: equal but for prompts and seeds, and not more pixels in one run than memory and
// caches like.
func group(recipes []art.Recipe) ([][]int, error) {
	const pixels = 8 * 256 * 256
	var groups [][]int
	open := map[string]int{} // what must be equal → the group that still has room
	for i, r := range recipes {
		same := r
		same.Prompt, same.NegativePrompt, same.Prompt2, same.Seed, same.Batch = "", "", "", 0, 0
		key, err := art.CanonicalJSON(same)
		if err != nil {
			return nil, err
		}
		room := min(max(1, pixels/max(1, r.Width*r.Height)), maxRun)
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

// maxRun is the most pictures in one run: more don't get faster on a CPU.
const maxRun = 8

// part makes the progress of run k of n the progress of the whole.
func part(progress engine.Progress, k, n int) engine.Progress {
	if progress == nil {
		return nil
	}
	return func(step, steps int) { progress(k*steps+step, n*steps) }
}
