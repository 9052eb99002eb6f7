package local

import (
	"context"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/diffusion"
	"presswerk/internal/imaging"
)

// defaultStrength is how much of a picture is made anew where the recipe doesn't say, as diffusers' pipelines do.
func defaultStrength(mode string) float64 {
	if mode == art.ModeInpaint || mode == art.ModeOutpaint {
		return 1
	}
	return 0.8
}

func strengthOf(r art.Recipe) float64 {
	switch {
	case r.Mode == art.ModeTextToImage:
		return 1
	case r.Strength == nil && r.Mode == art.ModeUpscale:
		return 0
	case r.Strength == nil:
		return defaultStrength(r.Mode)
	default:
		return *r.Strength
	}
}

// firstCall is the call with which a picture of some strength begins.
//
// Source: diffusers, StableDiffusionImg2ImgPipeline.get_timesteps.
func firstCall(s diffusion.Sampler, r art.Recipe) int {
	begin := max(r.Steps-min(int(float64(r.Steps)*strengthOf(r)), r.Steps), 0)
	return min(begin*orderOf(s), len(s.Timesteps()))
}

// orderOf is how many calls of the denoiser make a step.
func orderOf(s diffusion.Sampler) int {
	if o, ok := s.(interface{ Order() int }); ok {
		return o.Order()
	}
	return 1
}

