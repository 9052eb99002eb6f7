package judge_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"presswerk/internal/art"
	"presswerk/internal/judge"
)

func up(name string, value float64) art.Score {
	return art.Score{Scorer: name, Value: value, Low: 0, High: 10, Direction: art.HigherIsBetter, Available: true, Unit: "u"}
}

func with(s art.Score, change func(*art.Score)) art.Score {
	change(&s)
	return s
}

func TestDecide(t *testing.T) {
	n := func(v float64) *float64 { return &v }
	down := with(up("a", 3), func(s *art.Score) { s.Direction = art.LowerIsBetter })
	band := with(up("a", 3), func(s *art.Score) { s.Direction = art.BandIsBest })
	for name, c := range map[string]struct {
		scores  []art.Score
		rubric  []art.Gate
		failed  string // scorers, joined
		overall float64
	}{
		"no rubric":                {[]art.Score{up("a", 3)}, nil, "", 0},
		"inside":                   {[]art.Score{up("a", 3)}, []art.Gate{{Scorer: "a", Min: n(2), Max: n(4)}}, "", 0.3},
		"on the lower bound":       {[]art.Score{up("a", 3)}, []art.Gate{{Scorer: "a", Min: n(3)}}, "", 0.3},
		"on the upper bound":       {[]art.Score{up("a", 3)}, []art.Gate{{Scorer: "a", Max: n(3)}}, "", 0.3},
		"below":                    {[]art.Score{up("a", 3)}, []art.Gate{{Scorer: "a", Min: n(3.01)}}, "a", 0.3},
		"above":                    {[]art.Score{up("a", 3)}, []art.Gate{{Scorer: "a", Max: n(2.99)}}, "a", 0.3},
		"lower is better":          {[]art.Score{down}, []art.Gate{{Scorer: "a", Max: n(4)}}, "", 0.7},
		"the middle of the band":   {[]art.Score{band}, []art.Gate{{Scorer: "a", Min: n(2), Max: n(4)}}, "", 1},
		"the end of the band":      {[]art.Score{band}, []art.Gate{{Scorer: "a", Min: n(3), Max: n(9)}}, "", 0},
		"a third into the band":    {[]art.Score{band}, []art.Gate{{Scorer: "a", Min: n(2), Max: n(8)}}, "", 1.0 / 3},
		"beyond the range":         {[]art.Score{up("a", 99)}, []art.Gate{{Scorer: "a", Min: n(2)}}, "", 1},
		"nobody measured it":       {nil, []art.Gate{{Scorer: "a", Min: n(0)}}, "a", 0},
		"it could not be measured": {[]art.Score{with(up("a", 3), func(s *art.Score) { s.Available, s.Reason = false, "no light" })}, []art.Gate{{Scorer: "a", Min: n(0)}}, "a", 0},
		"no number":                {[]art.Score{up("a", math.NaN())}, []art.Gate{{Scorer: "a", Min: n(0)}}, "a", 0},
		"without an end":           {[]art.Score{up("a", math.Inf(1))}, []art.Gate{{Scorer: "a", Min: n(0)}}, "a", 0},
		"weights": {
			[]art.Score{up("a", 10), up("b", 0)},
			[]art.Gate{{Scorer: "a", Min: n(0), Weight: 3}, {Scorer: "b", Min: n(0)}},
			"", 0.75,
		},
		"every failure is told": {
			[]art.Score{up("a", 1), up("b", 2), up("c", 3)},
			[]art.Gate{{Scorer: "a", Min: n(5)}, {Scorer: "b", Max: n(5)}, {Scorer: "c", Max: n(1)}},
			"a c", 0.2,
		},
	} {
		v := judge.Decide(c.scores, c.rubric)
		var failed []string
		for _, f := range v.Failures {
			failed = append(failed, f.Scorer)
			if !f.Reason.Has(art.English) || !f.Reason.Has(art.German) {
				t.Errorf("%s: the reason %v lacks a language", name, f.Reason)
			}
		}
		if got := strings.Join(failed, " "); got != c.failed || v.Pass != (c.failed == "") {
			t.Errorf("%s: failed %q, pass %t; want %q", name, got, v.Pass, c.failed)
		}
		if !(math.Abs(v.Overall-c.overall) < 1e-9) {
			t.Errorf("%s: overall %v, want %v", name, v.Overall, c.overall)
		}
	}
}

func TestAReasonNamesTheNumberAndTheBound(t *testing.T) {
	least := 5.0
	v := judge.Decide([]art.Score{up("sharpness", 1.23456)}, []art.Gate{{Scorer: "sharpness", Min: &least}})
	if got := v.Failures[0].Reason; got["en"] != "sharpness is 1.235 u, below 5" || got["de"] != "sharpness ist 1.235 u, unter 5" {
		t.Errorf("the reasons are %q", got)
	}
}

// verdicts makes passing ones of positive figures and failed ones of negative figures.
func verdicts(overall ...float64) []art.Verdict {
	var all []art.Verdict
	for i, o := range overall {
		v := art.Verdict{Candidate: string(rune('a' + i)), Pass: o >= 0, Overall: math.Abs(o)}
		if !v.Pass {
			v.Failures = []art.Failure{{Scorer: "x", Reason: art.Text{"en": "too red", "de": "zu rot"}}}
		}
		all = append(all, v)
	}
	return all
}

