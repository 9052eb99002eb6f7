package diffusion

import "math"

// spacedTimesteps chooses which training steps to visit, most noise first.
//
// Source: Lin et al. 2023, arXiv:2305.08891, table 2; rounding as in diffusers. Linspace keeps fractions.
func spacedTimesteps(c Config, steps int) ([]float64, error) {
	n := c.NumTrainTimesteps
	switch c.TimestepSpacing {
	case "linspace":
		out := reversed(linspace(0, float64(n-1), steps))
		for i, t := range out {
			out[i] = float64(float32(t))
		}
		return out, nil
	case "leading":
		return leading(n/steps, steps, c.StepsOffset), nil
	case "trailing":
		return trailing(n, float64(n)/float64(steps)), nil
	}
	if t := comfySpacing(c, n, steps); t != nil {
		return t, nil
	}
	return nil, badSpacing(c)
}

// comfySpacing is how ComfyUI visits training steps under the names that WithCurve takes; nil for another spacing.
//
// Source: ComfyUI's comfy/samplers.py, normal_scheduler with sgm and simple_scheduler.
func comfySpacing(c Config, n, steps int) []float64 {
	switch c.TimestepSpacing {
	case "sgm_uniform": // even from the last to the first, which the final noise level stands for
		return reversed(linspace(0, float64(n-1), steps+1))[:steps]
	case "simple": // every n/steps-th from the last, rounded towards it
		out := make([]float64, steps)
		for i := range out {
			out[i] = float64(n - 1 - int(float64(i)*(float64(n)/float64(steps))))
		}
		return out
	}
	return nil
}

// spacedSigmas are the noise levels of (fractional) training steps: straight between neighbours as in diffusers, for
// ComfyUI's even spacing straight in the logarithm as there.
func spacedSigmas(c Config, training []float32, timesteps []float64) []float64 {
	out := make([]float64, len(timesteps))
	logs := logarithms(training)
	for i, t := range timesteps {
		if c.TimestepSpacing == "sgm_uniform" {
			out[i] = math.Exp(interpolate(logs, t))
		} else {
			out[i] = interpolate(training, t)
		}
	}
	return out
}

func badSpacing(c Config) error {
	return badConfig("timestep_spacing", "%q is unknown, known are leading, linspace, trailing, sgm_uniform, simple", c.TimestepSpacing)
}

// leading is 0, ratio, 2·ratio … backwards, each moved up by offset.
func leading(ratio, steps, offset int) []float64 {
	out := make([]float64, steps)
	for i := range out {
		out[i] = float64((steps-1-i)*ratio + offset)
	}
	return out
}

// trailing is last, last−ratio … down to above 0, rounded, each moved down by one. Where 1000/(1000/n) isn't quite n,
// diffusers has one more, at −1; here it is left out.
func trailing(last int, ratio float64) []float64 {
	count := int(math.Ceil(float64(last) / ratio))
	out := make([]float64, 0, count)
	for i := range count {
		if t := math.RoundToEven(float64(last)-float64(i)*ratio) - 1; t >= 0 {
			out = append(out, t)
		}
	}
	return out
}

func reversed(in []float64) []float64 {
	out := make([]float64, len(in))
	for i, v := range in {
		out[len(in)-1-i] = v
	}
	return out
}

func rounded(in []float64) []float64 {
	for i, v := range in {
		in[i] = math.RoundToEven(v)
	}
	return in
}
