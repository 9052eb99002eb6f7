package diffusion

import "math"

// trainingAlphas returns the running products of 1−β for the model's training steps, least noise first.
// Each is a float32, computed as torch computes it, because roundings decide which timestep a Karras sigma lands on.
//
// Source: Ho et al. 2020, arXiv:2006.11239 (linear); Rombach et al. 2022, arXiv:2112.10752 (scaled_linear);
// Nichol & Dhariwal 2021, arXiv:2102.09672 (squaredcos_cap_v2).
func trainingAlphas(c Config) ([]float32, error) {
	betas, err := trainingBetas(c)
	if err != nil {
		return nil, err
	}
	if c.RescaleZeroSNR {
		betas = zeroTerminalSNR(betas)
	}
	return cumulative(betas), nil
}

func trainingBetas(c Config) ([]float32, error) {
	n := c.NumTrainTimesteps
	if len(c.TrainedBetas) > 0 {
		if len(c.TrainedBetas) != n {
			return nil, badConfig("trained_betas", "there are %d, but num_train_timesteps is %d", len(c.TrainedBetas), n)
		}
		betas := make([]float32, n)
		for i, b := range c.TrainedBetas {
			betas[i] = float32(b)
		}
		return betas, nil
	}
	switch c.BetaSchedule {
	case "linear", "scaled_linear":
		if !(c.BetaStart > 0 && c.BetaStart < c.BetaEnd && c.BetaEnd < 1) {
			return nil, badConfig("beta_start", "0 < beta_start (%v) < beta_end (%v) < 1 must hold", c.BetaStart, c.BetaEnd)
		}
	}
	switch c.BetaSchedule {
	case "linear":
		return linspace32(float32(c.BetaStart), float32(c.BetaEnd), n), nil
	case "scaled_linear":
		betas := linspace32(float32(math.Sqrt(c.BetaStart)), float32(math.Sqrt(c.BetaEnd)), n)
		for i, b := range betas {
			betas[i] = b * b
		}
		return betas, nil
	case "squaredcos_cap_v2":
		return cosineBetas(n), nil
	}
	return nil, badConfig("beta_schedule", "%q is unknown, known are linear, scaled_linear, squaredcos_cap_v2", c.BetaSchedule)
}

// linspace32 returns n evenly spaced numbers. Like torch with AVX2 it counts from the nearer end, in float32, and rounds
// product and sum as one.
func linspace32(from, to float32, n int) []float32 {
	out := make([]float32, n)
	step := (to - from) / float32(n-1)
	for i := range out {
		if i < n/2 {
			out[i] = fma(step, float32(i), from)
		} else {
			out[i] = fma(-step, float32(n-1-i), to)
		}
	}
	return out
}

func cosineBetas(n int) []float32 {
	bar := func(t float64) float64 {
		c := math.Cos((t + 0.008) / 1.008 * math.Pi / 2)
		return c * c
	}
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(min(1-bar(float64(i+1)/float64(n))/bar(float64(i)/float64(n)), 0.999))
	}
	return out
}

// zeroTerminalSNR bends the betas so that the last training step is pure noise.
//
// Source: Lin et al. 2023, arXiv:2305.08891, algorithm 1.
func zeroTerminalSNR(betas []float32) []float32 {
	roots := cumulative(betas)
	for i, a := range roots {
		roots[i] = sqrt32(a)
	}
	first, last := roots[0], roots[len(roots)-1]
	scale := first / (first - last)
	out := make([]float32, len(betas))
	var previous float32
	for i, r := range roots {
		r = float32((r - last) * scale)
		bar := float32(r * r)
		if i == 0 {
			out[i] = 1 - bar
		} else {
			out[i] = 1 - bar/previous
		}
		previous = bar
	}
	return out
}

// cumulative multiplies 1−β up, in float64 as torch accumulates, each stored as float32.
func cumulative(betas []float32) []float32 {
	out := make([]float32, len(betas))
	product := 1.0
	for i, b := range betas {
		product *= float64(1 - b)
		out[i] = float32(product)
	}
	return out
}
