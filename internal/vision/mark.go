package vision

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Mark is a logo, made ready to be found in scenes: upright or turned a little, stretched or sheared, in its own colours or in
// others. It is read-only.
//
// The search sums up how well a scene answers to the mark's edges, in several sizes, turns and stretches; the best places are
// fitted by moving, scaling, turning, stretching and shearing the mark until its edges lie on the scene's.
type Mark struct {
	Aspect float64 // width by height
	Layer  *imaging.Layer
	points []edgePoint // of the search
	coarse *figureField
	fine   *figureField
}

// Sizes of a mark's longer side: in the search, and in the fit.
const (
	searchSide = 48
	coarseSide = 48
	fineSide   = 96
	markSide   = 384 // as it should be drawn
)

// MarkSide is how many pixels a mark's longer side should have when it is drawn for NewMark.
const MarkSide = markSide

// edgePoint is one edge of a mark: its place from the middle, in pixels of searchSide, and its direction.
type edgePoint struct{ x, y, dx, dy float64 }

// NewMark takes a logo, best drawn MarkSide pixels wide. One in which nothing can be seen gives art.ErrInvalid.
func NewMark(l *imaging.Layer) (*Mark, error) {
	if l.Width < 1 || l.Height < 1 || len(l.Alpha) != l.Width*l.Height {
		return nil, art.Invalid("logo", "it has no pixels", "give a drawing of at least 1×1")
	}
	aspect := float64(l.Width) / float64(l.Height)
	if aspect > 12 || aspect < 1./12 {
		return nil, art.Unsupported("logo", fmt.Sprintf("it is %.1f times as wide as high", aspect), "give one of at most 12 to 1")
	}
	m := &Mark{Aspect: aspect, Layer: l, coarse: newField(l, coarseSide, 1.2), fine: newField(l, fineSide, 1.5)}
	m.points = pointsOf(l)
	if len(m.points) < 8 {
		return nil, art.Invalid("logo", "nothing can be seen in it", "give a drawing with edges")
	}
	return m, nil
}

// premultiplied are a layer's channels with its transparency as a fourth, brought to a size with room around it.
func premultiplied(l *imaging.Layer, side, room int) []*imaging.Plane {
	scale := float64(side) / float64(max(l.Width, l.Height))
	w, h := max(3, int(float64(l.Width)*scale+0.5)), max(3, int(float64(l.Height)*scale+0.5))
	all := make([]*imaging.Plane, 4)
	for c := range all {
		p := imaging.NewPlane(l.Width, l.Height)
		for i, a := range l.Alpha {
			p.Pix[i] = float32(a)
			if c < 3 {
				p.Pix[i] *= float32(l.Pix[3*i+c]) / 255
			}
		}
		small := p.Resize(w, h)
		all[c] = imaging.NewPlane(w+2*room, h+2*room)
		for y := range h {
			copy(all[c].Pix[(y+room)*(w+2*room)+room:], small.Pix[y*w:(y+1)*w])
		}
	}
	return all
}

// pointsOf picks edges of a mark, spread over it: at most so many that a search stays quick.
func pointsOf(l *imaging.Layer) []edgePoint {
	const most, room = 64, 3
	e := edgesOf(premultiplied(l, searchSide, room))
	strongest := slices.Max(e.strength)
	type place struct {
		at       int
		strength float32
	}
	var all []place
	for i, s := range e.strength {
		if s > 0.25*strongest && s >= leastEdge {
			all = append(all, place{i, s})
		}
	}
	slices.SortStableFunc(all, func(a, b place) int { return cmp.Compare(b.strength, a.strength) })
	for apart := 8.0; ; apart *= 0.8 { // the widest spread that gives enough
		var points []edgePoint
		for _, p := range all {
			x, y := float64(p.at%e.width)-float64(e.width-1)/2, float64(p.at/e.width)-float64(e.height-1)/2
			if len(points) < most && !slices.ContainsFunc(points, func(o edgePoint) bool { return math.Hypot(o.x-x, o.y-y) < apart }) {
				angle := math.Atan2(float64(e.sin[p.at]), float64(e.cos[p.at])) / 2
				points = append(points, edgePoint{x, y, math.Cos(angle), math.Sin(angle)})
			}
		}
		if len(points) >= most || apart < 1 {
			return points
		}
	}
}

