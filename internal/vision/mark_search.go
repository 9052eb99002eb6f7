package vision

import (
	"cmp"
	"math"
	"slices"
	"sync"
)

// variant is a mark turned or stretched, for the search.
type variant struct {
	turn, stretch float64 // radians; width by height against the mark's own
	points        []variantPoint
	width, height int // of the box around the points, in places of one parity
	left, top     int
}

type variantPoint struct{ x, y, class int }

// variants lists how the mark is looked for: upright and stretched, or turned by up to 32°.
func (m *Mark) variants() (all []variant) {
	for _, stretch := range []float64{1, 0.62, 0.79, 1.27, 1.6} {
		all = append(all, m.variant(0, stretch))
	}
	for _, degrees := range []float64{-32, -24, -16, -8, 8, 16, 24, 32} {
		all = append(all, m.variant(degrees*math.Pi/180, 1))
	}
	return all
}

func (m *Mark) variant(turn, stretch float64) variant {
	v := variant{turn: turn, stretch: stretch}
	sin, cos := math.Sincos(turn)
	sx, sy := math.Sqrt(stretch), 1/math.Sqrt(stretch)
	x0, y0, x1, y1 := math.MaxInt, math.MaxInt, math.MinInt, math.MinInt
	for _, p := range m.points {
		x, y := p.x*sx, p.y*sy
		dx, dy := p.dx/sx, p.dy/sy // directions of gradients go the other way
		x, y, dx, dy = x*cos-y*sin, x*sin+y*cos, dx*cos-dy*sin, dx*sin+dy*cos
		n := dx*dx + dy*dy
		q := variantPoint{int(math.Round(x)), int(math.Round(y)), class((dx*dx-dy*dy)/n, 2*dx*dy/n)}
		v.points = append(v.points, q)
		x0, y0, x1, y1 = min(x0, q.x), min(y0, q.y), max(x1, q.x), max(y1, q.y)
	}
	v.left, v.top, v.width, v.height = x0>>1, y0>>1, (x1-x0)/2+1, (y1-y0)/2+1
	return v
}

// guess is a place that answers well.
type guess struct {
	answer float64 // above chance: 1 is every edge, 0 what any mark gets there
	place  Placement
}

// search lists the places that answer best, unlike each other.
func (m *Mark) search(s *Scene) []Placement {
	const kept = 8
	variants := m.variants()
	found := make([][]guess, len(s.levels))
	var all sync.WaitGroup
	for i, l := range s.levels {
		if l.response == nil {
			continue
		}
		all.Go(func() {
			for _, v := range variants {
				found[i] = append(found[i], m.answers(l, v)...)
			}
		})
	}
	all.Wait()
	best := slices.Concat(found...)
	slices.SortStableFunc(best, func(a, b guess) int { return cmp.Compare(b.answer, a.answer) })
	var places []Placement
	for _, g := range best {
		if !slices.ContainsFunc(places, func(o Placement) bool { return sameSpot(g.place, o) }) {
			if places = append(places, g.place); len(places) == kept {
				break
			}
		}
	}
	return places
}

// sameSpot tells whether two places would be fitted to the same one.
func sameSpot(a, b Placement) bool {
	wa, ha := a.Size()
	wb, hb := b.Size()
	near := math.Hypot(a.X-b.X, a.Y-b.Y) < 0.2*max(wa, ha)
	return near && math.Abs(math.Log(wa/wb)) < 0.3 && math.Abs(math.Log(ha/hb)) < 0.3
}

// answers lists the best places of one size and variant.
func (m *Mark) answers(l *sceneSize, v variant) (found []guess) {
	const kept = 4
	r := l.response
	x0, y0 := max(0, -v.left), max(0, -v.top)
	x1, y1 := r.width-max(0, v.left+v.width)-1, r.height-max(0, v.top+v.height)-1
	if x1 <= x0 || y1 <= y0 {
		return nil
	}
	w, n := x1-x0, float64(2*len(v.points))
	sums := make([]uint8, w)
	for y := y0; y < y1; y++ {
		clear(sums)
		for _, p := range v.points {
			row := r.maps[p.class][p.y&1*2+p.x&1][(y+p.y>>1)*r.width+x0+p.x>>1:]
			row = row[:len(sums)]
			for i, a := range row {
				sums[i] += a
			}
		}
		for i, sum := range sums {
			if float64(sum) < 0.5*n {
				continue
			}
			chance := r.chance(x0+i+v.left, y+v.top, v.width, v.height) / 2 * n
			answer := (float64(sum) - chance) / (n - chance + 1)
			if len(found) == kept && answer <= found[kept-1].answer {
				continue
			}
			found = keepBest(found, guess{answer, m.placement(float64(2*(x0+i)), float64(2*y), l.scale, v)}, kept)
		}
	}
	return found
}

// keepBest puts a guess among those that are kept, the best first: one that is like a better one isn't.
func keepBest(found []guess, g guess, most int) []guess {
	for i, o := range found {
		if sameSpot(g.place, o.place) {
			if g.answer <= o.answer {
				return found
			}
			found = slices.Delete(found, i, i+1)
			break
		}
	}
	at, _ := slices.BinarySearchFunc(found, g, func(a, b guess) int { return cmp.Compare(b.answer, a.answer) })
	return slices.Insert(found, at, g)[:min(most, len(found)+1)]
}

// placement is where a variant lies whose middle is at a pixel of a size.
func (m *Mark) placement(x, y, scale float64, v variant) Placement {
	sin, cos := math.Sincos(v.turn)
	long := searchSide / scale
	sx, sy := long*math.Sqrt(v.stretch), long/math.Sqrt(v.stretch)
	p := Placement{X: (x + 0.5) / scale, Y: (y + 0.5) / scale, WidthX: sx * cos, WidthY: sx * sin, HeightX: -sy * sin, HeightY: sy * cos}
	p.halfWide, p.halfHigh = m.halves()
	return p
}

// halves are half the mark's width and height where its longer side is 1.
func (m *Mark) halves() (wide, high float64) {
	return min(1, m.Aspect) / 2, min(1, 1/m.Aspect) / 2
}
