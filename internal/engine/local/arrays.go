package local

import (
	"context"
	"fmt"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/diffusion"
	"presswerk/internal/engine"
)

// Inputs replace what is otherwise drawn from the seed. The zero value replaces nothing. A picture made with outside
// noise is not what its recipe says, so it must never be cached.
type Inputs struct {
	Latents   *Array // unit-variance starting noise [batch, channels, height, width]
	StepNoise *Array // noise of each stochastic step [steps, batch, channels, height, width]
	KeepSteps bool   // fill Result.Steps
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
	if r.Seed > math.MaxInt64-art.Seed(n) {
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
		one.Seed += art.Seed(i)
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
		out[i].KeepSteps = in.KeepSteps
		var err error
		if out[i].Latents, err = in.Latents.pick(0, i, n, "latents"); err != nil {
			return nil, err
		}
		if out[i].StepNoise, err = in.StepNoise.pick(1, i, n, "noise"); err != nil {
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

// run renders recipes that differ in prompts and seeds only, in one run. Count is called after each step.
func (e *Engine) run(ctx context.Context, recipes []art.Recipe, in Inputs, count func()) (_ Result, err error) {
	folder, err := e.folder(recipes[0].Model)
	if err != nil {
		return Result{}, err
	}
	b, err := newBatch(folder, recipes, in)
	if err != nil {
		return Result{}, err
	}
	pipe, release, err := e.pool.acquire(folder)
	if err != nil {
		return Result{}, err
	}
	defer func() {
		if closing := release(); err == nil && closing != nil {
			err = fmt.Errorf("local: unloading %s: %w", folder.Dir, closing)
		}
	}()
	return b.render(ctx, pipe, count)
}

// batch is one run of the denoiser over several pictures of one size.
type batch struct {
	folder   *Folder
	recipes  []art.Recipe
	samplers []diffusion.Sampler
	noise    []diffusion.Noise
	latents  []float32
	shape    []int // of the latents: [batch, channels, h, w]
	keep     bool
}

// newBatch draws the noise, in diffusers' order: the starting noise, then each stochastic step's.
func newBatch(f *Folder, recipes []art.Recipe, in Inputs) (*batch, error) {
	r := recipes[0]
	b := &batch{folder: f, recipes: recipes, keep: in.KeepSteps}
	b.shape = []int{len(recipes), f.vae.LatentChannels, r.Height / f.factor(), r.Width / f.factor()}
	var err error
	if b.samplers, err = newSamplers(f, r, len(recipes)); err != nil {
		return nil, err
	}
	size := b.shape[1] * b.shape[2] * b.shape[3]
	b.latents = make([]float32, size*len(recipes))
	if in.Latents != nil {
		if !sameShape(in.Latents.Shape, b.shape) {
			return nil, art.Invalid("latents", fmt.Sprintf("have shape %v, but this recipe wants %v", in.Latents.Shape, b.shape), "save them with this shape")
		}
		copy(b.latents, in.Latents.Data)
	}
	for i, one := range recipes {
		noise := noiseOf(one)
		if in.Latents == nil {
			noise.Normal(b.latents[i*size : (i+1)*size])
		}
		b.noise = append(b.noise, noise)
	}
	if in.StepNoise != nil {
		if err := b.replay(*in.StepNoise, size); err != nil {
			return nil, err
		}
	}
	scale := float32(b.samplers[0].InitialScale())
	for i := range b.latents {
		b.latents[i] *= scale
	}
	return b, nil
}

func noiseOf(r art.Recipe) diffusion.Noise {
	if r.NoiseSource == "cuda" {
		return diffusion.NewPhiloxNoise(int64(r.Seed))
	}
	return diffusion.NewTorchNoise(int64(r.Seed))
}

// replay takes the noise of the stochastic steps from outside.
func (b *batch) replay(a Array, size int) error {
	calls := 0
	for i := range b.samplers[0].Timesteps() {
		if b.samplers[0].Stochastic(i) {
			calls++
		}
	}
	if len(a.Shape) != 5 || !sameShape(a.Shape[1:], b.shape) || a.Shape[0] < calls {
		return art.Invalid("noise", fmt.Sprintf("has shape %v, but this recipe wants %v after %d steps", a.Shape, b.shape, calls), "save one array [steps, batch, channels, height, width]")
	}
	for i := range b.noise {
		call := 0
		b.noise[i] = diffusion.NoiseFunc(func(dst []float32) {
			from := (call*len(b.noise) + i) * size
			copy(dst, a.Data[from:from+size])
			call++
		})
	}
	return nil
}

func sameShape(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// render encodes, walks and decodes.
func (b *batch) render(ctx context.Context, pipe *pipeline, count func()) (Result, error) {
	r := b.recipes[0]
	result := Result{Timesteps: b.samplers[0].Timesteps()}
	positive, negative, notes, err := pipe.conditioning(ctx, b.recipes)
	if err != nil {
		return Result{}, err
	}
	result.Notes = notes
	walk := diffusion.Walk{
		Denoiser: denoiser{session: pipe.unet, channels: b.shape[1], height: b.shape[2], width: b.shape[3]},
		Samplers: b.samplers, Noise: b.noise, Positive: positive, Negative: negative,
		Guidance: diffusion.Guidance{Scale: r.GuidanceScale, Rescale: r.GuidanceRescale},
		OnStep: func(_, _ int, latents []float32) error {
			if b.keep {
				result.Steps = append(result.Steps, Array{Shape: b.shape, Data: append([]float32(nil), latents...)})
			}
			count()
			return nil
		},
	}
	if err := walk.Run(ctx, b.latents); err != nil {
		return Result{}, fmt.Errorf("local: rendering with %s: %w", b.folder.about.Name, err)
	}
	result.Latents = Array{Shape: b.shape, Data: b.latents}
	result.Image, err = b.decode(ctx, pipe)
	return result, err
}

// decode makes pixels, one picture at a time, so that memory doesn't grow with the batch.
func (b *batch) decode(ctx context.Context, pipe *pipeline) (Array, error) {
	r := b.recipes[0]
	size := len(b.latents) / len(b.recipes)
	image := Array{Shape: []int{len(b.recipes), r.Height, r.Width, 3}}
	for i := range b.recipes {
		pixels, err := pipe.decode(ctx, b.latents[i*size:(i+1)*size], b.shape[2], b.shape[3])
		if err != nil {
			return Array{}, fmt.Errorf("local: decoding with %s: %w", b.folder.about.Name, err)
		}
		if len(pixels) != r.Height*r.Width*3 {
			return Array{}, fmt.Errorf("local: %s decoded %d numbers for %d×%d pixels: %w", b.folder.about.Name, len(pixels), r.Width, r.Height, art.ErrInvalid)
		}
		image.Data = append(image.Data, pixels...)
	}
	return image, nil
}
