package local

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/diffusion"
)

// run renders recipes that differ in prompts and seeds only, in one run. Count is called after each step.
func (e *Engine) run(ctx context.Context, recipes []art.Recipe, in Inputs, count func()) (_ Result, err error) {
	threads, free, err := e.wait(ctx, recipes[0], in.alone)
	if err != nil {
		return Result{}, err
	}
	defer free()
	if in, err = e.pictures(ctx, recipes[0], in); err != nil {
		return Result{}, err
	}
	if onlyEnlarged(recipes[0]) {
		count()
		return enlarged(in.Init, len(recipes)), nil
	}
	recipes = slices.Clone(recipes)
	for i := range recipes {
		recipes[i] = redrawn(recipes[i])
	}
	added, err := e.adapters(recipes[0])
	if err != nil {
		return Result{}, err
	}
	how := variantOf(recipes[0], added)
	how.threads = threads
	base, err := e.open(recipes[0].Model, how)
	if err != nil {
		return Result{}, err
	}
	defer base.close(&err)
	words, err := e.vocabulary(recipes[0])
	if err != nil {
		return Result{}, err
	}
	b, err := newBatch(ctx, base.pipeline, recipes, in)
	if err != nil {
		return Result{}, err
	}
	b.words = words
	result, err := b.walk(ctx, count)
	if err != nil {
		return Result{}, err
	}
	last := b
	if recipes[0].Refiner != nil {
		how.added = nil
		refiner, err := e.open(recipes[0].Refiner.ModelRef, how)
		if err != nil {
			return Result{}, err
		}
		defer refiner.close(&err)
		if last, err = b.handOver(ctx, refiner.pipeline); err != nil {
			return Result{}, err
		}
		refined, err := last.walk(ctx, count)
		if err != nil {
			return Result{}, err
		}
		result = result.then(refined)
	}
	if recipes[0].Hires != nil {
		var done bool
		if last, done, err = b.enlarge(ctx, e, in); err != nil {
			return Result{}, err
		}
		if !done {
			enlarged, err := last.walk(ctx, count)
			if err != nil {
				return Result{}, err
			}
			result.Notes = nil // the same prompts say the same again
			result = result.then(enlarged)
			result.Notes = enlarged.Notes
		}
	}
	if result.Image, err = last.decode(ctx); err != nil {
		return Result{}, err
	}
	if in.over != nil {
		result.Image, err = in.over.all(result.Image)
	}
	return result, err
}

// wait takes as many cores as the model's networks have threads; a network that doesn't say takes all, and so does
// enlarging. Where a picture is made alone and all cores are free, they are its own, whatever the model asks for: the number
// of threads doesn't change the bits, which a test holds. Own is that number, else 0.
func (e *Engine) wait(ctx context.Context, r art.Recipe, alone bool) (own int, free func(), err error) {
	threads := e.options.Threads
	if r.Mode != art.ModeUpscale {
		folder, err := e.folder(r.Model)
		if err != nil {
			return 0, nil, err
		}
		threads = orInt(threads, folder.about.Threads)
	}
	all := int64(e.options.Cores)
	n := min(int64(orInt(threads, e.options.Cores)), all)
	if alone && e.options.Threads == 0 && n < all && e.cores.TryAcquire(all) {
		return int(all), func() { e.cores.Release(all) }, nil
	}
	if err := e.cores.Acquire(ctx, n); err != nil {
		return 0, nil, fmt.Errorf("local: waiting for other pictures: %w", err)
	}
	return 0, func() { e.cores.Release(n) }, nil
}

// then is a walk that another one goes on with.
func (r Result) then(next Result) Result {
	r.Latents = next.Latents
	r.Steps = append(r.Steps, next.Steps...)
	r.Timesteps = append(r.Timesteps, next.Timesteps...)
	return r
}

// lease is a pipeline in use.
type lease struct {
	*pipeline
	release func() error
}

func (e *Engine) open(ref art.ModelRef, v variant) (lease, error) {
	folder, err := e.folder(ref)
	if err != nil {
		return lease{}, err
	}
	pipe, release, err := e.pool.acquire(folder, v)
	return lease{pipe, release}, err
}

// close gives the pipeline back; its error stands behind the one that is on its way already.
func (l lease) close(err *error) {
	if closing := l.release(); closing != nil {
		*err = errors.Join(*err, fmt.Errorf("local: unloading %s: %w", l.folder.Dir, closing))
	}
}

// batch is one run of the denoiser over several pictures of one size.
type batch struct {
	pipe     *pipeline
	recipes  []art.Recipe
	samplers []diffusion.Sampler
	noise    []diffusion.Noise
	latents  []float32
	shape    []int // of the latents: [batch, channels, h, w]
	first    int   // call of the samplers
	end      int   // call to stop before; 0 means the last one
	keep     bool
	see      func(image.Image) // watches the first picture; nil where nobody does
	again    bool              // whether this is the second pass of a hires fix
	words    *vocabulary
	origin   int         // call from which prompt editing counts
	masks    [][]float32 // for each picture whose unmasked part is held, the mask of its latents

	beside     [][]float32                       // for each picture, planes that the network reads beside the latents
	hold       func(call int, latents []float32) // holds parts of the picture in place between calls; nil holds none
	controls   []control
	references []reference
}

