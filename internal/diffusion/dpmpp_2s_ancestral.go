package diffusion

import "math"

// dpmpp2sAncestral is DPM-Solver++ in its single-step form of second order ("2S"), with ancestral noise.
//
// Source: Lu et al. 2022, arXiv:2211.01095, algorithm 1; k-diffusion's sample_dpmpp_2s_ancestral (diffusers has none).
type dpmpp2sAncestral struct{ pairWalk }

func newDPMPP2SAncestral(c Config, steps int) (Sampler, error) {
	w, err := newPairWalk("dpmpp_2s_a", c, steps, func(from, to float64) float64 {
		down, _ := ancestral(from, to)
		return math.Sqrt(from * down)
	})
	return &dpmpp2sAncestral{w}, err
}

// Stochastic is true where a pair ends.
func (d *dpmpp2sAncestral) Stochastic(i int) bool { return !d.first(i) }

func (d *dpmpp2sAncestral) Step(i int, output, latents []float32, noise Noise) {
	from, to := d.sigmas[i/2], d.sigmas[i/2+1]
	clean := d.cleanAt(d.seen(i), output, latents)
	switch {
	case d.last(i):
		copy(latents, clean)
	case d.first(i):
		d.begin(latents)
		decay(latents, d.between[i/2]/from, clean)
	case d.rewind(latents):
		down, up := ancestral(from, to)
		decay(latents, down/from, clean)
		axpby(1, latents, up, draw(noise, len(latents)))
	default:
		draw(noise, len(latents))
	}
}

// decay keeps a share of the latents' noise and fills up with the picture: an exponential step of first order.
func decay(latents []float32, share float64, clean []float32) {
	axpby(share, latents, 1-share, clean)
}
