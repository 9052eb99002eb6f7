package factory_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/factory"
	"presswerk/internal/judge"
)

// books are the records of two brands whose pictures were decided on.
type books struct {
	factory.Records
	runs       []art.RunView
	candidates map[string][]art.CandidateView
	decisions  map[string][]art.Decision
}

func (b *books) Runs(context.Context) ([]art.RunView, error) { return b.runs, nil }
func (b *books) Candidates(_ context.Context, run string) ([]art.CandidateView, error) {
	return b.candidates[run], nil
}

func (b *books) Decisions(_ context.Context, candidate string) ([]art.Decision, error) {
	return b.decisions[candidate], nil
}

// add writes a run of so many pictures, whose figure foretells Ada's word; score says what a scorer gave each.
func (b *books) add(dice *rand.Rand, brand string, n int, score func(overall float64) float64) {
	run := art.RunView{Run: art.Run{ID: fmt.Sprintf("%s-%d", brand, len(b.runs)), BrandID: brand, CreatedAt: time.Unix(int64(len(b.runs)), 0)}}
	b.runs = append(b.runs, run)
	for i := range n {
		overall := dice.Float64()
		v := art.CandidateView{Verdict: &art.Verdict{Overall: overall, Scores: []art.Score{
			{Scorer: "shine", Available: true, Value: score(overall), High: 1, Direction: art.HigherIsBetter},
			{Scorer: "dust", Available: true, Value: dice.Float64(), High: 1, Direction: art.LowerIsBetter},
			{Scorer: "gone", Reason: "no model"},
		}}}
		v.ID, v.Run = fmt.Sprintf("%s-%d", run.ID, i), run.ID
		b.candidates[run.ID] = append(b.candidates[run.ID], v)
		action := art.Reject
		if overall+0.2*dice.NormFloat64() > 0.5 {
			action = art.Approve
		}
		b.decisions[v.ID] = []art.Decision{{Action: art.Approve, By: art.PolicyAuto}, {Action: action, By: "Ada"}}
		if i%3 == 0 {
			b.decisions[v.ID] = append(b.decisions[v.ID], art.Decision{Action: action, By: "Ben"})
		}
	}
}

func TestPeoplesWordMeasuresTheJudge(t *testing.T) {
	dice := rand.New(rand.NewPCG(5, 6))
	b := &books{candidates: map[string][]art.CandidateView{}, decisions: map[string][]art.Decision{}}
	for range 6 {
		b.add(dice, "acme", 30, func(o float64) float64 { return o / 2 })
	}
	b.add(dice, "other", 30, func(float64) float64 { return 1 })
	b.add(dice, "acme", 60, func(o float64) float64 { return 0.5 + o/2 })
	f := factory.New(factory.Options{Records: b, Now: func() time.Time { return time.Unix(9, 0) }})
	r, err := f.Reviewed(t.Context(), "acme", judge.Costs{Look: 1, Miss: 4})
	if err != nil {
		t.Fatal(err)
	}
	if r.Judged != 240 || r.Decided != 240 || r.Runs != 7 || r.People != 2 || r.Approved < 90 || r.Approved > 150 {
		t.Errorf("%+v", r)
	}
	if r.Agreement.Alpha == nil || *r.Agreement.Alpha != 1 || r.Agreement.Pictures != 80 {
		t.Errorf("agreement %+v", r.Agreement)
	}
	c := r.Calibration
	if c == nil || c.Brier > 0.7*c.BaseBrier || c.Show != 0.25 || c.From == nil || c.Shown > 0.85 || c.Found < 0.9 || c.Saved < 0.05 {
		t.Errorf("calibration %+v", c)
	}
	if len(r.Scores) != 2 || r.Scores[0].Scorer != "shine" || *r.Scores[0].AUC < 0.7 || *r.Scores[1].AUC > 0.6 {
		t.Fatalf("scores %+v", r.Scores)
	}
	if !r.Scores[0].Alarm || r.Scores[1].Alarm || !r.Moved() {
		t.Errorf("the shine has moved, the dust hasn't: %+v", r.Scores)
	}
}

func TestWithoutEnoughDecisionsTheReportSaysSo(t *testing.T) {
	dice := rand.New(rand.NewPCG(5, 6))
	b := &books{candidates: map[string][]art.CandidateView{}, decisions: map[string][]art.Decision{}}
	b.add(dice, "acme", 6, func(o float64) float64 { return o })
	f := factory.New(factory.Options{Records: b, Now: time.Now})
	r, err := f.Reviewed(t.Context(), "acme", judge.Costs{Look: 1, Miss: 4})
	if err != nil || r.Calibration != nil || !strings.Contains(r.Reason, "review more") || r.Moved() || r.Agreement.Pictures != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := f.Reviewed(t.Context(), "acme", judge.Costs{}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("costs of nothing: %v", err)
	}
}
