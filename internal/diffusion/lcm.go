package diffusion

import "math"

// lcm samples latent consistency models: each call predicts the picture, and fresh noise leads to the next call.
//
// Source: Luo et al. 2023, arXiv:2310.04378, algorithm 3; diffusers' LCMScheduler.
type lcm struct{ trainingWalk }

func newLCM(c Config, steps int) (Sampler, error) {
	timesteps, err := distilledTimesteps(c, steps)
	if err != nil {
		return nil, err
	}
	w, err := newTrainingWalk("lcm", c, steps, timesteps)
	return &lcm{w}, err
}

// distilledTimesteps picks calls among the training steps that distillation used, OriginalInferenceSteps of them.
func distilledTimesteps(c Config, steps int) ([]float64, error) {
	original := c.OriginalInferenceSteps
	switch {
	case original < 1 || original > c.NumTrainTimesteps:
		return nil, badConfig("original_inference_steps", "%d is not in 1 … %d", original, c.NumTrainTimesteps)
	case steps > original:
		return nil, badConfig("steps", "%d are more than the %d that the model was distilled with (original_inference_steps)", steps, original)
	}
	ratio := c.NumTrainTimesteps / original
	out := make([]float64, steps)
	for i := range out {
		skipped := int(math.Floor(float64(i) * (float64(original) / float64(steps))))
		out[i] = float64((original-skipped)*ratio - 1)
	}
	return out, nil
}

func (l *lcm) Stochastic(i int) bool { return i != len(l.timesteps)-1 }

func (l *lcm) Step(i int, output, latents []float32, noise Noise) {
	const spread = 0.5 // of the data, as consistency models assume
	t := l.timesteps[i] * l.TimestepScaling
	skip := spread * spread / (t*t + spread*spread)
	out := t / math.Sqrt(t*t+spread*spread)
	clean, _ := l.predicted(i, output, latents)
	axpby(skip, latents, out, clean)
	if l.Stochastic(i) {
		next := l.at(int(l.timesteps[i+1]))
		axpby(math.Sqrt(next), latents, math.Sqrt(1-next), draw(noise, len(latents)))
	}
}
