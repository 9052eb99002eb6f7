package judge

import (
	"context"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/vision"
)

// Logo is a brand's logo, made ready to be found, with the room that the brand gives it. It is read-only.
type Logo struct {
	SHA256     string  // of its file
	ClearSpace float64 // on every side, as a share of its height; 0 is not said
	MinWidth   int     // pixels; 0 is not said
	mark       *vision.Mark
}

// NewLogo reads a logo's file, best SVG of outlines.
func NewLogo(ctx context.Context, data []byte, clearSpace float64, minWidth int) (*Logo, error) {
	l, err := imaging.DecodeLayer(ctx, data, vision.MarkSide, imaging.Limits{})
	if err != nil {
		return nil, fmt.Errorf("judge: the logo: %w", err)
	}
	m, err := vision.NewMark(l)
	if err != nil {
		return nil, fmt.Errorf("judge: the logo: %w", err)
	}
	return &Logo{SHA256: art.Digest(data), ClearSpace: clearSpace, MinWidth: minWidth, mark: m}, nil
}

// seenLogo is the likeness from which on a logo counts as seen: on photographs and
// patterns without it the best place stayed below 0.6, and logos on quiet and on busy ground were at 0.75 and more.
const seenLogo = 0.65

// logoScorers look for the brand's logo.
func logoScorers() Panel {
	return Panel{logoPresence{}, logoClearSpace{}, logoDistortion{}, logoContrast{}}
}

// logoFacts are what numbers of a logo depend on.
func logoFacts(s Subject) (any, bool) {
	if s.Logo == nil {
		return nil, true
	}
	return []any{s.Logo.SHA256, s.Logo.ClearSpace, s.Logo.MinWidth}, true
}

// logoOf is the place that looks most like the logo.
func logoOf(s Subject) (vision.Sighting, error) {
	if s.Logo == nil {
		return vision.Sighting{}, fmt.Errorf("judge: the brand has no logo; name its file as logo.file in the kit: %w", art.ErrUnavailable)
	}
	return of(s, "logo", func() (vision.Sighting, error) { return s.Logo.mark.Find(sceneOf(s)), nil })
}

func sceneOf(s Subject) *vision.Scene {
	v, _ := of(s, "scene", func() (*vision.Scene, error) { return vision.NewScene(s.Picture), nil })
	return v
}

// logoSeen is the logo in the picture, or the reason why nothing can be said of it.
func logoSeen(s Subject) (vision.Sighting, error) {
	f, err := logoOf(s)
	if err == nil && f.Likeness < seenLogo {
		err = fmt.Errorf("judge: the logo isn't in the picture: %w", art.ErrUnsupported)
	}
	return f, err
}

// logoBox is the evidence of where a logo was seen.
func logoBox(f vision.Sighting) art.Box {
	b := f.Box()
	b.Label, b.Value = "logo", round(f.Likeness, 3)
	return b
}

// logoPresence is how much the likeliest place looks like the logo.
type logoPresence struct{}

// Name implements Scorer.
func (logoPresence) Name() string { return "logo_presence" }

// Scale implements Scorer.
func (logoPresence) Scale() Scale {
	return Scale{Version: "1", Unit: "likeness", Low: 0, High: 1, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "How well the edges at the likeliest place are the logo's, in whatever colours; from 0.65 on it is there.",
		"de": "Wie gut die Kanten an der wahrscheinlichsten Stelle die des Logos sind, in welchen Farben auch immer; ab 0,65 ist es da.",
	}}
}

// Depends implements Dependent.
func (logoPresence) Depends(s Subject) (any, bool) { return logoFacts(s) }

