package diffusion

import "math"

// eulerAncestral steps further down than asked and adds fresh noise to come back up.
//
// Source: k-diffusion's sample_euler_ancestral; diffusers' EulerAncestralDiscreteScheduler (which has no Karras
// curve: here it follows euler's).
type eulerAncestral struct{ sigmaWalk }

func newEulerAncestral(c Config, steps int) (Sampler, error) {
	if c.PredictionType == "sample" {
		return nil, badConfig("prediction_type", "euler_a has no formula for sample")
	}
	w, err := newSigmaWalk(c, steps)
	return &eulerAncestral{w}, err
}

// Stochastic is true at the last call too: diffusers draws there and multiplies by zero, and the draw counts.
func (e *eulerAncestral) Stochastic(int) bool { return true }

func (e *eulerAncestral) Step(i int, output, latents []float32, noise Noise) {
	down, up := ancestral(e.sigmas[i], e.sigmas[i+1])
	axpby(1, latents, down-e.sigmas[i], e.slope(e.sigmas[i], output, latents))
	axpby(1, latents, up, draw(noise, len(latents)))
}

// ancestral splits the way from one noise level to the next: down to a lower one, and up again by fresh noise, so
// that down² + up² = to².
func ancestral(from, to float64) (down, up float64) {
	variance := to * to * (from*from - to*to) / (from * from)
	return math.Sqrt(to*to - variance), math.Sqrt(variance)
}
