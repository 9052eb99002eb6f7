package local

import (
	"context"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/diffusion"
	"presswerk/internal/imaging"
)

// hiresUpscalers are the ways from the first pass to the second: latents stretched bilinearly or by the nearest, as
// A1111's "Latent" and "Latent (nearest)", or pixels by Lanczos. Any other name is that of a network in the options.
func hiresUpscalers() []string { return []string{"latent", "latent-nearest", "lanczos"} }

// enlargedSize is the size of the second pass, rounded to what the model can do.
func enlargedSize(f *Folder, r art.Recipe) (width, height int) {
	round := func(side int) int {
		step := f.step()
		return max(step, int(float64(side)*r.Hires.Scale+float64(step)/2)/step*step)
	}
	return round(r.Width), round(r.Height)
}

func checkHires(f *Folder, r art.Recipe) error {
	h := r.Hires
	if h == nil {
		return nil
	}
	switch {
	case r.Mode != art.ModeTextToImage || r.Refiner != nil:
		return art.Unsupported("hires", "goes with text-to-image of one model only", "take it out, or render and enlarge in two recipes")
	case !(h.Scale > 1) || h.Scale > 8:
		return art.Invalid("hires.scale", fmt.Sprintf("%v is not above 1 and up to 8", h.Scale), "2 doubles each side")
	case !(h.Strength >= 0) || h.Strength > 1:
		return art.Invalid("hires.strength", fmt.Sprintf("%v is not in 0 … 1", h.Strength), "0.3 to 0.6 keep the picture")
	}
	width, height := enlargedSize(f, r)
	if side, pixels := sizeLimits(r); width > side || height > side || width*height > pixels {
		return art.Invalid("hires.scale", fmt.Sprintf("%d×%d are too many pixels", width, height), "choose a smaller one, and let finishing enlarge")
	}
	return nil
}

// second is the recipe of the second pass.
func (b *batch) second(r art.Recipe) art.Recipe {
	r.Width, r.Height = enlargedSize(b.pipe.folder, r)
	r.Mode, r.Strength, r.Hires = art.ModeImageToImage, &r.Hires.Strength, nil
	return r
}

// enlarge makes the batch of the second pass: this one's latents, stretched, with as much noise as the strength says.
// The noise goes on in each picture's stream. Strength 0 leaves nothing to walk: done is true.
func (b *batch) enlarge(ctx context.Context, e *Engine, in Inputs) (next *batch, done bool, err error) {
	f := b.pipe.folder
	next = &batch{pipe: b.pipe, noise: b.noise, keep: b.keep, see: b.see, again: true, words: b.words, references: b.references}
	for _, r := range b.recipes {
		next.recipes = append(next.recipes, b.second(r))
	}
	r := next.recipes[0]
	next.shape = []int{b.shape[0], b.shape[1], r.Height / f.factor(), r.Width / f.factor()}
	next.latents = make([]float32, next.size()*len(b.recipes))
	if next.samplers, err = newSamplers(f, r, len(b.recipes)); err != nil {
		return nil, false, err
	}
	next.first = firstCall(next.samplers[0], r)
	next.origin = next.first
	done = next.first >= len(next.samplers[0].Timesteps())
	for i := range b.recipes {
		clean, err := b.stretch(ctx, e, next, i)
		if err != nil {
			return nil, false, err
		}
		if !done {
			noise := make([]float32, next.size())
			next.noise[i].Normal(noise)
			clean = next.samplers[i].AddNoise(next.first, clean, noise)
		}
		copy(next.of(next.latents, i), clean)
	}
	if !done {
		next.controls, err = b.controlsFor(r, in)
	}
	return next, done, err
}

// stretch brings one picture's latents to the second pass's size.
func (b *batch) stretch(ctx context.Context, e *Engine, next *batch, i int) ([]float32, error) {
	h := b.recipes[0].Hires
	how := or(h.Upscaler, "latent")
	if how == "latent" || how == "latent-nearest" {
		return diffusion.Stretch(b.of(b.latents, i), b.shape[1], b.shape[2], b.shape[3], next.shape[2], next.shape[3], how != "latent-nearest"), nil
	}
	pixels, err := b.decodeOne(ctx, i)
	if err != nil {
		return nil, err
	}
	small, err := imaging.NewRGB(b.recipes[0].Width, b.recipes[0].Height)
	if err != nil {
		return nil, fmt.Errorf("local: hires: %w", err)
	}
	for k, v := range pixels {
		small.Pix[k] = uint8(v*255 + 0.5)
	}
	var large *imaging.RGB
	if how != "lanczos" {
		up, err := e.upscaler("hires.upscaler", art.ModelRef{Name: how, SHA256: h.UpscalerSHA256})
		if err != nil {
			return nil, err
		}
		if large, err = up.enlargeTo(ctx, small, next.recipes[0].Width, next.recipes[0].Height); err != nil {
			return nil, err
		}
	} else if large, err = imaging.Resize(small, next.recipes[0].Width, next.recipes[0].Height); err != nil {
		return nil, fmt.Errorf("local: hires: %w", err)
	}
	return next.encode(ctx, encodable{RGB: large}, &draws{b: next, i: i})
}

// controlsFor are the recipe's controls for a pass of another size, from the pictures as they were given.
func (b *batch) controlsFor(r art.Recipe, in Inputs) ([]control, error) {
	fitted := make([]*imaging.RGB, len(in.given))
	for i, p := range in.given {
		var err error
		if fitted[i], err = imaging.Resize(p, r.Width, r.Height); err != nil {
			return nil, fmt.Errorf("local: hires: controls[%d]: %w", i, err)
		}
	}
	return b.pipe.openControls(r, fitted)
}
