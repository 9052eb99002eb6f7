package diffusion

import (
	"math"
	"slices"
)

// pairWalk asks the denoiser twice on the way from one noise level to the next, and once on the last way: calls 0, 2,
// 4 … stand at the levels, calls 1, 3, 5 … somewhere between two of them.
type pairWalk struct {
	sigmaWalk
	between []float64 // noise levels of calls 1, 3, 5 …
	calls   []float64 // timesteps of all calls
	start   []float32 // latents at the first call of a pair; nil before a first call
}

// newPairWalk doubles the calls of a sigma walk. Between gives the noise level of the second call on the way from one
// level to the next.
func newPairWalk(name string, c Config, steps int, between func(from, to float64) float64) (pairWalk, error) {
	if c.FinalSigmas != "zero" || c.InterpolationType != "linear" {
		return pairWalk{}, badConfig("final_sigmas_type", "%s always ends at 0, so neither sigma_min nor a log_linear interpolation_type works", name)
	}
	if err := c.refuseContinuous(name); err != nil {
		return pairWalk{}, err
	}
	w, err := newSigmaWalk(c, steps)
	if err != nil {
		return pairWalk{}, err
	}
	if w.sigmas[steps] != 0 {
		return pairWalk{}, badConfig("sigmas", "%s must end at 0, not %v", name, w.sigmas[steps])
	}
	p := pairWalk{sigmaWalk: w}
	for k := range steps - 1 {
		p.between = append(p.between, between(w.sigmas[k], w.sigmas[k+1]))
	}
	p.interleave(w.timesteps, p.timestepsOf(p.between))
	return p, nil
}

// interleave sets the timesteps of all calls from those at the levels and those between them.
func (p *pairWalk) interleave(at, between []float64) {
	p.calls = p.calls[:0]
	for k, t := range at {
		p.calls = append(p.calls, t)
		if k < len(between) {
			p.calls = append(p.calls, between[k])
		}
	}
}

// geometricMean is half-way between two noise levels in their logarithm.
func geometricMean(a, b float64) float64 { return math.Sqrt(a * b) }

func (p *pairWalk) Timesteps() []float64 { return p.calls }
func (p *pairWalk) Order() int           { return 2 }
func (p *pairWalk) Scale(i int) float64  { return unitScale(p.seen(i)) }

// seen is the noise level that the denoiser is asked about at call i.
func (p *pairWalk) seen(i int) float64 {
	if i%2 == 1 {
		return p.between[i/2]
	}
	return p.sigmas[i/2]
}

// AddNoise takes the level that the pair of an odd call leads to, as diffusers does.
func (p *pairWalk) AddNoise(i int, clean, noise []float32) []float32 {
	return combine(1, clean, p.sigmas[(i+1)/2], noise)
}

// first says whether call i is the first of its pair. A walk that begins with a second call has nothing to do there:
// AddNoise put the latents where the pair ends.
func (p *pairWalk) first(i int) bool { return i%2 == 0 }

// begin remembers where a pair starts.
func (p *pairWalk) begin(latents []float32) { p.start = slices.Clone(latents) }

// rewind takes the latents back to where the pair started. It is false when the walk began after that.
func (p *pairWalk) rewind(latents []float32) bool {
	if p.start == nil {
		return false
	}
	copy(latents, p.start)
	p.start = nil
	return true
}

// last says whether call i is the one that leads to the picture, alone.
func (p *pairWalk) last(i int) bool { return i == len(p.calls)-1 }
