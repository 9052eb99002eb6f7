package diffusion

import (
	"math"
	"slices"
)

// solverWalk is what the multistep solvers share: latents are alpha·picture + sigma·noise, of unit variance (or, for
// flows, of unit sum), and steps are measured in lambda, the logarithm of alpha/sigma.
//
// Source: Lu et al. 2022, arXiv:2206.00927; diffusers' DPMSolverMultistepScheduler and its kin.
type solverWalk struct {
	Config
	sigmas    []float64 // one for each call and a last one: sigma/alpha, for flows sigma
	timesteps []float64
	history   [][]float32 // converted outputs of the last calls, newest first
}

// newSolverWalk makes the levels. RoundKarras says whether the timesteps of Karras levels are rounded rather than cut.
func newSolverWalk(name string, c Config, steps int, roundKarras bool) (solverWalk, error) {
	if err := c.refuseContinuous(name); err != nil {
		return solverWalk{}, err
	}
	if c.SolverOrder < 1 || c.SolverOrder > 3 {
		return solverWalk{}, badConfig("solver_order", "%d is not in 1 … 3", c.SolverOrder)
	}
	if c.UseDynamicShifting {
		return solverWalk{}, badConfig("use_dynamic_shifting", "only flow_euler has it")
	}
	alphas, err := trainingAlphas(c)
	if err != nil {
		return solverWalk{}, err
	}
	if c.RescaleZeroSNR {
		alphas[len(alphas)-1] = nearlyZeroAlpha
	}
	timesteps, err := solverTimesteps(c, alphas, steps)
	if err != nil {
		return solverWalk{}, err
	}
	w := solverWalk{Config: c}
	sigmas, timesteps, err := solverSigmas(c, trainingSigmas(alphas), timesteps, steps, roundKarras)
	if err != nil {
		return solverWalk{}, err
	}
	w.timesteps = timesteps
	if len(c.Sigmas) > 0 {
		w.sigmas = roundedTo32(c.Sigmas)
	} else {
		w.sigmas = finish(c, sigmas, alphas)
	}
	return w, checkFalling(w.sigmas)
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
	if t := comfySpacing(c, last, steps); t != nil {
		return t, nil
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

// solverSigmas gives the noise levels of the calls, and their timesteps where a curve moves them: whole numbers, as
// diffusers keeps them.
func solverSigmas(c Config, training []float32, timesteps []float64, steps int, roundKarras bool) (sigmas, moved []float64, err error) {
	switch {
	case len(c.Sigmas) > 0:
		if c.bent() && (c.UseFlowSigmas || c.UseKarras || c.UseExponential || c.UseBeta || c.UseLuLambdas) {
			return nil, nil, badConfig("sigmas", "custom noise levels exclude the curves")
		}
		if err := c.checkSigmas(steps); err != nil {
			return nil, nil, err
		}
		sigmas = c.Sigmas[:steps]
	case c.UseFlowSigmas:
		return nil, nil, nil // each solver has its own
	case !c.bent():
		return spacedSigmas(c, training, timesteps), timesteps, nil
	default:
		sigmas, _ = bend(c, []float64{float64(training[len(training)-1]), float64(training[0])}, steps)
	}
	logs := logarithms(training)
	moved = make([]float64, len(sigmas))
	for i, s := range sigmas {
		moved[i] = timestepOf(s, logs)
		if roundKarras && (c.UseKarras || c.UseLuLambdas) {
			moved[i] = math.RoundToEven(moved[i])
		}
		moved[i] = math.Trunc(moved[i])
	}
	return sigmas, moved, nil
}

func (w *solverWalk) Timesteps() []float64  { return w.timesteps }
func (w *solverWalk) InitialScale() float64 { return 1 }
func (w *solverWalk) Scale(int) float64     { return 1 }
func (w *solverWalk) Order() int            { return 1 }

// shares are those of picture and noise in the latents at level i.
func (w *solverWalk) shares(i int) (alpha, sigma float64) {
	s := w.sigmas[i]
	if w.UseFlowSigmas {
		return 1 - s, s
	}
	alpha = 1 / math.Sqrt(s*s+1)
	return alpha, s * alpha
}

// lambda is the logarithm of alpha/sigma at level i; infinite at the finished picture.
func (w *solverWalk) lambda(i int) float64 {
	if w.UseFlowSigmas {
		return math.Log((1 - w.sigmas[i]) / w.sigmas[i])
	}
	return -math.Log(w.sigmas[i])
}

func (w *solverWalk) AddNoise(i int, clean, noise []float32) []float32 {
	a, s := w.shares(i)
	return combine(a, clean, s, noise)
}

// predicted splits the latents at call i into picture and noise. With thresholding the noise is what the thresholded
// picture leaves.
func (w *solverWalk) predicted(i int, output, latents []float32) (clean, noise []float32) {
	a, s := w.shares(i)
	if w.PredictionType == "flow_prediction" {
		clean = combine(1, latents, -s, output)
		noise = combine(1, latents, 1-s, output)
	} else {
		clean, noise = cleanAndNoise(w.PredictionType, a, s, latents, output)
	}
	if w.Thresholding {
		threshold(w.Config, clean)
		noise = combine(1/s, latents, -a/s, clean)
	}
	return clean, noise
}

// remember keeps a converted output for the next calls.
func (w *solverWalk) remember(output []float32) {
	w.history = append([][]float32{output}, w.history...)
	w.history = w.history[:min(len(w.history), w.SolverOrder)]
}

// orderAt is how many outputs the solver may use at call i. The last calls of a short walk use fewer, for stability.
func (w *solverWalk) orderAt(i int, eulerLast bool) int {
	n := len(w.timesteps)
	short := w.LowerOrderFinal && n < 15
	switch {
	case i == n-1 && (short || eulerLast):
		return 1
	case i == n-2 && short:
		return min(2, len(w.history))
	}
	return len(w.history)
}

// differences are the first and second divided differences of the history before call i, in units of the step h; the
// second is nil when order is 2.
func (w *solverWalk) differences(i, order int, h float64) (first, second []float32) {
	m := w.history
	r0 := (w.lambda(i) - w.lambda(i-1)) / h
	first = combine(1/r0, m[0], -1/r0, m[1])
	if order < 3 {
		return first, nil
	}
	r1 := (w.lambda(i-1) - w.lambda(i-2)) / h
	older := combine(1/r1, m[1], -1/r1, m[2])
	second = combine(1/(r0+r1), first, -1/(r0+r1), older)
	return combine(1, first, r0, second), second
}

// newest is the last converted output, safe to change.
func (w *solverWalk) newest() []float32 { return slices.Clone(w.history[0]) }
