package diffusion

import "math"

// dpm2Ancestral is dpm2 that steps further down than asked and adds fresh noise to come back up.
//
// Source: k-diffusion's sample_dpm_2_ancestral; diffusers' KDPM2AncestralDiscreteScheduler.
type dpm2Ancestral struct{ pairWalk }

func newDPM2Ancestral(c Config, steps int) (Sampler, error) {
	w, err := newDPM2Walk("dpm_2_a", c, steps, func(from, to float64) float64 {
		down, _ := ancestral(from, to)
		return math.Sqrt(from * down)
	})
	return &dpm2Ancestral{w}, err
}

// Stochastic is true where a pair ends.
func (d *dpm2Ancestral) Stochastic(i int) bool { return !d.first(i) }

func (d *dpm2Ancestral) Step(i int, output, latents []float32, noise Noise) {
	from, to := d.sigmas[i/2], d.sigmas[i/2+1]
	slope := d.slope(d.seen(i), output, latents)
	switch {
	case d.last(i):
		axpby(1, latents, to-from, slope)
	case d.first(i):
		d.begin(latents)
		axpby(1, latents, d.between[i/2]-from, slope)
	case d.rewind(latents):
		down, up := ancestral(from, to)
		axpby(1, latents, down-from, slope)
		axpby(1, latents, up, draw(noise, len(latents)))
	default:
		draw(noise, len(latents)) // the stream moves on whether or not the pair was seen from its start
	}
}
