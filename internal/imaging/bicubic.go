package imaging

import (
	"math"

	"presswerk/internal/art"
)

// ResizeBicubic scales a picture as Pillow does, to the byte, first each row and then each column: what CLIP's image
// processors see was made so. Pillow 13 begins with the columns for some sizes, which rounds otherwise in between.
//
// Source: Pillow, src/libImaging/Resample.c (antialiased, a = −1/2, weights of 22 bits).
func ResizeBicubic(p *RGB, width, height int) (*RGB, error) {
	if width < 1 || height < 1 {
		return nil, art.Invalid("size", "a picture has at least one pixel", "choose a larger size")
	}
	if width != p.Width {
		out, err := NewRGB(width, p.Height)
		if err != nil {
			return nil, err
		}
		for x, t := range bicubicTaps(p.Width, width) {
			for y := range p.Height {
				for c := range 3 {
					out.Pix[3*(y*width+x)+c] = t.sum(func(i int) uint8 { return p.Pix[3*(y*p.Width+i)+c] })
				}
			}
		}
		p = out
	}
	if height == p.Height {
		return p, nil
	}
	out, err := NewRGB(width, height)
	if err != nil {
		return nil, err
	}
	for y, t := range bicubicTaps(p.Height, height) {
		for x := range 3 * width {
			out.Pix[3*y*width+x] = t.sum(func(i int) uint8 { return p.Pix[3*i*width+x] })
		}
	}
	return out, nil
}

// weightBits is the precision of the weights.
const weightBits = 22

// taps are the pixels of which one is made, from the first on, and their weights.
type taps struct {
	first   int
	weights []int64
}

func (t taps) sum(at func(i int) uint8) uint8 {
	total := int64(1) << (weightBits - 1)
	for i, w := range t.weights {
		total += w * int64(at(t.first+i))
	}
	return uint8(min(max(total>>weightBits, 0), 255))
}

// bicubicTaps are those of each of n pixels that are made of from.
func bicubicTaps(from, n int) []taps {
	scale := float64(from) / float64(n)
	wide := max(scale, 1)
	all := make([]taps, n)
	for i := range all {
		center := (float64(i) + 0.5) * scale
		first, end := max(int(center-2*wide+0.5), 0), min(int(center+2*wide+0.5), from)
		weights, sum := make([]float64, end-first), 0.0
		for k := range weights {
			weights[k] = bicubic((float64(k+first) - center + 0.5) * (1 / wide))
			sum += weights[k]
		}
		all[i] = taps{first: first, weights: make([]int64, len(weights))}
		for k, w := range weights {
			all[i].weights[k] = int64(math.Round(w * (1 / sum) * (1 << weightBits)))
		}
	}
	return all
}

func bicubic(x float64) float64 {
	const a = -0.5
	switch x = math.Abs(x); {
	case x < 1:
		return ((a+2)*x-(a+3))*x*x + 1
	case x < 2:
		return (((x-5)*x+8)*x - 4) * a
	}
	return 0
}
