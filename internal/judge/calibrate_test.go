package judge_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"presswerk/internal/art"
	"presswerk/internal/judge"
)

// people draws cases whose approval has the probability that a true curve gives.
func people(n, groups int, curve func(float64) float64) []judge.Case {
	dice := rand.New(rand.NewPCG(1, 2))
	all := make([]judge.Case, n)
	for i := range all {
		s := dice.Float64()
		all[i] = judge.Case{Group: fmt.Sprint(i % groups), Score: s, Approved: dice.Float64() < curve(s)}
	}
	return all
}

func TestProbabilitiesAreThoseOfPeople(t *testing.T) {
	for name, c := range map[string]struct {
		curve  func(float64) float64
		method string
	}{
		"sigmoid": {func(s float64) float64 { return 1 / (1 + math.Exp(-8*(s-0.5))) }, "logistic"},
		"step": {func(s float64) float64 {
			if s < 0.7 {
				return 0.1
			}
			return 0.8
		}, "isotonic"},
	} {
		got, err := judge.Calibrate(people(4000, 40, c.curve))
		if err != nil {
			t.Fatal(err)
		}
		if got.Method != c.method || got.Cases != 4000 || got.Folds != 5 || got.Groups != 40 || len(got.Held) != 4000 {
			t.Errorf("%s: %s of %d cases in %d folds", name, got.Method, got.Cases, got.Folds)
		}
		for _, s := range []float64{0.1, 0.3, 0.5, 0.6, 0.8, 0.9} {
			if p := got.Of(s); math.Abs(p-c.curve(s)) > 0.07 {
				t.Errorf("%s: a score of %v gives %.3f, and people approve %.3f", name, s, p, c.curve(s))
			}
		}
		if got.ECE > 0.03 || got.Brier >= got.BaseBrier || got.AUC < 0.8 {
			t.Errorf("%s: ECE %.3f, Brier %.3f of %.3f, AUC %.3f", name, got.ECE, got.Brier, got.BaseBrier, got.AUC)
		}
	}
}

// TestHonestFiguresDontComeFromMemory: with scores that say nothing, no figure may look as if they did.
func TestHonestFiguresDontComeFromMemory(t *testing.T) {
	got, err := judge.Calibrate(people(600, 12, func(float64) float64 { return 0.3 }))
	if err != nil {
		t.Fatal(err)
	}
	if got.Brier < got.BaseBrier-0.002 || got.AUC > 0.56 || got.AUC < 0.44 {
		t.Errorf("Brier %.4f of %.4f, AUC %.3f", got.Brier, got.BaseBrier, got.AUC)
	}
}

func TestTooLittleToCalibrateIsRefused(t *testing.T) {
	fair := func(float64) float64 { return 0.5 }
	nobody := people(100, 5, func(float64) float64 { return 0 })
	broken := people(100, 5, fair)
	broken[3].Score = math.NaN()
	for name, cases := range map[string][]judge.Case{"none": nil, "few": people(19, 5, fair), "one kind": nobody, "one run": people(100, 1, fair), "no number": broken} {
		if _, err := judge.Calibrate(cases); !errors.Is(err, art.ErrUnsupported) && !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACalibrationRisesAndKeepsItsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(30, 80).Draw(t, "n")
		cases := make([]judge.Case, n)
		for i := range cases {
			cases[i] = judge.Case{
				Group: fmt.Sprint(rapid.IntRange(0, 5).Draw(t, "group")), Score: float64(rapid.IntRange(0, 12).Draw(t, "score")) / 4, Approved: rapid.Bool().Draw(t, "approved"),
			}
		}
		c, err := judge.Calibrate(cases)
		if err != nil {
			return // too few of a kind
		}
		mixed := slices.Clone(cases)
		slices.Reverse(mixed)
		other, err := judge.Calibrate(mixed)
		if err != nil || math.Abs(other.LogLoss-c.LogLoss) > 1e-9 {
			t.Fatalf("another order gives %v instead of %v, %v", other.LogLoss, c.LogLoss, err)
		}
		last := 0.0
		for s := -1.0; s < 5; s += 0.1 {
			p := c.Of(s)
			if p <= 0 || p >= 1 || math.IsNaN(p) {
				t.Fatalf("a score of %v gives %v", s, p)
			}
			if c.Method == "isotonic" && p < last-1e-12 {
				t.Fatalf("it falls at %v", s)
			}
			last = p
		}
		for _, b := range c.Bins {
			if b.Count < 1 || b.Approved < b.Low-1e-9 || b.Approved > b.High+1e-9 {
				t.Fatalf("%+v", b)
			}
		}
	})
}

