package diffusion

import "math"

// ddim is the implicit sampler: deterministic with Eta 0, as noisy as DDPM with Eta 1.
//
// Source: Song et al. 2021, arXiv:2010.02502, eq. (12); diffusers' DDIMScheduler.
type ddim struct {
	trainingWalk
	stride int // training steps from one call to the next
}

func newDDIM(c Config, steps int) (Sampler, error) {
	w, err := newTrainingWalk("ddim", c, steps, nil)
	if err != nil {
		return nil, err
	}
	return &ddim{w, c.NumTrainTimesteps / steps}, nil
}

func (d *ddim) Stochastic(int) bool { return d.Eta > 0 }

func (d *ddim) Step(i int, output, latents []float32, noise Noise) {
	t := int(d.timesteps[i])
	next := d.at(t - d.stride)
	clean, direction := d.predicted(i, output, latents)
	spread := d.Eta * math.Sqrt(math.Max(0, d.variance(t, t-d.stride)))
	copy(latents, clean)
	axpby(math.Sqrt(next), latents, math.Sqrt(math.Max(0, 1-next-spread*spread)), direction)
	if d.Eta > 0 {
		axpby(1, latents, spread, draw(noise, len(latents)))
	}
}
