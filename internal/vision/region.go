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
	for j := range n {
		for i := range n {
			x, y := r.at(float64(i)/float64(n), float64(j)/float64(n))
			x, y = math.RoundToEven(x*places)/places, math.RoundToEven(y*places)/places
			left, top := math.Floor(x), math.Floor(y)
			right, below := x-left, y-top
			for channel := range 3 {
				from := func(dx, dy int) float64 { return sample(p, int(left)+dx, int(top)+dy, channel, repeat) }
				v := (from(0, 0)*(1-right)+from(1, 0)*right)*(1-below) + (from(0, 1)*(1-right)+from(1, 1)*right)*below
				out = append(out, float32(low+(high-low)*math.Floor(v+0.5)/255))
			}
		}
	}
	return out
}

// sample is the level of a pixel that may lie outside.
func sample(p *imaging.RGB, x, y, channel int, repeat bool) float64 {
	if repeat {
		x, y = min(max(x, 0), p.Width-1), min(max(y, 0), p.Height-1)
	}
	if x < 0 || y < 0 || x >= p.Width || y >= p.Height {
		return 0
	}
	return float64(p.Pix[3*(y*p.Width+x)+channel])
}

// upright is how far a region must be turned so that the way from one place to another leads straight up in it.
func upright(x0, y0, x1, y1 float64) float64 { return math.Pi/2 - math.Atan2(y0-y1, x1-x0) }