// Score implements Scorer.
func (logoPresence) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	f, err := logoOf(s)
	if err != nil {
		return 0, nil, err
	}
	e := &art.Evidence{Details: map[string]any{"logo_sha256": s.Logo.SHA256}}
	if f.Likeness >= seenLogo {
		width, height := f.Size()
		e.Boxes = []art.Box{logoBox(f)}
		e.Details["width_px"], e.Details["height_px"] = round(width, 1), round(height, 1)
		e.Details["delta_e"] = round(logoColours(s, f), 1)
		if s.Logo.MinWidth > 0 {
			e.Details["min_width_px"], e.Details["too_small"] = s.Logo.MinWidth, width < float64(s.Logo.MinWidth)-0.5
		}
	}
	return math.Max(0, f.Likeness), e, nil
}

// logoColours is the mean ΔE2000 between the logo's colours and the picture's where it lies.
func logoColours(s Subject, f vision.Sighting) float64 {
	l, sum, n := s.Logo.mark.Layer, 0.0, 0.0
	const step = 7 // every so many pixels of the drawing
	for j := 0; j < l.Height; j += step {
		for i := 0; i < l.Width; i += step {
			x, y := f.At(2*(float64(i)+0.5)/float64(l.Width)-1, 2*(float64(j)+0.5)/float64(l.Height)-1)
			if l.Alpha[j*l.Width+i] < 250 || !inside(s.Picture, x, y) {
				continue
			}
			sum += imaging.DeltaE(imaging.ToLab(l.At(i, j)), imaging.ToLab(s.Picture.At(int(x), int(y))))
			n++
		}
	}
	return sum / math.Max(1, n)
}

func inside(p *imaging.RGB, x, y float64) bool {
	return x >= 0 && y >= 0 && x < float64(p.Width) && y < float64(p.Height)
}

// logoDistortion is how far the logo's corners are from where those of an upright one that isn't stretched would be.
type logoDistortion struct{}

// Name implements Scorer.
func (logoDistortion) Name() string { return "logo_distortion" }

// Scale implements Scorer.
func (logoDistortion) Scale() Scale {
	return Scale{Version: "1", Unit: "share of half the diagonal", Low: 0, High: 1, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "How far the logo's corners are from an upright, unstretched logo of its size; a stretch by 10 % has about 0.05, a turn by 5° 0.09; measuring errs by up to 0.03.",
		"de": "Wie weit die Ecken des Logos von denen eines aufrechten, ungestreckten seiner Größe liegen; 10 % Streckung haben etwa 0,05, 5° Drehung 0,09; gemessen auf höchstens 0,03 genau.",
	}}
}

// Depends implements Dependent.
func (logoDistortion) Depends(s Subject) (any, bool) { return logoFacts(s) }

// Score implements Scorer: the root mean square of the corners' way to those of the mark of the same area, by half its diagonal.
func (logoDistortion) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	f, err := logoSeen(s)
	if err != nil {
		return 0, nil, err
	}
	width, height := f.Size()
	scale := math.Sqrt(math.Abs(f.WidthX*f.HeightY - f.HeightX*f.WidthY))
	wide, high := min(1, s.Logo.mark.Aspect)/2*scale, min(1, 1/s.Logo.mark.Aspect)/2*scale
	squares := 0.0
	for _, c := range [4][2]float64{{-1, -1}, {1, -1}, {-1, 1}, {1, 1}} {
		x, y := f.At(c[0], c[1])
		dx, dy := x-f.X-c[0]*wide, y-f.Y-c[1]*high
		squares += (dx*dx + dy*dy) / 4
	}
	return math.Sqrt(squares) / math.Hypot(wide, high), &art.Evidence{Boxes: []art.Box{logoBox(f)}, Details: map[string]any{
		"turned_degrees": round(f.Turn()*180/math.Pi, 1), "stretch": round(f.Stretch(), 3), "width_by_height": round(width/height, 3), "should_be": round(s.Logo.mark.Aspect, 3),
	}}, nil
}

// logoClearSpace is how much room is free around the logo.
type logoClearSpace struct{}

// Name implements Scorer.
func (logoClearSpace) Name() string { return "logo_clear_space" }

// clearest is as much room as is looked at, in heights of the logo.
const clearest = 2