// newBatch draws the noise, in diffusers' order: the posterior's and the starting noise as the mode needs them, then
// each stochastic step's.
func newBatch(ctx context.Context, pipe *pipeline, recipes []art.Recipe, in Inputs) (*batch, error) {
	b := &batch{pipe: pipe, keep: in.KeepSteps, see: in.see}
	for _, one := range recipes {
		b.recipes = append(b.recipes, withWindows(pipe.folder, one))
	}
	f, r := pipe.folder, b.recipes[0]
	b.shape = []int{len(recipes), f.vae.LatentChannels, r.Height / f.factor(), r.Width / f.factor()}
	var err error
	if b.samplers, err = newSamplers(f, r, len(recipes)); err != nil {
		return nil, err
	}
	if in.Latents != nil && !sameShape(in.Latents.Shape, b.shape) {
		return nil, art.Invalid("latents", fmt.Sprintf("have shape %v, but this recipe wants %v", in.Latents.Shape, b.shape), "save them with this shape")
	}
	for _, one := range recipes {
		b.noise = append(b.noise, noiseOf(one))
	}
	b.latents = make([]float32, b.size()*len(recipes))
	if err := b.start(ctx, in); err != nil {
		return nil, err
	}
	b.origin = b.first
	if r.Refiner != nil {
		limit, err := b.limit()
		if err != nil {
			return nil, err
		}
		b.end = endForRefiner(b.samplers[0].Timesteps(), limit)
		if b.end <= b.first || b.end == len(b.samplers[0].Timesteps()) {
			return nil, art.Invalid("refiner.start", fmt.Sprintf("%v of %d steps leaves one of the two models nothing to do", r.Refiner.Start, r.Steps), "choose about 0.8, or more steps")
		}
	}
	if b.controls, err = pipe.openControls(r, in.Controls); err != nil {
		return nil, err
	}
	if b.references, err = pipe.openReferences(ctx, r, in.References); err != nil {
		return nil, err
	}
	if in.StepNoise != nil {
		err = b.replay(*in.StepNoise)
	}
	return b, err
}

// last is the call that this batch stops before.
func (b *batch) last() int { return orInt(b.end, len(b.samplers[0].Timesteps())) }

// size is how many numbers one picture's latents have.
func (b *batch) size() int { return b.shape[1] * b.shape[2] * b.shape[3] }

// of is one picture's part of something that holds all of them.
func (b *batch) of(all []float32, i int) []float32 { return all[i*b.size() : (i+1)*b.size()] }

func noiseOf(r art.Recipe) diffusion.Noise { return noiseFrom(r.NoiseSource, r.Seed) }

func noiseFrom(source string, seed art.Seed) diffusion.Noise {
	if source == "cuda" {
		return diffusion.NewPhiloxNoise(int64(seed))
	}
	return diffusion.NewTorchNoise(int64(seed))
}

// replay takes the noise of the stochastic steps from outside.
func (b *batch) replay(a Array) error {
	calls := 0
	for i := b.first; i < len(b.samplers[0].Timesteps()); i++ {
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
			from := (call*len(b.noise) + i) * b.size()
			copy(dst, a.Data[from:from+b.size()])
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

// walk encodes the prompts and takes the latents to the end of this batch's calls.
func (b *batch) walk(ctx context.Context, count func()) (Result, error) {
	r := b.recipes[0]
	prompts, err := b.prompts(ctx)
	if err != nil {
		return Result{}, err
	}
	guidance := guidanceOf(r)
	if b.pipe.folder.unet.TimeCond != 0 {
		guidance = diffusion.Guidance{Scale: 1} // the network was told the scale
	}
	watch, err := b.watch(ctx)
	if err != nil {
		return Result{}, err
	}
	result := Result{Timesteps: b.samplers[0].Timesteps()[b.first:b.last()], Notes: prompts.notes}
	// Controls count all calls, those of a refiner too, as diffusers does.
	denoise := b.denoiser(len(b.samplers[0].Timesteps()) - b.first)
	walk := diffusion.Walk{
		Denoiser: b.windowed(denoise), Samplers: b.samplers, Noise: b.noise, Guidance: guidance,
		Positive: prompts.positive, Negative: prompts.negative, Schedule: prompts.schedule,
		Start: b.first, End: b.end, After: b.hold,
		Before: func(call int) { denoise.call = call - b.first },
		OnStep: func(call, _ int, latents []float32) error {
			watch(call, latents)
			if b.keep {
				result.Steps = append(result.Steps, Array{Shape: b.shape, Data: append([]float32(nil), latents...)})
			}
			count()
			return nil
		},
	}
	if err := walk.Run(ctx, b.latents); err != nil {
		return Result{}, fmt.Errorf("local: rendering with %s: %w", b.pipe.folder.about.Name, err)
	}
	result.Latents = Array{Shape: b.shape, Data: append([]float32(nil), b.latents...)}
	return result, nil
}

// decode makes pixels, one picture at a time, so that memory doesn't grow with the batch.
func (b *batch) decode(ctx context.Context) (Array, error) {
	r, name := b.recipes[0], b.pipe.folder.about.Name
	image := Array{Shape: []int{len(b.recipes), r.Height, r.Width, 3}}
	size := r.Height * r.Width * 3
	for i := range b.recipes {
		pixels, err := b.decodeOne(ctx, i)
		if err != nil {
			return Array{}, fmt.Errorf("local: decoding with %s: %w", name, err)
		}
		if len(pixels) != size {
			return Array{}, fmt.Errorf("local: %s decoded %d numbers for %d×%d pixels: %w", name, len(pixels), r.Width, r.Height, art.ErrInvalid)
		}
		if len(b.recipes) == 1 {
			image.Data = pixels // a large picture isn't copied
			break
		}
		image.Data = append(image.Data, pixels...)
	}
	return image, nil
}

// decodeOne makes one picture's pixels.
func (b *batch) decodeOne(ctx context.Context, i int) ([]float32, error) {
	return b.pipe.decode(ctx, b.of(b.latents, i), b.shape[2], b.shape[3], vaeTiled(b.recipes[0]))
}
