package diffusion

import "math"

// sigmaWalk is what the samplers of the k-diffusion family share: latents are picture + sigma·noise, and the
// denoiser sees them scaled to unit variance.
//
// Source: Karras et al. 2022, arXiv:2206.00364; diffusers' EulerDiscreteScheduler.
type sigmaWalk struct {
	Config
	sigmas    []float64 // one for each call and a last one
	timesteps []float64
	logs      []float32 // logarithms of the training sigmas, rising
}

func newSigmaWalk(c Config, steps int) (sigmaWalk, error) {
	if c.UseLuLambdas || c.UseFlowSigmas {
		return sigmaWalk{}, badConfig("scheduler_config", "use_lu_lambdas and use_flow_sigmas are for dpmpp_2m, dpmpp_2m_sde and unipc")
	}
	alphas, err := trainingAlphas(c)
	if err != nil {
		return sigmaWalk{}, err
	}
	if c.RescaleZeroSNR {
		alphas[len(alphas)-1] = nearlyZeroAlpha
	}
	training := trainingSigmas(alphas)
	w := sigmaWalk{Config: c, logs: logarithms(training)}
	if len(c.Sigmas) > 0 {
		if err := c.checkSigmas(steps); err != nil {
			return sigmaWalk{}, err
		}
		w.sigmas = roundedTo32(c.Sigmas)
		w.timesteps = w.timestepsOf(w.sigmas[:steps])
		return w, nil
	}
	if w.timesteps, err = spacedTimesteps(c, steps); err != nil {
		return sigmaWalk{}, err
	}
	sigmas := spacedSigmas(c, training, w.timesteps)
	if c.InterpolationType == "log_linear" {
		// diffusers spaces one level more than there are calls and ends there, not at the final noise level.
		sigmas = ExponentialSigmas(steps+1, float64(training[0]), float64(training[len(training)-1]))
		w.sigmas = roundedTo32(sigmas)
	}
	bent, ok := bend(c, sigmas, steps)
	if ok {
		sigmas = bent
		w.timesteps = w.timestepsOf(sigmas)
	}
	if w.sigmas == nil || ok {
		w.sigmas = finish(c, sigmas, alphas)
	}
	if c.TimestepType == "continuous" && c.PredictionType == "v_prediction" {
		for i := range w.timesteps {
			w.timesteps[i] = float64(float32(0.25 * math.Log(w.sigmas[i])))
		}
	}
	return w, checkFalling(w.sigmas)
}

// timestepsOf finds the training steps of noise levels, in float32 as the samplers keep them.
func (w *sigmaWalk) timestepsOf(sigmas []float64) []float64 {
	out := make([]float64, len(sigmas))
	for i, s := range sigmas {
		out[i] = float64(float32(timestepOf(s, w.logs)))
	}
	return out
}

func (w *sigmaWalk) Timesteps() []float64  { return w.timesteps }
func (w *sigmaWalk) Order() int            { return 1 }
func (w *sigmaWalk) Scale(i int) float64   { return unitScale(w.sigmas[i]) }
func (w *sigmaWalk) InitialScale() float64 { return initialScale(w.Config, w.sigmas[0]) }

// unitScale brings latents of a noise level to unit variance.
func unitScale(sigma float64) float64 { return 1 / math.Sqrt(sigma*sigma+1) }

// initialScale is the first noise level; with leading spacing, which starts below the last training step, diffusers
// makes up for the picture's share too.
func initialScale(c Config, sigma float64) float64 {
	if c.TimestepSpacing == "leading" {
		return math.Sqrt(sigma*sigma + 1)
	}
	return sigma
}

func (w *sigmaWalk) AddNoise(i int, clean, noise []float32) []float32 {
	return combine(1, clean, w.sigmas[i], noise)
}

// slope is the derivative of the latents by sigma at noise level s: (latents − clean) / s. It may share memory with
// output.
func (w *sigmaWalk) slope(s float64, output, latents []float32) []float32 {
	switch w.PredictionType {
	case "v_prediction":
		q := s*s + 1
		return combine((1-1/q)/s, latents, 1/math.Sqrt(q), output)
	case "sample":
		return combine(1/s, latents, -1/s, output)
	}
	return output
}

// cleanAt is the predicted picture at noise level s.
func (w *sigmaWalk) cleanAt(s float64, output, latents []float32) []float32 {
	switch w.PredictionType {
	case "v_prediction":
		q := s*s + 1
		return combine(1/q, latents, -s/math.Sqrt(q), output)
	case "sample":
		return append([]float32(nil), output...)
	}
	return combine(1, latents, -s, output)
}
