package guard

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"presswerk/internal/art"
)

// golden is what trainer/reference/make_paired.py wrote.
type golden struct {
	Cases []struct {
		Name                        string
		Old, New                    []float64
		Confidence, Mean, Low, High float64
	}
	Quantiles []struct{ P, Freedom, T float64 }
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(b)) }

func TestIntervalsAreThoseOfSciPy(t *testing.T) {
	data, err := os.ReadFile("testdata/paired.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil || len(g.Cases) == 0 || len(g.Quantiles) == 0 {
		t.Fatal(err)
	}
	for _, q := range g.Quantiles {
		if got := quantile(q.P, q.Freedom); !near(got, q.T) {
			t.Errorf("t(%v; %v) = %.12g, want %.12g", q.P, q.Freedom, got, q.T)
		}
	}
	for _, c := range g.Cases {
		var d []float64
		for i := range c.Old {
			d = append(d, c.New[i]-c.Old[i])
		}
		if got := meanInterval(d, c.Confidence); !near(got.mean, c.Mean) || !near(got.low, c.Low) || !near(got.high, c.High) {
			t.Errorf("%s: %+v, want %v [%v, %v]", c.Name, got, c.Mean, c.Low, c.High)
		}
	}
}

// Student's hours of sleep, as R prints them: a number that nobody here has made.
func TestIntervalIsThePublishedOne(t *testing.T) {
	got := meanInterval([]float64{1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4}, 0.95)
	if math.Abs(got.mean-1.58) > 1e-7 || math.Abs(got.low-0.7001142) > 1e-7 || math.Abs(got.high-2.4598858) > 1e-7 {
		t.Errorf("%+v, want 1.58 [0.7001142, 2.4598858]", got)
	}
}

func TestFewValuesSayNothing(t *testing.T) {
	for _, d := range [][]float64{nil, {3}} {
		if i := meanInterval(d, 0.95); !math.IsInf(i.low, -1) || !math.IsInf(i.high, 1) {
			t.Errorf("%v: %+v", d, i)
		}
	}
	if i := meanInterval([]float64{2, 2, 2}, 0.95); i != (interval{2, 2, 2}) {
		t.Errorf("equal values: %+v", i)
	}
}

func TestAnIntervalIsReadByItsMargin(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      art.Outcome
	}{
		{-0.5, 0.5, art.Equal},
		{0.1, 0.9, art.Equal},
		{-0.9, -0.1, art.Equal},
		{0.1, 1.5, art.Better},
		{2, 3, art.Better},
		{-1.5, -0.1, art.Worse},
		{-3, -2, art.Worse},
		{-0.5, 1.5, art.Unsure},
		{-1.5, 0.5, art.Unsure},
		{-2, 2, art.Unsure},
		{math.Inf(-1), math.Inf(1), art.Unsure},
		{-1, 1, art.Unsure},
	} {
		if got := decide(interval{(c.low + c.high) / 2, c.low, c.high}, 1); got != c.want {
			t.Errorf("[%v, %v]: %s, want %s", c.low, c.high, got, c.want)
		}
	}
}

func score(name string, v float64, d art.Direction) art.Score {
	return art.Score{Scorer: name, Value: v, High: 100, Direction: d, Available: true}
}

func samples(name string, d art.Direction, pairs ...[2]float64) []Sample {
	var all []Sample
	for i, p := range pairs {
		all = append(all, Sample{fmt.Sprint(i), []art.Score{score(name, p[0], d)}, []art.Score{score(name, p[1], d)}})
	}
	return all
}

