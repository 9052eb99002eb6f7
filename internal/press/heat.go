package press

import (
	"presswerk/internal/imaging"
)

// stop is a colour of a scale.
type stop struct {
	at      float64
	r, g, b float64
}

// inkScale shows ink up to the limit from paper to a dark blue; see Picture of Ink for what is above.
func inkScale() []stop {
	return []stop{{0, 255, 255, 255}, {0.33, 198, 219, 239}, {0.66, 107, 174, 214}, {0.9, 33, 113, 181}, {1, 8, 48, 107}}
}

// shiftScale shows CIEDE2000: below 1 nobody sees it; yellow is a visible step, red another colour.
func shiftScale() []stop {
	return []stop{{0, 245, 245, 245}, {1, 225, 232, 225}, {2, 255, 237, 160}, {5, 253, 141, 60}, {10, 189, 0, 38}, {20, 84, 0, 60}}
}

func shade(scale []stop, v float64) (r, g, b uint8) {
	before := scale[0]
	for _, s := range scale {
		if v <= s.at {
			t := 0.0
			if s.at > before.at {
				t = max(0, (v-before.at)/(s.at-before.at))
			}
			mix := func(p, q float64) uint8 { return uint8(p + t*(q-p) + 0.5) }
			return mix(before.r, s.r), mix(before.g, s.g), mix(before.b, s.b)
		}
		before = s
	}
	return uint8(before.r), uint8(before.g), uint8(before.b)
}

// InkMap shows how much ink lies where: from white, none, to dark blue, at the limit in percent. What is above the limit is red, so that
// a single pixel is seen.
func (s *Separation) InkMap(limit float64) (*imaging.RGB, error) {
	out, err := imaging.NewRGB(s.Width, s.Height)
	if err != nil {
		return nil, err
	}
	scale, bound := inkScale(), bytesOf(limit)
	colours := make([][3]uint8, bound+1)
	for i := range colours {
		colours[i][0], colours[i][1], colours[i][2] = shade(scale, float64(i)/float64(bound))
	}
	for i, j := 0, 0; i < len(s.Pix); i, j = i+4, j+3 {
		c := [3]uint8{230, 0, 0}
		if sum := total(s.Pix[i:]); sum <= bound {
			c = colours[sum]
		}
		copy(out.Pix[j:], c[:])
	}
	return out, nil
}

// Map shows which pixels move by how much: grey, not visibly; yellow from 2 on, orange from 5, red from 10, dark at 20 and more.
func (s *Shift) Map() (*imaging.RGB, error) {
	out, err := imaging.NewRGB(s.Width, s.Height)
	if err != nil {
		return nil, err
	}
	scale := shiftScale()
	for i, v := range s.Moved {
		out.Pix[3*i], out.Pix[3*i+1], out.Pix[3*i+2] = shade(scale, float64(v))
	}
	return out, nil
}
