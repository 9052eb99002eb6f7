package factory_test

import (
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/testkit"
)

// TestChannelsHaveGatesOfTheirOwn: the strictest of the brief's channels counts, and a gate that nobody measures is told
// before anything is drawn.
func TestChannelsHaveGatesOfTheirOwn(t *testing.T) {
	b := newBuyer(t, t.TempDir(), testkit.NewShop(t).URL, false, "")
	o := bought(1)
	most := 0.0
	o.Kit.Channels = []art.Channel{{Name: "web"}, {Name: "print", Rubric: []art.Gate{{Scorer: "contrast", Max: &most}, {Scorer: "sparkle", Max: &most}}}}
	verdict := func(channels ...string) (v art.Verdict, warned bool) {
		o.Brief.Channels = channels
		p, err := b.Plan(o)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range p.Warnings {
			warned = warned || w.Field == "rubric.sparkle" && strings.Contains(w.Remedy, "sharpness")
		}
		run := b.work(b.start(o).ID, in(art.RunReview, art.RunEmpty))
		return *b.candidates(run.ID)[0].Verdict, warned
	}
	if v, warned := verdict("web"); len(v.Failures) != 0 || warned {
		t.Errorf("for the web: %+v, warned %t", v.Failures, warned)
	}
	v, warned := verdict("web", "print")
	var failed []string
	for _, f := range v.Failures {
		failed = append(failed, f.Scorer)
	}
	if strings.Join(failed, " ") != "contrast sparkle" || !warned {
		t.Errorf("for print, too: %v, warned %t", failed, warned)
	}
}
