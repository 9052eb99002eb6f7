package judge

import (
	"context"
	"fmt"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// offGround is the CIEDE2000 difference to the background from which a pixel counts as subject.
const offGround = 12

// grid is how many samples a side the composition is looked at with.
const grid = 96

// figure is what stands out from the background.
type figure struct {
	share float64 // of the area
	box   art.Box
	x, y  float64 // centre of mass, 0..1

	columns, rows int // of the grid that it was looked for on
	on            []bool
}

// findFigure samples the picture on a grid, so that its cost does not grow with the size.
func figureOf(s Subject) (figure, error) {
	return of(s, "figure", func() (figure, error) { return findFigure(s.Picture) })
}

func findFigure(p *imaging.RGB) (figure, error) {
	g, err := ground(p)
	if err != nil {
		return figure{}, err
	}
	back := g.Lab()
	var f figure
	n, left, top, right, bottom := 0, p.Width, p.Height, -1, -1
	columns, rows := min(grid, p.Width), min(grid, p.Height)
	f.columns, f.rows, f.on = columns, rows, make([]bool, columns*rows)
	for j := range rows {
		for i := range columns {
			x, y := (2*i+1)*p.Width/(2*columns), (2*j+1)*p.Height/(2*rows)
			if imaging.DeltaE(imaging.ToLab(p.At(x, y)), back) < offGround {
				continue
			}
			n++
			f.on[j*columns+i] = true
			f.x, f.y = f.x+float64(x), f.y+float64(y)
			left, top, right, bottom = min(left, x), min(top, y), max(right, x), max(bottom, y)
		}
	}
	if n == 0 {
		return f, nil
	}
	f.share = float64(n) / float64(columns*rows)
	f.x, f.y = (f.x/float64(n)+0.5)/float64(p.Width), (f.y/float64(n)+0.5)/float64(p.Height) // a pixel lies half a step after its number
	f.box = art.Box{X: left, Y: top, Width: right - left + 1, Height: bottom - top + 1, Label: "subject", Value: round(f.share, 3)}
	return f, nil
}

// subjectSize is how much of the picture stands out from its background.
type subjectSize struct{}

// Name implements Scorer.
func (subjectSize) Name() string { return "subject" }

// Scale implements Scorer.
func (subjectSize) Scale() Scale {
	return Scale{Version: "1", Unit: "share of area", Low: 0, High: 1, Direction: art.BandIsBest, Meaning: art.Text{
		"en": "Share of the picture that stands out from the background; near 0 it is empty, near 1 it overflows.",
		"de": "Anteil des Bildes, der sich vom Hintergrund abhebt; nahe 0 ist es leer, nahe 1 läuft es über.",
	}}
}

// Score implements Scorer.
func (subjectSize) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	f, err := figureOf(s)
	if err != nil {
		return 0, nil, err
	}
	if f.share == 0 {
		return 0, &art.Evidence{Text: "nothing stands out from the background"}, nil
	}
	return f.share, &art.Evidence{Boxes: []art.Box{f.box}}, nil
}

// centring is how far the subject's centre of mass is from the middle.
type centring struct{}

// Name implements Scorer.
func (centring) Name() string { return "centring" }

// Scale implements Scorer.
func (centring) Scale() Scale {
	return Scale{Version: "1", Unit: "share of half the diagonal", Low: 0, High: 1, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "Distance of the subject's centre from the middle of the picture; 0 is centred, 1 is a corner.",
		"de": "Abstand des Motivschwerpunkts von der Bildmitte; 0 ist mittig, 1 ist eine Ecke.",
	}}
}

// Score implements Scorer.
func (centring) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	f, err := figureOf(s)
	if err != nil {
		return 0, nil, err
	}
	if f.share == 0 {
		return 0, nil, fmt.Errorf("judge: nothing stands out from the background: %w", art.ErrUnsupported)
	}
	return math.Hypot(f.x-0.5, f.y-0.5) / math.Sqrt(0.5), &art.Evidence{Boxes: []art.Box{f.box}}, nil
}