// Scale implements Scorer.
func (logoClearSpace) Scale() Scale {
	return Scale{Version: "1", Unit: "logo heights", Low: 0, High: clearest, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "Free room around the logo up to the next edge or the picture's border, in heights of the logo; the kit's clear_space says how much it needs.",
		"de": "Freier Raum um das Logo bis zur nächsten Kante oder zum Bildrand, in Logohöhen; clear_space im Kit sagt, wie viel es braucht.",
	}}
}

// Depends implements Dependent.
func (logoClearSpace) Depends(s Subject) (any, bool) { return logoFacts(s) }

// Score implements Scorer.
func (logoClearSpace) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	f, err := logoSeen(s)
	if err != nil {
		return 0, nil, err
	}
	_, height := f.Size()
	free, x, y := sceneOf(s).Clear(f.Placement, clearest)
	box := f.Box()
	if border := float64(min(box.X, box.Y, s.Picture.Width-box.X-box.Width, s.Picture.Height-box.Y-box.Height)) / height; border < free {
		free = math.Max(0, border)
		x, y = -1, -1
	}
	e := &art.Evidence{Boxes: []art.Box{logoBox(f)}, Details: map[string]any{"logo_height_px": round(height, 1)}}
	if need := s.Logo.ClearSpace; need > 0 {
		room := int(need*height + 0.5)
		e.Boxes = append(e.Boxes, art.Box{X: box.X - room, Y: box.Y - room, Width: box.Width + 2*room, Height: box.Height + 2*room, Label: "clear space"})
		e.Details["clear_space"], e.Details["enough"] = need, free >= need
	}
	if x >= 0 && free < clearest {
		side := max(2, int(height/8))
		e.Boxes = append(e.Boxes, art.Box{X: int(x) - side/2, Y: int(y) - side/2, Width: side, Height: side, Label: "too near"})
	}
	return free, e, nil
}

// logoContrast is how well the logo stands out from what it lies on.
type logoContrast struct{}

// Name implements Scorer.
func (logoContrast) Name() string { return "logo_contrast" }

// Scale implements Scorer.
func (logoContrast) Scale() Scale {
	return Scale{Version: "1", Unit: "ratio", Low: 1, High: 21, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "Contrast of the logo's outline with its ground, as WCAG counts, at the outline's weaker quarter; below 3 it is hard to see.",
		"de": "Kontrast des Logoumrisses zum Grund nach WCAG, am schwächeren Viertel des Umrisses; unter 3 ist es schlecht zu sehen.",
	}}
}

// Depends implements Dependent.
func (logoContrast) Depends(s Subject) (any, bool) { return logoFacts(s) }

// Score implements Scorer: the lower quartile of (L₁ + 0.05) / (L₂ + 0.05) over pairs of pixels on both sides of the outline.
// Source: WCAG 2.2, success criterion 1.4.11, non-text contrast: 3 to 1.
func (logoContrast) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	f, err := logoSeen(s)
	if err != nil {
		return 0, nil, err
	}
	var ratios []float64
	for _, pair := range s.Logo.mark.Outline(f.Placement) {
		if !inside(s.Picture, pair.InX, pair.InY) || !inside(s.Picture, pair.OutX, pair.OutY) {
			continue
		}
		a := imaging.Luminance(s.Picture.At(int(pair.InX), int(pair.InY)))
		b := imaging.Luminance(s.Picture.At(int(pair.OutX), int(pair.OutY)))
		ratios = append(ratios, (max(a, b)+0.05)/(min(a, b)+0.05))
	}
	if len(ratios) < 8 {
		return 0, nil, fmt.Errorf("judge: the logo is too small, or its outline out of the picture: %w", art.ErrUnsupported)
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/4], &art.Evidence{Boxes: []art.Box{logoBox(f)}, Details: map[string]any{
		"median": round(ratios[len(ratios)/2], 2), "outline_points": len(ratios),
	}}, nil
}
