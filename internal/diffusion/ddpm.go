package diffusion

import "math"

// ddpm is the ancestral sampler of the first diffusion models: each step draws from the posterior.
//
// Source: Ho et al. 2020, arXiv:2006.11239, algorithm 2 and eq. (7); diffusers' DDPMScheduler.
type ddpm struct{ trainingWalk }

func newDDPM(c Config, steps int) (Sampler, error) {
	c.SetAlphaToOne = true // the class has no such choice
	if v := c.variance(); v != "fixed_small" && v != "fixed_small_log" && v != "fixed_large" {
		return nil, badConfig("variance_type", "%q is not built, known are fixed_small, fixed_small_log, fixed_large", v)
	}
	w, err := newTrainingWalk("ddpm", c, steps, nil)
	return &ddpm{w}, err
}

// variance names the spread of the noise; scheduler_config.json may be silent.
func (c Config) variance() string {
	if c.VarianceType == nil {
		return "fixed_small"
	}
	return *c.VarianceType
}

// Stochastic is false only for training step 0, which has nothing left to draw.
func (d *ddpm) Stochastic(i int) bool { return d.timesteps[i] > 0 }

// next is the training step that call i leads to; −1 is the finished picture.
func (d *ddpm) next(i int) int {
	if i+1 < len(d.timesteps) {
		return int(d.timesteps[i+1])
	}
	return -1
}

func (d *ddpm) Step(i int, output, latents []float32, noise Noise) {
	t, previous := int(d.timesteps[i]), d.next(i)
	now, next := d.at(t), d.at(previous)
	beta := 1 - now/next
	clean, _ := d.predicted(i, output, latents)
	axpby(math.Sqrt(now/next)*(1-next)/(1-now), latents, math.Sqrt(next)*beta/(1-now), clean)
	if d.Stochastic(i) {
		spread := math.Sqrt(math.Max(d.trainingWalk.variance(t, previous), 1e-20))
		if d.Config.variance() == "fixed_large" {
			spread = math.Sqrt(beta)
		}
		axpby(1, latents, spread, draw(noise, len(latents)))
	}
}