func TestPreselect(t *testing.T) {
	hundred := make([]float64, 100)
	kinds := map[string]string{"a": "apple", "b": "apple", "c": "pear"}
	for name, c := range map[string]struct {
		overall []float64
		options judge.PreselectOptions
		want    string // those that are shown, in the order of the verdicts; more than ten are counted
	}{
		"all":                     {[]float64{.1, .2}, judge.PreselectOptions{}, "ab"},
		"nothing":                 {nil, judge.PreselectOptions{Share: .5}, ""},
		"the best half":           {[]float64{.1, .4, .3, .2}, judge.PreselectOptions{Share: .5}, "bc"},
		"rounded up":              {[]float64{.1, .4, .3}, judge.PreselectOptions{Share: .1}, "b"},
		"what failed never wins":  {[]float64{-.9, .1}, judge.PreselectOptions{}, "b"},
		"what failed counts":      {[]float64{-.9, -.9, .1, .2}, judge.PreselectOptions{Share: .5}, "cd"},
		"count":                   {[]float64{.1, .4, .3, .2}, judge.PreselectOptions{Count: 1}, "b"},
		"the smaller one counts":  {[]float64{.1, .4, .3, .2}, judge.PreselectOptions{Count: 3, Share: .5}, "bc"},
		"equal ones, first first": {[]float64{.5, .5, .5}, judge.PreselectOptions{Count: 2}, "ab"},
		"a share above one":       {[]float64{.1, .2}, judge.PreselectOptions{Share: 7}, "ab"},
		"one of a kind":           {[]float64{.1, .2, .05}, judge.PreselectOptions{Distinct: kinds}, "bc"},
		// 0.07 × 100 and 0.55 × 100 lie a hair above the whole number in binary.
		"7 of 100":  {hundred, judge.PreselectOptions{Share: .07}, "7"},
		"55 of 100": {hundred, judge.PreselectOptions{Share: .55}, "55"},
	} {
		got, n := "", 0
		for _, s := range judge.Preselect(verdicts(c.overall...), c.options) {
			if s.Selected {
				got, n = got+s.Candidate, n+1
			}
			if !s.Reason.Has(art.English) || !s.Reason.Has(art.German) {
				t.Errorf("%s: %s is given no reason in both languages: %v", name, s.Candidate, s.Reason)
			}
		}
		if len(c.overall) > 10 {
			got = strconv.Itoa(n)
		}
		if got != c.want {
			t.Errorf("%s: shown are %q, want %q", name, got, c.want)
		}
	}
}

func TestWhoIsLeftOutIsToldWhy(t *testing.T) {
	kinds := map[string]string{"a": "apple", "b": "apple", "c": "pear", "d": "plum"}
	got := judge.Preselect(verdicts(.8, .9, .7, -.1), judge.PreselectOptions{Count: 1, Distinct: kinds})
	for i, want := range []struct {
		rank int
		says string
	}{{2, "b is a better one"}, {1, "ranked 1 of 3"}, {3, "only the best 1"}, {0, "too red"}} {
		if s := got[i]; s.Rank != want.rank || !strings.Contains(s.Reason["en"], want.says) {
			t.Errorf("%s: rank %d, %q; want rank %d, %q", s.Candidate, s.Rank, s.Reason["en"], want.rank, want.says)
		}
	}
}

// Whatever comes in: nobody who failed wins, nobody wins over a better one of its kind, and the limits hold.
func TestPreselectionIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := verdicts(rapid.SliceOfN(rapid.Float64Range(-1, 1), 0, 25).Draw(t, "overall")...)
		o := judge.PreselectOptions{
			Share: rapid.Float64Range(0, 1).Draw(t, "share"), Count: rapid.IntRange(0, 30).Draw(t, "count"), Distinct: map[string]string{},
		}
		for _, v := range in {
			o.Distinct[v.Candidate] = rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "kind")
		}
		out, won, kinds := judge.Preselect(in, o), 0, map[string]float64{}
		if len(out) != len(in) {
			t.Fatalf("%d selections of %d verdicts", len(out), len(in))
		}
		for i, s := range out {
			if s.Candidate != in[i].Candidate || (s.Rank == 0) == in[i].Pass {
				t.Fatalf("selection %d is %+v of %+v", i, s, in[i])
			}
			if !s.Selected {
				continue
			}
			won++
			if _, there := kinds[o.Distinct[s.Candidate]]; there || !in[i].Pass {
				t.Fatalf("%s must not win", s.Candidate)
			}
			kinds[o.Distinct[s.Candidate]] = in[i].Overall
		}
		for i, v := range in {
			if best, there := kinds[o.Distinct[v.Candidate]]; there && v.Pass && v.Overall > best && !out[i].Selected {
				t.Fatalf("%s is better than the winner of its kind", v.Candidate)
			}
		}
		if o.Count > 0 && won > o.Count || float64(won) > math.Max(1, o.Share*float64(len(in))+1) && o.Share > 0 {
			t.Fatalf("%d won of %d with %+v", won, len(in), o)
		}
	})
}