func TestSidesAreComparedInTheScoresOwnDirection(t *testing.T) {
	low, high := 20.0, 40.0
	for name, c := range map[string]struct {
		samples []Sample
		gate    art.Gate
		want    art.Outcome
	}{
		"higher is better":     {samples("s", art.HigherIsBetter, [2]float64{10, 30}, [2]float64{12, 31}, [2]float64{9, 30}), art.Gate{}, art.Better},
		"lower is better":      {samples("s", art.LowerIsBetter, [2]float64{10, 30}, [2]float64{12, 31}, [2]float64{9, 30}), art.Gate{}, art.Worse},
		"inside a band":        {samples("s", art.BandIsBest, [2]float64{21, 39}, [2]float64{22, 38}, [2]float64{39, 21}), art.Gate{Min: &low, Max: &high}, art.Equal},
		"out of a band":        {samples("s", art.BandIsBest, [2]float64{30, 60}, [2]float64{30, 61}, [2]float64{30, 62}), art.Gate{Min: &low, Max: &high}, art.Worse},
		"into a band":          {samples("s", art.BandIsBest, [2]float64{5, 30}, [2]float64{6, 30}, [2]float64{4, 30}), art.Gate{Min: &low, Max: &high}, art.Better},
		"a hair":               {samples("s", art.HigherIsBetter, [2]float64{10, 10.1}, [2]float64{12, 12.1}, [2]float64{9, 9.1}), art.Gate{}, art.Equal},
		"here and there":       {samples("s", art.HigherIsBetter, [2]float64{10, 30}, [2]float64{30, 10}, [2]float64{9, 20}), art.Gate{}, art.Unsure},
		"one prompt":           {samples("s", art.HigherIsBetter, [2]float64{10, 30}), art.Gate{}, art.Unsure},
		"nobody has the score": {samples("other", art.HigherIsBetter, [2]float64{1, 1}, [2]float64{1, 1}), art.Gate{}, art.Unsure},
	} {
		c.gate.Scorer = "s"
		all, overall := Compare(c.samples, []Rule{{Gate: c.gate}}, Confidence)
		if len(all) != 1 || all[0].Outcome != c.want || overall != c.want {
			t.Errorf("%s: %+v, %s; want %s", name, all, overall, c.want)
		}
		if math.IsInf(all[0].Low, 0) || math.IsNaN(all[0].Gain) {
			t.Errorf("%s: %+v cannot be written down", name, all[0])
		}
	}
}

func TestANewSideWithoutScoresIsWorse(t *testing.T) {
	s := samples("s", art.HigherIsBetter, [2]float64{10, 30}, [2]float64{12, 31}, [2]float64{9, 30})
	s[1].New[0].Available = false
	all, overall := Compare(s, []Rule{{Gate: art.Gate{Scorer: "s"}}}, Confidence)
	if overall != art.Worse || all[0].Note.In("de") == "" {
		t.Errorf("%+v, %s", all, overall)
	}
}

func TestTheWorstScorerDecides(t *testing.T) {
	for _, c := range []struct {
		all  []art.Outcome
		want art.Outcome
	}{
		{[]art.Outcome{art.Equal, art.Equal}, art.Equal},
		{[]art.Outcome{art.Equal, art.Better}, art.Better},
		{[]art.Outcome{art.Better, art.Unsure}, art.Unsure},
		{[]art.Outcome{art.Unsure, art.Worse, art.Better}, art.Worse},
	} {
		got := art.Equal
		for _, o := range c.all {
			got = worst(got, o)
		}
		if got != c.want {
			t.Errorf("%v: %s, want %s", c.all, got, c.want)
		}
	}
	if _, overall := Compare(nil, nil, Confidence); overall != art.Unsure {
		t.Errorf("no scorer: %s", overall)
	}
}

// Seeds of one prompt are no observations of their own: repeating each picture makes nobody surer.
func TestRepeatedSeedsMakeNobodySurer(t *testing.T) {
	once := samples("s", art.HigherIsBetter, [2]float64{10, 30}, [2]float64{12, 20}, [2]float64{9, 10})
	a, _ := Compare(once, []Rule{{Gate: art.Gate{Scorer: "s"}}}, Confidence)
	b, _ := Compare(append(once, once...), []Rule{{Gate: art.Gate{Scorer: "s"}}}, Confidence)
	if a[0].Prompts != 3 || math.Abs(a[0].High-b[0].High) > 1e-9 {
		t.Errorf("%+v, %+v", a[0], b[0])
	}
}

