package judge

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
)

// Case is a picture that people have decided on, with the number that is to foretell their word.
type Case struct {
	Group    string  // cases of one group are never split between learning and testing: a run's pictures are much alike
	Score    float64 // more is better
	Approved bool
}

// Bin is a part of the reliability diagram: what was foretold, and what people said.
type Bin struct {
	From, To  float64 // of foretold probabilities
	Foretold  float64 // mean
	Approved  float64 // share
	Low, High float64 // 95 % Wilson interval of the share
	Count     int
}

// Calibration turns a score into the probability that people approve, and says how well that is known. Its figures come
// from cases that weren't learnt from.
type Calibration struct {
	Method    string // "isotonic" or "logistic", whichever foretold better
	Cases     int
	Approved  int
	Groups    int
	Folds     int
	Brier     float64 // mean squared error of the probabilities
	BaseBrier float64 // of always saying the share of approvals
	LogLoss   float64
	ECE       float64 // expected calibration error over Bins
	AUC       float64 // share of pairs of an approved and a rejected picture that the score orders rightly
	Bins      []Bin
	Held      []Foretold // for each case, in their order

	curve curve
}

// Foretold is a case with the probability that was foretold without it.
type Foretold struct {
	Case
	Probability float64
}

// Of is the probability that a picture of this score is approved.
func (c Calibration) Of(score float64) float64 { return c.curve.of(score) }

// Limits of a calibration: with fewer cases its intervals would be as wide as the scale.
const (
	minCases  = 20
	minOfEach = 5
	folds     = 5
	bins      = 10
)

// Calibrate learns from people's decisions. Fewer than twenty cases, or five of each kind, or a single group, give
// art.ErrUnsupported. The result depends on the cases alone, not on their order.
//
// Source: Zadrozny, Elkan 2002, "Transforming classifier scores into accurate multiclass probability estimates" (isotonic
// regression); Platt 1999 with the numerics of H.-T. Lin et al. 2007 (logistic).
func Calibrate(cases []Case) (Calibration, error) {
	cases = slices.Clone(cases)
	slices.SortStableFunc(cases, func(a, b Case) int { return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Score, b.Score)) })
	c := Calibration{Cases: len(cases)}
	for _, x := range cases {
		if math.IsNaN(x.Score) || math.IsInf(x.Score, 0) {
			return c, art.Invalid("score", fmt.Sprintf("%v is no number", x.Score), "leave the case out")
		}
		if x.Approved {
			c.Approved++
		}
	}
	part := foldsOf(cases)
	c.Groups, c.Folds = part.groups, part.folds
	switch {
	case c.Cases < minCases || min(c.Approved, c.Cases-c.Approved) < minOfEach:
		return c, art.Unsupported("decisions", fmt.Sprintf("people have approved %d and turned down %d pictures; a calibration needs %d in all and %d of each", c.Approved, c.Cases-c.Approved, minCases, minOfEach), "review more, or bring earlier decisions: presswerk review bring FILE")
	case c.Folds < 2:
		return c, art.Unsupported("decisions", "all decided pictures are of one run, so nothing could be tested apart from what it was learnt from", "decide on pictures of another run, too")
	}
	best := math.Inf(1)
	for _, m := range []method{{"isotonic", isotonic}, {"logistic", logistic}} {
		held, ok := part.foretell(cases, m.fit)
		if !ok {
			continue
		}
		if loss := logLoss(held); loss < best {
			best = loss
			c.Method, c.Held, c.LogLoss, c.curve = m.name, held, loss, m.fit(cases)
		}
	}
	if c.Method == "" {
		return c, art.Unsupported("decisions", "each part of the runs holds one kind of decision only", "decide on pictures of more runs")
	}
	c.measure()
	return c, nil
}

// measure fills in the figures that follow from the held-out probabilities.
func (c *Calibration) measure() {
	share := float64(c.Approved) / float64(c.Cases)
	for _, f := range c.Held {
		c.Brier += square(f.Probability-truth(f.Approved)) / float64(c.Cases)
		c.BaseBrier += square(share-truth(f.Approved)) / float64(c.Cases)
	}
	c.Bins = reliability(c.Held)
	for _, b := range c.Bins {
		c.ECE += math.Abs(b.Foretold-b.Approved) * float64(b.Count) / float64(c.Cases)
	}
	scores := make([]Case, len(c.Held))
	for i, f := range c.Held {
		scores[i] = f.Case
	}
	c.AUC = AUC(scores)
}

