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
	return nil, badSpacing(c)
}

func badSpacing(c Config) error {
	return badConfig("timestep_spacing", "%q is unknown, known are leading, linspace, trailing", c.TimestepSpacing)
}

// leading is 0, ratio, 2·ratio … backwards, each moved up by offset.
func leading(ratio, steps, offset int) []float64 {
	out := make([]float64, steps)
	for i := range out {
		out[i] = float64((steps-1-i)*ratio + offset)
	}
	return out
}

// trailing is last, last−ratio … down to above 0, rounded, each moved down by one.
func trailing(last int, ratio float64) []float64 {
	count := int(math.Ceil(float64(last) / ratio))
	out := make([]float64, count)
	for i := range out {
		out[i] = math.RoundToEven(float64(last)-float64(i)*ratio) - 1
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
