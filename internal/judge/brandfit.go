package judge

import (
	"context"
	"fmt"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// near is the CIEDE2000 difference up to which a colour counts as another one: side by side it is seen, by itself hardly.
const near = 10

// onBrand is the share of the picture whose colour lies within near of a brand colour.
type onBrand struct{}

// Name implements Scorer.
func (onBrand) Name() string { return "on_brand" }

// Scale implements Scorer.
func (onBrand) Scale() Scale {
	return Scale{Version: "1", Unit: "share of area", Low: 0, High: 1, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "Share of the picture in brand colours (ΔE2000 up to 10); the map shows what lies beside them.",
		"de": "Anteil des Bildes in Markenfarben (ΔE2000 bis 10); die Karte zeigt, was daneben liegt.",
	}}
}

// Depends implements Dependent.
func (onBrand) Depends(s Subject) (any, bool) { return s.Palette, true }

// Score implements Scorer.
func (onBrand) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	brand, err := brandColours(s.Palette)
	if err != nil {
		return 0, nil, err
	}
	share, heat := within(s, brand)
	for i, v := range heat.Values {
		heat.Values[i] = 255 - v
	}
	return share, &art.Evidence{Heat: heat}, nil
}

// forbidden is the share of the picture in colours that the brand excludes.
type forbidden struct{}

// Name implements Scorer.
func (forbidden) Name() string { return "forbidden_colours" }

// Scale implements Scorer.
func (forbidden) Scale() Scale {
	return Scale{Version: "1", Unit: "share of area", Low: 0, High: 1, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "Share of the picture in colours that the brand excludes (ΔE2000 up to 10), such as a competitor's.",
		"de": "Anteil des Bildes in Farben, welche die Marke ausschließt (ΔE2000 bis 10), etwa denen eines Wettbewerbers.",
	}}
}

// Depends implements Dependent.
func (forbidden) Depends(s Subject) (any, bool) { return s.Forbidden, true }

// Score implements Scorer. A brand that excludes no colours finds none.
func (forbidden) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	if len(s.Forbidden) == 0 {
		return 0, &art.Evidence{Text: "the brand excludes no colours"}, nil
	}
	colours, err := brandColours(s.Forbidden)
	if err != nil {
		return 0, nil, err
	}
	share, heat := within(s, colours)
	e := &art.Evidence{}
	if share > 0 {
		e.Heat = heat
	}
	return share, e, nil
}

// within is the share of a grid's places whose colour is near one of some colours, with the map of them.
func within(s Subject, colours []namedLab) (float64, *art.Heat) {
	l := labGrid(s)
	heat := &art.Heat{Width: l.columns, Height: l.rows, Values: make([]byte, len(l.at))}
	n := 0
	for i, at := range l.at {
		if _, delta := nearest(at, colours); delta <= near {
			heat.Values[i] = 255
			n++
		}
	}
	return float64(n) / float64(len(l.at)), heat
}

// labs are a picture's colours on a grid of at most grid×grid places.
type labs struct {
	columns, rows int
	at            []imaging.Lab
}

func labGrid(s Subject) labs {
	l, _ := of(s, "labs", func() (labs, error) {
		p := s.Picture
		l := labs{columns: min(grid, p.Width), rows: min(grid, p.Height)}
		for j := range l.rows {
			for i := range l.columns {
				l.at = append(l.at, imaging.ToLab(p.At((2*i+1)*p.Width/(2*l.columns), (2*j+1)*p.Height/(2*l.rows))))
			}
		}
		return l, nil
	})
	return l
}

// thirds is how far the subject's centre is from the nearest crossing of the thirds.
type thirds struct{}

// Name implements Scorer.
func (thirds) Name() string { return "thirds" }

// Scale implements Scorer.
func (thirds) Scale() Scale {
	return Scale{Version: "1", Unit: "share of the diagonal", Low: 0, High: 0.5, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "Distance of the subject's centre from the nearest crossing of the thirds; 0 sits on it, a subject in the middle of a square is at 0.17.",
		"de": "Abstand der Motivmitte vom nächsten Schnittpunkt der Drittel; 0 liegt darauf, ein Motiv in der Mitte eines Quadrats hat 0,17.",
	}}
}

