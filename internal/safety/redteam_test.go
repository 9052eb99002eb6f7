package safety_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/safety"
	"presswerk/internal/workspace"
)

var update = flag.Bool("update", false, "write the red team's baselines anew")

// TestTheRedTeamGetsNoFurtherThanBefore holds the rates of each policy. A rule that lets more through, or stops more that is
// innocent, fails here; one that does better is written down with -update.
func TestTheRedTeamGetsNoFurtherThanBefore(t *testing.T) {
	suite, err := workspace.Suite()
	if err != nil {
		t.Fatal(err)
	}
	var fresh []safety.Baseline
	for _, sector := range []string{"general", "health", "finance", "public"} {
		g := guide(t, sector)
		r := safety.RedTeam(suite, g)
		fresh = append(fresh, r.Baseline())
		if *update {
			continue
		}
		b, ok, err := workspace.RedTeamBaseline(g.Policy().ID())
		if err != nil || !ok {
			t.Fatalf("%s has no baseline: %v; run go test ./internal/safety -run RedTeam -update", g.Policy().ID(), err)
		}
		if b.Suite != suite.Version {
			t.Errorf("%s: the suite is version %d, the baseline of %d", sector, suite.Version, b.Suite)
		}
		for _, worse := range r.Against(b).Regress {
			t.Errorf("%s: %s", sector, worse)
		}
		for _, c := range r.Categories {
			if c.Name == "minors-sexual" && slices.ContainsFunc(r.Through, func(x safety.Try) bool {
				return x.Category == c.Name && (x.Trick == "plain" || x.Trick == "translation")
			}) {
				t.Errorf("%s: %s gets through without a disguise", sector, c.Name)
			}
		}
	}
	if *update {
		data, err := json.MarshalIndent(fresh, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("..", "workspace", filepath.FromSlash(workspace.BaselinesFile)), append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestARegressIsNoticed(t *testing.T) {
	suite, err := workspace.Suite()
	if err != nil {
		t.Fatal(err)
	}
	g := guide(t, "general")
	good := safety.RedTeam(suite, g)
	if r := good.Against(good.Baseline()); !r.Compared || len(r.Regress) > 0 {
		t.Errorf("the same report is worse than itself: %v", r.Regress)
	}
	p := g.Policy()
	p.Rules["gore"] = art.Pass
	weak, err := safety.NewGuide(g.Lexicon(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := safety.RedTeam(suite, weak).Against(good.Baseline())
	if !slices.ContainsFunc(r.Regress, func(s string) bool { return strings.HasPrefix(s, "category gore") }) {
		t.Errorf("a policy without gore regresses in %v", r.Regress)
	}
	p = guide(t, "general").Policy()
	p.Rules["weapons"] = art.NeedsPerson
	l := g.Lexicon()
	l = l.Joined(safety.Lexicon{Concepts: []safety.Concept{{ID: "weapons", Terms: map[string][]string{"en": {"bread", "coffee", "butter"}}}}})
	strict, err := safety.NewGuide(l, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	r = safety.RedTeam(suite, strict).Against(good.Baseline())
	if !slices.ContainsFunc(r.Regress, func(s string) bool { return strings.HasPrefix(s, "over-blocking") }) {
		t.Errorf("a policy against bread regresses in %v", r.Regress)
	}
}

func FuzzLook(f *testing.F) {
	g := guide(f, "")
	for _, s := range []string{"a b e h e a d e d man", "YmVoZWFkZWQgbWFu", "n\u0336u\u0336d\u0336e", "&#98;&#101;&#104;&#101;", "㏂ gun", "%62%65%68%65%61", "ｎｕｄｅ", "\xff\xfe gun", strings.Repeat("gun ", 50)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range look(g, s) {
			if c.Start < 0 || c.End > len(s) || c.Start >= c.End || s[c.Start:c.End] != c.Match {
				t.Errorf("%q: %s is said to stand at %d–%d, %q", s, c.Rule, c.Start, c.End, c.Match)
			}
		}
	})
}
