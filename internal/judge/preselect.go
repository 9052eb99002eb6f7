package judge

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
)

// PreselectOptions says how many of the candidates reviewers get to see.
type PreselectOptions struct {
	Share    float64           // of all judged candidates, rounded up; outside 0..1 means all
	Count    int               // at most; 0 means no limit
	Distinct map[string]string // candidate → what at most one winner may have, such as its subject; nil means no rule
}

// Preselect gives one selection for each verdict, in the same order. The best by Overall win, equal ones in the order
// given; everyone left out is told why. With a Distinct rule, only the best of each kind takes part.
func Preselect(verdicts []art.Verdict, o PreselectOptions) []art.Selection {
	selections := make([]art.Selection, len(verdicts))
	var order []int
	for i, v := range verdicts {
		selections[i] = art.Selection{Candidate: v.Candidate}
		if v.Pass {
			order = append(order, i)
		} else {
			selections[i].Reason = failed(v)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(verdicts[b].Overall, verdicts[a].Overall) })
	limit := o.limit(len(verdicts))
	best, won := map[string]string{}, 0
	for rank, i := range order {
		s := &selections[i]
		s.Rank = rank + 1
		kind, ruled := o.Distinct[s.Candidate]
		better, taken := best[kind]
		switch {
		case ruled && taken:
			s.Reason = text("ranked %d; %s is a better one of %q", "Rang %d; %s ist ein besseres von %q", s.Rank, better, kind)
		case won >= limit:
			s.Reason = text("ranked %d; only the best %d are shown", "Rang %d; nur die besten %d werden gezeigt", s.Rank, limit)
		default:
			won++
			s.Selected = true
			s.Reason = text("ranked %d of %d that passed", "Rang %d von %d, die bestanden haben", s.Rank, len(order))
		}
		if ruled && !taken {
			best[kind] = s.Candidate
		}
	}
	return selections
}

func (o PreselectOptions) limit(n int) int {
	limit := n
	if o.Share > 0 && o.Share < 1 {
		limit = max(1, int(math.Ceil(o.Share*float64(n)-1e-9))) // 0.07 × 100 lies a hair above 7
	}
	if o.Count > 0 {
		limit = min(limit, o.Count)
	}
	return limit
}

// failed names the gates that said no.
func failed(v art.Verdict) art.Text {
	if len(v.Failures) == 0 {
		return text("did not pass", "hat nicht bestanden")
	}
	t := art.Text{}
	for _, f := range v.Failures {
		for _, lang := range []art.Language{art.English, art.German} {
			if t[lang] != "" {
				t[lang] += "; "
			}
			t[lang] += f.Reason.In(lang)
		}
	}
	return t
}

func text(en, de string, args ...any) art.Text {
	return art.Text{art.English: fmt.Sprintf(en, args...), art.German: fmt.Sprintf(de, args...)}
}