// Placement is how a mark lies in a picture: where its middle is, and where a step of one along its width and its height
// leads, when it is as long as its longer side is 1. In pixels.
type Placement struct {
	X, Y               float64
	WidthX, WidthY     float64 // from the middle along the width
	HeightX, HeightY   float64 // from the middle along the height
	halfWide, halfHigh float64
}

// At gives the place in the picture of a place in the mark, whose sides go from −1 to 1.
func (p Placement) At(u, v float64) (x, y float64) {
	u, v = u*p.halfWide, v*p.halfHigh
	return p.X + u*p.WidthX + v*p.HeightX, p.Y + u*p.WidthY + v*p.HeightY
}

// Locate gives the place in the mark, whose sides go from −1 to 1, of a place in the picture.
func (p Placement) Locate(x, y float64) (u, v float64) {
	x, y = x-p.X, y-p.Y
	det := p.WidthX*p.HeightY - p.HeightX*p.WidthY
	return (x*p.HeightY - y*p.HeightX) / det / p.halfWide, (y*p.WidthX - x*p.WidthY) / det / p.halfHigh
}

// Size is the width and height of the mark as it lies, in pixels.
func (p Placement) Size() (width, height float64) {
	return 2 * p.halfWide * math.Hypot(p.WidthX, p.WidthY), 2 * p.halfHigh * math.Hypot(p.HeightX, p.HeightY)
}

// Box is the rectangle around the mark.
func (p Placement) Box() art.Box {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range [4][2]float64{{-1, -1}, {1, -1}, {-1, 1}, {1, 1}} {
		x, y := p.At(c[0], c[1])
		x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
	}
	b := art.Box{X: int(math.Round(x0)), Y: int(math.Round(y0))}
	b.Width, b.Height = int(math.Round(x1))-b.X, int(math.Round(y1))-b.Y
	return b
}

// Turn is how far the mark is turned, clockwise as pictures are seen, in radians: −π to π.
func (p Placement) Turn() float64 {
	// the turn nearest to the map, in least squares
	return math.Atan2(p.WidthY-p.HeightX, p.WidthX+p.HeightY)
}

// Stretch is by how much the mark is longer in one direction than in the other, against its own shape: 1 is not at all. It is
// the ratio of the singular values.
func (p Placement) Stretch() float64 {
	e, f := (p.WidthX+p.HeightY)/2, (p.WidthX-p.HeightY)/2
	g, h := (p.WidthY+p.HeightX)/2, (p.WidthY-p.HeightX)/2
	q, r := math.Hypot(e, h), math.Hypot(f, g)
	return (q + r) / math.Max(1e-9, math.Abs(q-r))
}

// Sighting is a mark as it was found.
type Sighting struct {
	Placement
	Likeness float64 // −1..1: how well edges lie on edges; 1 is the mark itself
}

// Find gives the place in a scene that looks most like the mark, however little that is.
func (m *Mark) Find(s *Scene) Sighting {
	var best Sighting
	guesses := m.search(s)
	fitted := make([]Sighting, 0, len(guesses))
	for _, g := range guesses {
		fitted = append(fitted, m.fit(s, m.coarse, g, 1))
	}
	slices.SortStableFunc(fitted, func(a, b Sighting) int { return cmp.Compare(b.Likeness, a.Likeness) })
	for i, f := range fitted[:min(3, len(fitted))] {
		if f = m.fit(s, m.fine, f.Placement, 0.5); i == 0 || f.Likeness > best.Likeness {
			best = f
		}
	}
	return best
}
