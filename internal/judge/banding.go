package judge

import (
	"context"
	"math"

	"presswerk/internal/art"
)

// banding is how high the steps are in which slopes rise that should be smooth, on average over the picture.
//
// A staircase is three steps or more in one direction between even stretches, as a false contour is told from an edge in
// Tu, Lin, Wang, Adsumilli, Bovik 2020, "BBAND index: a no-reference banding artifact predictor", and Wang, Kum, Chen,
// Kokaram 2016, "A perceptual visibility metric for banding artifacts". The weight of a step is its height times the
// length of its stretches, so that few high steps count more than many low ones.
type banding struct{}

// What makes a staircase: stretches of at least bandLength pixels, steps of bandLow to bandHigh levels, at most bandGap
// pixels between two stretches, at least bandSteps steps in one direction.
const (
	bandLength = 6
	bandLow    = 1.5
	bandHigh   = 28
	bandGap    = 2
	bandSteps  = 3
)

// Name implements Scorer.
func (banding) Name() string { return "banding" }

// Scale implements Scorer.
func (banding) Scale() Scale {
	return Scale{Version: "1", Unit: "levels of 255", Low: 0, High: 16, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "Height of the steps that smooth slopes are broken into, over the whole picture; above 1 bands are plain to see.",
		"de": "Höhe der Stufen, in die glatte Verläufe zerfallen, über das ganze Bild; über 1 sind Streifen deutlich zu sehen.",
	}}
}

// Score implements Scorer.
func (banding) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	v, w, h := lumaOf(s), s.Picture.Width, s.Picture.Height
	// A slope that runs along rows is seen in rows alone: each pixel counts with the stronger of its two directions.
	strength := make([]float32, len(v))
	line := make([]float64, max(w, h))
	for y := range h {
		staircases(v[y*w:(y+1)*w], func(x int, height float64) { strength[y*w+x] = float32(height) })
	}
	for x := range w {
		for y := range h {
			line[y] = v[y*w+x]
		}
		staircases(line[:h], func(y int, height float64) { strength[y*w+x] = max(strength[y*w+x], float32(height)) })
	}
	c, sum, banded := newCells(w, h), 0.0, 0
	for i, height := range strength {
		c.add(i%w, i/w, float64(height), 1)
		sum += float64(height)
		if height > 0 {
			banded++
		}
	}
	value := sum / float64(len(strength))
	return value, &art.Evidence{Heat: c.heat(8), Details: map[string]any{"share": round(float64(banded)/float64(len(strength)), 3), "heat_full": 8}}, nil
}

// stretch is pixels first to last of a line, whose levels are the same.
type stretch struct {
	first, last int
	level       float64
}

// staircases tells, for each pixel of a line that lies on a staircase, how high its steps are.
func staircases(line []float64, tell func(i int, height float64)) {
	var stairs []stretch
	finish := func() {
		if len(stairs) > bandSteps {
			first, last := stairs[0], stairs[len(stairs)-1]
			height := math.Abs(last.level-first.level) / float64(len(stairs)-1)
			for i := first.first; i <= last.last; i++ {
				tell(i, height)
			}
		}
	}
	for start := 0; start < len(line); {
		end := start + 1
		for end < len(line) && math.Abs(line[end]-line[start]) <= 0.6 {
			end++
		}
		if end-start >= bandLength {
			next := stretch{start, end - 1, line[start]}
			if n := len(stairs); n > 0 && !continues(stairs, next) {
				finish()
				stairs = stairs[:copy(stairs, stairs[n-1:])]
				if !continues(stairs, next) {
					stairs = stairs[:0]
				}
			}
			stairs = append(stairs, next)
		}
		start = end
	}
	finish()
}

// continues tells whether a stretch is one step further in the direction of a staircase.
func continues(stairs []stretch, next stretch) bool {
	last := stairs[len(stairs)-1]
	step := next.level - last.level
	if math.Abs(step) < bandLow || math.Abs(step) > bandHigh || next.first-last.last-1 > bandGap {
		return false
	}
	return len(stairs) < 2 || step*(last.level-stairs[len(stairs)-2].level) > 0
}
