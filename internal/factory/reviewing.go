package factory

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/judge"
)

// lateShare is the newest part of a brand's pictures that drift is looked for in.
const lateShare = 4

// Reviewed says what people's decisions on a brand's pictures tell about its rubric: how sure it foretells them, where its
// threshold belongs, how well people agree, which scores help, and whether they have moved. It writes nothing.
func (f *Factory) Reviewed(ctx context.Context, brand string, costs judge.Costs) (art.ReviewReport, error) {
	r := art.ReviewReport{Brand: brand, At: f.Now()}
	if !(costs.Look > 0) || !(costs.Miss > 0) {
		return r, art.Invalid("costs", fmt.Sprintf("a look costs %v and a miss %v", costs.Look, costs.Miss), "write numbers above 0")
	}
	views, err := f.judged(ctx, brand)
	if err != nil {
		return r, err
	}
	r.Judged = len(views)
	var cases []judge.Case
	var words []judge.Word
	runs, people := map[string]bool{}, map[string]bool{}
	for _, v := range views {
		said, err := f.Records.Decisions(ctx, v.ID)
		if err != nil {
			return r, fmt.Errorf("factory: reading decisions: %w", err)
		}
		for _, d := range said {
			if rank, ok := rankOf(d); ok {
				words = append(words, judge.Word{Thing: v.ID, Person: d.By, Value: rank})
				people[d.By] = true
			}
		}
		if approved, ok := approved(said); ok {
			cases = append(cases, judge.Case{Group: v.Run, Score: v.Verdict.Overall, Approved: approved})
			runs[v.Run] = true
			r.Decided++
			r.Approved += int(truth(approved))
		}
	}
	r.Runs, r.People = len(runs), len(people)
	agreed := judge.Agree(words, judge.Ordinal)
	r.Agreement = art.Agreement{Alpha: finite(agreed.Alpha), Pictures: agreed.Things}
	if c, err := judge.Calibrate(cases); err != nil {
		r.Reason = err.Error()
	} else {
		r.Calibration = calibrated(c, costs)
	}
	r.Scores, err = f.records(ctx, views)
	return r, err
}

// judged lists a brand's pictures that have a verdict, the oldest run first.
func (f *Factory) judged(ctx context.Context, brand string) ([]art.CandidateView, error) {
	runs, err := f.Records.Runs(ctx)
	if err != nil {
		return nil, fmt.Errorf("factory: listing runs: %w", err)
	}
	slices.SortStableFunc(runs, func(a, b art.RunView) int { return a.CreatedAt.Compare(b.CreatedAt) })
	var all []art.CandidateView
	for _, run := range runs {
		if run.BrandID != brand {
			continue
		}
		views, err := f.Records.Candidates(ctx, run.ID)
		if err != nil {
			return nil, fmt.Errorf("factory: listing candidates: %w", err)
		}
		for _, v := range views {
			if v.Verdict != nil {
				all = append(all, v)
			}
		}
	}
	return all, nil
}

// rankOf is a person's word as a rank; policies and escalations say nothing of a picture.
func rankOf(d art.Decision) (float64, bool) {
	rank, ok := map[art.Action]float64{art.Reject: 0, art.Fix: 1, art.Approve: 2}[d.Action]
	return rank, ok && !strings.HasPrefix(d.By, "policy:")
}

// approved is the newest word of a person.
func approved(said []art.Decision) (yes, ok bool) {
	for _, d := range slices.Backward(said) {
		if _, ok := rankOf(d); ok {
			return d.Action == art.Approve, true
		}
	}
	return false, false
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// finite is a number that is one.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

func calibrated(c judge.Calibration, costs judge.Costs) *art.Calibrated {
	t := c.Choose(costs)
	a := &art.Calibrated{
		Method: c.Method, Folds: c.Folds, Brier: c.Brier, BaseBrier: c.BaseBrier, ECE: c.ECE, AUC: c.AUC, Look: costs.Look, Miss: costs.Miss,
		Show: t.Probability, From: finite(t.Score), Shown: t.Shown, Found: t.Found, Saved: 1 - t.Cost/t.CostOfAll,
	}
	for _, b := range c.Bins {
		a.Bins = append(a.Bins, art.ReliabilityBin{Foretold: b.Foretold, Approved: b.Approved, Low: b.Low, High: b.High, Count: b.Count})
	}
	return a
}

// records says of each scorer how well it orders pictures as people do, and whether its values have moved.
func (f *Factory) records(ctx context.Context, views []art.CandidateView) ([]art.ScoreRecord, error) {
	var order []string
	last, values, cases := map[string]art.Score{}, map[string][]float64{}, map[string][]judge.Case{}
	for _, v := range views {
		said, err := f.Records.Decisions(ctx, v.ID)
		if err != nil {
			return nil, fmt.Errorf("factory: reading decisions: %w", err)
		}
		yes, decided := approved(said)
		for _, s := range v.Verdict.Scores {
			if !s.Available {
				continue
			}
			if old, ok := last[s.Scorer]; !ok {
				order = append(order, s.Scorer)
			} else if old.Version != s.Version || old.ModelSHA256 != s.ModelSHA256 {
				values[s.Scorer], cases[s.Scorer] = nil, nil // another version's numbers can't be compared
			}
			last[s.Scorer] = s
			values[s.Scorer] = append(values[s.Scorer], s.Value)
			if decided {
				cases[s.Scorer] = append(cases[s.Scorer], judge.Case{Score: inDirection(s), Approved: yes})
			}
		}
	}
	var all []art.ScoreRecord
	for _, name := range order {
		s, v := last[name], values[name]
		cut := len(v) - len(v)/lateShare
		d := judge.Drifted(v[:cut], v[cut:], len(order))
		r := art.ScoreRecord{Scorer: name, Cases: len(cases[name]), AUC: finite(judge.AUC(cases[name])), PSI: finite(d.PSI), Alarm: d.Alarm, Meaning: s.Meaning, Unit: s.Unit}
		if r.PSI != nil {
			r.Earlier, r.Late = finite(d.Median[0]), finite(d.Median[1])
		}
		all = append(all, r)
	}
	return all, nil
}

// inDirection turns a score so that more is better; where neither end is good, the middle of its range is.
func inDirection(s art.Score) float64 {
	switch s.Direction {
	case art.LowerIsBetter:
		return -s.Value
	case art.BandIsBest:
		return -math.Abs(s.Value - (s.Low+s.High)/2)
	default:
		return s.Value
	}
}
