package diffusion

import "math"

// ddim is the implicit sampler: deterministic with Eta 0, as noisy as DDPM with Eta 1.
//
// Source: Song et al. 2021, arXiv:2010.02502, eq. (12); diffusers' DDIMScheduler.
type ddim struct {
	Config
	alphas    []float32 // running products of the training steps
	timesteps []float64
	stride    int // training steps from one call to the next
}

func newDDIM(c Config, steps int) (Sampler, error) {
	if c.UseKarras || c.UseExponential {
		return nil, badConfig("scheduler", "ddim walks training steps, not sigmas: only normal works")
	}
	alphas, err := trainingAlphas(c)
	if err != nil {
		return nil, err
	}
	timesteps, err := spacedTimesteps(c, steps)
	if err != nil {
		return nil, err
	}
	d := &ddim{Config: c, alphas: alphas, timesteps: rounded(timesteps), stride: c.NumTrainTimesteps / steps}
	if first := d.timesteps[0]; first >= float64(len(alphas)) {
		return nil, badConfig("steps_offset", "%d moves the first step to %v, but the last training step is %d", c.StepsOffset, first, len(alphas)-1)
	}
	return d, nil
}

func (d *ddim) Timesteps() []float64  { return d.timesteps }
func (d *ddim) InitialScale() float64 { return 1 }
func (d *ddim) Scale(int) float64     { return 1 }
func (d *ddim) Stochastic(int) bool   { return d.Eta > 0 }

// at is the running product at training step t; below 0 it is that of the finished picture.
func (d *ddim) at(t int) float64 {
	switch {
	case t >= 0:
		return float64(d.alphas[t])
	case d.SetAlphaToOne:
		return 1
	}
	return float64(d.alphas[0])
}

// variance is that of the noise which DDPM would add between training steps t and previous.
func (d *ddim) variance(t, previous int) float64 {
	now, next := d.at(t), d.at(previous)
	return (1 - next) / (1 - now) * (1 - now/next)
}

func (d *ddim) Step(i int, output, latents []float32, noise Noise) {
	t := int(d.timesteps[i])
	previous := t - d.stride
	now, next := d.at(t), d.at(previous)
	clean, direction := cleanAndNoise(d.PredictionType, math.Sqrt(now), math.Sqrt(1-now), latents, output)
	threshold(d.Config, clean)

	spread := d.Eta * math.Sqrt(d.variance(t, previous))
	copy(latents, clean)
	axpby(math.Sqrt(next), latents, math.Sqrt(1-next-spread*spread), direction)
	if d.Eta > 0 {
		z := make([]float32, len(latents))
		noise.Normal(z)
		axpby(1, latents, spread, z)
	}
}

func (d *ddim) AddNoise(i int, clean, noise []float32) []float32 {
	a := d.at(int(d.timesteps[i]))
	return combine(math.Sqrt(a), clean, math.Sqrt(1-a), noise)
}
