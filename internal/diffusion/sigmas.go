package diffusion

import "math"

// nearlyZeroAlpha stands for the last training step's product under zero-terminal SNR where a sampler divides by it:
// 2^-24, the smallest positive half-precision number, as diffusers takes.
const nearlyZeroAlpha = 1.0 / (1 << 24)

// sigmaOf is the noise level of a running product: sqrt((1−a)/a), in float32.
func sigmaOf(alpha float32) float32 { return sqrt32((1 - alpha) / alpha) }

// trainingSigmas returns the noise levels of the model's training steps, rising.
func trainingSigmas(alphas []float32) []float32 {
	out := make([]float32, len(alphas))
	for i, a := range alphas {
		out[i] = sigmaOf(a)
	}
	return out
}

// linspace returns n evenly spaced numbers from a to b, both included; just a when n is 1.
func linspace(a, b float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		switch {
		case i == n-1 && n > 1:
			out[i] = b
		case n > 1:
			out[i] = float64(i)*((b-a)/float64(n-1)) + a
		default:
			out[i] = a
		}
	}
	return out
}

// KarrasSigmas returns n noise levels falling from max to min, in units of the latent's standard deviation.
// It returns nil when n < 1 and max alone when n is 1. Rho bends the curve; 7 is usual.
//
// Source: Karras et al. 2022, arXiv:2206.00364, eq. (5).
func KarrasSigmas(n int, min, max, rho float64) []float64 {
	if n < 1 {
		return nil
	}
	low, high := math.Pow(min, 1/rho), math.Pow(max, 1/rho)
	out := linspace(0, 1, n)
	for i, ramp := range out {
		out[i] = math.Pow(high+ramp*(low-high), rho)
	}
	return out
}

// ExponentialSigmas returns n noise levels falling from max to min, evenly spaced in their logarithm.
// It returns nil when n < 1.
func ExponentialSigmas(n int, min, max float64) []float64 {
	if n < 1 {
		return nil
	}
	out := linspace(math.Log(max), math.Log(min), n)
	for i, l := range out {
		out[i] = math.Exp(l)
	}
	return out
}

// interpolate reads table at position x, straight between neighbours and flat outside.
func interpolate(table []float32, x float64) float64 {
	if x <= 0 {
		return float64(table[0])
	}
	i := int(x)
	if i >= len(table)-1 {
		return float64(table[len(table)-1])
	}
	slope := float64(table[i+1]) - float64(table[i])
	return slope*(x-float64(i)) + float64(table[i])
}

// timestepOf finds where sigma lies between the training steps, straight in the logarithm; 0 … len(logs)−1.
// Logs are the logarithms of the training sigmas, rising.
func timestepOf(sigma float64, logs []float32) float64 {
	l := math.Log(math.Max(sigma, 1e-10))
	low := 0
	for i, v := range logs {
		if l >= float64(v) {
			low = i
		}
	}
	low = min(low, len(logs)-2)
	w := (float64(logs[low]) - l) / float64(logs[low]-logs[low+1])
	w = math.Max(0, math.Min(1, w))
	return (1-w)*float64(low) + w*float64(low+1)
}

func logarithms(sigmas []float32) []float32 {
	out := make([]float32, len(sigmas))
	for i, s := range sigmas {
		out[i] = float32(math.Log(float64(s)))
	}
	return out
}

// bend replaces the sigmas by n of the curve that the config asks for, between their own ends (or the config's).
// It says whether a curve was asked for.
func bend(c Config, sigmas []float64, n int) ([]float64, bool) {
	high, low := sigmas[0], sigmas[len(sigmas)-1]
	if c.SigmaMin != nil {
		low = *c.SigmaMin
	}
	if c.SigmaMax != nil {
		high = *c.SigmaMax
	}
	switch {
	case c.UseKarras:
		return KarrasSigmas(n, low, high, 7), true
	case c.UseExponential, c.UseLuLambdas: // Lu et al. 2022, even steps in log-SNR, is the same curve
		return ExponentialSigmas(n, low, high), true
	case c.UseBeta:
		return BetaSigmas(n, low, high, 0.6, 0.6), true
	}
	return sigmas, false
}

// finish appends the last noise level and rounds all to float32, as the samplers keep them.
func finish(c Config, sigmas []float64, alphas []float32) []float64 {
	last := 0.0
	if c.FinalSigmas == "sigma_min" {
		last = float64(sigmaOf(alphas[0]))
	}
	return roundedTo32(append(sigmas, last))
}

func roundedTo32(in []float64) []float64 {
	out := make([]float64, len(in))
	for i, v := range in {
		out[i] = float64(float32(v))
	}
	return out
}

// checkFalling refuses noise levels that don't fall from call to call, which no sampler can walk. The last two may be
// equal: then the last call only looks.
func checkFalling(sigmas []float64) error {
	n := len(sigmas)
	for i := range n - 1 {
		from, to := sigmas[i], sigmas[i+1]
		if math.IsNaN(from) || math.IsInf(from, 0) || from <= 0 || !(to >= 0) || to > from || (to == from && i < n-2) {
			return badConfig("steps", "noise level %v of call %d is followed by %v: choose fewer steps or another curve", from, i, to)
		}
	}
	return nil
}
