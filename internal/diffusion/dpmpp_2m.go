package diffusion

import "math"

// dpmSolver is DPM-Solver++ in its multistep form of second order ("2M").
//
// Source: Lu et al. 2022, arXiv:2211.01095, algorithm 2; diffusers' DPMSolverMultistepScheduler with algorithm_type
// dpmsolver++ and solver_type midpoint or heun.
type dpmSolver struct {
	Config
	sigmas    []float64 // one for each call and a last one
	timesteps []float64
	previous  []float32 // predicted picture of the call before; nil at the first one
}

func newDPMSolver(c Config, steps int) (Sampler, error) {
	if err := checkDPMSolver(c); err != nil {
		return nil, err
	}
	alphas, err := trainingAlphas(c)
	if err != nil {
		return nil, err
	}
	if c.RescaleZeroSNR {
		alphas[len(alphas)-1] = nearlyZeroAlpha
	}
	training := trainingSigmas(alphas)
	timesteps, err := solverTimesteps(c, alphas, steps)
	if err != nil {
		return nil, err
	}
	sigmas, timesteps := solverSigmas(c, training, timesteps, steps)
	return &dpmSolver{Config: c, sigmas: finish(c, sigmas, alphas), timesteps: timesteps}, nil
}

func checkDPMSolver(c Config) error {
	switch {
	case c.AlgorithmType != "dpmsolver++" && c.AlgorithmType != "deis": // diffusers reads deis as dpmsolver++
		return badConfig("algorithm_type", "%q is not built yet, only dpmsolver++", c.AlgorithmType)
	case c.SolverOrder != 1 && c.SolverOrder != 2:
		return badConfig("solver_order", "%d is not built yet, only 1 and 2", c.SolverOrder)
	case c.VarianceType != nil:
		return badConfig("variance_type", "models that predict a variance (%q) are not built yet", *c.VarianceType)
	}
	switch c.SolverType {
	case "midpoint", "heun", "logrho", "bh1", "bh2": // diffusers reads the last three as midpoint
		return nil
	}
	return badConfig("solver_type", "%q is unknown, known are midpoint and heun", c.SolverType)
}

// solverTimesteps spaces the calls. Unlike the other samplers, diffusers' multistep solvers divide the way into
// steps+1 parts and leave the last one to the final noise level.
func solverTimesteps(c Config, alphas []float32, steps int) ([]float64, error) {
	last := lastTimestep(c, alphas)
	switch c.TimestepSpacing {
	case "linspace":
		return rounded(reversed(linspace(0, float64(last-1), steps+1))[:steps]), nil
	case "leading":
		ratio := last / (steps + 1)
		return leading(ratio, steps+1, c.StepsOffset)[:steps], nil
	case "trailing":
		return trailing(last, float64(c.NumTrainTimesteps)/float64(steps)), nil
	}
	return nil, badSpacing(c)
}

// lastTimestep is the number of training steps whose log signal-to-noise ratio is above lambda_min_clipped.
func lastTimestep(c Config, alphas []float32) int {
	n := len(alphas)
	for n > 1 {
		a := float64(alphas[n-1])
		if math.Log(math.Sqrt(a))-math.Log(math.Sqrt(1-a)) >= c.LambdaMinClipped {
			break
		}
		n--
	}
	return n
}

// solverSigmas gives the noise levels of the calls, and their timesteps where a curve moves them.
func solverSigmas(c Config, training []float32, timesteps []float64, steps int) (sigmas, moved []float64) {
	if !c.UseKarras && !c.UseExponential {
		sigmas = make([]float64, len(timesteps))
		for i, t := range timesteps {
			sigmas[i] = interpolate(training, t)
		}
		return sigmas, timesteps
	}
	ends := make([]float64, steps)
	ends[steps-1] = float64(training[0])
	ends[0] = float64(training[len(training)-1])
	sigmas, _ = bend(c, ends)
	logs := logarithms(training)
	moved = make([]float64, len(sigmas))
	for i, s := range sigmas {
		moved[i] = timestepOf(s, logs)
		if c.UseKarras && c.BetaSchedule != "squaredcos_cap_v2" {
			moved[i] = math.RoundToEven(moved[i])
		}
		moved[i] = math.Trunc(moved[i]) // diffusers keeps them as int64
	}
	return sigmas, moved
}

func (d *dpmSolver) Timesteps() []float64  { return d.timesteps }
func (d *dpmSolver) InitialScale() float64 { return 1 }
func (d *dpmSolver) Scale(int) float64     { return 1 }
func (d *dpmSolver) Stochastic(int) bool   { return false }

// alphaSigma are the shares of picture and noise in the latents at noise level s.
func alphaSigma(s float64) (alpha, sigma float64) {
	alpha = 1 / math.Sqrt(s*s+1)
	return alpha, s * alpha
}

func (d *dpmSolver) AddNoise(i int, clean, noise []float32) []float32 {
	a, s := alphaSigma(d.sigmas[i])
	return combine(a, clean, s, noise)
}

func (d *dpmSolver) Step(i int, output, latents []float32, _ Noise) {
	a, s := alphaSigma(d.sigmas[i])
	clean, _ := cleanAndNoise(d.PredictionType, a, s, latents, output)
	if d.Thresholding {
		threshold(d.Config, clean)
	}
	// With noise levels as log sigma, lambda = −log(sigma level), so the way to the next call is:
	h := math.Log(d.sigmas[i]) - math.Log(d.sigmas[i+1])
	aNext, sNext := alphaSigma(d.sigmas[i+1])
	grow := -aNext * math.Expm1(-h)

	keep := append([]float32(nil), clean...)
	if d.second(i) {
		ratio := (math.Log(d.sigmas[i-1]) - math.Log(d.sigmas[i])) / h
		weight := grow / 2
		if d.SolverType == "heun" {
			weight = aNext * (math.Expm1(-h)/h + 1)
		}
		// grow·clean + weight·(clean − previous)/ratio
		axpby(1+weight/ratio/grow, clean, -weight/ratio/grow, d.previous)
	}
	axpby(sNext/s, latents, grow, clean)
	d.previous = keep
}

// second says whether call i uses the one before it. The last calls of a short walk don't, for stability.
func (d *dpmSolver) second(i int) bool {
	n := len(d.timesteps)
	last := i == n-1 && (d.EulerAtFinal || d.LowerOrderFinal && n < 15 || d.FinalSigmas == "zero")
	return d.SolverOrder == 2 && d.previous != nil && !last
}
