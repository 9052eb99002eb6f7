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
	var sums [tile * tile]float32
	for y := range p.height {
		row, v, loud := sums[y%tile*tile:][:tile], small[y*p.width:][:p.width], power[y*p.width:][:p.width]
		for x := range v {
			// Edges are many times louder than the mark: each place counts by its own loudness, and none for more than a few.
			row[x%tile] += min(max(v[x]/(float32(math.Sqrt(float64(max(loud[x], 0))))+1.5), -2.5), 2.5)
		}
	}
	folded := make([]complex128, tile*tile)
	for i, v := range sums {
		folded[i] = complex(float64(v), 0)
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
	if t.angle == 0 {
		p.straight(out, t)
		return out
	}
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

// straight scales and mirrors: rows and columns are interpolated one after the other.
func (p plane) straight(out plane, t try) {
	columns := make([]between, out.width)
	for x := range columns {
		u := (float64(x)+0.5)/t.scale - float64(p.width)/2
		if t.mirrored {
			u = -u
		}
		columns[x] = at(u+float64(p.width)/2-0.5, p.width)
	}
	line := make([]float32, p.width)
	for y := range out.height {
		b := at((float64(y)+0.5)/t.scale-0.5, p.height)
		above, below := p.v[b.first*p.width:][:p.width], p.v[b.second*p.width:][:p.width]
		for i := range line {
			line[i] = above[i]*(1-b.share) + below[i]*b.share
		}
		row := out.v[y*out.width:][:out.width]
		for x, c := range columns {
			row[x] = line[c.first]*(1-c.share) + line[c.second]*c.share
		}
	}
}

// between is a place between two pixels of a line, and how near to the second one.
type between struct {
	first, second int
	share         float32
}

// at finds a place; beyond the edges pixels repeat.
func at(x float64, n int) between {
	x = min(max(x, 0), float64(n-1))
	first := int(x)
	return between{first, min(n-1, first+1), float32(x - float64(first))}
}

// at interpolates between four pixels.
func (p plane) at(x, y float64) float32 {
	h, v := at(x, p.width), at(y, p.height)
	top, bottom := p.v[v.first*p.width:], p.v[v.second*p.width:]
	above := top[h.first]*(1-h.share) + top[h.second]*h.share
	below := bottom[h.first]*(1-h.share) + bottom[h.second]*h.share
	return above*(1-v.share) + below*v.share
}