// Exchanging the sides turns the outcome over.
func TestExchangedSidesTurnTheOutcome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 12).Draw(t, "n")
		var there, back []Sample
		for i := range n {
			a, b := rapid.Float64Range(0, 100).Draw(t, "a"), rapid.Float64Range(0, 100).Draw(t, "b")
			there = append(there, Sample{fmt.Sprint(i), []art.Score{score("s", a, art.HigherIsBetter)}, []art.Score{score("s", b, art.HigherIsBetter)}})
			back = append(back, Sample{fmt.Sprint(i), there[i].New, there[i].Old})
		}
		rules := []Rule{{Gate: art.Gate{Scorer: "s"}, Margin: 3}}
		x, a := Compare(there, rules, Confidence)
		_, b := Compare(back, rules, Confidence)
		turned := map[art.Outcome]art.Outcome{art.Better: art.Worse, art.Worse: art.Better, art.Equal: art.Equal, art.Unsure: art.Unsure}
		if turned[a] != b || x[0].Low > x[0].Gain || x[0].Gain > x[0].High {
			t.Fatalf("%s and %s: %+v", a, b, x)
		}
	})
}

func move(version string, change ...func(*Move)) Move {
	m := Move{Brand: "acme", Model: art.ModelRef{Name: "house", Version: version, SHA256: "sha-" + version}, By: "Ada", Date: "2026-11-26"}
	for _, c := range change {
		c(&m)
	}
	return m
}

func passed(old, now string, o art.Outcome, changed ...string) art.Guard {
	return art.Guard{
		ID: "guard-" + old + now, Brand: "acme", Old: art.Side{Model: art.ModelRef{SHA256: "sha-" + old}}, New: art.Side{Model: art.ModelRef{SHA256: "sha-" + now}},
		Changed: append([]string{"model"}, changed...), Outcome: o,
	}
}

func pin(t *testing.T, p art.ModelPolicy, m Move, guards ...art.Guard) art.ModelPolicy {
	t.Helper()
	p, err := Pin(p, m, guards)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPinMovesOnlyWithAPassedGuardOrAPersonsWord(t *testing.T) {
	first := pin(t, art.ModelPolicy{}, move("1"))
	elsewhere := passed("1", "2", art.Better)
	elsewhere.Old.Fields = map[string]string{"steps": "1"}
	elsewhere.New.Fields = elsewhere.Old.Fields
	for name, c := range map[string]struct {
		guards []art.Guard
		change func(*Move)
		err    error
		words  string
	}{
		"no guard":              {nil, nil, art.ErrRefused, "nobody has compared sha-1 with sha-2"},
		"better":                {[]art.Guard{passed("1", "2", art.Better)}, nil, nil, ""},
		"equal":                 {[]art.Guard{passed("1", "2", art.Equal)}, nil, nil, ""},
		"unsure":                {[]art.Guard{passed("1", "2", art.Unsure)}, nil, art.ErrRefused, "is unsure"},
		"worse":                 {[]art.Guard{passed("1", "2", art.Worse)}, nil, art.ErrRefused, "is worse"},
		"the newest counts":     {[]art.Guard{passed("1", "2", art.Better), passed("1", "2", art.Worse)}, nil, art.ErrRefused, "is worse"},
		"of another pair":       {[]art.Guard{passed("1", "3", art.Better)}, nil, art.ErrRefused, "nobody has compared"},
		"the other way round":   {[]art.Guard{passed("2", "1", art.Better)}, nil, art.ErrRefused, "nobody has compared"},
		"of more than a model":  {[]art.Guard{passed("1", "2", art.Better, "sampler")}, nil, art.ErrRefused, "nobody has compared"},
		"of other parameters":   {[]art.Guard{elsewhere}, nil, art.ErrRefused, "nobody has compared"},
		"a word":                {nil, func(m *Move) { m.Override, m.Reason = true, "the old one is gone" }, nil, ""},
		"a word without reason": {nil, func(m *Move) { m.Override = true }, art.ErrInvalid, "explains nothing"},
		"nobody's word":         {nil, func(m *Move) { m.Override, m.Reason, m.By = true, "so", "" }, art.ErrInvalid, "nobody is named"},
		"again":                 {nil, func(m *Move) { m.Model = move("1").Model }, art.ErrConflict, "already"},
	} {
		m := move("2")
		if c.change != nil {
			c.change(&m)
		}
		after, err := Pin(first, m, c.guards)
		if !errors.Is(err, c.err) || c.err == nil && err != nil || err != nil && !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", name, err)
		}
		now, _ := after.PinOf("acme", "house")
		if moved := now.SHA256 == "sha-2"; moved != (c.err == nil) || moved && (now.Guard == "") == (len(c.guards) > 0) || moved && len(after.History) != 2 {
			t.Errorf("%s: %+v", name, after)
		}
	}
}

