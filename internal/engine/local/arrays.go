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
func (e *Engine) RenderArrays(ctx context.Context, r art.Recipe, in Inputs, progress engine.Progress) (Result, error) {
	n := max(r.Batch, 1)
	if r.Seed > math.MaxInt64-art.Seed(n) {
		return Result{}, art.Invalid("seed", fmt.Sprintf("%d leaves no room for a batch of %d", r.Seed, n), "choose a smaller one")
	}
	recipes := make([]art.Recipe, n)
	for i := range recipes {
		recipes[i] = r
		recipes[i].Seed += art.Seed(i)
	}
	return e.run(ctx, recipes, in, progress)
}

// run renders recipes that differ in prompts and seeds only, in one batch.
func (e *Engine) run(ctx context.Context, recipes []art.Recipe, in Inputs, progress engine.Progress) (_ Result, err error) {
	r := recipes[0]
	folder, err := e.folder(r.Model)
	if err != nil {
		return Result{}, err
	}
	for _, one := range recipes {
		if err := check(folder, one); err != nil {
			return Result{}, err
		}
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
	return b.render(ctx, pipe, progress)
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
func (b *batch) render(ctx context.Context, pipe *pipeline, progress engine.Progress) (Result, error) {
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
		OnStep: func(call, calls int, latents []float32) error {
			if b.keep {
				result.Steps = append(result.Steps, Array{Shape: b.shape, Data: append([]float32(nil), latents...)})
			}
			if progress != nil {
				progress(call+1, calls)
			}
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
