package diffusion

import "slices"

// heun asks a second time where an Euler step would land and goes on with the mean of both slopes.
//
// Source: Karras et al. 2022, arXiv:2206.00364, algorithm 1 without churn; diffusers' HeunDiscreteScheduler.
type heun struct {
	pairWalk
	before []float32 // slope at the first call of a pair
}

func newHeun(c Config, steps int) (Sampler, error) {
	w, err := newPairWalk("heun", c, steps, func(_, to float64) float64 { return to })
	if err != nil {
		return nil, err
	}
	w.interleave(w.timesteps, w.timesteps[1:]) // not looked up again from their sigmas
	return &heun{pairWalk: w}, nil
}

func (h *heun) Stochastic(int) bool { return false }

// slope is that of the walk, towards a clipped picture where the config asks for it.
func (h *heun) slope(s float64, output, latents []float32) []float32 {
	if !h.ClipSample {
		return h.pairWalk.slope(s, output, latents)
	}
	clean := h.cleanAt(s, output, latents)
	threshold(Config{ClipSample: true, ClipSampleRange: h.ClipSampleRange}, clean)
	return combine(1/s, latents, -1/s, clean)
}

func (h *heun) Step(i int, output, latents []float32, _ Noise) {
	from, to := h.sigmas[i/2], h.sigmas[i/2+1]
	slope := h.slope(h.seen(i), output, latents)
	if h.first(i) {
		h.begin(latents)
		h.before = slices.Clone(slope)
		axpby(1, latents, to-from, slope)
		return
	}
	if h.rewind(latents) {
		axpby(1, latents, (to-from)/2, h.before)
		axpby(1, latents, (to-from)/2, slope)
	}
}
