package judge

import (
	"context"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/vision"
)

// textContrast is the WCAG contrast of letters against their ground, of the asked text that has least.
type textContrast struct{ networks Networks }

// Name implements Scorer.
func (textContrast) Name() string { return "text_contrast" }

// bestContrast is that of black on white.
const bestContrast = 21

// Scale implements Scorer.
func (c textContrast) Scale() Scale {
	return Scale{Version: "1", Model: joinedSHA256(c.networks, textFinder, textReader), Unit: ":1", Low: 1, High: bestContrast, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "Contrast of the letters against their ground where it is weakest, by WCAG 2.2: 4.5 is enough for small text, 3 for large; 1 where an asked text is not there, 21 where there is no text.",
		"de": "Kontrast der Schrift zum Grund an der schwächsten Stelle nach WCAG 2.2: 4,5 genügt kleiner Schrift, 3 großer; 1, wo ein verlangter Text fehlt, 21, wo kein Text steht.",
	}}
}

// Depends implements Dependent.
func (textContrast) Depends(s Subject) (any, bool) { return s.Texts, true }

// Score implements Scorer.
func (c textContrast) Score(ctx context.Context, s Subject) (float64, *art.Evidence, error) {
	lines, err := linesOf(ctx, s, c.networks)
	if err != nil {
		return 0, nil, err
	}
	seen := read(lines)
	e := &art.Evidence{Details: map[string]any{}}
	lowest := float64(bestContrast)
	looked := map[int]bool{}
	if asksForText(s) {
		w := wordingOf(s.Texts, seen)
		for _, m := range w.matches {
			if len(m.words) == 0 && m.letters > 0 {
				lowest, e.Details["missing"] = 1, m.asked
			}
			for _, i := range m.words {
				looked[w.words[i].line] = true
			}
		}
	} else {
		for i := range seen {
			looked[i] = true
		}
		e.Details["note"] = "no text was asked for; of all that could be read the weakest counts"
	}
	if len(seen) == 0 {
		e.Details["lines"] = 0
	}
	for i, l := range seen {
		if !looked[i] {
			continue
		}
		ratio, ok := contrastOf(s.Picture, l)
		if !ok {
			continue // as good as no letters: too small to tell them from their ground
		}
		lowest = min(lowest, ratio)
		e.Boxes = append(e.Boxes, textBox(s.Picture, l, l.Text, ratio))
	}
	return lowest, e, nil
}

// contrastOf is the lowest contrast along a line. Letters and ground are told apart by their luminance in the whole line;
// its border belongs mostly to the ground. Of letters the quarter farthest from the ground counts, as the rest are edges.
//
// Source: W3C, WCAG 2.2, contrast ratio and relative luminance; Otsu 1979, "A threshold selection method from gray-level
// histograms".
func contrastOf(p *imaging.RGB, l vision.TextLine) (float64, bool) {
	const rows, least = 48, 0.05 // samples across a line; share of a part that must be letters, and ground
	v, columns := luminances(p, l, rows)
	if columns == 0 {
		return 0, false
	}
	threshold := otsu(v)
	bright, border := 0, 0
	for i, x := range v {
		if j := i / columns; j < 2 || j >= rows-2 {
			border++
			if x > threshold {
				bright++
			}
		}
	}
	brightGround := 2*bright > border
	lowest, found := math.Inf(1), false
	step := min(columns, rows)
	for from := 0; from < columns; from += step {
		var letters, ground []float64
		for j := range rows {
			for i := from; i < min(from+step, columns); i++ {
				if x := v[j*columns+i]; (x > threshold) == brightGround {
					ground = append(ground, x)
				} else {
					letters = append(letters, x)
				}
			}
		}
		if n := least * float64(len(letters)+len(ground)); float64(len(letters)) < n || float64(len(ground)) < n {
			continue
		}
		slices.Sort(letters)
		slices.Sort(ground)
		core := letters[len(letters)/8] // the median of the darkest quarter
		if !brightGround {
			core = letters[len(letters)-1-len(letters)/8]
		}
		a, b := core, ground[len(ground)/2]
		lowest, found = min(lowest, (max(a, b)+0.05)/(min(a, b)+0.05)), true
	}
	return lowest, found
}

// luminances samples a line, row by row, in as many columns as keep squares square.
func luminances(p *imaging.RGB, l vision.TextLine, rows int) (v []float64, columns int) {
	c := l.Corners
	wide, high := math.Hypot(c[1][0]-c[0][0], c[1][1]-c[0][1]), math.Hypot(c[3][0]-c[0][0], c[3][1]-c[0][1])
	if !(wide >= 1) || !(high >= 1) {
		return nil, 0
	}
	columns = min(max(1, int(float64(rows)*wide/high)), 4096)
	v = make([]float64, 0, rows*columns)
	linear := linearLevels()
	for j := range rows {
		for i := range columns {
			a, b := (float64(i)+0.5)/float64(columns), (float64(j)+0.5)/float64(rows)
			x := c[0][0] + a*(c[1][0]-c[0][0]) + b*(c[3][0]-c[0][0])
			y := c[0][1] + a*(c[1][1]-c[0][1]) + b*(c[3][1]-c[0][1])
			r, g, bl := p.At(min(max(int(x+0.5), 0), p.Width-1), min(max(int(y+0.5), 0), p.Height-1))
			v = append(v, 0.2126*linear[r]+0.7152*linear[g]+0.0722*linear[bl])
		}
	}
	return v, columns
}

// linearLevels are sRGB's levels as light, 0..1.
func linearLevels() (linear [256]float64) {
	for i := range linear {
		c := float64(i) / 255
		if c <= 0.04045 {
			linear[i] = c / 12.92
		} else {
			linear[i] = math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return linear
}

// otsu is the luminance that parts numbers of 0..1 into two groups with the least spread within. It looks at their cube
// roots, as eyes do.
func otsu(v []float64) float64 {
	const bins = 256
	var histogram [bins]float64
	total, sum := float64(len(v)), 0.0
	for _, x := range v {
		i := int(math.Cbrt(x)*(bins-1) + 0.5)
		histogram[i]++
		sum += float64(i)
	}
	best, at := -1.0, 0
	below, sumBelow := 0.0, 0.0
	for i := range bins - 1 {
		below, sumBelow = below+histogram[i], sumBelow+float64(i)*histogram[i]
		if below == 0 || below == total {
			continue
		}
		apart := sumBelow/below - (sum-sumBelow)/(total-below)
		if between := below * (total - below) * apart * apart; between > best {
			best, at = between, i
		}
	}
	return math.Pow((float64(at)+0.5)/(bins-1), 3)
}
