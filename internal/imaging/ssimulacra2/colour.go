package ssimulacra2

import (
	"math"

	"presswerk/internal/imaging"
)

// planes are the three channels of a picture, row by row.
type planes struct {
	width, height int
	p             [3][]float32
}

func newPlanes(width, height int) planes {
	out := planes{width: width, height: height}
	for c := range out.p {
		out.p[c] = make([]float32, width*height)
	}
	return out
}

// linear undoes the curve of sRGB.
func linear(p *imaging.RGB) planes {
	var curve [256]float32
	for i := range curve {
		v := float64(i) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		curve[i] = float32(v)
	}
	out := newPlanes(p.Width, p.Height)
	r, g, b := out.p[0], out.p[1], out.p[2]
	for i := range r {
		r[i], g[i], b[i] = curve[p.Pix[3*i]], curve[p.Pix[3*i+1]], curve[p.Pix[3*i+2]]
	}
	return out
}

// halve averages squares of two by two; those at the right and at the bottom may be smaller.
func (a planes) halve() planes {
	out := newPlanes((a.width+1)/2, (a.height+1)/2)
	for c, from := range a.p {
		for y := range out.height {
			up := from[2*y*a.width : (2*y+1)*a.width]
			down := up
			if 2*y+1 < a.height {
				down = from[(2*y+1)*a.width : (2*y+2)*a.width]
			}
			to := out.p[c][y*out.width : (y+1)*out.width]
			for x := range a.width / 2 {
				to[x] = 0.25 * (up[2*x] + up[2*x+1] + down[2*x] + down[2*x+1])
			}
			if a.width%2 == 1 {
				to[out.width-1] = 0.5 * (up[a.width-1] + down[a.width-1])
			}
		}
	}
	return out
}

// bias keeps the cube root away from zero (opsin_params.h of libjxl).
const bias = 0.0037930732552754493

// positiveXYB turns linear light into the colour space of JPEG XL, shifted so that its numbers are positive. At scales where only
// brightness counts there is only brightness.
func (a planes) positiveXYB(scale, of int) planes {
	const (
		m00, m02 = 0.30, 0.078
		m10, m12 = 0.23, 0.078
		m20, m21 = 0.24342268924547819, 0.20476744424496821
		m01, m11 = 1 - m02 - m00, 1 - m12 - m10
		m22      = 1 - m20 - m21
	)
	root := float32(math.Cbrt(bias))
	out := planes{width: a.width, height: a.height}
	for c := range out.p {
		if counts(c, scale, of) {
			out.p[c] = make([]float32, a.width*a.height)
		}
	}
	xs, ys, bs := out.p[0], out.p[1], out.p[2]
	for i := range a.p[0] {
		r, g, b := a.p[0][i], a.p[1][i], a.p[2][i]
		l := cbrt(m00*r+m01*g+m02*b+bias) - root
		m := cbrt(m10*r+m11*g+m12*b+bias) - root
		y := 0.5 * (l + m)
		if ys != nil {
			ys[i] = y + 0.01
		}
		if xs != nil {
			xs[i] = 0.5*(l-m)*14 + 0.42
		}
		if bs != nil {
			bs[i] = cbrt(m20*r+m21*g+m22*b+bias) - root - y + 0.55
		}
	}
	return out
}

// cbrt is a cube root of a positive number, near to what 32 bits can hold: a third of the exponent, then Newton twice.
func cbrt(v float32) float32 {
	t := math.Float32frombits(math.Float32bits(v)/3 + 0x2a51_19f2)
	t = (2*t + v/(t*t)) / 3
	t = (2*t + v/(t*t)) / 3
	return (2*t + v/(t*t)) / 3
}
