package judge

import (
	"math"
	"slices"

	"presswerk/internal/art"
)

// Mendable gives the places of a picture that some scorers found fault with. Ok is false where it passed, where another
// gate failed as well, or where a scorer shows no place: then a repair of places can't make it pass. Of scorers whose places
// have values of the score's own kind, only those places are taken that break the gate.
func Mendable(v art.Verdict, rubric []art.Gate, scorers []string) (places []art.Box, ok bool) {
	if v.Pass {
		return nil, false
	}
	for i, f := range v.Failures {
		if slices.ContainsFunc(v.Failures[:i], func(o art.Failure) bool { return o.Scorer == f.Scorer }) {
			continue
		}
		s, there := scoreOf(v, f.Scorer)
		if !there || !slices.Contains(scorers, f.Scorer) || s.Evidence == nil || len(s.Evidence.Boxes) == 0 {
			return nil, false
		}
		places = append(places, worst(s, rubric)...)
	}
	return places, len(places) > 0
}

// worst are the boxes that break a gate, or all where their values are of another kind.
func worst(s art.Score, rubric []art.Gate) []art.Box {
	if !slices.Contains([]string{"faces", "hands"}, s.Scorer) { // their boxes have the plausibility of each
		return s.Evidence.Boxes
	}
	bad := slices.DeleteFunc(slices.Clone(s.Evidence.Boxes), func(b art.Box) bool {
		return !slices.ContainsFunc(rubric, func(g art.Gate) bool { return g.Scorer == s.Scorer && g.Min != nil && b.Value < *g.Min })
	})
	if len(bad) == 0 {
		return s.Evidence.Boxes
	}
	return bad
}

// Miss is how far a verdict is from passing: the distances of its scores to the gates that they break, each as a share of
// the score's range, added up. What was not measured misses by 1. 0 passes.
func Miss(v art.Verdict, rubric []art.Gate) float64 {
	miss := 0.0
	for _, g := range rubric {
		s, there := scoreOf(v, g.Scorer)
		if !there || !measured(s) {
			miss++
			continue
		}
		span, away := s.High-s.Low, 0.0
		if g.Min != nil {
			away = math.Max(away, *g.Min-s.Value)
		}
		if g.Max != nil {
			away = math.Max(away, s.Value-*g.Max)
		}
		if span > 0 {
			away /= span
		}
		miss += away
	}
	return miss
}

func scoreOf(v art.Verdict, name string) (art.Score, bool) {
	if at := slices.IndexFunc(v.Scores, func(s art.Score) bool { return s.Scorer == name }); at >= 0 {
		return v.Scores[at], true
	}
	return art.Score{}, false
}
