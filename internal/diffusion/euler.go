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
}

func newSigmaWalk(c Config, steps int) (sigmaWalk, error) {
	alphas, err := trainingAlphas(c)
	if err != nil {
		return sigmaWalk{}, err
	}
	if c.RescaleZeroSNR {
		alphas[len(alphas)-1] = nearlyZeroAlpha
	}
	timesteps, err := spacedTimesteps(c, steps)
	if err != nil {
		return sigmaWalk{}, err
	}
	training := trainingSigmas(alphas)
	sigmas := make([]float64, len(timesteps))
	for i, t := range timesteps {
		sigmas[i] = interpolate(training, t)
	}
	if bent, ok := bend(c, sigmas); ok {
		sigmas = bent
		logs := logarithms(training)
		for i, s := range sigmas {
			timesteps[i] = float64(float32(timestepOf(s, logs)))
		}
	}
	return sigmaWalk{Config: c, sigmas: finish(c, sigmas, alphas), timesteps: timesteps}, nil
}

func (w *sigmaWalk) Timesteps() []float64 { return w.timesteps }

func (w *sigmaWalk) InitialScale() float64 {
	if w.TimestepSpacing == "leading" {
		return math.Sqrt(w.sigmas[0]*w.sigmas[0] + 1)
	}
	return w.sigmas[0]
}

func (w *sigmaWalk) Scale(i int) float64 { return 1 / math.Sqrt(w.sigmas[i]*w.sigmas[i]+1) }

func (w *sigmaWalk) AddNoise(i int, clean, noise []float32) []float32 {
	return combine(1, clean, w.sigmas[i], noise)
}

// slope is the derivative of the latents by sigma at call i: (latents − clean) / sigma.
func (w *sigmaWalk) slope(i int, output, latents []float32) []float32 {
	s := w.sigmas[i]
	switch w.PredictionType {
	case "v_prediction":
		q := s*s + 1
		return combine((1-1/q)/s, latents, 1/math.Sqrt(q), output)
	case "sample":
		return combine(1/s, latents, -1/s, output)
	}
	return output
}

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
	axpby(1, latents, e.sigmas[i+1]-e.sigmas[i], e.slope(i, output, latents))
}
