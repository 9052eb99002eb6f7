package judge

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// method is a way to learn probabilities.
type method struct {
	name string
	fit  func([]Case) curve
}

// curve gives the probability of a score.
type curve interface{ of(score float64) float64 }

// rising is a curve through points, straight between them and level beyond.
type rising struct{ score, probability []float64 }

func (s rising) of(score float64) float64 {
	n := len(s.score)
	i := sort.SearchFloat64s(s.score, score)
	switch i {
	case 0:
		return s.probability[0]
	case n:
		return s.probability[n-1]
	}
	t := (score - s.score[i-1]) / (s.score[i] - s.score[i-1])
	return s.probability[i-1] + t*(s.probability[i]-s.probability[i-1])
}

// block is a stretch of scores with one probability.
type block struct{ score, good, count float64 }

// isotonic is the rising curve of the least squared error, by pooling adjacent violators. One case more of each kind, spread
// evenly, keeps it from 0 and 1.
//
// Source: Ayer, Brunk, Ewing, Reid, Silverman 1955; Barlow et al. 1972.
func isotonic(cases []Case) curve {
	cases = slices.Clone(cases)
	slices.SortFunc(cases, func(a, b Case) int { return cmp.Compare(a.Score, b.Score) })
	var pooled []block
	for i := 0; i < len(cases); {
		b, j := block{score: cases[i].Score}, i
		for ; j < len(cases) && cases[j].Score == cases[i].Score; j++ {
			b.good, b.count = b.good+truth(cases[j].Approved), b.count+1
		}
		b.score *= b.count
		for i = j; len(pooled) > 0 && pooled[len(pooled)-1].good*b.count >= b.good*pooled[len(pooled)-1].count; pooled = pooled[:len(pooled)-1] {
			last := pooled[len(pooled)-1]
			b = block{last.score + b.score, last.good + b.good, last.count + b.count}
		}
		pooled = append(pooled, b)
	}
	var s rising
	for _, b := range pooled {
		share := b.count / float64(len(cases)) // of the two cases that nobody saw
		s.score = append(s.score, b.score/b.count)
		s.probability = append(s.probability, (b.good+share)/(b.count+2*share))
	}
	return s
}

// sigmoidal is 1/(1+exp(a·score+b)).
type sigmoidal struct{ a, b float64 }

func (s sigmoidal) of(score float64) float64 { return 1 / (1 + math.Exp(s.a*score+s.b)) }

// logistic fits a sigmoid with Platt's softened targets, by Newton's method with backtracking.
func logistic(cases []Case) curve {
	good := 0.0
	for _, c := range cases {
		good += truth(c.Approved)
	}
	bad := float64(len(cases)) - good
	yes, no := (good+1)/(good+2), 1/(bad+2)
	target := func(c Case) float64 {
		if c.Approved {
			return yes
		}
		return no
	}
	loss := func(s sigmoidal) (sum float64) {
		for _, c := range cases {
			// −t·log p − (1−t)·log(1−p), with u the exponent and without its overflow
			u, t := s.a*c.Score+s.b, target(c)
			sum += math.Max(u, 0) - (1-t)*u + math.Log1p(math.Exp(-math.Abs(u)))
		}
		return sum
	}
	s := sigmoidal{0, math.Log((bad + 1) / (good + 1))}
	before := loss(s)
	for range 100 {
		const ridge = 1e-12
		h11, h22, h21, g1, g2 := ridge, ridge, 0.0, 0.0, 0.0
		for _, c := range cases {
			p := s.of(c.Score)
			d1, d2 := target(c)-p, p*(1-p)
			h11, h22, h21 = h11+c.Score*c.Score*d2, h22+d2, h21+c.Score*d2
			g1, g2 = g1+c.Score*d1, g2+d1
		}
		if math.Abs(g1) < 1e-5 && math.Abs(g2) < 1e-5 {
			break
		}
		det := h11*h22 - h21*h21
		da, db := -(h22*g1-h21*g2)/det, -(-h21*g1+h11*g2)/det
		slope, step := g1*da+g2*db, 1.0
		for ; step >= 1e-10; step /= 2 {
			next := sigmoidal{s.a + step*da, s.b + step*db}
			if after := loss(next); after < before+1e-4*step*slope {
				s, before = next, after
				break
			}
		}
		if step < 1e-10 {
			break
		}
	}
	return s
}
