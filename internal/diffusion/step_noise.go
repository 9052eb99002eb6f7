package diffusion

import "math"

// stepNoise is where a stochastic solver's numbers come from: the caller's Noise or, with a seed in the config,
// torchsde's Brownian tree.
type stepNoise struct {
	seed      *int64
	low, high float64 // the ends of the walk, without its final 0
	tree      *brownianTree
}

func newStepNoise(c Config, sigmas []float64) stepNoise {
	s := stepNoise{seed: c.NoiseSamplerSeed, high: sigmas[0]}
	for _, v := range sigmas {
		if v > 0 {
			s.low = v
		}
	}
	return s
}

func (s *stepNoise) fromCaller() bool { return s.seed == nil }

// draw returns n numbers of variance one for the way from one noise level to a lower one.
func (s *stepNoise) draw(n int, noise Noise, from, to float64) []float32 {
	if s.fromCaller() {
		return draw(noise, n)
	}
	z := make([]float32, n)
	if !(to > 0 && to < from) || s.low == s.high {
		return z // no way to go, or the last one, which has no noise
	}
	if s.tree == nil {
		s.tree = newBrownianTree(uint64(*s.seed), n, s.low, s.high)
	}
	s.tree.increment(z, to, from)
	// The way falls, the tree's time rises: hence the sign. torch takes the root of a float32.
	scale := float32(math.Sqrt(float64(float32(from) - float32(to))))
	for i, v := range z {
		z[i] = -v / scale
	}
	return z
}
