package local

import (
	"context"
	"fmt"
	"image"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/imaging"
)

// Inputs replace what is otherwise drawn from the seed. The zero value replaces nothing. A picture made with outside
// noise is not what its recipe says, so it must never be cached.
type Inputs struct {
	Latents   *Array // unit-variance starting noise [batch, channels, height, width]
	StepNoise *Array // noise of each stochastic step [steps, batch, channels, height, width]
	Posterior *Array // noise of the VAE's posterior [draws, batch, channels, height, width], in the order of use
	KeepSteps bool   // fill Result.Steps

	// Pictures of every recipe of the batch; they stand in for those that the recipe names by hash.
	Init       *imaging.RGB
	Mask       *imaging.RGB   // white is made anew
	Controls   []*imaging.RGB // one for each of the recipe's controls
	References []*imaging.RGB // one for each of the recipe's references, of any size

	over  *paste            // where a rendered region goes back to
	see   func(image.Image) // watches the first picture; nil where nobody does
	given []*imaging.RGB    // the controls at their own size
	alone bool              // whether no other picture is made with this one
}

// Result is a batch of pictures as numbers.
type Result struct {
	Image     Array      // [batch, height, width, 3], 0..1
	Latents   Array      // [batch, channels, h, w] after the last step
	Steps     []Array    // latents after each call of the denoiser, when asked for
	Timesteps []float64  // what the denoiser was told at each call
	Notes     [][]string // for each picture, what a person should know
}

// RenderArrays renders recipe.Batch pictures (at least one) with seeds seed, seed+1 … and returns the numbers.
// Picture i is bit-identical to what seed+i alone gives.
func (e *Engine) RenderArrays(ctx context.Context, r art.Recipe, in Inputs, progress engine.Progress) (Result, error) {
	n := max(r.Batch, 1)
	if err := e.Check(r); err != nil {
		return Result{}, err
	}
	if max(r.Seed, r.VariationSeed) > math.MaxInt64-art.Seed(n) {
		return Result{}, art.Invalid("seed", fmt.Sprintf("%d leaves no room for a batch of %d", r.Seed, n), "choose a smaller one")
	}
	inputs, err := in.split(n)
	if err != nil {
		return Result{}, err
	}
	calls, err := e.calls(r)
	if err != nil {
		return Result{}, err
	}
	count := counter(progress, n*calls)
	results := make([]Result, n)
	err = e.each(ctx, n, func(ctx context.Context, i int) (err error) {
		one := r
		if r.VariationStrength > 0 {
			one.VariationSeed += art.Seed(i)
		} else {
			one.Seed += art.Seed(i)
		}
		inputs[i].alone = n == 1
		results[i], err = e.run(ctx, []art.Recipe{one}, inputs[i], count)
		return err
	})
	if err != nil {
		return Result{}, err
	}
	return joinResults(results), nil
}

// split gives each picture of a batch its own inputs.
func (in Inputs) split(n int) ([]Inputs, error) {
	out := make([]Inputs, n)
	for i := range out {
		out[i] = in
		var err error
		if out[i].Latents, err = in.Latents.pick(0, i, n, "latents"); err != nil {
			return nil, err
		}
		if out[i].StepNoise, err = in.StepNoise.pick(1, i, n, "noise"); err != nil {
			return nil, err
		}
		if out[i].Posterior, err = in.Posterior.pick(1, i, n, "posterior"); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// pick gives row i of n along an axis, as an array with one row there; nil stays nil.
func (a *Array) pick(axis, i, n int, name string) (*Array, error) {
	if a == nil {
		return nil, nil //nolint:nilnil // without an array there is no row of it
	}
	if len(a.Shape) <= axis || a.Shape[axis] != n {
		return nil, art.Invalid(name, fmt.Sprintf("have shape %v, but the batch has %d pictures", a.Shape, n), "save them for as many pictures")
	}
	outer, inner := 1, 1
	for k, d := range a.Shape {
		if k < axis {
			outer *= d
		}
		if k > axis {
			inner *= d
		}
	}
	row := &Array{Shape: append([]int(nil), a.Shape...)}
	row.Shape[axis] = 1
	for o := range outer {
		from := (o*n + i) * inner
		row.Data = append(row.Data, a.Data[from:from+inner]...)
	}
	return row, nil
}

// joinResults puts the results of single pictures together.
func joinResults(results []Result) Result {
	whole := results[0]
	for _, r := range results[1:] {
		whole.Image = stack(whole.Image, r.Image)
		whole.Latents = stack(whole.Latents, r.Latents)
		for i := range whole.Steps {
			whole.Steps[i] = stack(whole.Steps[i], r.Steps[i])
		}
		whole.Notes = append(whole.Notes, r.Notes...)
	}
	return whole
}

// stack puts the rows of b below those of a.
func stack(a, b Array) Array {
	shape := append([]int(nil), a.Shape...)
	shape[0] += b.Shape[0]
	return Array{Shape: shape, Data: append(append([]float32(nil), a.Data...), b.Data...)}
}