// Score implements Scorer.
func (thirds) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	f, err := standing(s)
	if err != nil {
		return 0, nil, err
	}
	w, h := float64(s.Picture.Width), float64(s.Picture.Height)
	best := math.Inf(1)
	for _, x := range []float64{1. / 3, 2. / 3} {
		for _, y := range []float64{1. / 3, 2. / 3} {
			best = math.Min(best, math.Hypot((f.x-x)*w, (f.y-y)*h)/math.Hypot(w, h))
		}
	}
	return best, &art.Evidence{Boxes: []art.Box{f.box}}, nil
}

// standing is the subject, or the reason why there is none.
func standing(s Subject) (figure, error) {
	f, err := figureOf(s)
	if err == nil && f.share == 0 {
		err = fmt.Errorf("judge: nothing stands out from the background: %w", art.ErrUnsupported)
	}
	return f, err
}

// headroom is the room above the subject.
type headroom struct{}

// Name implements Scorer.
func (headroom) Name() string { return "headroom" }

// Scale implements Scorer.
func (headroom) Scale() Scale {
	return Scale{Version: "1", Unit: "share of height", Low: 0, High: 1, Direction: art.BandIsBest, Meaning: art.Text{
		"en": "Room above the subject; 0 touches the upper edge or is cut off there.",
		"de": "Raum über dem Motiv; 0 berührt die Oberkante oder ist dort angeschnitten.",
	}}
}

// Score implements Scorer.
func (headroom) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	f, err := standing(s)
	if err != nil {
		return 0, nil, err
	}
	step := s.Picture.Height / min(grid, s.Picture.Height)
	room := f.box.Y
	if room <= step/2+1 { // the first row of the grid lies half a step inside
		room = 0
	}
	return float64(room) / float64(s.Picture.Height), &art.Evidence{Boxes: []art.Box{f.box, {Width: s.Picture.Width, Height: max(1, room), Label: "headroom"}}}, nil
}

// copySpace is how calm the part of the picture is where words will stand.
type copySpace struct{}

// Name implements Scorer.
func (copySpace) Name() string { return "copy_space" }

// Scale implements Scorer.
func (copySpace) Scale() Scale {
	return Scale{Version: "1", Unit: "", Low: 0, High: 1, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "How calm the copy space is: 1 is one flat colour; below 0.8 words over it are hard to read.",
		"de": "Wie ruhig der Platz für Text ist: 1 ist eine einzige Fläche; unter 0,8 liest sich Text darauf schlecht.",
	}}
}

// Depends implements Dependent.
func (copySpace) Depends(s Subject) (any, bool) { return s.Layout, true }

// busy is the standard deviation of brightness at which a copy space counts as full of things: a photograph's usual one.
const busy = 60

// Score implements Scorer: one less the standard deviation of brightness by busy, over the region's worst ninth. Words need all
// of it calm.
func (copySpace) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	if s.Layout.CopySpace == nil {
		return 0, nil, fmt.Errorf("judge: the brand says no place for words; write layout.copy_space into its kit: %w", art.ErrUnsupported)
	}
	v, w := lumaOf(s), s.Picture.Width
	region := s.Layout.CopySpace.In(s.Picture.Width, s.Picture.Height)
	worst, at := 0.0, region
	for k := range 9 {
		part := art.Box{X: region.X + k%3*region.Width/3, Y: region.Y + k/3*region.Height/3}
		part.Width, part.Height = max(1, region.X+(k%3+1)*region.Width/3-part.X), max(1, region.Y+(k/3+1)*region.Height/3-part.Y)
		var n, sum, squares float64
		for y := part.Y; y < min(s.Picture.Height, part.Y+part.Height); y++ {
			for _, l := range v[y*w+part.X : y*w+min(w, part.X+part.Width)] {
				n, sum, squares = n+1, sum+l, squares+l*l
			}
		}
		spread := math.Sqrt(math.Max(0, squares/n-sum*sum/n/n))
		if spread > worst {
			worst, at = spread, part
		}
	}
	region.Label, at.Label = "copy space", "busiest"
	return math.Max(0, 1-worst/busy), &art.Evidence{Boxes: []art.Box{region, at}, Details: map[string]any{"spread_levels": round(worst, 1)}}, nil
}
