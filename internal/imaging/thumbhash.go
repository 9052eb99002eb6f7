package imaging

import (
	"fmt"
	"math"

	"presswerk/internal/art"
)

// ThumbHash is a picture in about 25 bytes: its colours as a blurred preview. Transparency is not used here.
//
// Source: Evan Wallace 2023, "ThumbHash", evanw/thumbhash, js/thumbhash.js.
type ThumbHash []byte

// The preview keeps so many cosine terms of brightness along the longer side, and so many of the two colour axes.
const (
	hashLuma   = 7
	hashChroma = 3
)

// plane is one channel of the preview as cosine terms.
type plane struct {
	dc, scale float64
	ac        []float64 // 0..1 around 0.5
}

// Thumb makes the hash of a picture.
func Thumb(p *RGB) (ThumbHash, error) {
	small := p
	if long := max(p.Width, p.Height); long > 100 {
		var err error
		if small, err = Resize(p, max(1, p.Width*100/long), max(1, p.Height*100/long)); err != nil {
			return nil, err
		}
	}
	w, h := small.Width, small.Height
	l, a, b := make([]float64, w*h), make([]float64, w*h), make([]float64, w*h)
	for i := range l {
		r, g, u := float64(small.Pix[3*i])/255, float64(small.Pix[3*i+1])/255, float64(small.Pix[3*i+2])/255
		l[i], a[i], b[i] = (r+g+u)/3, (r+g)/2-u, r-g
	}
	long := float64(max(w, h))
	lx, ly := max(1, roundInt(hashLuma*float64(w)/long)), max(1, roundInt(hashLuma*float64(h)/long))
	planes := []plane{
		cosines(l, w, h, max(3, lx), max(3, ly)), cosines(a, w, h, hashChroma, hashChroma), cosines(b, w, h, hashChroma, hashChroma),
	}
	landscape, short := 0, lx
	if w > h {
		landscape, short = 1, ly
	}
	head := roundInt(63*planes[0].dc) | roundInt(31.5+31.5*planes[1].dc)<<6 | roundInt(31.5+31.5*planes[2].dc)<<12 | roundInt(31*planes[0].scale)<<18
	tail := short | roundInt(63*planes[1].scale)<<3 | roundInt(63*planes[2].scale)<<9 | landscape<<15
	hash := ThumbHash{byte(head), byte(head >> 8), byte(head >> 16), byte(tail), byte(tail >> 8)}
	n := 0
	for _, q := range planes {
		for _, v := range q.ac {
			if n%2 == 0 {
				hash = append(hash, 0)
			}
			hash[len(hash)-1] |= byte(roundInt(15*v) << (4 * (n % 2)))
			n++
		}
	}
	return hash, nil
}

func roundInt(v float64) int { return int(math.Floor(v + 0.5)) }

// cosines finds the terms of one channel, nx × ny without the far corner.
func cosines(v []float64, w, h, nx, ny int) plane {
	var q plane
	for cy := range ny {
		for cx := 0; cx*ny < nx*(ny-cy); cx++ {
			f := 0.0
			for y := range h {
				fy := math.Cos(math.Pi / float64(h) * float64(cy) * (float64(y) + 0.5))
				for x := range w {
					f += v[y*w+x] * fy * math.Cos(math.Pi/float64(w)*float64(cx)*(float64(x)+0.5))
				}
			}
			f /= float64(w * h)
			if cx == 0 && cy == 0 {
				q.dc = f
				continue
			}
			q.ac = append(q.ac, f)
			q.scale = max(q.scale, math.Abs(f))
		}
	}
	for i := range q.ac {
		if q.scale > 0 {
			q.ac[i] = 0.5 + 0.5/q.scale*q.ac[i]
		}
	}
	return q
}

// Preview draws the hash, 32 pixels along the longer side.
func (t ThumbHash) Preview() (*RGB, error) {
	bad := art.Invalid("thumbhash", fmt.Sprintf("%d bytes are none", len(t)), "make it from the picture again")
	if len(t) < 5 {
		return nil, bad
	}
	head, tail := int(t[0])|int(t[1])<<8|int(t[2])<<16, int(t[3])|int(t[4])<<8
	short := max(3, tail&7)
	lx, ly := short, hashLuma
	if tail>>15 == 1 {
		lx, ly = hashLuma, short
	}
	shapes := [3][2]int{{lx, ly}, {hashChroma, hashChroma}, {hashChroma, hashChroma}}
	scales := [3]float64{float64(head>>18&31) / 31, float64(tail>>3&63) / 63 * 1.25, float64(tail>>9&63) / 63 * 1.25}
	dcs := [3]float64{float64(head&63) / 63, float64(head>>6&63)/31.5 - 1, float64(head>>12&63)/31.5 - 1}
	var planes [3]plane
	n := 0
	for i, shape := range shapes {
		planes[i].dc = dcs[i]
		for cy := range shape[1] {
			for cx := 0; cx*shape[1] < shape[0]*(shape[1]-cy); cx++ {
				if cx == 0 && cy == 0 {
					continue
				}
				if 5+n/2 >= len(t) {
					return nil, bad
				}
				nibble := t[5+n/2] >> (4 * (n % 2)) & 15
				planes[i].ac = append(planes[i].ac, (float64(nibble)/7.5-1)*scales[i])
				n++
			}
		}
	}
	return drawPlanes(planes, shapes)
}

func drawPlanes(planes [3]plane, shapes [3][2]int) (*RGB, error) {
	ratio := float64(shapes[0][0]) / float64(shapes[0][1])
	w, h := roundInt(math.Min(32, 32*ratio)), roundInt(math.Min(32, 32/ratio))
	p, err := NewRGB(w, h)
	if err != nil {
		return nil, err
	}
	for y := range h {
		for x := range w {
			var v [3]float64
			for i, q := range planes {
				v[i] = q.at(x, y, w, h, shapes[i])
			}
			blue := v[0] - 2.0/3*v[1]
			red := (3*v[0] - blue + v[2]) / 2
			p.Set(x, y, clamp(red), clamp(red-v[2]), clamp(blue))
		}
	}
	return p, nil
}

func (q plane) at(x, y, w, h int, shape [2]int) float64 {
	v, n := q.dc, 0
	for cy := range shape[1] {
		fy := 2 * math.Cos(math.Pi/float64(h)*float64(cy)*(float64(y)+0.5))
		for cx := 0; cx*shape[1] < shape[0]*(shape[1]-cy); cx++ {
			if cx == 0 && cy == 0 {
				continue
			}
			v += q.ac[n] * fy * math.Cos(math.Pi/float64(w)*float64(cx)*(float64(x)+0.5))
			n++
		}
	}
	return v
}

func clamp(v float64) uint8 { return uint8(255*math.Max(0, math.Min(1, v)) + 0.5) }
