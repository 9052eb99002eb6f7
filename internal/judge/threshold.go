package judge

import (
	"math"
	"slices"
)

// Costs are what mistakes of a pre-selection cost, in any one unit.
type Costs struct {
	Look float64 // a person looks at a picture
	Miss float64 // a picture that people would have approved isn't shown
}

// Threshold is where a pre-selection shows a picture, with what that would have meant for the cases that are known.
type Threshold struct {
	Probability float64 // shown from here on
	Score       float64 // the least score that reaches it; +Inf where none does
	Shown       float64 // share of all cases
	Found       float64 // share of those that people approved
	Cost        float64 // for each case
	CostOfAll   float64 // for each case, if everything is shown
}

// Choose takes the threshold at which showing costs as much as leaving out: a picture is worth a look where the probability
// that it is approved, times the cost of a miss, is above the cost of a look. Figures are those of probabilities that were
// foretold for cases nobody had learnt from.
//
// Source: Elkan 2001, "The foundations of cost-sensitive learning".
func (c Calibration) Choose(costs Costs) Threshold {
	t := Threshold{Probability: math.Min(1, costs.Look/costs.Miss), Score: math.Inf(1), CostOfAll: costs.Look}
	scores := make([]float64, 0, len(c.Held))
	found := 0
	for _, f := range c.Held {
		if f.Probability >= t.Probability {
			t.Shown++
			t.Cost += costs.Look
			if f.Approved {
				found++
			}
		} else if f.Approved {
			t.Cost += costs.Miss
		}
		if c.Of(f.Score) >= t.Probability {
			scores = append(scores, f.Score)
		}
	}
	n := math.Max(1, float64(len(c.Held)))
	t.Shown, t.Cost, t.Found = t.Shown/n, t.Cost/n, float64(found)/math.Max(1, float64(c.Approved))
	if len(scores) > 0 {
		t.Score = slices.Min(scores)
	}
	return t
}
