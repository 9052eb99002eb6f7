package judge

import (
	"context"

	"presswerk/internal/art"
)

// clipping is the share of the picture in which brightness ran against the end of the scale.
//
// A white ground or a black letter is at the end of the scale on purpose and has a hard outline. Light that was too much
// climbs to the end and stops there: its area has a soft outline. Areas count by the share of their outline that is soft.
type clipping struct{}

const (
	clipSamples = 512 // a side at most
	clipEnd     = 1   // levels from the end of the scale that count as the end
	clipSoft    = 16  // levels from the end that still count as climbing to it
)

// Name implements Scorer.
func (clipping) Name() string { return "clipping" }

// Scale implements Scorer.
func (clipping) Scale() Scale {
	return Scale{Version: "1", Unit: "share of area", Low: 0, High: 1, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "Share of the picture whose lights are blown out, colours cut or shadows drowned; plain white or black grounds don't count.",
		"de": "Anteil des Bildes mit ausgefressenen Lichtern, abgeschnittenen Farben oder zugelaufenen Schatten; reinweiße oder -schwarze Flächen zählen nicht.",
	}}
}

// Score implements Scorer.
func (clipping) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	p := s.Picture
	step := max(1, (max(p.Width, p.Height)+clipSamples-1)/clipSamples)
	w, h := (p.Width+step-1)/step, (p.Height+step-1)/step
	light, dark := make([]uint8, w*h), make([]uint8, w*h) // distance from either end
	for y := range h {
		for x := range w {
			r, g, b := p.At(x*step, y*step)
			light[y*w+x], dark[y*w+x] = 255-max(r, g, b), max(r, g, b)
		}
	}
	c := newCells(p.Width, p.Height)
	for y := range h {
		for x := range w {
			c.add(x*step, y*step, 0, 1)
		}
	}
	mark := func(distance []uint8) float64 {
		sum := 0.0
		for _, a := range clippedAreas(distance, w, h) {
			sum += float64(len(a.pixels)) * a.soft
			for _, i := range a.pixels {
				c.sum[i/w*step/cellSide*c.columns+i%w*step/cellSide] += a.soft
			}
		}
		return sum / float64(w*h)
	}
	lights, shadows := mark(light), mark(dark)
	return lights + shadows, &art.Evidence{
		Heat: c.heat(1), Details: map[string]any{"lights": round(lights, 4), "shadows": round(shadows, 4), "heat_full": 1},
	}, nil
}

// clippedArea is connected pixels at the end of the scale.
type clippedArea struct {
	pixels []int
	soft   float64 // share of the outline beyond which brightness climbs to the end
}

func clippedAreas(distance []uint8, w, h int) []clippedArea {
	var areas []clippedArea
	seen := make([]bool, len(distance))
	for start, d := range distance {
		if d > clipEnd || seen[start] {
			continue
		}
		seen[start] = true
		area, outline, soft := []int{start}, 0, 0
		for n := 0; n < len(area); n++ {
			x, y := area[n]%w, area[n]/w
			for _, by := range [4][2]int{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
				nx, ny := x+by[0], y+by[1]
				if nx < 0 || ny < 0 || nx >= w || ny >= h {
					continue
				}
				i := ny*w + nx
				switch {
				case distance[i] > clipEnd:
					outline++
					if distance[i] <= clipSoft {
						soft++
					}
				case !seen[i]:
					seen[i] = true
					area = append(area, i)
				}
			}
		}
		if outline > 0 {
			areas = append(areas, clippedArea{area, float64(soft) / float64(outline)})
		}
	}
	return areas
}
