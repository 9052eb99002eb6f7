package judge

import (
	"context"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// namedLab is a brand colour ready to be compared.
type namedLab struct {
	name string
	lab  imaging.Lab
}

func brandColours(colours []art.Colour) ([]namedLab, error) {
	if len(colours) == 0 {
		return nil, fmt.Errorf("judge: the brand kit names no colours to compare with: %w", art.ErrUnsupported)
	}
	labs := make([]namedLab, len(colours))
	for i, c := range colours {
		r, g, b, err := imaging.ParseHex(c.Hex)
		if err != nil {
			return nil, fmt.Errorf("judge: brand colour %q: %w", c.Name, err)
		}
		labs[i] = namedLab{c.Name, imaging.ToLab(r, g, b)}
	}
	return labs, nil
}

// nearest gives the brand colour with the smallest CIEDE2000 difference.
func nearest(l imaging.Lab, brand []namedLab) (name string, delta float64) {
	for i, b := range brand {
		if d := imaging.DeltaE(l, b.lab); i == 0 || d < delta {
			name, delta = b.name, d
		}
	}
	return name, delta
}

// palette is the mean CIEDE2000 difference of the picture's colours to the nearest brand colours, weighted by area.
type palette struct{}

// Name implements Scorer.
func (palette) Name() string { return "palette" }

// Scale implements Scorer.
func (palette) Scale() Scale {
	return Scale{Version: "1", Unit: "ΔE2000", Low: 0, High: 50, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "Mean distance of the picture's colours to the brand's, by area; below 5 is on brand, above 20 is another world of colour.",
		"de": "Mittlerer Abstand der Bildfarben zu den Markenfarben nach Fläche; unter 5 markentreu, über 20 eine andere Farbwelt.",
	}}
}

// Depends implements Dependent.
func (palette) Depends(s Subject) (any, bool) { return s.Palette, true }

// Score implements Scorer.
func (palette) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	brand, err := brandColours(s.Palette)
	if err != nil {
		return 0, nil, err
	}
	e := &art.Evidence{}
	var sum, area float64
	for _, swatch := range imaging.Palette(s.Picture, 12) {
		name, delta := nearest(swatch.Lab(), brand)
		e.Colours = append(e.Colours, art.ColourShare{Hex: swatch.Hex(), Share: round(swatch.Share, 4), Nearest: name, DeltaE: round(delta, 2)})
		sum, area = sum+swatch.Share*delta, area+swatch.Share
	}
	if area == 0 {
		return 0, nil, fmt.Errorf("judge: the picture has no dominant colours: %w", art.ErrUnsupported)
	}
	return sum / area, e, nil
}

// background is the CIEDE2000 difference of the frame's dominant colour to the asked one or the nearest brand colour.
type background struct{}

// Name implements Scorer.
func (background) Name() string { return "background" }

// Scale implements Scorer.
func (background) Scale() Scale {
	return Scale{Version: "1", Unit: "ΔE2000", Low: 0, High: 50, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "How far the background is from the asked brand colour; below 3 hardly anybody sees a difference.",
		"de": "Wie weit der Hintergrund von der gewünschten Markenfarbe entfernt ist; unter 3 sieht kaum jemand einen Unterschied.",
	}}
}

// Depends implements Dependent.
func (background) Depends(s Subject) (any, bool) { return []any{s.Palette, s.Background}, true }

// Score implements Scorer.
func (background) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	wanted := s.Palette
	if s.Background != "" {
		wanted = []art.Colour{{Name: "asked", Hex: s.Background}}
	}
	brand, err := brandColours(wanted)
	if err != nil {
		return 0, nil, err
	}
	ground, err := ground(s.Picture)
	if err != nil {
		return 0, nil, err
	}
	name, delta := nearest(ground.Lab(), brand)
	return delta, &art.Evidence{Colours: []art.ColourShare{{Hex: ground.Hex(), Share: round(ground.Share, 4), Nearest: name, DeltaE: round(delta, 2)}}}, nil
}

// ground is the dominant colour of the picture's frame, a sixteenth of the sides wide.
func ground(p *imaging.RGB) (imaging.Swatch, error) {
	edge := max(1, min(p.Width, p.Height)/16)
	frame := &imaging.RGB{Height: 1}
	for y := range p.Height {
		for x := range p.Width {
			if x < edge || y < edge || x >= p.Width-edge || y >= p.Height-edge {
				i := 3 * (y*p.Width + x)
				frame.Pix = append(frame.Pix, p.Pix[i:i+3]...)
				frame.Width++
			}
		}
	}
	swatches := imaging.Palette(frame, 1)
	if len(swatches) == 0 {
		return imaging.Swatch{}, fmt.Errorf("judge: the frame has no dominant colour: %w", art.ErrUnsupported)
	}
	return swatches[0], nil
}
