package diffusion

import "slices"

// lms extrapolates the slope from up to four calls with a polynomial and integrates that.
//
// Source: the Adams-Bashforth family on uneven steps, as k-diffusion's sample_lms; diffusers' LMSDiscreteScheduler.
type lms struct {
	sigmaWalk
	slopes [][]float32 // of the last calls, newest first
}

func newLMS(c Config, steps int) (Sampler, error) {
	w, err := newSigmaWalk(c, steps)
	return &lms{sigmaWalk: w}, err
}

func (l *lms) Stochastic(int) bool { return false }

// Step counts calls that a shortened walk has skipped as part of the polynomial, and leaves their terms out; so does
// diffusers.
func (l *lms) Step(i int, output, latents []float32, _ Noise) {
	l.slopes = append([][]float32{slices.Clone(l.slope(l.sigmas[i], output, latents))}, l.slopes...)
	order := min(i+1, 4)
	l.slopes = l.slopes[:min(len(l.slopes), 4)]
	for k, slope := range l.slopes[:min(len(l.slopes), order)] {
		axpby(1, latents, l.weight(order, i, k), slope)
	}
}

// weight integrates, from call i's noise level to the next, the polynomial of the given order that is 1 at the level
// of k calls before and 0 at the others.
func (l *lms) weight(order, i, k int) float64 {
	from, to := l.sigmas[i], l.sigmas[i+1]
	basis := func(tau float64) float64 {
		product := 1.0
		for j := range order {
			if j != k {
				product *= (tau - l.sigmas[i-j]) / (l.sigmas[i-k] - l.sigmas[i-j])
			}
		}
		return product
	}
	// Gauss-Legendre with two points is exact up to the third degree, and no polynomial here has a higher one.
	const node = 0.5773502691896257645
	middle, half := (from+to)/2, (to-from)/2
	return half * (basis(middle-half*node) + basis(middle+half*node))
}
