package vision

import (
	"cmp"
	"math"
	"slices"

	"presswerk/internal/imaging"
)

// Box is the upright rectangle around a hand with its fingertips, cut to the picture.
func (h Hand) Box(p *imaging.RGB) (x, y, width, height int) {
	b := bounds(h.Joints, 0)
	edge := 0.2 * max(b.width, b.height)
	x, y = max(0, int(b.x-b.width/2-edge)), max(0, int(b.y-b.height/2-edge))
	return x, y, max(0, min(p.Width, int(b.x+b.width/2+edge))-x), max(0, min(p.Height, int(b.y+b.height/2+edge))-y)
}

// Open tells whether at least three fingers beside the thumb are stretched out in the picture.
func (h Hand) Open() bool {
	const straight, ahead = 0.9, 0.2 // chord by length; how much farther the tip is than the middle, by the palm
	stretched := 0
	for finger := 1; finger < 5; finger++ {
		k := 4*finger + 1
		length := 0.0
		for i := k; i < k+3; i++ {
			length += h.between(i, i+1)
		}
		if h.between(k, k+3) >= straight*length && h.between(0, k+3)-h.between(0, k+1) >= ahead*h.palm() {
			stretched++
		}
	}
	return stretched >= 3
}

// between is the distance of two joints.
func (h Hand) between(i, j int) float64 {
	return math.Hypot(h.Joints[i].X-h.Joints[j].X, h.Joints[i].Y-h.Joints[j].Y)
}

// Extra counts stripes of the palm's colour that lie beside an open hand's fingers, as wide as they are, where the joints have
// none. It looks along circles around the wrist beyond the knuckles, and takes what a third of them show. Where a finger isn't of the palm's colour, or
// more than two stripes are left over, the ground is like skin and nothing is said: 0. So it is for hands that aren't open and for palms of
// less than 24 pixels.
func (h Hand) Extra(p *imaging.RGB) int {
	const (
		least             = 24 // pixels of a palm
		circles, agree    = 9, 3
		nearest, farthest = 1.25, 1.9 // radius by the palm
	)
	palm := h.palm()
	if !(palm >= least) || !(palm < 1<<14) || !h.Open() {
		return 0
	}
	skin, ok := h.skin(p)
	if !ok {
		return 0
	}
	var extras []int
	for c := range circles {
		r := palm * (nearest + (farthest-nearest)*float64(c)/(circles-1))
		extras = append(extras, h.leftOver(h.stripes(p, skin, r), h.crossing(r)))
	}
	slices.SortFunc(extras, func(a, b int) int { return cmp.Compare(b, a) })
	return extras[agree-1]
}

// stripe is a part of a circle around the wrist, in radians from the direction of the middle finger.
type stripe struct{ from, to float64 }

// stripes are the parts of a circle that have the palm's colour.
func (h Hand) stripes(p *imaging.RGB, skin skinColour, r float64) (all []stripe) {
	const spread = 1.9 // radians to either side
	ahead := h.direction(9)
	inside, from := false, 0.0
	for angle := -spread; angle <= spread; angle += 1 / r {
		sin, cos := math.Sincos(ahead + angle)
		switch on := skin.at(p, h.Joints[0].X+r*cos, h.Joints[0].Y+r*sin); {
		case on && !inside:
			inside, from = true, angle
		case !on && inside:
			inside, all = false, append(all, stripe{from, angle})
		}
	}
	return all
}

func (h Hand) direction(i int) float64 {
	return math.Atan2(h.Joints[i].Y-h.Joints[0].Y, h.Joints[i].X-h.Joints[0].X)
}

// crossing gives where bones of fingers cross a circle, in radians from the direction of the middle finger.
func (h Hand) crossing(r float64) (all []float64) {
	ahead := h.direction(9)
	for finger := range 5 {
		for k := 4*finger + 1; k < 4*finger+4; k++ {
			a, b := h.between(0, k), h.between(0, k+1)
			if !(min(a, b) <= r && r < max(a, b)) {
				continue
			}
			t := (r - a) / (b - a)
			x, y := h.Joints[k].X+t*(h.Joints[k+1].X-h.Joints[k].X), h.Joints[k].Y+t*(h.Joints[k+1].Y-h.Joints[k].Y)
			all = append(all, math.Remainder(math.Atan2(y-h.Joints[0].Y, x-h.Joints[0].X)-ahead, 2*math.Pi))
		}
	}
	return all
}