// start makes the first latents of each picture.
func (b *batch) start(ctx context.Context, in Inputs) error {
	r := b.recipes[0]
	b.first = firstCall(b.samplers[0], r)
	for i := range b.recipes {
		d := draws{b: b, in: in, i: i}
		var err error
		switch r.Mode {
		case art.ModeTextToImage:
			err = b.pure(d)
		case art.ModeImageToImage:
			err = b.fromPicture(ctx, d)
		default:
			err = b.inpaint(ctx, d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// draws gives one picture's noise in the order in which it is asked for: from outside, or from its seed.
type draws struct {
	b         *batch
	in        Inputs
	i         int // of the picture
	posterior int // how many draws for the VAE were made
}

// latents draws the starting noise, turned towards that of the variation seed.
func (d *draws) latents() ([]float32, error) {
	noise := make([]float32, d.b.size())
	if d.in.Latents != nil {
		copy(noise, d.b.of(d.in.Latents.Data, d.i))
		return noise, nil
	}
	r := d.b.recipes[d.i]
	v := diffusion.Variation{Strength: r.VariationStrength, Channels: d.b.shape[1], Height: d.b.shape[2], Width: d.b.shape[3]}
	source, err := v.Noise(d.b.noise[d.i], noiseFrom(r.NoiseSource, r.VariationSeed))
	if err != nil {
		return nil, recipeError(err)
	}
	source.Normal(noise)
	return noise, nil
}

// sample draws the noise of the VAE's posterior.
func (d *draws) sample() ([]float32, error) {
	noise := make([]float32, d.b.size())
	a := d.in.Posterior
	if a == nil {
		d.b.noise[d.i].Normal(noise)
		return noise, nil
	}
	if len(a.Shape) != 5 || !sameShape(a.Shape[1:], d.b.shape) || a.Shape[0] <= d.posterior {
		return nil, art.Invalid("posterior", fmt.Sprintf("has shape %v, but draw %d of %v is needed", a.Shape, d.posterior, d.b.shape), "save one array [draws, batch, channels, height, width]")
	}
	copy(noise, a.Data[(d.posterior*d.b.shape[0]+d.i)*d.b.size():])
	d.posterior++
	return noise, nil
}

// pure makes one picture's latents from noise alone.
func (b *batch) pure(d draws) error {
	scale := float32(b.samplers[d.i].InitialScale())
	noise, err := d.latents()
	for k, v := range noise {
		b.latents[d.i*b.size()+k] = v * scale
	}
	return err
}

// fromPicture begins with a picture and as much noise as the strength says.
func (b *batch) fromPicture(ctx context.Context, d draws) error {
	clean, err := b.encode(ctx, encodable{RGB: d.in.Init}, &d)
	if err != nil {
		return err
	}
	noise, err := d.latents()
	if err != nil {
		return err
	}
	copy(b.of(b.latents, d.i), b.samplers[d.i].AddNoise(b.first, clean, noise))
	return nil
}

// inpaint makes a masked part anew. A network with channels for mask and masked picture is told both; for any other,
// what is outside the mask is put back after each call, with as much noise as the next one expects.
//
// Source: diffusers, StableDiffusionInpaintPipeline.
func (b *batch) inpaint(ctx context.Context, d draws) error {
	picture := encodable{RGB: d.in.Init}
	mask := binaryMask(d.in.Mask)
	told := b.pipe.folder.unet.InChannels > b.shape[1]
	var clean []float32
	var err error
	if !told || b.first > 0 {
		if clean, err = b.encode(ctx, picture, &d); err != nil {
			return err
		}
	}
	noise, err := d.latents()
	if err != nil {
		return err
	}
	if b.first == 0 && strengthOf(b.recipes[0]) == 1 {
		scale := float32(b.samplers[d.i].InitialScale())
		for k, v := range noise {
			b.latents[d.i*b.size()+k] = v * scale
		}
	} else {
		copy(b.of(b.latents, d.i), b.samplers[d.i].AddNoise(b.first, clean, noise))
	}
	picture.mask = mask // what the network is told, or the draw that diffusers makes all the same
	masked, err := b.encode(ctx, picture, &d)
	if err != nil {
		return err
	}
	small := b.shrink(mask)
	if told {
		b.beside = append(b.beside, append(small, masked...))
		return nil
	}
	b.masks = append(b.masks, small)
	b.holding(d.i, clean, noise)
	return nil
}

// holding puts one picture's unmasked part back after each call, without noise after the last one.
func (b *batch) holding(i int, clean, noise []float32) {
	others, mask := b.hold, b.masks[i]
	b.hold = func(call int, latents []float32) {
		if others != nil {
			others(call, latents)
		}
		proper := clean
		if call+1 < b.last() {
			proper = b.samplers[i].AddNoise(call+1, clean, noise)
		}
		own := b.of(latents, i)
		for k := range own {
			m := mask[k%len(mask)]
			own[k] = (1-m)*proper[k] + m*own[k]
		}
	}
}

// encodable is what a VAE is shown: a picture, grey where a mask covers it.
type encodable struct {
	*imaging.RGB
	mask []float32 // covers at 0.5 and more; nil covers nothing
}

// planes turns a part of a picture into three planes of −1..1.
func (p encodable) planes(r region) []float32 {
	width, area := r.right-r.left, (r.right-r.left)*(r.bottom-r.top)
	out := make([]float32, 3*area)
	for i := range area {
		at := (r.top+i/width)*p.Width + r.left + i%width
		if p.mask != nil && p.mask[at] >= 0.5 {
			continue
		}
		for c := range 3 {
			out[c*area+i] = float32(p.Pix[3*at+c])/255*2 - 1
		}
	}
	return out
}

// whole is the region of all pixels.
func (p encodable) whole() region { return region{0, 0, p.Width, p.Height} }

// binaryMask turns a mask into zeros and ones.
func binaryMask(p *imaging.RGB) []float32 {
	out := make([]float32, p.Width*p.Height)
	for i := range out {
		if p.Pix[3*i] >= 128 {
			out[i] = 1
		}
	}
	return out
}

// shrink takes the mask at every latent's first pixel, as torch's nearest interpolation does.
func (b *batch) shrink(mask []float32) []float32 {
	f, width := b.pipe.folder.factor(), b.recipes[0].Width
	out := make([]float32, b.shape[2]*b.shape[3])
	for y := range b.shape[2] {
		for x := range b.shape[3] {
			out[y*b.shape[3]+x] = mask[y*f*width+x*f]
		}
	}
	return out
}
