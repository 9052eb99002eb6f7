package diffusion

import "math"

// tcd samples trajectory consistency models. Eta 0 … 1 (the paper's gamma) is how much of each jump is random: the
// jump goes to (1−eta) of the next training step and noise comes back up.
//
// Source: Zheng et al. 2024, arXiv:2402.19159, section 4.3; diffusers' TCDScheduler.
type tcd struct{ trainingWalk }

func newTCD(c Config, steps int) (Sampler, error) {
	if !(c.Eta >= 0 && c.Eta <= 1) {
		return nil, badConfig("eta", "%v is not in 0 … 1", c.Eta)
	}
	timesteps, err := distilledTimesteps(c, steps)
	if err != nil {
		return nil, err
	}
	c.ClipSample, c.Thresholding = false, false // the class has the keys and doesn't use them
	w, err := newTrainingWalk("tcd", c, steps, timesteps)
	return &tcd{w}, err
}

func (d *tcd) Stochastic(i int) bool { return d.Eta > 0 && i != len(d.timesteps)-1 }

func (d *tcd) Step(i int, output, latents []float32, noise Noise) {
	var next float64
	if i+1 < len(d.timesteps) {
		next = d.timesteps[i+1]
	}
	landing := int(float32(1-d.Eta) * float32(next)) // torch multiplies in float32, which decides some roundings
	clean, direction := d.predicted(i, output, latents)
	to, low := d.at(int(next)), d.at(landing)
	copy(latents, clean)
	axpby(math.Sqrt(low), latents, math.Sqrt(1-low), direction)
	if d.Stochastic(i) {
		axpby(math.Sqrt(to/low), latents, math.Sqrt(math.Max(0, 1-to/low)), draw(noise, len(latents)))
	}
}
