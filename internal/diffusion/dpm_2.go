package diffusion

// dpm2 goes half-way, in the logarithm of sigma, and takes the whole step with the slope found there.
//
// Source: Karras et al. 2022, arXiv:2206.00364, algorithm 2 and Lu et al. 2022, arXiv:2206.00927 (DPM-Solver-2), as
// k-diffusion's sample_dpm_2; diffusers' KDPM2DiscreteScheduler.
type dpm2 struct{ pairWalk }

func newDPM2(c Config, steps int) (Sampler, error) {
	w, err := newDPM2Walk("dpm_2", c, steps, geometricMean)
	return &dpm2{w}, err
}

// newDPM2Walk is the pair walk of dpm_2 and dpm_2_a, for which diffusers rounds the timesteps of Karras levels.
func newDPM2Walk(name string, c Config, steps int, between func(from, to float64) float64) (pairWalk, error) {
	if c.PredictionType == "sample" {
		return pairWalk{}, badConfig("prediction_type", "%s has no formula for sample", name)
	}
	w, err := newPairWalk(name, c, steps, func(from, to float64) float64 { return float64(float32(between(from, to))) })
	if err == nil && c.UseKarras {
		w.interleave(rounded(w.timesteps), w.timestepsOf(w.between))
	}
	return w, err
}

func (d *dpm2) Stochastic(int) bool { return false }

func (d *dpm2) Step(i int, output, latents []float32, _ Noise) {
	from, to := d.sigmas[i/2], d.sigmas[i/2+1]
	slope := d.slope(d.seen(i), output, latents)
	switch {
	case d.last(i):
		axpby(1, latents, to-from, slope)
	case d.first(i):
		d.begin(latents)
		axpby(1, latents, d.between[i/2]-from, slope)
	case d.rewind(latents):
		axpby(1, latents, to-from, slope)
	}
}
