package diffusion

import (
	"math"
	"slices"
)

// axpby sets x to a·x + b·y, element by element.
func axpby(a float64, x []float32, b float64, y []float32) {
	fa, fb := float32(a), float32(b)
	for i, v := range x {
		x[i] = float32(fa*v) + float32(fb*y[i])
	}
}

// combine returns a·x + b·y.
func combine(a float64, x []float32, b float64, y []float32) []float32 {
	out := slices.Clone(x)
	axpby(a, out, b, y)
	return out
}

// cleanAndNoise splits the latents x = alpha·clean + sigma·noise with the help of what the denoiser said.
// Alpha² + sigma² must be 1.
func cleanAndNoise(prediction string, alpha, sigma float64, x, output []float32) (clean, noise []float32) {
	switch prediction {
	case "v_prediction": // Salimans & Ho 2022, arXiv:2202.00512, appendix D
		return combine(alpha, x, -sigma, output), combine(alpha, output, sigma, x)
	case "sample":
		clean = slices.Clone(output)
		return clean, combine(1/sigma, x, -alpha/sigma, clean)
	default:
		return combine(1/alpha, x, -sigma/alpha, output), slices.Clone(output)
	}
}

// threshold applies dynamic thresholding or clipping to the predicted clean latents of one picture, as c asks.
//
// Source: Saharia et al. 2022, arXiv:2205.11487, section 2.3; limits as in diffusers.
func threshold(c Config, clean []float32) {
	switch {
	case c.Thresholding:
		limit := float32(math.Max(1, math.Min(quantileAbs(clean, c.ThresholdRatio), c.SampleMaxValue)))
		for i, v := range clean {
			clean[i] = min(max(v, -limit), limit) / limit
		}
	case c.ClipSample:
		limit := float32(c.ClipSampleRange)
		for i, v := range clean {
			clean[i] = min(max(v, -limit), limit)
		}
	}
}

// quantileAbs is the q-quantile of |x|, straight between neighbours.
func quantileAbs(x []float32, q float64) float64 {
	abs := make([]float32, len(x))
	for i, v := range x {
		abs[i] = float32(math.Abs(float64(v)))
	}
	slices.Sort(abs)
	at := q * float64(len(abs)-1)
	i := int(at)
	if i >= len(abs)-1 {
		return float64(abs[len(abs)-1])
	}
	return float64(abs[i]) + (at-float64(i))*float64(abs[i+1]-abs[i])
}

// spread is the standard deviation of x with n−1 in the denominator, as torch.std.
func spread(x []float32) float64 {
	if len(x) < 2 {
		return 0
	}
	var mean float64
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	var sum float64
	for _, v := range x {
		d := float64(v) - mean
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(x)-1))
}
