package judge

import (
	"context"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// oversaturation is how far colours lie beyond a chroma that pictures seldom need, on average.
//
// Chroma is C* of CIELAB; sRGB's purest colours have 100 to 134. Colours of the brand's palette are wanted and don't
// count. The evidence tells colourfulness by Hasler, Süsstrunk 2003, "Measuring colourfulness in natural images".
type oversaturation struct{}

// From chromaLow on a colour counts as more than needed, from chromaHigh on it counts fully. wantedColour is the
// CIEDE2000 difference to a brand colour up to which a colour is that one.
const (
	chromaLow    = 60
	chromaHigh   = 100
	wantedColour = 6
)

// colourSamples is how many samples a side colours are looked at with.
const colourSamples = 256

// Name implements Scorer.
func (oversaturation) Name() string { return "oversaturation" }

// Scale implements Scorer.
func (oversaturation) Scale() Scale {
	return Scale{Version: "1", Unit: "share", Low: 0, High: 1, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "How much of the picture has glaring colours that are not the brand's: 0 none, 1 all of it as glaring as screens can.",
		"de": "Wie viel des Bildes grelle Farben hat, die nicht die der Marke sind: 0 nichts, 1 alles so grell, wie Bildschirme können.",
	}}
}

// Depends implements Dependent.
func (oversaturation) Depends(s Subject) (any, bool) { return s.Palette, true }

// Score implements Scorer.
func (oversaturation) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	wanted := make([]imaging.Lab, len(s.Palette))
	for i, c := range s.Palette {
		r, g, b, err := imaging.ParseHex(c.Hex)
		if err != nil {
			return 0, nil, err
		}
		wanted[i] = imaging.ToLab(r, g, b)
	}
	p := s.Picture
	columns, rows := min(colourSamples, p.Width), min(colourSamples, p.Height)
	c, sum := newCells(p.Width, p.Height), 0.0
	var opponents colourfulness
	for j := range rows {
		for i := range columns {
			x, y := (2*i+1)*p.Width/(2*columns), (2*j+1)*p.Height/(2*rows)
			r, g, b := p.At(x, y)
			opponents.add(float64(r), float64(g), float64(b))
			excess := glaring(r, g, b, wanted)
			c.add(x, y, excess, 1)
			sum += excess
		}
	}
	evidence := &art.Evidence{Heat: c.heat(1), Details: map[string]any{"colourfulness": round(opponents.value(), 1), "heat_full": 1}}
	return sum / float64(columns*rows), evidence, nil
}

func glaring(r, g, b uint8, wanted []imaging.Lab) float64 {
	if max(r, g, b)-min(r, g, b) < 80 { // chroma 60 needs more, and most pixels end here
		return 0
	}
	l := imaging.ToLab(r, g, b)
	excess := (math.Hypot(l.A, l.B) - chromaLow) / (chromaHigh - chromaLow)
	if excess <= 0 {
		return 0
	}
	for _, w := range wanted {
		if imaging.DeltaE(l, w) <= wantedColour {
			return 0
		}
	}
	return min(1, excess)
}

// colourfulness adds up the opponent colours red–green and yellow–blue.
type colourfulness struct{ n, rg, yb, rg2, yb2 float64 }

func (c *colourfulness) add(r, g, b float64) {
	rg, yb := r-g, (r+g)/2-b
	c.n, c.rg, c.yb, c.rg2, c.yb2 = c.n+1, c.rg+rg, c.yb+yb, c.rg2+rg*rg, c.yb2+yb*yb
}

// value is 0 for grey pictures, about 15 for slightly and 109 for extremely colourful ones, in the paper's words.
func (c *colourfulness) value() float64 {
	rg, yb := c.rg/c.n, c.yb/c.n
	return math.Sqrt(max(0, c.rg2/c.n-rg*rg+c.yb2/c.n-yb*yb)) + 0.3*math.Hypot(rg, yb)
}
