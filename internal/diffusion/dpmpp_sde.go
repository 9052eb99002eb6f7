package diffusion

import "math"

// dpmppSDE is DPM-Solver++ of second order in its single-step form, as a stochastic differential equation.
//
// Source: Lu et al. 2022, arXiv:2211.01095, and Song et al. 2021, arXiv:2011.13456, as k-diffusion's sample_dpmpp_sde
// with r = 1/2; diffusers' DPMSolverSDEScheduler.
type dpmppSDE struct {
	pairWalk
	fresh stepNoise
}

func newDPMPPSDE(c Config, steps int) (Sampler, error) {
	if c.PredictionType == "sample" {
		return nil, badConfig("prediction_type", "dpmpp_sde has no formula for sample")
	}
	w, err := newPairWalk("dpmpp_sde", c, steps, geometricMean)
	if err != nil {
		return nil, err
	}
	return &dpmppSDE{w, newStepNoise(c, w.sigmas)}, nil
}

// Stochastic is false at the last call, which goes straight to the picture.
func (d *dpmppSDE) Stochastic(i int) bool { return !d.last(i) && d.fresh.fromCaller() }

func (d *dpmppSDE) Step(i int, output, latents []float32, noise Noise) {
	from, to := d.sigmas[i/2], d.sigmas[i/2+1]
	clean := d.cleanAt(d.seen(i), output, latents)
	switch {
	case d.last(i):
		copy(latents, clean)
		return
	case d.first(i):
		to = d.between[i/2]
		d.begin(latents)
	case !d.rewind(latents):
		d.fresh.draw(len(latents), noise, from, to)
		return
	}
	down, up := ancestral(from, to)
	decay(latents, down/from, clean)
	axpby(1, latents, up, d.fresh.draw(len(latents), noise, loggedAndBack(from), loggedAndBack(to)))
}

// loggedAndBack is exp(log sigma) in float32: diffusers asks the Brownian tree for that, and the tree hears the
// rounding.
func loggedAndBack(sigma float64) float64 {
	l := float32(math.Log(float64(float32(sigma))))
	return float64(float32(math.Exp(float64(l))))
}
