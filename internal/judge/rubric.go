package judge

import (
	"fmt"
	"math"

	"presswerk/internal/art"
)

// Decide applies the rubric. A gate whose scorer gave no score fails. An empty rubric passes everything.
func Decide(scores []art.Score, rubric []art.Gate) art.Verdict {
	byName := make(map[string]art.Score, len(scores))
	for _, s := range scores {
		byName[s.Scorer] = s
	}
	v := art.Verdict{Pass: true, Scores: scores}
	var sum, weights float64
	for _, gate := range rubric {
		s, there := byName[gate.Scorer]
		if !there || !measured(s) {
			v.Failures = append(v.Failures, missing(gate, s, there))
		} else if reason := outside(gate, s); reason != nil {
			v.Failures = append(v.Failures, art.Failure{Scorer: gate.Scorer, Reason: reason})
		}
		w := gate.Weight
		if w <= 0 {
			w = 1
		}
		sum, weights = sum+w*goodness(gate, s), weights+w
	}
	v.Pass = len(v.Failures) == 0
	if weights > 0 {
		v.Overall = sum / weights
	}
	return v
}

// measured tells whether a score is a number to judge by.
func measured(s art.Score) bool {
	return s.Available && !math.IsNaN(s.Value) && !math.IsInf(s.Value, 0)
}

func missing(gate art.Gate, s art.Score, there bool) art.Failure {
	en, de := "no such scorer ran", "diesen Prüfer gab es nicht"
	if there {
		en, de = s.Reason, s.Reason
	}
	return art.Failure{Scorer: gate.Scorer, Reason: art.Text{
		"en": fmt.Sprintf("%s could not be measured (%s), and the brand demands it", gate.Scorer, en),
		"de": fmt.Sprintf("%s war nicht messbar (%s), die Marke verlangt es aber", gate.Scorer, de),
	}}
}

// outside gives the reason why a score breaks its gate, or nil.
func outside(gate art.Gate, s art.Score) art.Text {
	reason := func(en, de string, bound float64) art.Text {
		return art.Text{
			"en": fmt.Sprintf("%s is %s %s, %s %s", s.Scorer, number(s.Value), s.Unit, en, number(bound)),
			"de": fmt.Sprintf("%s ist %s %s, %s %s", s.Scorer, number(s.Value), s.Unit, de, number(bound)),
		}
	}
	switch {
	case gate.Min != nil && s.Value < *gate.Min:
		return reason("below", "unter", *gate.Min)
	case gate.Max != nil && s.Value > *gate.Max:
		return reason("above", "über", *gate.Max)
	default:
		return nil
	}
}

func number(v float64) string { return fmt.Sprintf("%.4g", v) }

// goodness brings a score to 0..1 on its own range. In a band the middle of the gate is best.
func goodness(gate art.Gate, s art.Score) float64 {
	if !measured(s) || !(s.High > s.Low) {
		return 0
	}
	at := math.Max(0, math.Min(1, (s.Value-s.Low)/(s.High-s.Low)))
	switch s.Direction {
	case art.LowerIsBetter:
		return 1 - at
	case art.BandIsBest:
		low, high := s.Low, s.High
		if gate.Min != nil {
			low = *gate.Min
		}
		if gate.Max != nil {
			high = *gate.Max
		}
		half := (high - low) / 2
		if half <= 0 {
			return 0
		}
		return math.Max(0, 1-math.Abs(s.Value-(low+high)/2)/half)
	default:
		return at
	}
}
