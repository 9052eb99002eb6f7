package vision

import (
	"math"

	"presswerk/internal/imaging"
)

// region is a square of a picture that may be turned: its centre and side in pixels, counted from the centre of the
// first pixel, and how far it is turned, clockwise as pictures are seen, in radians.
type region struct{ x, y, side, turn float64 }

// whole is the square around a picture.
func whole(p *imaging.RGB) region {
	return region{float64(p.Width) / 2, float64(p.Height) / 2, float64(max(p.Width, p.Height)), 0}
}

// usable tells whether a network's numbers made a region that can be cut out.
func (r region) usable() bool {
	sum := r.x + r.y + r.side + r.turn
	return r.side >= 1 && r.side < 1<<20 && math.Abs(r.x) < 1<<20 && math.Abs(r.y) < 1<<20 && !math.IsNaN(sum)
}

// at gives the place in the picture of a place in the region, whose sides go from 0 to 1.
func (r region) at(u, v float64) (x, y float64) {
	sin, cos := math.Sincos(r.turn)
	a, b := (u-0.5)*r.side, (v-0.5)*r.side
	return r.x + a*cos - b*sin, r.y + a*sin + b*cos
}

// box is a rectangle around something, in pixels; turn says how far the thing is turned, as a region's does.
type box struct{ x, y, width, height, turn float64 }

// region is the square of scale times the box's longer side, moved down by a share of its height in its own direction.
func (b box) region(down, scale float64) region {
	sin, cos := math.Sincos(b.turn)
	return region{b.x - down*b.height*sin, b.y + down*b.height*cos, scale * max(b.width, b.height), b.turn}
}

// cut lays a region out as a network of n × n pixels sees it, [n, n, 3], with levels brought to low..high. Between
// pixels it is interpolated linearly, at places and to levels that are as coarse as OpenCV's warpPerspective makes them:
// detectors turn on that. Outside the picture there is black, or with repeat its border.
func (r region) cut(p *imaging.RGB, n int, low, high float64, repeat bool) []float32 {
	const places = 32 // between two pixels
	out := make([]float32, 0, 3*n*n)
	sin, cos := math.Sincos(r.turn)
	var levels [256]float32
	for i := range levels {
		levels[i] = float32(low + (high-low)*float64(i)/255)
	}
	for j := range n {
		b := (float64(j)/float64(n) - 0.5) * r.side
		for i := range n {
			a := (float64(i)/float64(n) - 0.5) * r.side
			x, y := r.x+a*cos-b*sin, r.y+a*sin+b*cos
			x, y = math.RoundToEven(x*places)/places, math.RoundToEven(y*places)/places
			left, top := math.Floor(x), math.Floor(y)
			right, below := x-left, y-top
			weights := [4]float64{(1 - right) * (1 - below), right * (1 - below), (1 - right) * below, right * below}
			var mixed [3]float64
			for k, index := range corners(p, int(left), int(top), repeat) {
				if index < 0 {
					continue
				}
				pixel := p.Pix[index : index+3]
				mixed[0] += weights[k] * float64(pixel[0])
				mixed[1] += weights[k] * float64(pixel[1])
				mixed[2] += weights[k] * float64(pixel[2])
			}
			for _, v := range mixed {
				out = append(out, levels[int(v+0.5)])
			}
		}
	}
	return out
}

// corners gives where the levels of a pixel begin, and of those right of it, below it, and below and right. A pixel outside is
// the next one of the border with repeat, else −1.
func corners(p *imaging.RGB, x, y int, repeat bool) (at [4]int) {
	for k := range at {
		i, j := x+k%2, y+k/2
		if repeat {
			i, j = min(max(i, 0), p.Width-1), min(max(j, 0), p.Height-1)
		} else if i < 0 || j < 0 || i >= p.Width || j >= p.Height {
			at[k] = -1
			continue
		}
		at[k] = 3 * (j*p.Width + i)
	}
	return at
}

// upright is how far a region must be turned so that the way from one place to another leads straight up in it.
func upright(x0, y0, x1, y1 float64) float64 { return math.Pi/2 - math.Atan2(y0-y1, x1-x0) }
