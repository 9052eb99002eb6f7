package diffusion

import "math"

// dpmSolver is the multistep DPM-Solver of first to third order, as an ordinary or a stochastic differential equation,
// in the predicted picture (the "++" ones) or the predicted noise. "2M" is its second order.
//
// Source: Lu et al. 2022, arXiv:2211.01095, algorithm 2, and arXiv:2206.00927; diffusers' DPMSolverMultistepScheduler.
// Its third order of sde-dpmsolver++ is diffusers', whose last term differs from k-diffusion's; dpmpp_3m_sde has that.
type dpmSolver struct {
	solverWalk
	fresh stepNoise
}

func newDPMSolver(c Config, steps int) (Sampler, error) {
	if c.AlgorithmType == "deis" { // as diffusers reads it
		c.AlgorithmType = "dpmsolver++"
	}
	if err := checkDPMSolver(c); err != nil {
		return nil, err
	}
	w, err := newSolverWalk("dpmpp_2m", c, steps, c.BetaSchedule != "squaredcos_cap_v2")
	if err != nil {
		return nil, err
	}
	if c.UseFlowSigmas {
		if err := w.flow(dpmFlowSigmas(c, steps), 0); err != nil {
			return nil, err
		}
	}
	return &dpmSolver{w, newStepNoise(c, w.sigmas)}, nil
}

// newDPMSolverSDE is dpmpp_2m as a stochastic differential equation, whatever the config says.
func newDPMSolverSDE(c Config, steps int) (Sampler, error) {
	switch c.AlgorithmType {
	case "dpmsolver++", "deis":
		c.AlgorithmType = "sde-dpmsolver++"
	case "dpmsolver":
		c.AlgorithmType = "sde-dpmsolver"
	}
	return newDPMSolver(c, steps)
}

func checkDPMSolver(c Config) error {
	switch c.AlgorithmType {
	case "dpmsolver++", "sde-dpmsolver++":
	case "dpmsolver", "sde-dpmsolver":
		switch {
		case c.FinalSigmas == "zero":
			return badConfig("final_sigmas_type", "%s can't end at 0, choose sigma_min", c.AlgorithmType)
		case c.AlgorithmType == "sde-dpmsolver" && c.SolverOrder == 3:
			return badConfig("solver_order", "sde-dpmsolver has no third order")
		case c.UseFlowSigmas:
			return badConfig("algorithm_type", "%s has no formula for flows", c.AlgorithmType)
		}
	default:
		return badConfig("algorithm_type", "%q is unknown, known are dpmsolver, dpmsolver++, sde-dpmsolver, sde-dpmsolver++", c.AlgorithmType)
	}
	if v := c.variance(); v == "learned" || v == "learned_range" {
		return badConfig("variance_type", "models that predict a variance (%q) are not built", v)
	}
	switch c.SolverType {
	case "midpoint", "heun", "logrho", "bh1", "bh2": // diffusers reads the last three as midpoint
		return nil
	}
	return badConfig("solver_type", "%q is unknown, known are midpoint and heun", c.SolverType)
}

// dpmFlowSigmas are even levels of a flow, shifted.
//
// Source: Esser et al. 2024, arXiv:2403.03206, section 5.3.2 (the shift); diffusers' DPMSolverMultistepScheduler.
func dpmFlowSigmas(c Config, steps int) []float64 {
	even := linspace(1, 1/float64(c.NumTrainTimesteps), steps+1)
	out := make([]float64, steps)
	for i := range out {
		out[i] = shifted(c.FlowShift, 1-even[steps-i])
	}
	return out
}

// flow puts in the levels of a flow and where they end.
func (w *solverWalk) flow(sigmas []float64, last float64) error {
	if !(w.FlowShift > 0) || math.IsInf(w.FlowShift, 0) {
		return badConfig("flow_shift", "%v is not above 0", w.FlowShift)
	}
	w.timesteps = make([]float64, len(sigmas))
	for i, s := range sigmas {
		w.timesteps[i] = math.Trunc(s * float64(w.NumTrainTimesteps))
	}
	w.sigmas = roundedTo32(append(sigmas, last))
	return checkFalling(w.sigmas)
}

func (d *dpmSolver) sde() bool {
	return d.AlgorithmType == "sde-dpmsolver++" || d.AlgorithmType == "sde-dpmsolver"
}

func (d *dpmSolver) overNoise() bool {
	return d.AlgorithmType == "dpmsolver" || d.AlgorithmType == "sde-dpmsolver"
}

// Stochastic is true at the last call too: diffusers draws there and multiplies by zero, and the draw counts.
func (d *dpmSolver) Stochastic(int) bool { return d.sde() && d.fresh.fromCaller() }

func (d *dpmSolver) Step(i int, output, latents []float32, noise Noise) {
	clean, predicted := d.predicted(i, output, latents)
	if d.overNoise() {
		d.remember(predicted)
	} else {
		d.remember(clean)
	}
	var z []float32
	if d.sde() {
		z = d.fresh.draw(len(latents), noise, d.sigmas[i], d.sigmas[i+1])
	}
	h := d.lambda(i+1) - d.lambda(i)
	if h == 0 { // two equal levels at the end: nothing to do
		return
	}
	order := d.orderAt(i, d.EulerAtFinal || d.FinalSigmas == "zero" || d.sigmas[i+1] == 0)
	k := d.coefficients(i, order, h)
	next := d.newest()
	axpby(k.latents, latents, k.newest, next)
	if order > 1 {
		first, second := d.differences(i, order, h)
		axpby(1, latents, k.first, first)
		if second != nil {
			axpby(1, latents, k.second, second)
		}
	}
	if d.sde() {
		axpby(1, latents, k.noise, z)
	}
}

// solverStep weighs what makes the next latents: the latents, the newest output, its divided differences, fresh noise.
type solverStep struct{ latents, newest, first, second, noise float64 }

// coefficients are those of call i, over a step of h in lambda.
func (d *dpmSolver) coefficients(i, order int, h float64) solverStep {
	a, s := d.shares(i)
	aNext, sNext := d.shares(i + 1)
	var k solverStep
	var scale, z float64 // all weights of outputs are scale times a function of z
	switch d.AlgorithmType {
	case "dpmsolver":
		k.latents, scale, z = aNext/a, -sNext, h
	case "sde-dpmsolver":
		k.latents, scale, z = aNext/a, -2*sNext, h
		k.noise = sNext * math.Sqrt(math.Expm1(2*h))
	case "sde-dpmsolver++":
		k.latents, scale, z = sNext/s*math.Exp(-h), -aNext, -2*h
		k.noise = sNext * math.Sqrt(-math.Expm1(-2*h))
	default:
		k.latents, scale, z = sNext/s, -aNext, -h
	}
	phi := math.Expm1(z)
	k.newest = scale * phi
	if order < 2 {
		return k
	}
	k.first = scale * (phi/z - 1)
	if order == 2 && d.SolverType != "heun" {
		k.first = k.newest / 2
	}
	half := 0.5
	if d.AlgorithmType == "sde-dpmsolver++" {
		half = -0.5 // diffusers' sign; its own other forms and k-diffusion have the opposite one
	}
	k.second = scale * ((phi-z)/(z*z) - half)
	return k
}