func TestTheThresholdFollowsFromCosts(t *testing.T) {
	c, err := judge.Calibrate(people(4000, 40, func(s float64) float64 { return s }))
	if err != nil {
		t.Fatal(err)
	}
	cheap, dear := c.Choose(judge.Costs{Look: 1, Miss: 10}), c.Choose(judge.Costs{Look: 1, Miss: 2})
	if cheap.Probability != 0.1 || dear.Probability != 0.5 || math.Abs(dear.Score-0.5) > 0.06 {
		t.Errorf("%+v, %+v", cheap, dear)
	}
	if math.Abs(dear.Shown-0.5) > 0.06 || math.Abs(dear.Found-0.75) > 0.06 || dear.Cost >= dear.CostOfAll {
		t.Errorf("%+v", dear)
	}
	if never := c.Choose(judge.Costs{Look: 5, Miss: 1}); never.Shown != 0 || !math.IsInf(never.Score, 1) {
		t.Errorf("%+v", never)
	}
}

func TestAUC(t *testing.T) {
	for _, c := range []struct {
		cases []judge.Case
		want  float64
	}{
		{[]judge.Case{{Score: 1}, {Score: 2, Approved: true}}, 1},
		{[]judge.Case{{Score: 1, Approved: true}, {Score: 2}}, 0},
		{[]judge.Case{{Score: 1, Approved: true}, {Score: 1}}, 0.5},
		{[]judge.Case{{Score: 1}, {Score: 2, Approved: true}, {Score: 2}, {Score: 3, Approved: true}}, 0.875},
	} {
		if got := judge.AUC(c.cases); got != c.want {
			t.Errorf("%v: %v, not %v", c.cases, got, c.want)
		}
	}
	if !math.IsNaN(judge.AUC([]judge.Case{{Approved: true}})) {
		t.Error("one kind of case has no order")
	}
}

// TestAgreementIsKrippendorffs takes the example and the figures of Krippendorff 2011, section C and D.
func TestAgreementIsKrippendorffs(t *testing.T) {
	var words []judge.Word
	for who, row := range map[string]string{"A": "123321412...", "B": "1233224125.3", "C": ".3332342251.", "D": "12332441251."} {
		for i, v := range row {
			if v != '.' {
				words = append(words, judge.Word{Thing: fmt.Sprint(i), Person: who, Value: float64(v - '0')})
			}
		}
	}
	nominal, ordinal := judge.Agree(words, judge.Nominal), judge.Agree(words, judge.Ordinal)
	if math.Abs(nominal.Alpha-0.743) > 0.0006 || math.Abs(ordinal.Alpha-0.815) > 0.0006 || nominal.Things != 11 || nominal.People != 4 {
		t.Errorf("nominal %.4f, ordinal %.4f over %d things and %d people", nominal.Alpha, ordinal.Alpha, nominal.Things, nominal.People)
	}
	again := append(slices.Clone(words), judge.Word{Thing: "0", Person: "A", Value: 5})
	if got := judge.Agree(again, judge.Nominal); got.Alpha != nominal.Alpha {
		t.Error("a second word of a person counts")
	}
	if !math.IsNaN(judge.Agree(words[:1], judge.Nominal).Alpha) {
		t.Error("one word agrees with nobody")
	}
}

func TestDriftIsNoticed(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 4))
	normal := func(n int, mean float64) []float64 {
		all := make([]float64, n)
		for i := range all {
			all[i] = mean + dice.NormFloat64()
		}
		return all
	}
	before := normal(500, 0)
	if d := judge.Drifted(before, normal(500, 0), 10); d.Alarm || d.PSI > 0.1 || d.P < 0.01 {
		t.Errorf("nothing moved: %+v", d)
	}
	if d := judge.Drifted(before, normal(500, 1), 10); !d.Alarm || d.PSI < 0.25 || d.KS < 0.3 {
		t.Errorf("a whole deviation: %+v", d)
	}
	if d := judge.Drifted(before, normal(10, 5), 1); d.Alarm || !math.IsNaN(d.PSI) {
		t.Errorf("ten values tell nothing: %+v", d)
	}
	same := slices.Repeat([]float64{1}, 50)
	if d := judge.Drifted(same, same, 1); d.Alarm || d.PSI != 0 || d.P != 1 {
		t.Errorf("the same value always: %+v", d)
	}
}
