package judge

import (
	"context"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// lumaOf is luma of a subject's picture; nobody may change it.
func lumaOf(s Subject) []float64 {
	v, _ := of(s, "luma", func() ([]float64, error) { return luma(s.Picture), nil })
	return v
}

// luma gives the luminance-like brightness of every pixel, 0..255 (Rec. 601).
func luma(p *imaging.RGB) []float64 {
	v := make([]float64, p.Width*p.Height)
	for i := range v {
		v[i] = 0.299*float64(p.Pix[3*i]) + 0.587*float64(p.Pix[3*i+1]) + 0.114*float64(p.Pix[3*i+2])
	}
	return v
}

// sharpness is one over the mean width of edges in pixels, so flat areas do not count as blur.
//
// Source: Marziliano, Dufaux, Winkler, Ebrahimi 2002, "A no-reference perceptual blur metric": an edge's width is the
// distance between the local extremes around it. Edges are weighted by their height.
type sharpness struct{}

// Name implements Scorer.
func (sharpness) Name() string { return "sharpness" }

// Scale implements Scorer.
func (sharpness) Scale() Scale {
	return Scale{Version: "1", Unit: "1/px", Low: 0, High: 1, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "How narrow the edges are: 1 is one pixel, 0.2 is five pixels and looks soft.",
		"de": "Wie schmal die Kanten sind: 1 ist ein Pixel, 0,2 sind fünf Pixel und wirkt weich.",
	}}
}

// edgeHeight is the least step of brightness that counts as an edge.
const edgeHeight = 40

// Score implements Scorer.
func (sharpness) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	v, w, h := lumaOf(s), s.Picture.Width, s.Picture.Height
	var widths, heights float64
	for y := range h {
		a, b := edges(func(i int) float64 { return v[y*w+i] }, w)
		widths, heights = widths+a, heights+b
	}
	for x := range w {
		a, b := edges(func(i int) float64 { return v[i*w+x] }, h)
		widths, heights = widths+a, heights+b
	}
	if heights == 0 {
		return 0, &art.Evidence{Text: "there is no edge in the picture"}, nil
	}
	width := widths / heights
	return math.Min(1, 1/width), &art.Evidence{Details: map[string]any{"edge_width_px": round(width, 2)}}, nil
}

// edges adds up, over the monotone runs of a line that are high enough, height × width and height.
func edges(at func(int) float64, n int) (widths, heights float64) {
	start, direction := 0, 0.0
	end := func(i int) {
		if height := math.Abs(at(i) - at(start)); height >= edgeHeight {
			widths += height * float64(i-start)
			heights += height
		}
	}
	for i := 1; i < n; i++ {
		d := at(i) - at(i-1)
		sign := 0.0
		if math.Abs(d) > 2 {
			sign = math.Copysign(1, d)
		}
		if sign != direction {
			if direction != 0 {
				end(i - 1)
			}
			start, direction = i-1, sign
		}
	}
	if direction != 0 {
		end(n - 1)
	}
	return widths, heights
}

// contrast is the range between the darkest and the brightest 5 % in L*.
type contrast struct{}

// Name implements Scorer.
func (contrast) Name() string { return "contrast" }

// Scale implements Scorer.
func (contrast) Scale() Scale {
	return Scale{Version: "1", Unit: "L*", Low: 0, High: 100, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "Distance between the darkest and the brightest twentieth of the picture; below 15 it looks washed out.",
		"de": "Abstand zwischen dem dunkelsten und dem hellsten Zwanzigstel; unter 15 wirkt das Bild flau.",
	}}
}

// Score implements Scorer.
func (contrast) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	levels := lumaOf(s)
	var count [256]int
	for _, v := range levels {
		count[uint8(v+0.5)]++
	}
	lightness := func(rank int) float64 { // of the pixel with so many darker ones
		for level, n := range count {
			if rank -= n; rank < 0 {
				g := uint8(level)
				return imaging.ToLab(g, g, g).L
			}
		}
		return 100
	}
	low, high := lightness(len(levels)/20), lightness(len(levels)-1-len(levels)/20)
	return high - low, &art.Evidence{Details: map[string]any{"p5": round(low, 1), "p95": round(high, 1)}}, nil
}

// noise is the standard deviation of brightness in small squares, on average over the quieter half of them, which edges
// do not disturb.
type noise struct{}

// Name implements Scorer.
func (noise) Name() string { return "noise" }

// Scale implements Scorer.
func (noise) Scale() Scale {
	return Scale{Version: "1", Unit: "levels of 255", Low: 0, High: 20, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "Grain and blotches in areas that should be flat; above 6 they are plain to see.",
		"de": "Korn und Flecken in Flächen, die ruhig sein sollten; über 6 deutlich sichtbar.",
	}}
}

// flatBlock is the side of the squares that are looked at, in pixels.
const flatBlock = 8

// Score implements Scorer.
func (noise) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	v, w, h := lumaOf(s), s.Picture.Width, s.Picture.Height
	if w < flatBlock || h < flatBlock {
		return 0, nil, fmt.Errorf("judge: %d×%d pixels are too few to find noise in: %w", w, h, art.ErrUnsupported)
	}
	var deviations []float64
	for y := 0; y+flatBlock <= h; y += flatBlock / 2 {
		for x := 0; x+flatBlock <= w; x += flatBlock / 2 {
			deviations = append(deviations, blockDeviation(v[y*w+x:], w))
		}
	}
	slices.Sort(deviations)
	// The quieter half of the squares is what should be flat.
	flat := deviations[:(len(deviations)+1)/2]
	sum := 0.0
	for _, d := range flat {
		sum += d
	}
	return sum / float64(len(flat)), nil, nil
}

// blockDeviation is the standard deviation of one square.
func blockDeviation(v []float64, stride int) float64 {
	var sum, squares float64
	for y := range flatBlock {
		for x := range flatBlock {
			d := v[y*stride+x]
			sum, squares = sum+d, squares+d*d
		}
	}
	const n = flatBlock * flatBlock
	return math.Sqrt(math.Max(0, squares/n-sum/n*(sum/n)))
}

func round(v float64, digits int) float64 {
	f := math.Pow10(digits)
	return math.Round(v*f) / f
}
