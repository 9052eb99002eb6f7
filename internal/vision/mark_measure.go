package vision

import "math"

// Clear is how far it is from a mark that was found to the next edge, in heights of the mark and at most most, and where that
// edge is. Lone pixels don't count.
func (s *Scene) Clear(p Placement, most float64) (free, x, y float64) {
	const high, bins = 40, 20 // pixels that the mark is high where it is looked at; rings for each height
	const edge, near, few = 9, 2, 3
	width, height := p.Size()
	l := s.near(height / high)
	e := edgesOf(l.channels[:])
	type ring struct {
		count int
		x, y  float64
	}
	rings := make([]ring, int(most*bins))
	for j := range e.height {
		for i := range e.width {
			if e.strength[j*e.width+i] < edge {
				continue
			}
			x, y := (float64(i)+0.5)/l.scale, (float64(j)+0.5)/l.scale
			u, v := p.Locate(x, y)
			away := math.Max((math.Abs(u)-1)*width/2, (math.Abs(v)-1)*height/2) / height
			if n := int(away * bins); away >= 0 && n >= near && n < len(rings) { // the nearest ones hold the mark's own blur
				rings[n].count++
				rings[n].x, rings[n].y = x, y
			}
		}
	}
	for n, r := range rings {
		if r.count >= few {
			return float64(n) / bins, r.x, r.y
		}
	}
	return most, 0, 0
}

// Pair is two places of a picture on both sides of a mark's outline.
type Pair struct{ InX, InY, OutX, OutY float64 }

// Outline lists pairs of places along a mark's outline where it lies, some pixels apart.
func (m *Mark) Outline(p Placement) (all []Pair) {
	l := m.Layer
	width, _ := p.Size()
	step := max(2, int(0.02*float64(max(l.Width, l.Height))), int(2*float64(l.Width)/math.Max(1, width))) // at least two pixels of the picture
	covers := func(x, y int) uint8 {
		if x < 0 || y < 0 || x >= l.Width || y >= l.Height {
			return 0
		}
		return l.Alpha[y*l.Width+x]
	}
	place := func(x, y int) (float64, float64) {
		return p.At(2*(float64(x)+0.5)/float64(l.Width)-1, 2*(float64(y)+0.5)/float64(l.Height)-1)
	}
	const stride, opaque, clear = 3, 250, 5
	for y := 0; y < l.Height; y += stride {
		for x := 0; x < l.Width; x += stride {
			if covers(x, y) < opaque {
				continue
			}
			for _, d := range [4][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
				ox, oy := x+d[0]*step, y+d[1]*step
				if covers(ox, oy) > clear {
					continue
				}
				ix, iy := x-d[0]*step/2, y-d[1]*step/2 // away from the blur of the edge, where the stroke is wide enough
				if covers(ix, iy) < opaque {
					ix, iy = x, y
				}
				var pair Pair
				pair.InX, pair.InY = place(ix, iy)
				pair.OutX, pair.OutY = place(ox, oy)
				all = append(all, pair)
			}
		}
	}
	return all
}
