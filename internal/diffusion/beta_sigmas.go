package diffusion

import "math"

// BetaSigmas returns n noise levels falling from max to min, at the quantiles of the beta distribution: with a = b =
// 0.6, as diffusers takes, dense at both ends. It returns nil when n < 1 and max alone when n is 1.
//
// Source: Lee et al. 2024, arXiv:2407.12173, section 4; diffusers' _convert_to_beta.
func BetaSigmas(n int, min, max, a, b float64) []float64 {
	if n < 1 {
		return nil
	}
	out := linspace(0, 1, n)
	for i, ramp := range out {
		out[i] = min + betaQuantile(1-ramp, a, b)*(max-min)
	}
	return out
}

// betaQuantile is the x in 0 … 1 below which the beta distribution has the share p.
func betaQuantile(p, a, b float64) float64 {
	switch {
	case p <= 0:
		return 0
	case p >= 1:
		return 1
	}
	low, high := 0.0, 1.0
	for range 200 { // halving ends when two neighbours of float64 are left, mostly after 60 rounds
		middle := (low + high) / 2
		if middle <= low || middle >= high {
			break
		}
		if betaShare(middle, a, b) < p {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}

// betaShare is the regularised incomplete beta function, by its continued fraction in Lentz's form.
//
// Source: DLMF 8.17.22; Press et al., Numerical Recipes, section 6.4.
func betaShare(x, a, b float64) float64 {
	if x > (a+1)/(a+b+2) { // the fraction converges fast on the other side
		return 1 - betaShare(1-x, b, a)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab-la-lb+a*math.Log(x)+b*math.Log1p(-x)) / a
	const tiny = 1e-300
	nonzero := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/nonzero(1-(a+b)*x/(a+1))
	f := d
	for m := 1.0; m <= 300; m++ {
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d = 1 / nonzero(1+even*d)
		c = nonzero(1 + even/c)
		f *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d = 1 / nonzero(1+odd*d)
		c = nonzero(1 + odd/c)
		change := d * c
		f *= change
		if math.Abs(change-1) < 1e-16 {
			break
		}
	}
	return front * f
}
