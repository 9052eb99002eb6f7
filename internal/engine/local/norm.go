package local

import "math"

// layerNorm is a layer's normalisation over the channels, with a gain and a bias for each.
//
// Source: Ba et al. 2016, arXiv:1607.06450; epsilon as CLIP's.
type layerNorm struct{ gain, bias []float64 }

const normEpsilon = 1e-5

// fitNorm finds gain and bias from what the norm made of its input, [tokens, width] both: exported graphs give the
// last layer with and without its norm, but not the norm. For each channel the two numbers are those of a straight
// line through a point per token; they come out to the precision of the points.
func fitNorm(before, after []float32, width int) layerNorm {
	n := layerNorm{make([]float64, width), make([]float64, width)}
	tokens := len(before) / width
	spread := make([]float64, len(before))
	for t := range tokens {
		standardise(spread[t*width:(t+1)*width], before[t*width:(t+1)*width])
	}
	for c := range width {
		var x, y, xx, xy float64
		for t := range tokens {
			a, b := spread[t*width+c], float64(after[t*width+c])
			x, y, xx, xy = x+a, y+b, xx+a*a, xy+a*b
		}
		if d := xx*float64(tokens) - x*x; d > 0 {
			n.gain[c] = (xy*float64(tokens) - x*y) / d
		}
		n.bias[c] = (y - n.gain[c]*x) / float64(tokens)
	}
	return n
}

// apply normalises rows in place.
func (n layerNorm) apply(rows []float32) {
	width := len(n.gain)
	one := make([]float64, width)
	for from := 0; from+width <= len(rows); from += width {
		standardise(one, rows[from:from+width])
		for c, v := range one {
			rows[from+c] = float32(v*n.gain[c] + n.bias[c])
		}
	}
}

// standardise gives a row mean 0 and variance 1.
func standardise(to []float64, row []float32) {
	var mean, variance float64
	for _, v := range row {
		mean += float64(v)
	}
	mean /= float64(len(row))
	for i, v := range row {
		to[i] = float64(v) - mean
		variance += to[i] * to[i]
	}
	scale := 1 / math.Sqrt(variance/float64(len(row))+normEpsilon)
	for i := range to {
		to[i] *= scale
	}
}