// leftOver counts the stripes that are as wide as fingers, close to one, and no finger's.
func (h Hand) leftOver(stripes []stripe, fingers []float64) int {
	const (
		close, beyond     = 0.5, 0.08 // radians to a finger's stripe; outside of it where its joints still belong to it
		narrowest, widest = 0.4, 1.6
		most              = 2
	)
	var widths []float64
	free := slices.Clone(stripes)
	for _, at := range fingers {
		i := nearest(stripes, at)
		if i < 0 || stripes[i].away(at) > beyond {
			return 0 // not of the palm's colour
		}
		widths = append(widths, stripes[i].to-stripes[i].from)
		free = slices.DeleteFunc(free, func(s stripe) bool { return s == stripes[i] })
	}
	if len(widths) < 2 {
		return 0
	}
	slices.Sort(widths)
	middle, n := widths[(len(widths)-1)/2], 0
	for _, s := range free {
		wide := s.to - s.from
		beside := slices.ContainsFunc(fingers, func(at float64) bool { return math.Abs(at-(s.from+s.to)/2) <= close })
		if beside && wide >= narrowest*middle && wide <= widest*middle && !h.tips(s) {
			n++
		}
	}
	if n > most {
		return 0
	}
	return n
}

// away is how far a direction is from a stripe; 0 inside.
func (s stripe) away(at float64) float64 { return max(s.from-at, at-s.to, 0) }

// nearest is the stripe next to a direction; −1 where there is none.
func nearest(stripes []stripe, at float64) int {
	best := -1
	for i, s := range stripes {
		if best < 0 || s.away(at) < stripes[best].away(at) {
			best = i
		}
	}
	return best
}

// tips tells whether a fingertip points into a stripe: the finger ends just below it.
func (h Hand) tips(s stripe) bool {
	ahead := h.direction(9)
	for finger := range 5 {
		at := math.Remainder(h.direction(4*finger+4)-ahead, 2*math.Pi)
		if s.away(at) <= 0.03 {
			return true
		}
	}
	return false
}

// skinColour is what the palm looks like.
type skinColour struct {
	middle imaging.Lab
	spread float64
}

// skin samples the palm between wrist and knuckles.
func (h Hand) skin(p *imaging.RGB) (s skinColour, ok bool) {
	var all []imaging.Lab
	for _, knuckle := range []int{5, 9, 13, 17} {
		for _, t := range []float64{0.4, 0.5, 0.6, 0.7, 0.8, 0.9} {
			x := int(h.Joints[0].X + t*(h.Joints[knuckle].X-h.Joints[0].X))
			y := int(h.Joints[0].Y + t*(h.Joints[knuckle].Y-h.Joints[0].Y))
			if x >= 0 && y >= 0 && x < p.Width && y < p.Height {
				all = append(all, imaging.ToLab(p.At(x, y)))
			}
		}
	}
	if len(all) < 8 {
		return s, false
	}
	median := func(of func(imaging.Lab) float64) float64 {
		v := make([]float64, len(all))
		for i, c := range all {
			v[i] = of(c)
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	s.middle = imaging.Lab{
		L: median(func(c imaging.Lab) float64 { return c.L }),
		A: median(func(c imaging.Lab) float64 { return c.A }),
		B: median(func(c imaging.Lab) float64 { return c.B }),
	}
	const closest, farthest = 8, 16 // difference that still is skin
	s.spread = min(max(3*median(s.apart), closest), farthest)
	return s, true
}

// apart is a difference of colours in which brightness counts half, as hands are round.
func (s skinColour) apart(c imaging.Lab) float64 {
	return math.Sqrt((c.L-s.middle.L)*(c.L-s.middle.L)/4 + (c.A-s.middle.A)*(c.A-s.middle.A) + (c.B-s.middle.B)*(c.B-s.middle.B))
}

func (s skinColour) at(p *imaging.RGB, x, y float64) bool {
	i, j := int(x+0.5), int(y+0.5)
	return x >= 0 && y >= 0 && i < p.Width && j < p.Height && s.apart(imaging.ToLab(p.At(i, j))) <= s.spread
}
