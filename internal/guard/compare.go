package guard

import (
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
)

// Confidence is that of intervals where nobody says otherwise.
const Confidence = 0.95

// usualMargin is the share of a scorer's range below which differences do not matter where nobody says otherwise.
const usualMargin = 0.05

// Rule says how a scorer's differences are read.
type Rule struct {
	Gate   art.Gate
	Margin float64 // differences below it don't matter, in the score's unit; 0 is a twentieth of its range
}

// Rules are those of a brand: one for each gate of its rubric but near-duplicates, which say nothing about a model.
func Rules(rubric []art.Gate, margins map[string]float64) []Rule {
	var all []Rule
	for _, g := range rubric {
		if g.Scorer != "duplicate" {
			all = append(all, Rule{g, margins[g.Scorer]})
		}
	}
	return all
}

// Sample is the scores of one picture on both sides. Samples of one prompt count as one observation: its seeds have the
// prompt in common, and are averaged.
type Sample struct {
	Prompt   string
	Old, New []art.Score
}

// Compare gives one comparison for each rule, in their order, and what they say together: worse when one is worse, else
// unsure when one is unsure, else better when one is better. No rule at all is unsure.
//
// Each interval has the confidence by itself. To pass, every scorer has to, so several of them make a pass no easier.
//
// Source: Berger 1982, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24 (intersection-union).
func Compare(samples []Sample, rules []Rule, confidence float64) ([]art.Compared, art.Outcome) {
	all := make([]art.Compared, len(rules))
	overall := art.Equal
	for i, r := range rules {
		all[i] = r.compare(samples, confidence)
		overall = worst(overall, all[i].Outcome)
	}
	if len(rules) == 0 {
		overall = art.Unsure
	}
	return all, overall
}

// worst is what two outcomes say together.
func worst(a, b art.Outcome) art.Outcome {
	order := []art.Outcome{art.Worse, art.Unsure, art.Better, art.Equal}
	return order[min(slices.Index(order, a), slices.Index(order, b))]
}

// observation is a prompt's mean scores.
type observation struct{ old, now, gain float64 }

func (r Rule) compare(samples []Sample, confidence float64) art.Compared {
	c := art.Compared{Scorer: r.Gate.Scorer, Margin: r.Margin}
	all, lostOld, lostNew := r.observe(samples, &c)
	var gains []float64
	for _, o := range all {
		n := float64(len(all))
		c.Old, c.New = c.Old+o.old/n, c.New+o.now/n
		gains = append(gains, o.gain)
	}
	c.Prompts = len(gains)
	i := meanInterval(gains, confidence)
	c.Gain = i.mean
	switch {
	case lostNew > lostOld:
		c.Outcome, c.Note = art.Worse, text("%d pictures of the new side have no such score, %d of the old one", "%d Bilder der neuen Seite haben diesen Wert nicht, %d der alten", lostNew, lostOld)
	case len(gains) < 2:
		c.Outcome, c.Note = art.Unsure, text("%d prompts are too few: two are the least", "%d Prompts sind zu wenige: mindestens zwei sind nötig", len(gains))
	default:
		c.Low, c.High = i.low, i.high
		c.Outcome = decide(i, c.Margin)
	}
	return c
}

// decide reads an interval: within the margin on both sides is equal, above or below 0 otherwise better or worse.
//
// Source: Schuirmann 1987, "A comparison of the two one-sided tests procedure and the power approach", with the interval
// of the confidence that was asked for instead of the narrower one of two one-sided tests: equal is said more carefully.
func decide(i interval, margin float64) art.Outcome {
	switch {
	case i.low > -margin && i.high < margin:
		return art.Equal
	case i.low > 0:
		return art.Better
	case i.high < 0:
		return art.Worse
	default:
		return art.Unsure
	}
}

// observe averages each prompt's seeds, in the order of the prompts, and counts the pictures without a score on each side.
// It fills in what the scores say of themselves.
func (r Rule) observe(samples []Sample, c *art.Compared) (all []observation, lostOld, lostNew int) {
	var prompts []string
	sums, counts := map[string]observation{}, map[string]float64{}
	for _, s := range samples {
		old, okOld := find(s.Old, r.Gate.Scorer)
		now, okNow := find(s.New, r.Gate.Scorer)
		if !okOld {
			lostOld++
		}
		if !okNow {
			lostNew++
		}
		if !okOld || !okNow {
			continue
		}
		c.Unit = now.Unit
		if c.Margin == 0 {
			c.Margin = usualMargin * (now.High - now.Low)
		}
		if counts[s.Prompt] == 0 {
			prompts = append(prompts, s.Prompt)
		}
		o := sums[s.Prompt]
		sums[s.Prompt] = observation{o.old + old.Value, o.now + now.Value, o.gain + r.goodness(now) - r.goodness(old)}
		counts[s.Prompt]++
	}
	for _, p := range prompts {
		n := counts[p]
		all = append(all, observation{sums[p].old / n, sums[p].now / n, sums[p].gain / n})
	}
	return all, lostOld, lostNew
}

// goodness turns a score so that more is better, in its own unit. In a band everything inside the gate is equally good.
func (r Rule) goodness(s art.Score) float64 {
	switch s.Direction {
	case art.LowerIsBetter:
		return -s.Value
	case art.BandIsBest:
		low, high := s.Low, s.High
		if r.Gate.Min != nil {
			low = *r.Gate.Min
		}
		if r.Gate.Max != nil {
			high = *r.Gate.Max
		}
		return math.Min(0, math.Min(s.Value-low, high-s.Value))
	default:
		return s.Value
	}
}

func find(scores []art.Score, name string) (art.Score, bool) {
	for _, s := range scores {
		if s.Scorer == name && s.Available && !math.IsNaN(s.Value) && !math.IsInf(s.Value, 0) {
			return s, true
		}
	}
	return art.Score{}, false
}

func text(en, de string, args ...any) art.Text {
	return art.Text{art.English: fmt.Sprintf(en, args...), art.German: fmt.Sprintf(de, args...)}
}
