package diffusion

import "math"

// deis integrates a polynomial in log rho through the predicted noise of up to three calls, where rho is sigma/alpha.
// It ends at the lowest noise level, not at 0.
//
// Source: Zhang & Chen 2023, arXiv:2204.13902, section 3.3 (logrho); diffusers' DEISMultistepScheduler.
type deis struct{ solverWalk }

func newDEIS(c Config, steps int) (Sampler, error) {
	switch {
	case c.UseFlowSigmas:
		return nil, badConfig("use_flow_sigmas", "deis would stop before the picture")
	case c.AlgorithmType != "deis" && c.AlgorithmType != "dpmsolver" && c.AlgorithmType != "dpmsolver++":
		return nil, badConfig("algorithm_type", "%q isn't deis", c.AlgorithmType)
	}
	switch c.SolverType {
	case "logrho", "midpoint", "heun", "bh1", "bh2": // diffusers reads the others as logrho
	default:
		return nil, badConfig("solver_type", "%q is unknown, known is logrho", c.SolverType)
	}
	c.FinalSigmas = "sigma_min"       // the class has no other
	c.LambdaMinClipped = math.Inf(-1) // nor this choice
	w, err := newSolverWalk("deis", c, steps, true)
	if err != nil {
		return nil, err
	}
	switch {
	case len(c.Sigmas) > 0 && c.Sigmas[steps] == 0:
		return nil, badConfig("sigmas", "deis can't end at 0: its steps are in the logarithm of the noise level")
	case len(c.Sigmas) > 0:
	case c.bent() && steps == 1:
		return nil, badConfig("steps", "one step of deis on a curve would stand still")
	case c.bent():
		w.sigmas[steps] = w.sigmas[steps-1]
	}
	return &deis{w}, nil
}

func (d *deis) Stochastic(int) bool { return false }

func (d *deis) Step(i int, output, latents []float32, _ Noise) {
	_, noise := d.predicted(i, output, latents)
	d.remember(noise)
	from, to := d.sigmas[i], d.sigmas[i+1]
	a, _ := d.shares(i)
	aNext, _ := d.shares(i + 1)
	axpby(aNext/a, latents, 0, latents)
	order := d.orderAt(i, false)
	nodes := make([]float64, order) // log rho of the calls whose outputs are used, newest first
	for k := range nodes {
		nodes[k] = math.Log(d.sigmas[i-k])
	}
	for k := range nodes {
		axpby(1, latents, aNext*(antiderivative(to, nodes, k)-antiderivative(from, nodes, k)), d.history[k])
	}
}

// antiderivative of the polynomial in log rho that is 1 at node k and 0 at the others.
func antiderivative(rho float64, nodes []float64, k int) float64 {
	l := math.Log(rho)
	switch len(nodes) {
	case 1:
		return rho
	case 2:
		c := nodes[1-k]
		return rho * (l - 1 - c) / (nodes[k] - c)
	}
	c, d := nodes[(k+1)%3], nodes[(k+2)%3]
	return rho * (c*(d-l+1) - d*l + d + l*l - 2*l + 2) / ((nodes[k] - c) * (nodes[k] - d))
}
