package robustness

import (
	"math"

	"presswerk/internal/imaging"
)

// PSNR compares two pictures of one size, in decibels over all channels; +Inf where they are equal.
func PSNR(a, b *imaging.RGB) float64 {
	sum := 0.0
	for i, v := range a.Pix {
		d := float64(v) - float64(b.Pix[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a.Pix))/sum)
}

// SSIM is the mean structural similarity of two pictures' luma, at most 1, in windows of Gaussian weights of 1.5 pixels; windows that
// reach over the border are left out. Both pictures have one size, of at least 11 × 11 pixels.
//
// Source: Wang, Bovik, Sheikh, Simoncelli 2004, "Image quality assessment: from error visibility to structural similarity".
func SSIM(a, b *imaging.RGB) float64 {
	const sigma, border, c1, c2 = 1.5, 5, (0.01 * 255) * (0.01 * 255), (0.03 * 255) * (0.03 * 255)
	x, y := luma(a), luma(b)
	product := func(p, q *imaging.Plane) *imaging.Plane {
		out := imaging.NewPlane(p.Width, p.Height)
		for i, v := range p.Pix {
			out.Pix[i] = (v - 128) * (q.Pix[i] - 128) // less is rounded away around the middle
		}
		return out.Gaussian(sigma)
	}
	mx, my, xx, yy, xy := x.Gaussian(sigma), y.Gaussian(sigma), product(x, x), product(y, y), product(x, y)
	sum, n := 0.0, 0
	for v := border; v < a.Height-border; v++ {
		for u := border; u < a.Width-border; u++ {
			i := v*a.Width + u
			p, q := float64(mx.Pix[i]), float64(my.Pix[i])
			vx, vy := float64(xx.Pix[i])-(p-128)*(p-128), float64(yy.Pix[i])-(q-128)*(q-128)
			both := float64(xy.Pix[i]) - (p-128)*(q-128)
			sum += (2*p*q + c1) * (2*both + c2) / ((p*p + q*q + c1) * (vx + vy + c2))
			n++
		}
	}
	return sum / float64(n)
}
