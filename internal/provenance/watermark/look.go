package watermark

import (
	"math"
	"math/cmplx"
)

// plane is a picture's lightness.
type plane struct {
	v             []float32
	width, height int
}

// middle cuts the middle out, at most so many pixels a side.
func (p plane) middle(side int) plane {
	w, h := min(side, p.width), min(side, p.height)
	if w == p.width && h == p.height {
		return p
	}
	left, top := (p.width-w)/2, (p.height-h)/2
	out := plane{make([]float32, 0, w*h), w, h}
	for y := range h {
		from := (top+y)*p.width + left
		out.v = append(out.v, p.v[from:from+w]...)
	}
	return out
}

// spectrum folds all tiles of a picture into one, as a way to look at it says, and gives the phases of its transform.
func spectrum(p plane, t try) []complex128 {
	p = p.seen(t)
	small, large := blur(p.v, p.width, p.height, 0.8), blur(p.v, p.width, p.height, 5)
	for i := range small {
		small[i] -= large[i] // what the mark's band holds
	}
	squares := large
	for i, v := range small {
		squares[i] = v * v
	}
	power := blur(squares, p.width, p.height, 6)
	folded := make([]complex128, tile*tile)
	for y := range p.height {
		row := folded[y%tile*tile:][:tile]
		for x := range p.width {
			i := y*p.width + x
			// Edges are many times louder than the mark: each place counts by its own loudness, and none for more than a few.
			v := float64(small[i]) / (math.Sqrt(math.Max(0, float64(power[i]))) + 1.5)
			row[x%tile] += complex(math.Max(-2.5, math.Min(2.5, v)), 0)
		}
	}
	transform(folded, false)
	most := 0.0
	for _, v := range folded {
		most = math.Max(most, cmplx.Abs(v))
	}
	for i, v := range folded {
		folded[i] = v / complex(cmplx.Abs(v)+1e-6*most+1e-9, 0)
	}
	return folded
}

// seen scales, turns and mirrors a picture.
func (p plane) seen(t try) plane {
	if t.scale == 1 && t.angle == 0 && !t.mirrored {
		return plane{append([]float32(nil), p.v...), p.width, p.height}
	}
	if t.scale < 1 {
		// What is finer than the new grid must not fold into the mark's band.
		p.v = blur(p.v, p.width, p.height, 0.4*math.Sqrt(1/(t.scale*t.scale)-1))
	}
	w, h := max(1, int(float64(p.width)*t.scale)), max(1, int(float64(p.height)*t.scale))
	out := plane{make([]float32, w*h), w, h}
	sin, cos := math.Sincos(t.angle * math.Pi / 180)
	for y := range h {
		v := (float64(y)+0.5)/t.scale - float64(p.height)/2
		for x := range w {
			u := (float64(x)+0.5)/t.scale - float64(p.width)/2
			if t.mirrored {
				u = -u
			}
			out.v[y*w+x] = p.at(u*cos-v*sin+float64(p.width)/2-0.5, u*sin+v*cos+float64(p.height)/2-0.5)
		}
	}
	return out
}

// at interpolates between four pixels; beyond the edges it repeats them.
func (p plane) at(x, y float64) float32 {
	x, y = math.Max(0, math.Min(float64(p.width-1), x)), math.Max(0, math.Min(float64(p.height-1), y))
	left, top := int(x), int(y)
	right, bottom := min(p.width-1, left+1), min(p.height-1, top+1)
	fx, fy := float32(x-float64(left)), float32(y-float64(top))
	above := p.v[top*p.width+left]*(1-fx) + p.v[top*p.width+right]*fx
	below := p.v[bottom*p.width+left]*(1-fx) + p.v[bottom*p.width+right]*fx
	return above*(1-fy) + below*fy
}
