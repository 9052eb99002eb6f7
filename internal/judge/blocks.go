package judge

import (
	"context"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
)

// steps tells at each pixel by how many levels the step from the pixel before it is higher than the steps around that
// one: 0 within a slope, the height of the step at a border between two areas. across looks along rows, down along columns.
type steps struct {
	width, height int
	across, down  []float32
}

// stepLimit is the most that a single step counts, so that the outlines of objects don't drown small, regular steps.
const stepLimit = 32

func stepsOf(s Subject) *steps {
	made, _ := of(s, "steps", func() (*steps, error) { return findSteps(lumaOf(s), s.Picture.Width, s.Picture.Height), nil })
	return made
}

func findSteps(v []float64, width, height int) *steps {
	out := &steps{width: width, height: height, across: make([]float32, len(v)), down: make([]float32, len(v))}
	excess := func(a, b, c, d float64) float32 {
		return float32(max(-stepLimit, min(stepLimit, math.Abs(c-b)-(math.Abs(b-a)+math.Abs(d-c))/2)))
	}
	for y := range height {
		row := v[y*width : (y+1)*width]
		for x := 2; x+1 < width; x++ {
			out.across[y*width+x] = excess(row[x-2], row[x-1], row[x], row[x+1])
		}
	}
	for y := 2; y+1 < height; y++ {
		for x := range width {
			i := y*width + x
			out.down[i] = excess(v[i-2*width], v[i-width], v[i], v[i+width])
		}
	}
	return out
}

// jpegBlock is the side of JPEG's blocks in pixels.
const jpegBlock = 8

// blocking is by how many levels the borders of JPEG's blocks stand out, wherever their grid begins, less where texture
// hides them.
//
// Source: Fan, de Queiroz 2003, "Identification of bitmap compression history: JPEG detection and quantizer estimation",
// which compares differences across the borders of blocks with those inside; the place of the grid as the strongest of
// the eight, as in Li, Yuan, Yu 2009, "Passive detection of doctored JPEG image via block artifact grid extraction"; steps
// are divided by the activity around them, as in Wang, Sheikh, Bovik 2002, "No-reference perceptual quality assessment of
// JPEG compressed images".
type blocking struct{}

// Name implements Scorer.
func (blocking) Name() string { return "blocking" }

// Scale implements Scorer.
func (blocking) Scale() Scale {
	return Scale{Version: "1", Unit: "levels of 255", Low: 0, High: 8, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "Height of the steps between JPEG's blocks of 8×8 pixels; above 0.5 they can be seen in quiet areas.",
		"de": "Höhe der Stufen zwischen den 8×8-Blöcken von JPEG; über 0,5 sind sie in ruhigen Flächen zu sehen.",
	}}
}

// blocky is the picture's value from which its grid is taken for real.
const blocky = 0.25

// Score implements Scorer.
func (blocking) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	w, h := s.Picture.Width, s.Picture.Height
	if w < 4*jpegBlock || h < 4*jpegBlock {
		return 0, nil, fmt.Errorf("judge: %d×%d pixels hold too few blocks: %w", w, h, art.ErrUnsupported)
	}
	g := blockGridOf(s)
	full := max(2, g.value())
	return g.value(), &art.Evidence{
		Heat:    g.heat.heat(full),
		Details: map[string]any{"grid_x": g.left, "grid_y": g.top, "across": round(g.across, 3), "down": round(g.down, 3), "heat_full": round(full, 2)},
	}, nil
}

// blockGrid is where JPEG's blocks begin and by how many levels they stand out.
type blockGrid struct {
	left, top    int
	across, down float64
	heat         *cells
}

func (g blockGrid) value() float64 { return (g.across + g.down) / 2 }

func blockGridOf(s Subject) blockGrid {
	made, _ := of(s, "blocks", func() (blockGrid, error) {
		w, h := s.Picture.Width, s.Picture.Height
		v, st := lumaOf(s), stepsOf(s)
		across, down := newMasked(w, h), newMasked(h, w)
		for y := range h {
			across.line(v[y*w:], st.across[y*w:], 1, y)
		}
		for x := range w {
			down.line(v[x:], st.down[x:], w, x)
		}
		g := blockGrid{heat: newCells(w, h)}
		g.left, g.across = across.standsOut()
		g.top, g.down = down.standsOut()
		for i := range g.heat.sum {
			g.heat.sum[i] = across.cells[g.left].sum[i]
			g.heat.weight[i] = across.cells[g.left].weight[i]
		}
		for i, sum := range down.cells[g.top].sum {
			at := i%down.cells[g.top].columns*g.heat.columns + i/down.cells[g.top].columns // it looked at the picture turned
			g.heat.sum[at] += sum
			g.heat.weight[at] += down.cells[g.top].weight[i]
		}
		return g, nil
	})
	return made
}

// masked gathers the steps of lines, divided by the activity around them, for each of the eight places a grid may begin at.
type masked struct {
	length int
	cells  [jpegBlock]*cells
}

func newMasked(length, lines int) *masked {
	m := &masked{length: length}
	for i := range m.cells {
		m.cells[i] = newCells(length, lines)
	}
	return m
}

// line looks at one line, whose pixels are stride apart.
func (m *masked) line(v []float64, st []float32, stride, number int) {
	const reach = jpegBlock / 2
	change := func(i int) float64 { return math.Abs(v[i*stride] - v[(i-1)*stride]) }
	activity := 0.0
	for i := 1; i < 2*reach; i++ {
		activity += change(i)
	}
	for i := reach; i+reach < m.length; i++ {
		activity += change(i + reach)
		if i > reach {
			activity -= change(i - reach)
		}
		around := (activity - change(i)) / (2 * reach)
		m.cells[i%jpegBlock].add(i, number, float64(st[i*stride])/(1+around), 1)
	}
}

// standsOut gives the place whose mean is highest, and by how much it is above the second highest, so that a picture
// without a grid, whose means differ by chance, stays near 0.
func (m *masked) standsOut() (at int, by float64) {
	means := make([]float64, jpegBlock)
	for i, c := range m.cells {
		sum, weight := 0.0, 0.0
		for k := range c.sum {
			sum, weight = sum+c.sum[k], weight+c.weight[k]
		}
		means[i] = sum / weight
	}
	order := slices.Clone(means)
	slices.Sort(order)
	highest := order[len(order)-1]
	return slices.Index(means, highest), highest - order[len(order)-2]
}
