package diffusion

import "math"

// flowEuler walks a rectified flow in straight steps: latents are (1−sigma)·picture + sigma·noise and the network
// predicts noise − picture.
//
// Source: Lipman et al. 2023, arXiv:2210.02747; Esser et al. 2024, arXiv:2403.03206, section 5.3.2 (the shift);
// diffusers' FlowMatchEulerDiscreteScheduler.
type flowEuler struct {
	Config
	sigmas    []float64
	timesteps []float64
}

func newFlowEuler(c Config, steps int) (Sampler, error) {
	if err := c.checkFlow(steps); err != nil {
		return nil, err
	}
	sigmas, last, err := flowSigmas(c, steps)
	if err != nil {
		return nil, err
	}
	f := &flowEuler{Config: c, timesteps: make([]float64, steps)}
	f.sigmas = roundedTo32(append(sigmas, last))
	for i := range f.timesteps {
		f.timesteps[i] = float64(float32(f.sigmas[i] * float64(c.NumTrainTimesteps)))
	}
	return f, checkFalling(f.sigmas)
}

func (c Config) checkFlow(steps int) error {
	switch {
	case !(c.Shift > 0) || math.IsInf(c.Shift, 0):
		return badConfig("shift", "%v is not above 0", c.Shift)
	case c.UseDynamicShifting && c.Mu == nil:
		return badConfig("use_dynamic_shifting", "the picture's size (mu) isn't told")
	case c.UseDynamicShifting && (math.IsNaN(*c.Mu) || math.Abs(*c.Mu) > 100):
		return badConfig("use_dynamic_shifting", "mu %v is out of range", *c.Mu)
	case c.UseDynamicShifting && c.TimeShiftType == "linear" && *c.Mu <= 0:
		return badConfig("time_shift_type", "linear needs mu above 0, not %v", *c.Mu)
	case c.TimeShiftType != "exponential" && c.TimeShiftType != "linear":
		return badConfig("time_shift_type", "%q is neither exponential nor linear", c.TimeShiftType)
	case c.ShiftTerminal != nil && *c.ShiftTerminal != 0 && (steps < 2 || !(*c.ShiftTerminal > 0 && *c.ShiftTerminal < 1)):
		return badConfig("shift_terminal", "%v in %d steps: it must be in 0 … 1 and needs two", *c.ShiftTerminal, steps)
	case c.UseLuLambdas || c.UseFlowSigmas:
		return badConfig("scheduler_config", "use_lu_lambdas and use_flow_sigmas are for the multistep solvers")
	case c.TimestepSpacing == "sgm_uniform" || c.TimestepSpacing == "simple":
		return badConfig("scheduler", "flow_euler has no training steps to space, so %s doesn't work", c.TimestepSpacing)
	}
	return c.refuseContinuous("flow_euler")
}

// flowSigmas are the noise levels of the calls and the last one.
func flowSigmas(c Config, steps int) (sigmas []float64, last float64, err error) {
	if len(c.Sigmas) > 0 {
		if err := c.checkSigmas(steps); err != nil {
			return nil, 0, err
		}
		if c.Sigmas[0] > 1 {
			return nil, 0, badConfig("sigmas", "a flow begins at 1 at most, not at %v", c.Sigmas[0])
		}
		sigmas = append(sigmas, c.Sigmas[:steps]...)
		if last = c.Sigmas[steps]; last > 0 {
			last = c.shift(last)
		}
	} else {
		n := float64(c.NumTrainTimesteps)
		low := 1 / n
		if !c.UseDynamicShifting {
			low = float64(float32(shifted(c.Shift, low)))
		}
		sigmas = linspace(1, low, steps)
	}
	for i, s := range sigmas {
		sigmas[i] = c.shift(s)
	}
	if t := c.ShiftTerminal; t != nil && *t != 0 {
		stretch := (1 - sigmas[steps-1]) / (1 - *t)
		for i, s := range sigmas {
			sigmas[i] = 1 - (1-s)/stretch
		}
	}
	sigmas, _ = bend(c, sigmas, steps)
	return sigmas, last, nil
}

// shift moves a level of the flow towards the noise, as the config asks.
func (c Config) shift(sigma float64) float64 {
	switch {
	case !c.UseDynamicShifting:
		return shifted(c.Shift, sigma)
	case c.TimeShiftType == "linear":
		return *c.Mu / (*c.Mu + 1/sigma - 1)
	}
	return math.Exp(*c.Mu) / (math.Exp(*c.Mu) + 1/sigma - 1)
}

// shifted is shift·s/(1+(shift−1)·s); 0 and 1 stay.
func shifted(shift, s float64) float64 { return shift * s / (1 + (shift-1)*s) }

// FlowMu is the shift for a picture of so many image tokens (Mu in Config), on the line through the config's base and
// maximum.
//
// Source: diffusers' calculate_shift.
func (c Config) FlowMu(tokens int) float64 {
	rise := (c.MaxShift - c.BaseShift) / float64(max(1, c.MaxImageSeqLen-c.BaseImageSeqLen))
	return c.BaseShift + rise*float64(tokens-c.BaseImageSeqLen)
}

func (f *flowEuler) Timesteps() []float64  { return f.timesteps }
func (f *flowEuler) InitialScale() float64 { return 1 }
func (f *flowEuler) Scale(int) float64     { return 1 }
func (f *flowEuler) Order() int            { return 1 }
func (f *flowEuler) Stochastic(int) bool   { return f.StochasticSampling }

func (f *flowEuler) AddNoise(i int, clean, noise []float32) []float32 {
	return combine(1-f.sigmas[i], clean, f.sigmas[i], noise)
}

func (f *flowEuler) Step(i int, output, latents []float32, noise Noise) {
	from, to := f.sigmas[i], f.sigmas[i+1]
	if !f.StochasticSampling {
		axpby(1, latents, to-from, output)
		return
	}
	clean := combine(1, latents, -from, output)
	copy(latents, clean)
	axpby(1-to, latents, to, draw(noise, len(latents)))
}
