package diffusion

import "math"

// trainingWalk is what the samplers share that visit training steps and keep the latents' variance at one: at a step
// with running product a, latents are sqrt(a)·picture + sqrt(1−a)·noise.
//
// Source: Ho et al. 2020, arXiv:2006.11239, eq. (4).
type trainingWalk struct {
	Config
	alphas    []float32 // running products of the training steps
	timesteps []float64
}

// newTrainingWalk visits the given training steps, or those of the config's spacing when there are none.
func newTrainingWalk(name string, c Config, steps int, timesteps []float64) (trainingWalk, error) {
	if c.bent() {
		return trainingWalk{}, badConfig("scheduler", "%s walks training steps, not sigmas: karras, exponential, beta and custom sigmas don't work", name)
	}
	if err := c.refuseContinuous(name); err != nil {
		return trainingWalk{}, err
	}
	alphas, err := trainingAlphas(c)
	if err != nil {
		return trainingWalk{}, err
	}
	if timesteps == nil {
		spaced, err := spacedTimesteps(c, steps)
		if err != nil {
			return trainingWalk{}, err
		}
		timesteps = rounded(spaced)
	}
	first := timesteps[0]
	if first >= float64(len(alphas)) {
		return trainingWalk{}, badConfig("steps_offset", "%d moves the first step to %v, but the last training step is %d", c.StepsOffset, first, len(alphas)-1)
	}
	if alphas[int(first)] == 0 && c.PredictionType == "epsilon" {
		return trainingWalk{}, badConfig("rescale_betas_zero_snr", "the first step is pure noise, where a prediction of epsilon tells nothing")
	}
	return trainingWalk{Config: c, alphas: alphas, timesteps: timesteps}, nil
}

func (w *trainingWalk) Timesteps() []float64  { return w.timesteps }
func (w *trainingWalk) InitialScale() float64 { return 1 }
func (w *trainingWalk) Scale(int) float64     { return 1 }
func (w *trainingWalk) Order() int            { return 1 }

func (w *trainingWalk) AddNoise(i int, clean, noise []float32) []float32 {
	a := w.at(int(w.timesteps[i]))
	return combine(math.Sqrt(a), clean, math.Sqrt(1-a), noise)
}

// at is the running product at training step t; below 0 it is that of the finished picture.
func (w *trainingWalk) at(t int) float64 {
	switch {
	case t >= 0:
		return float64(w.alphas[min(t, len(w.alphas)-1)])
	case w.SetAlphaToOne:
		return 1
	}
	return float64(w.alphas[0])
}

// variance is that of the noise which DDPM adds between training steps t and previous.
//
// Source: Ho et al. 2020, arXiv:2006.11239, eq. (7).
func (w *trainingWalk) variance(t, previous int) float64 {
	now, next := w.at(t), w.at(previous)
	return (1 - next) / (1 - now) * (1 - now/next)
}

// predicted splits the latents at call i into the picture, clipped as the config asks, and the noise.
func (w *trainingWalk) predicted(i int, output, latents []float32) (clean, noise []float32) {
	a := w.at(int(w.timesteps[i]))
	clean, noise = cleanAndNoise(w.PredictionType, math.Sqrt(a), math.Sqrt(1-a), latents, output)
	threshold(w.Config, clean)
	return clean, noise
}

// draw returns n fresh numbers.
func draw(noise Noise, n int) []float32 {
	z := make([]float32, n)
	noise.Normal(z)
	return z
}