func TestARemovalIsNoWayRoundTheGuard(t *testing.T) {
	p := pin(t, art.ModelPolicy{}, move("1"))
	p, err := Remove(p, move("1"))
	if err != nil || len(p.Pins) != 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	if _, err := Pin(p, move("2"), nil); !errors.Is(err, art.ErrRefused) {
		t.Errorf("got %v", err)
	}
	if p = pin(t, p, move("1")); len(p.Pins) != 1 {
		t.Errorf("%+v", p)
	}
	if _, err := Rollback(p, move("1")); !errors.Is(err, art.ErrConflict) {
		t.Errorf("it never moved, and rolled back: %v", err)
	}
}

func TestARollbackGoesBackOneByOne(t *testing.T) {
	p := pin(t, art.ModelPolicy{}, move("1"))
	p = pin(t, p, move("2"), passed("1", "2", art.Better))
	p = pin(t, p, move("3"), passed("2", "3", art.Equal))
	for _, want := range []string{"sha-2", "sha-1"} {
		var err error
		if p, err = Rollback(p, move("")); err != nil {
			t.Fatal(err)
		}
		if now, _ := p.PinOf("acme", "house"); now.SHA256 != want {
			t.Fatalf("%+v, want %s", now, want)
		}
		if bad := Check(p); bad != nil {
			t.Errorf("%v", bad[0])
		}
	}
	if _, err := Rollback(p, move("")); !errors.Is(err, art.ErrConflict) {
		t.Errorf("got %v", err)
	}
	if len(p.History) != 5 || p.History[4].From != "sha-2" {
		t.Errorf("%+v", p.History)
	}
}

func TestACanaryIsPromotedOrTakenOut(t *testing.T) {
	p := pin(t, art.ModelPolicy{}, move("1"))
	share := func(m *Move) { m.Share = 0.1 }
	if _, err := Pin(p, move("2", share), nil); !errors.Is(err, art.ErrRefused) {
		t.Errorf("a canary without a guard: %v", err)
	}
	p = pin(t, p, move("2", share), passed("1", "2", art.Equal))
	if now, _ := p.PinOf("acme", "house"); now.SHA256 != "sha-1" || now.Canary == nil || now.Canary.SHA256 != "sha-2" || now.Canary.Guard == "" {
		t.Fatalf("%+v", now)
	}
	out, err := Rollback(p, move(""))
	if now, _ := out.PinOf("acme", "house"); err != nil || now.SHA256 != "sha-1" || now.Canary != nil {
		t.Errorf("%+v, %v", now, err)
	}
	all, err := Promote(p, move(""))
	now, _ := all.PinOf("acme", "house")
	if err != nil || now.SHA256 != "sha-2" || now.Canary != nil || now.Guard == "" {
		t.Errorf("%+v, %v", now, err)
	}
	back, err := Rollback(all, move(""))
	if now, _ := back.PinOf("acme", "house"); err != nil || now.SHA256 != "sha-1" {
		t.Errorf("%+v, %v", now, err)
	}
	if _, err := Promote(all, move("")); !errors.Is(err, art.ErrConflict) {
		t.Errorf("promoted twice: %v", err)
	}
	if _, err := Pin(art.ModelPolicy{}, move("2", share), nil); !errors.Is(err, art.ErrConflict) {
		t.Errorf("a canary of nothing: %v", err)
	}
}

// Pins that were written before there was a history go on.
func TestAnOldPinGetsItsHistory(t *testing.T) {
	old := art.ModelPolicy{Pins: []art.Pin{{Brand: "acme", Model: "house", Version: "1", SHA256: "sha-1", By: "Ada", Date: "2026-01-02"}}}
	p := pin(t, old, move("2"), passed("1", "2", art.Better))
	if len(p.History) != 2 || p.History[0].SHA256 != "sha-1" || len(old.Pins) != 1 || old.Pins[0].SHA256 != "sha-1" {
		t.Errorf("%+v", p)
	}
	p.Pins[0].SHA256 = "sha-3"
	if bad := Check(p); len(bad) != 1 || bad[0].Field != "pins[0].sha256" {
		t.Errorf("a pin moved by hand: %v", bad)
	}
}
