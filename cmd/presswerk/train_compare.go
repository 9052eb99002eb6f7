package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
)

// compared is one measure of what was trained beside the base.
type compared struct {
	Measure  string   `json:"measure"`
	Unit     string   `json:"unit,omitempty"`
	Base     float64  `json:"base"`
	Trained  float64  `json:"trained"`
	Error    float64  `json:"standard_error"` // of the paired difference; 0 where there is one pair
	Pairs    int      `json:"pairs"`
	Verdict  string   `json:"verdict"` // better, equal, worse, or differs where a measure has no direction
	Meaning  art.Text `json:"meaning,omitempty"`
	decimals int
}

// Verdicts.
const (
	verdictBetter  = "better"
	verdictEqual   = "equal"
	verdictWorse   = "worse"
	verdictDiffers = "differs"
)

// sure is how many standard errors a difference must have to count.
const sure = 2

func (c compared) text(words words) string {
	return fmt.Sprintf("%-18s %8.*f → %8.*f %-7s %s", c.Measure, c.decimals, c.Base, c.decimals, c.Trained, c.Unit, words.say("verdict_"+c.Verdict))
}

// measuredBy are the scorers of the panel that say something about a picture without a brand.
func measuredBy() []string { return []string{"palette", "sharpness", "contrast", "noise", "subject"} }

// compare measures the trained model beside the base: the loss on pictures that were held back, and the scores of pictures
// that both drew with the same prompts and seeds. The palette is that of the training pictures.
func (t *tools) compare(ctx context.Context, j *job, end finished) ([]compared, error) {
	loss := compared{Measure: "validation loss", Base: end.Base, Trained: end.Held, Pairs: len(j.Validation), decimals: 4, Meaning: art.Text{
		"en": "error of the noise that is predicted on pictures that were held back; lower is better", "de": "Fehler des vorhergesagten Rauschens auf zurückgehaltenen Bildern; kleiner ist besser",
	}}
	loss.Verdict = verdictEqual
	if share := (end.Held - end.Base) / math.Max(end.Base, 1e-12); math.Abs(share) > 0.01 {
		loss.Verdict = map[bool]string{true: verdictBetter, false: verdictWorse}[share < 0]
	}
	palette, err := j.palette(ctx)
	if err != nil {
		return nil, err
	}
	byBase, err := scoresOf(ctx, end.ByBase, palette)
	if err != nil {
		return nil, err
	}
	byTrained, err := scoresOf(ctx, end.Trained, palette)
	if err != nil {
		return nil, err
	}
	return append([]compared{loss}, pairs(byBase, byTrained)...), nil
}

func scoresOf(ctx context.Context, files []string, palette []art.Colour) ([][]art.Score, error) {
	pictures, err := readPictures(ctx, files)
	if err != nil {
		return nil, err
	}
	var all [][]art.Score
	for _, p := range pictures {
		all = append(all, judge.DefaultPanel().Score(ctx, judge.Subject{Picture: p, Palette: palette}))
	}
	return all, nil
}

// pairs compares score by score, picture by picture.
func pairs(base, trained [][]art.Score) []compared {
	var all []compared
	for _, name := range measuredBy() {
		var before, after, differences []float64
		c := compared{Measure: name, decimals: 3}
		direction := art.Direction("")
		for i := range min(len(base), len(trained)) {
			a, okA := scoreOf(base[i], name)
			b, okB := scoreOf(trained[i], name)
			if !okA || !okB {
				continue
			}
			before, after, differences = append(before, a.Value), append(after, b.Value), append(differences, b.Value-a.Value)
			c.Unit, c.Meaning, direction = a.Unit, a.Meaning, a.Direction
		}
		if len(differences) == 0 {
			continue
		}
		c.Base, c.Trained, c.Pairs = mean(before), mean(after), len(differences)
		c.Error = standardError(differences)
		c.Verdict = verdictOf(mean(differences), c.Error, direction)
		all = append(all, c)
	}
	return all
}

func scoreOf(all []art.Score, name string) (art.Score, bool) {
	i := slices.IndexFunc(all, func(s art.Score) bool { return s.Scorer == name && s.Available })
	if i < 0 {
		return art.Score{}, false
	}
	return all[i], true
}

func verdictOf(difference, standardError float64, d art.Direction) string {
	switch {
	case math.Abs(difference) <= sure*standardError || difference == 0:
		return verdictEqual
	case d == art.HigherIsBetter && difference > 0 || d == art.LowerIsBetter && difference < 0:
		return verdictBetter
	case d == art.HigherIsBetter || d == art.LowerIsBetter:
		return verdictWorse
	}
	return verdictDiffers
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// standardError is that of the mean of some numbers.
func standardError(v []float64) float64 {
	if len(v) < 2 {
		return 0
	}
	m, sum := mean(v), 0.0
	for _, x := range v {
		sum += (x - m) * (x - m)
	}
	return math.Sqrt(sum / float64(len(v)-1) / float64(len(v)))
}

// paletteColours is how many colours a training set's palette has.
const (
	paletteColours  = 8
	palettePictures = 24
)

// palette is what the training pictures are coloured with.
func (j *job) palette(ctx context.Context) ([]art.Colour, error) {
	share := map[string]float64{}
	for i, l := range j.Pictures {
		if i == palettePictures {
			break
		}
		p, err := readPicture(ctx, l.File)
		if err != nil {
			return nil, err
		}
		for _, s := range imaging.Palette(p, paletteColours) {
			share[near(share, s)] += s.Share
		}
	}
	var hexes []string
	for hex := range share {
		hexes = append(hexes, hex)
	}
	slices.SortFunc(hexes, func(a, b string) int {
		switch {
		case share[a] > share[b]:
			return -1
		case share[a] < share[b]:
			return 1
		}
		return map[bool]int{true: -1, false: 1}[a < b]
	})
	var all []art.Colour
	for i, hex := range hexes[:min(paletteColours, len(hexes))] {
		all = append(all, art.Colour{Name: fmt.Sprintf("training %d", i+1), Hex: hex})
	}
	return all, nil
}

// near gives the known colour that a swatch is the same as to the eye, else its own.
func near(known map[string]float64, s imaging.Swatch) string {
	best, least := s.Hex(), 10.0
	for hex := range known {
		r, g, b, err := imaging.ParseHex(hex)
		if err != nil {
			continue // they were written here
		}
		if d := imaging.DeltaE(s.Lab(), imaging.ToLab(r, g, b)); d < least || d == least && hex < best {
			best, least = hex, d
		}
	}
	return best
}
