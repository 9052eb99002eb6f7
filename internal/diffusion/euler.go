package diffusion

// euler is one straight step from each noise level to the next.
//
// Source: Karras et al. 2022, arXiv:2206.00364, algorithm 1 without churn; diffusers' EulerDiscreteScheduler.
type euler struct{ sigmaWalk }

func newEuler(c Config, steps int) (Sampler, error) {
	w, err := newSigmaWalk(c, steps)
	return &euler{w}, err
}

func (e *euler) Stochastic(int) bool { return false }

func (e *euler) Step(i int, output, latents []float32, _ Noise) {
	axpby(1, latents, e.sigmas[i+1]-e.sigmas[i], e.slope(e.sigmas[i], output, latents))
}
