package judge

import (
	"context"
	"fmt"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/vision"
)

// What the scorers of saliency look with.
const (
	centreShare = 0.5 // how much less the edges count than the middle: see vision.Saliency.Centred
	fixations   = 6   // that a scan path shows at most
	sightEdge   = 2   // places of a map around a region that are seen sharply with it: the map's last blur
)

// saliencyOf is where the eye goes in a subject's picture; nobody may change it.
func saliencyOf(s Subject) vision.Saliency {
	v, _ := of(s, "saliency", func() (vision.Saliency, error) { return Attention(s.Picture), nil })
	return v
}

// Attention predicts where the eye goes in a picture, as the scorers of saliency take it: with a centre bias of a half.
func Attention(p *imaging.RGB) vision.Saliency { return vision.FindSaliency(p).Centred(centreShare) }

// HeatOf is saliency as evidence.
func HeatOf(v vision.Saliency) *art.Heat {
	heat := &art.Heat{Width: v.Map.Width, Height: v.Map.Height, Values: make([]byte, len(v.Map.Pix))}
	for i, value := range v.Map.Pix {
		heat.Values[i] = byte(255*value + 0.5)
	}
	return heat
}

// attention is how much of a picture's saliency lies on a region, with what shows it. Covers tells whether a place, in shares of
// width and height, belongs to the region; boxes are what is shown of it.
func attention(s Subject, covers func(x, y float64) bool, boxes ...art.Box) (float64, *art.Evidence, error) {
	v := saliencyOf(s)
	if v.Flat() {
		return 0, nil, fmt.Errorf("judge: nothing in the picture draws the eye: %w", art.ErrUnsupported)
	}
	m := v.Map
	inside := make([]bool, len(m.Pix))
	for i := range inside {
		inside[i] = covers((float64(i%m.Width)+0.5)/float64(m.Width), (float64(i/m.Width)+0.5)/float64(m.Height))
	}
	inside = widened(inside, m.Width, sightEdge)
	var on, all float64
	places := 0
	for i, value := range m.Pix {
		all += float64(value)
		if inside[i] {
			on += float64(value)
			places++
		}
	}
	e := &art.Evidence{Heat: HeatOf(v), Boxes: boxes}
	path, first := v.ScanPath(fixations), 0
	steps := make([][2]int, len(path))
	for n, f := range path {
		x, y := int(f.X*float64(s.Picture.Width)), int(f.Y*float64(s.Picture.Height))
		steps[n] = [2]int{x, y}
		e.Boxes = append(e.Boxes, around(s, x, y, fmt.Sprintf("fixation %d", n+1), f.Value))
		if i := int(f.Y*float64(m.Height))*m.Width + int(f.X*float64(m.Width)); first == 0 && inside[i] {
			first = n + 1
		}
	}
	share, area := on/all, float64(places)/float64(len(inside))
	e.Details = map[string]any{"area": round(area, 3), "scan_path": steps, "first_fixation": first}
	if area > 0 {
		e.Details["times_area"] = round(share/area, 2)
	}
	return share, e, nil
}

// around is a small box that marks a place.
func around(s Subject, x, y int, label string, value float64) art.Box {
	half := max(1, min(s.Picture.Width, s.Picture.Height)/40)
	b := art.Box{X: max(0, x-half), Y: max(0, y-half), Label: label, Value: round(value, 3)}
	b.Width, b.Height = min(s.Picture.Width, x+half)-b.X, min(s.Picture.Height, y+half)-b.Y
	return b
}

// widened is a mask that reaches further by some places in all eight directions.
func widened(mask []bool, width, by int) []bool {
	out, height := make([]bool, len(mask)), len(mask)/width
	for i, set := range mask {
		if !set {
			continue
		}
		for y := max(0, i/width-by); y <= min(height-1, i/width+by); y++ {
			for x := max(0, i%width-by); x <= min(width-1, i%width+by); x++ {
				out[y*width+x] = true
			}
		}
	}
	return out
}

// withinBoxes tells whether a place lies in one of them.
func withinBoxes(s Subject, boxes []art.Box) func(x, y float64) bool {
	return func(x, y float64) bool {
		px, py := int(math.Floor(x*float64(s.Picture.Width))), int(math.Floor(y*float64(s.Picture.Height)))
		for _, b := range boxes {
			if px >= b.X && px < b.X+b.Width && py >= b.Y && py < b.Y+b.Height {
				return true
			}
		}
		return false
	}
}

// onSubject is how much of the saliency lies on what stands out from the background.
type onSubject struct{}

// Name implements Scorer.
func (onSubject) Name() string { return "saliency_subject" }

