package vision

import (
	"math"
	"slices"

	"presswerk/internal/imaging"
)

// Scene is a picture made ready to look for marks in it: the picture in falling sizes, each with its edges. It is read-only.
type Scene struct {
	width, height int
	levels        []*sceneSize
}

// Sides of the sizes in which a scene is searched, in pixels of the longer one.
const (
	smallestLevel = 64
	searchedLevel = 660 // larger ones are only looked at closely
	levelStep     = 1.26
	enlarged      = 1.6 // how much larger than itself a picture may be searched
)

// sceneSize is a scene in one size.
type sceneSize struct {
	scale    float64 // of the picture: 0.5 is half as large
	channels [3]*imaging.Plane
	response *responses // nil where the size is only looked at closely
}

// NewScene makes a picture ready.
func NewScene(p *imaging.RGB) *Scene {
	s := &Scene{width: p.Width, height: p.Height}
	long := float64(max(p.Width, p.Height))
	above := [3]*imaging.Plane{p.Plane(0), p.Plane(1), p.Plane(2)}
	for side := min(max(long, min(enlarged*long, searchedLevel)), 4*searchedLevel); side >= smallestLevel || len(s.levels) == 0; side /= levelStep {
		l := &sceneSize{scale: side / long}
		w, h := max(1, int(float64(p.Width)*l.scale+0.5)), max(1, int(float64(p.Height)*l.scale+0.5))
		for c := range l.channels {
			if l.channels[c] = above[c]; w != above[c].Width || h != above[c].Height {
				l.channels[c] = above[c].Resize(w, h)
			}
		}
		above = l.channels // each from the next larger one, which is quicker and hardly softer
		if side <= searchedLevel {
			l.response = newResponses(edgesOf(l.channels[:]))
		}
		s.levels = append(s.levels, l)
	}
	slices.Reverse(s.levels)
	return s
}

// near is the size in which one pixel is about so many of the picture's.
func (s *Scene) near(step float64) *sceneSize {
	best := s.levels[0]
	for _, l := range s.levels {
		if l.scale*step >= 1-1e-9 { // the first that is fine enough
			return l
		}
		best = l
	}
	return best
}

// edges are the strengths and directions of a picture's edges. A direction counts the same as its opposite: a light mark on
// dark ground is the mark, too.
type edges struct {
	width, height int
	strength      []float32 // in levels a pixel
	cos, sin      []float32 // of twice the direction's angle
}

// edgesOf takes at each pixel the channel that changes most.
func edgesOf(channels []*imaging.Plane) *edges {
	w, h := channels[0].Width, channels[0].Height
	e := &edges{w, h, make([]float32, w*h), make([]float32, w*h), make([]float32, w*h)}
	for y := 1; y < h-1; y++ {
		for x := 1; x < w-1; x++ {
			i := y*w + x
			var bx, by, best float32
			for _, c := range channels {
				gx, gy := (c.Pix[i+1]-c.Pix[i-1])/2, (c.Pix[i+w]-c.Pix[i-w])/2
				if m := gx*gx + gy*gy; m > best {
					bx, by, best = gx, gy, m
				}
			}
			if best > 0 {
				e.strength[i] = float32(math.Sqrt(float64(best)))
				e.cos[i], e.sin[i] = (bx*bx-by*by)/best, 2*bx*by/best
			}
		}
	}
	return e
}

// directions is how many classes of directions edges are sorted into.
const directions = 8

// class sorts a direction, given by twice its angle.
func class(cos, sin float64) int {
	turn := math.Atan2(sin, cos)/2/math.Pi + 1 // 0.5 to 1.5, where 0.5 is the same as 1.5 as directions go
	return int(turn*directions+0.5) % directions
}

// responses say at each place how well it answers to an edge of each direction: 2 where such a one is there or beside it, 1
// where one of the next direction is. They are kept by the parity of rows and columns, so that every second place lies side
// by side. As in Hinterstoisser et al. 2012, "Gradient response maps for real-time detection of textureless objects".
type responses struct {
	width, height int // of one parity
	maps          [directions][4][]uint8
	mean          []int32 // sums of all directions' answers, integrated over places of parity 0
}

// leastEdge is how strong an edge is that counts, in levels a pixel.
const leastEdge = 5

func newResponses(e *edges) *responses {
	seen := make([]uint8, e.width*e.height)
	for i, s := range e.strength {
		if s >= leastEdge {
			seen[i] = 1 << class(float64(e.cos[i]), float64(e.sin[i]))
		}
	}
	spread := make([]uint8, len(seen))
	for y := 1; y < e.height-1; y++ {
		for x := 1; x < e.width-1; x++ {
			i := y*e.width + x
			for _, row := range [3]int{i - e.width, i, i + e.width} {
				spread[i] |= seen[row-1] | seen[row] | seen[row+1]
			}
		}
	}
	r := &responses{width: (e.width + 1) / 2, height: (e.height + 1) / 2}
	answers := answerTable()
	for d := range r.maps {
		for parity := range r.maps[d] {
			m := make([]uint8, r.width*r.height)
			for y := parity / 2; y < e.height; y += 2 {
				for x := parity % 2; x < e.width; x += 2 {
					m[y/2*r.width+x/2] = answers[d][spread[y*e.width+x]]
				}
			}
			r.maps[d][parity] = m
		}
	}
	r.mean = make([]int32, (r.width+1)*(r.height+1))
	for y := range r.height {
		row := int32(0)
		for x := range r.width {
			for d := range r.maps {
				row += int32(r.maps[d][0][y*r.width+x])
			}
			r.mean[(y+1)*(r.width+1)+x+1] = r.mean[y*(r.width+1)+x+1] + row
		}
	}
	return r
}

// answerTable gives for each direction and each set of directions that were seen how well they answer.
func answerTable() (table [directions][256]uint8) {
	for d := range table {
		for seen := range table[d] {
			switch {
			case seen>>d&1 != 0:
				table[d][seen] = 2
			case seen>>((d+1)%directions)&1 != 0, seen>>((d+directions-1)%directions)&1 != 0:
				table[d][seen] = 1
			}
		}
	}
	return table
}

// chance is the mean answer over all directions in a box of places of one parity.
func (r *responses) chance(x, y, width, height int) float64 {
	x0, y0, x1, y1 := max(0, x), max(0, y), min(r.width, x+width), min(r.height, y+height)
	if x1 <= x0 || y1 <= y0 {
		return 0
	}
	w := r.width + 1
	sum := r.mean[y1*w+x1] - r.mean[y0*w+x1] - r.mean[y1*w+x0] + r.mean[y0*w+x0]
	return float64(sum) / directions / float64((x1-x0)*(y1-y0))
}
