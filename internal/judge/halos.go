package judge

import (
	"context"
	"math"

	"presswerk/internal/art"
)

// halos is how far brightness overshoots beside edges, as a share of their height.
//
// Source: Cao, Zhao, Ni, Kot 2011, "Unsharp masking sharpening detection via overshoot artifacts analysis": the ends of an
// edge's ramp against the level of the quiet area behind them. Edges are weighted by their height, and those with
// texture or another edge close behind them don't count.
type halos struct{}

// Where an edge's quiet area lies, in pixels behind the end of its ramp, and how quiet and how high it must be.
const (
	haloNear   = 5
	haloFar    = 10
	haloRamp   = 12  // longest ramp, in pixels
	haloQuiet  = 0.1 // largest range in the quiet area, as a share of the edge's height
	haloBeyond = 0.5 // an end that stands out by more is a line, not a halo
)

// Name implements Scorer.
func (halos) Name() string { return "halos" }

// Scale implements Scorer.
func (halos) Scale() Scale {
	return Scale{Version: "1", Unit: "share of edge height", Low: 0, High: 0.5, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "Bright and dark rims beside edges, as over-sharpening leaves them; above 0.1 they can be seen.",
		"de": "Helle und dunkle Säume neben Kanten, wie Überschärfen sie hinterlässt; über 0,1 sind sie zu sehen.",
	}}
}

// Score implements Scorer.
func (halos) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	v, w, h := lumaOf(s), s.Picture.Width, s.Picture.Height
	c, sum, weight := newCells(w, h), 0.0, 0.0
	count := func(x, y int, overshoot, height float64) {
		c.add(x, y, overshoot, height)
		sum, weight = sum+overshoot*height, weight+height
	}
	line := make([]float64, h)
	for y := range h {
		overshoots(v[y*w:(y+1)*w], func(x int, overshoot, height float64) { count(x, y, overshoot, height) })
	}
	for x := range w {
		for y := range h {
			line[y] = v[y*w+x]
		}
		overshoots(line, func(y int, overshoot, height float64) { count(x, y, overshoot, height) })
	}
	if weight == 0 {
		return 0, &art.Evidence{Text: "there is no edge beside a quiet area"}, nil
	}
	return sum / weight, &art.Evidence{Heat: c.heat(0.3), Details: map[string]any{"heat_full": 0.3}}, nil
}

// overshoots tells of both ends of each edge of a line how far they stand out from what is behind, as a share of the
// edge's height.
func overshoots(line []float64, tell func(i int, overshoot, height float64)) {
	start := 0
	for i := 1; i <= len(line); i++ {
		if i < len(line) && (i-1 == start || (line[i]-line[i-1])*(line[i-1]-line[start]) > 0) {
			continue // the ramp goes on
		}
		end := i - 1
		if rise := line[end] - line[start]; math.Abs(rise) >= edgeHeight && end-start <= haloRamp {
			if o, ok := overshoot(line, start, end, rise); ok {
				tell(end, o, math.Abs(rise))
			}
			if o, ok := overshoot(line, end, start, -rise); ok {
				tell(start, o, math.Abs(rise))
			}
		}
		start = end
	}
}

// overshoot looks at the end of a ramp and the pixels behind it. An edge lies between two areas: where what is before the
// ramp is about as bright, there was a lone spike.
func overshoot(line []float64, start, end int, rise float64) (float64, bool) {
	direction := 1
	if end < start {
		direction = -1
	}
	far, before := end+direction*haloFar, start-direction*haloFar
	if min(far, before) < 0 || max(far, before) >= len(line) {
		return 0, false
	}
	low, high, difference := math.Inf(1), math.Inf(-1), 0.0
	for k := haloNear; k <= haloFar; k++ {
		level := line[end+direction*k]
		low, high, difference = min(low, level), max(high, level), difference+level-line[start-direction*k]
	}
	if high-low > haloQuiet*math.Abs(rise) || difference/(haloFar-haloNear+1)/rise < 0.5 {
		return 0, false
	}
	rim := high // grain doesn't count: an end stands out from where it goes beyond all of the quiet area
	if rise < 0 {
		rim = low
	}
	o := (line[end] - rim) / rise
	return max(0, o), o <= haloBeyond && o >= -haloBeyond
}