// Scale implements Scorer.
func (onSubject) Scale() Scale {
	return Scale{Version: "1", Unit: "share of saliency", Low: 0, High: 1, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "How much of what draws the eye lies on the subject; predicted from contrast and colour, faces and meaning aren't known to it.",
		"de": "Wie viel von dem, was den Blick anzieht, auf dem Motiv liegt; vorhergesagt aus Kontrast und Farbe, ohne Wissen von Gesichtern und Bedeutung.",
	}}
}

// Score implements Scorer.
func (onSubject) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	f, err := standing(s)
	if err != nil {
		return 0, nil, err
	}
	return attention(s, func(x, y float64) bool {
		return f.on[int(y*float64(f.rows))*f.columns+int(x*float64(f.columns))]
	}, f.box)
}

// onProduct is how much of the saliency lies where the brand's layout has the product.
type onProduct struct{}

// Name implements Scorer.
func (onProduct) Name() string { return "saliency_product" }

// Scale implements Scorer.
func (onProduct) Scale() Scale {
	return Scale{Version: "1", Unit: "share of saliency", Low: 0, High: 1, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "How much of what draws the eye lies where the layout has the product; whether the product is there isn't seen.",
		"de": "Wie viel von dem, was den Blick anzieht, dort liegt, wo der Aufbau das Produkt vorsieht; ob es dort ist, wird nicht erkannt.",
	}}
}

// Depends implements Dependent.
func (onProduct) Depends(s Subject) (any, bool) { return s.Layout.Product, true }

// Score implements Scorer.
func (onProduct) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	if s.Layout.Product == nil {
		return 0, nil, fmt.Errorf("judge: the brand says no place for the product; write layout.product into its kit: %w", art.ErrUnsupported)
	}
	box := s.Layout.Product.In(s.Picture.Width, s.Picture.Height)
	box.Label = "product"
	return attention(s, withinBoxes(s, []art.Box{box}), box)
}

// onClaim is how much of the saliency lies on the asked words, or where words will stand.
type onClaim struct{ networks Networks }

// Name implements Scorer.
func (onClaim) Name() string { return "saliency_claim" }

// Scale implements Scorer.
func (c onClaim) Scale() Scale {
	return Scale{Version: "1", Model: joinedSHA256(c.networks, textFinder, textReader), Unit: "share of saliency", Low: 0, High: 1, Direction: art.BandIsBest, Meaning: art.Text{
		"en": "How much of what draws the eye lies on the asked words: near 0 they are overlooked. Where none was asked for, how much lies in the copy space, which should be little.",
		"de": "Wie viel von dem, was den Blick anzieht, auf den verlangten Wörtern liegt: nahe 0 werden sie übersehen. Wo keine verlangt sind, wie viel im Platz für Text liegt; das sollte wenig sein.",
	}}
}

// Depends implements Dependent.
func (onClaim) Depends(s Subject) (any, bool) { return []any{s.Texts, s.Layout.CopySpace}, true }

// Score implements Scorer. Words that were asked for and can't be read give an error: nobody knows where they stand.
func (c onClaim) Score(ctx context.Context, s Subject) (float64, *art.Evidence, error) {
	boxes, region, err := c.region(ctx, s)
	if err != nil {
		return 0, nil, err
	}
	v, e, err := attention(s, withinBoxes(s, boxes), boxes...)
	if err == nil {
		e.Details["region"] = region
	}
	return v, e, err
}

func (c onClaim) region(ctx context.Context, s Subject) (boxes []art.Box, region string, err error) {
	if !asksForText(s) {
		if s.Layout.CopySpace == nil {
			return nil, "", fmt.Errorf("judge: no words were asked for, and the brand says no place for them; write layout.copy_space into its kit: %w", art.ErrUnsupported)
		}
		box := s.Layout.CopySpace.In(s.Picture.Width, s.Picture.Height)
		box.Label = "copy space"
		return []art.Box{box}, "copy space", nil
	}
	lines, err := linesOf(ctx, s, c.networks)
	if err != nil {
		return nil, "", err
	}
	seen := read(lines)
	w, marked := wordingOf(s.Texts, seen), map[int]bool{}
	for i := range w.taken {
		marked[w.words[i].line] = true
	}
	for i, l := range seen {
		if marked[i] {
			boxes = append(boxes, textBox(s.Picture, l, l.Text, l.Score))
		}
	}
	if len(boxes) == 0 {
		return nil, "", fmt.Errorf("judge: the asked words can't be read in the picture, so nobody knows where they stand: %w", art.ErrUnsupported)
	}
	return boxes, "claim", nil
}