func square(v float64) float64 { return v * v }

func truth(approved bool) float64 {
	if approved {
		return 1
	}
	return 0
}

// AUC is the share of pairs of an approved and a rejected case that the score orders rightly; ties count half. NaN where
// there is no pair.
//
// Source: Mann, Whitney 1947.
func AUC(cases []Case) float64 {
	cases = slices.Clone(cases)
	slices.SortFunc(cases, func(a, b Case) int { return cmp.Compare(a.Score, b.Score) })
	var right, below, good float64
	for i := 0; i < len(cases); {
		j, yes, no := i, 0.0, 0.0
		for ; j < len(cases) && cases[j].Score == cases[i].Score; j++ {
			if cases[j].Approved {
				yes++
			} else {
				no++
			}
		}
		right += yes * (below + no/2)
		below, good, i = below+no, good+yes, j
	}
	return right / (below * good)
}

func logLoss(held []Foretold) float64 {
	sum := 0.0
	for _, f := range held {
		p := math.Max(1e-9, math.Min(1-1e-9, f.Probability))
		if !f.Approved {
			p = 1 - p
		}
		sum -= math.Log(p)
	}
	return sum / float64(len(held))
}

// reliability bins foretold probabilities by equal width; empty bins are left out.
func reliability(held []Foretold) []Bin {
	all := make([]Bin, bins)
	for _, f := range held {
		b := &all[min(bins-1, int(f.Probability*bins))]
		b.Count++
		b.Foretold += f.Probability
		b.Approved += truth(f.Approved)
	}
	for i := range all {
		b := &all[i]
		b.From, b.To = float64(i)/bins, float64(i+1)/bins
		b.Low, b.High = Wilson(int(b.Approved), b.Count)
		b.Foretold, b.Approved = b.Foretold/float64(max(1, b.Count)), b.Approved/float64(max(1, b.Count))
	}
	return slices.DeleteFunc(all, func(b Bin) bool { return b.Count == 0 })
}

// Wilson is the 95 % interval of a share of k out of n; 0 and 1 where n is 0.
//
// Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
func Wilson(k, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.959963984540054
	p, m := float64(k)/float64(n), float64(n)
	middle := (p + z*z/(2*m)) / (1 + z*z/m)
	reach := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return math.Max(0, middle-reach), math.Min(1, middle+reach)
}

// partition splits cases by their groups.
type partition struct {
	of            []int // fold of each case
	groups, folds int
}

// foldsOf deals groups out to folds, the largest ones first, each to the fold that has least. Cases are sorted by group.
func foldsOf(cases []Case) partition {
	size := map[string]int{}
	var names []string
	for _, c := range cases {
		if size[c.Group] == 0 {
			names = append(names, c.Group)
		}
		size[c.Group]++
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(size[b], size[a]) })
	p := partition{groups: len(names), folds: min(folds, len(names))}
	load, place := make([]int, p.folds), map[string]int{}
	for _, n := range names {
		least := 0
		for k := range load {
			if load[k] < load[least] {
				least = k
			}
		}
		place[n] = least
		load[least] += size[n]
	}
	for _, c := range cases {
		p.of = append(p.of, place[c.Group])
	}
	return p
}

// foretell gives each case the probability that was learnt without its fold; false where what is left has one kind only.
func (p partition) foretell(cases []Case, fit func([]Case) curve) ([]Foretold, bool) {
	held := make([]Foretold, len(cases))
	for k := range p.folds {
		var learnt []Case
		kinds := map[bool]bool{}
		for i, c := range cases {
			if p.of[i] != k {
				learnt = append(learnt, c)
				kinds[c.Approved] = true
			}
		}
		if len(kinds) < 2 {
			return nil, false
		}
		f := fit(learnt)
		for i, c := range cases {
			if p.of[i] == k {
				held[i] = Foretold{c, f.of(c.Score)}
			}
		}
	}
	return held, true
}
