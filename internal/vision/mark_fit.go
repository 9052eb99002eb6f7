package vision

import (
	"math"

	"presswerk/internal/imaging"
)

// figureField is a mark's edges as the fit compares them: at each place of a grid with room around the mark, how much of an
// edge there is and which way it goes.
type figureField struct {
	width, height int
	side          float64 // of the mark's longer side, in places
	cos, sin      []float32
	squares       float64
	edge          []int // places where the mark has an edge
}

// fieldRoom is how much room there is around a mark, in places.
const fieldRoom = 3

// strong brings an edge's strength to 0..1: from some levels on an edge is an edge.
func strong(levels float32) float32 { return levels / (levels + 6) }

func newField(l *imaging.Layer, side int, blur float64) *figureField {
	e := edgesOf(premultiplied(l, side, fieldRoom))
	f := &figureField{width: e.width, height: e.height, side: float64(side)}
	cos, sin := imaging.NewPlane(e.width, e.height), imaging.NewPlane(e.width, e.height)
	for i, s := range e.strength {
		cos.Pix[i], sin.Pix[i] = strong(s)*e.cos[i], strong(s)*e.sin[i]
	}
	f.cos, f.sin = cos.Gaussian(blur/2).Pix, sin.Gaussian(blur/2).Pix
	for i := range f.cos {
		if n := float64(f.cos[i]*f.cos[i] + f.sin[i]*f.sin[i]); n > 0.01 {
			f.squares += n
			f.edge = append(f.edge, i)
		}
	}
	return f
}

// likeness compares the mark's edges with a scene's where it would lie. A scene that has edges of any direction everywhere
// is as often unlike as like, which comes to 0; one that has edges in few of the mark's places stays small as well.
func (f *figureField) likeness(l *sceneSize, p Placement) float64 {
	// a step of one place, in pixels of the level
	k := l.scale / f.side
	ax, ay, bx, by := p.WidthX*k, p.WidthY*k, p.HeightX*k, p.HeightY*k
	ox := p.X*l.scale - 0.5 - ax*float64(f.width-1)/2 - bx*float64(f.height-1)/2
	oy := p.Y*l.scale - 0.5 - ay*float64(f.width-1)/2 - by*float64(f.height-1)/2
	var dot, squares float64
	for _, i := range f.edge {
		u, v := float64(i%f.width), float64(i/f.width)
		x, y := ox+u*ax+v*bx, oy+u*ay+v*by
		var gu, gv, best float32
		for _, c := range l.channels {
			du := (sample(c, x+ax, y+ay) - sample(c, x-ax, y-ay)) / 2
			dv := (sample(c, x+bx, y+by) - sample(c, x-bx, y-by)) / 2
			if m := du*du + dv*dv; m > best {
				gu, gv, best = du, dv, m
			}
		}
		if best == 0 {
			continue
		}
		s := strong(float32(math.Sqrt(float64(best))))
		squares += float64(s * s)
		dot += float64(s * ((gu*gu-gv*gv)/best*f.cos[i] + 2*gu*gv/best*f.sin[i]))
	}
	const least = 0.25 // of the mark's own edges
	return dot / math.Sqrt(f.squares*math.Max(squares, least*f.squares))
}

// sample takes a level between pixels; outside there is the border.
func sample(p *imaging.Plane, x, y float64) float32 {
	x, y = min(max(x, 0), float64(p.Width-1)), min(max(y, 0), float64(p.Height-1))
	i, j := int(x), int(y)
	right, below := float32(x-float64(i)), float32(y-float64(j))
	at := j*p.Width + i
	next, under := at, at
	if i+1 < p.Width {
		next++
	}
	if j+1 < p.Height {
		under += p.Width
	}
	top := p.Pix[at] + right*(p.Pix[next]-p.Pix[at])
	bottom := p.Pix[under] + right*(p.Pix[under+next-at]-p.Pix[under])
	return top + below*(bottom-top)
}

// fit moves, scales, turns, stretches and shears the mark in ever smaller steps for as long as its likeness grows.
func (m *Mark) fit(s *Scene, f *figureField, from Placement, reach float64) Sighting {
	long := math.Max(math.Hypot(from.WidthX, from.WidthY), math.Hypot(from.HeightX, from.HeightY))
	l := s.near(long / f.side)
	best := Sighting{from, f.likeness(l, from)}
	steps := [6]float64{0.03, 0.03, 0.08, 0.1, 0.07, 0.05} // shares of the side twice; logarithms of scale and stretch; radians; shear
	for i := range steps {
		steps[i] *= reach
	}
	for halved := 0; halved < 5; {
		better := false
		for k, step := range steps {
			for _, by := range [2]float64{step, -step} {
				p := moved(best.Placement, k, by)
				if got := f.likeness(l, p); got > best.Likeness {
					best, better = Sighting{p, got}, true
					break
				}
			}
		}
		if !better {
			halved++
			for i := range steps {
				steps[i] /= 2
			}
		}
	}
	return best
}

// moved changes a placement in one of six ways.
func moved(p Placement, way int, by float64) Placement {
	switch way {
	case 0, 1: // along the width or the height
		u, v := by*float64(1-way), by*float64(way)
		p.X, p.Y = p.X+u*p.WidthX+v*p.HeightX, p.Y+u*p.WidthY+v*p.HeightY
	case 2, 3: // scale; stretch of width against height
		grow := math.Exp(by)
		p.WidthX, p.WidthY = p.WidthX*grow, p.WidthY*grow
		if way == 3 {
			grow = 1 / grow
		}
		p.HeightX, p.HeightY = p.HeightX*grow, p.HeightY*grow
	case 4: // turn
		sin, cos := math.Sincos(by)
		p.WidthX, p.WidthY = p.WidthX*cos-p.WidthY*sin, p.WidthX*sin+p.WidthY*cos
		p.HeightX, p.HeightY = p.HeightX*cos-p.HeightY*sin, p.HeightX*sin+p.HeightY*cos
	case 5: // shear
		p.HeightX, p.HeightY = p.HeightX+by*p.WidthX, p.HeightY+by*p.WidthY
	}
	return p
}
