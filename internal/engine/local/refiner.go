package local

import (
	"context"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
)

// cutoff is the timestep at which a refiner takes over.
//
// Source: diffusers, StableDiffusionXLPipeline, denoising_end.
func cutoff(start float64, trained int) float64 {
	return math.RoundToEven(float64(trained) - start*float64(trained))
}

// endForRefiner is the first call that belongs to the refiner.
func endForRefiner(timesteps []float64, limit float64) int {
	n := 0
	for _, t := range timesteps {
		if t >= limit {
			n++
		}
	}
	return n
}

// handOver makes a batch for the refiner that goes on with this one's latents. No noise is added: they are in the middle
// of their walk. What a mask leaves alone is held by the refiner, too. The noise of further stochastic steps comes from the same streams.
func (b *batch) handOver(ctx context.Context, refiner *pipeline) (*batch, error) {
	f := refiner.folder
	if f.vae.LatentChannels != b.shape[1] || f.factor() != b.pipe.folder.factor() {
		return nil, art.Unsupported("refiner", fmt.Sprintf("%s has other latents than %s", f.about.Name, b.pipe.folder.about.Name), "use the refiner that was made for this model")
	}
	next := &batch{pipe: refiner, recipes: b.recipes, noise: b.noise, latents: b.latents, shape: b.shape, keep: b.keep, words: b.words, origin: b.origin, masks: b.masks}
	var err error
	if next.samplers, err = newSamplers(f, b.recipes[0], len(b.recipes)); err != nil {
		return nil, err
	}
	if next.references, err = refiner.openReferences(ctx, art.Recipe{}, nil); err != nil {
		return nil, err
	}
	limit, err := b.limit()
	if err != nil {
		return nil, err
	}
	left := 0
	for _, t := range next.samplers[0].Timesteps() {
		if t < limit {
			left++
		}
	}
	if orderOf(next.samplers[0]) == 2 && left%2 == 0 {
		left++ // a step of two calls is not cut in the middle
	}
	next.first = max(0, len(next.samplers[0].Timesteps())-left)
	for i := range next.masks {
		// The part outside of the mask was handed over without noise; its new noise goes on in the picture's stream.
		noise := make([]float32, next.size())
		next.noise[i].Normal(noise)
		next.holding(i, slices.Clone(next.of(next.latents, i)), noise)
	}
	return next, nil
}

// limit is the timestep at which this batch's refiner takes over.
func (b *batch) limit() (float64, error) {
	c, err := samplerConfig(b.pipe.folder, b.recipes[0])
	if err != nil {
		return 0, err
	}
	return cutoff(b.recipes[0].Refiner.Start, c.NumTrainTimesteps), nil
}
