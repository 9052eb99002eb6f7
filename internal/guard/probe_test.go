package guard

import (
	"fmt"
	"strings"
	"testing"

	"presswerk/internal/art"
)

// hash is one of 256 bits, of which the first n are set.
func hash(n int) string {
	return strings.Repeat("f", n/4) + strings.Repeat("0", 64-n/4)
}

// probe has eight prompts; each picture is bits(i) away from nothing and scores value(i).
func probe(deterministic bool, repeats int, bits func(i, repeat int) int, value func(i int) float64) art.Probe {
	p := art.Probe{ID: "p", Engine: "hosted", Deterministic: deterministic}
	for i := range 8 {
		for r := range repeats {
			p.Shots = append(p.Shots, art.ProbeShot{Prompt: fmt.Sprint(i), Repeat: r, Shot: art.Shot{
				PixelsSHA256: fmt.Sprint(i, bits(i, r)), Print: hash(bits(i, r)), Scores: []art.Score{score("s", value(i), art.HigherIsBetter)},
			}})
		}
	}
	return p
}

func TestAProbeNoticesWhatHasChanged(t *testing.T) {
	rules := []Rule{{Gate: art.Gate{Scorer: "s"}, Margin: 5}}
	plain := func(i int) float64 { return 50 + float64(i) }
	wobble := func(i, r int) int { return 4 * ((i + r) % 3) }
	for name, c := range map[string]struct {
		baseline, now art.Probe
		changed       bool
		reason        string
	}{
		"equal pixels":        {probe(true, 1, wobble, plain), probe(true, 1, wobble, plain), false, ""},
		"one pixel":           {probe(true, 1, wobble, plain), probe(true, 1, func(i, r int) int { return wobble(i, r) + 4*(i/7) }, plain), true, "1 of 8 pictures have other pixels"},
		"as it always wavers": {probe(false, 2, wobble, plain), probe(false, 1, func(i, _ int) int { return wobble(i, 2) }, plain), false, ""},
		"other pictures":      {probe(false, 2, wobble, plain), probe(false, 1, func(i, _ int) int { return 120 + 4*i }, plain), true, "bits from those before"},
		"other scores":        {probe(false, 2, wobble, plain), probe(false, 1, wobble, func(i int) float64 { return 20 + 0.5*float64(i) }), true, "s has moved from"},
		"a picture too many":  {art.Probe{ID: "p"}, probe(true, 1, wobble, plain), true, "8 of 8"},
	} {
		got := Judge(c.now, c.baseline, rules)
		if got.Changed != c.changed || !strings.Contains(got.Reason.In("en"), c.reason) || got.Changed != (got.Reason.In("de") != "") || got.Baseline != "p" {
			t.Errorf("%s: changed %t, %q, %+v", name, got.Changed, got.Reason, got.Compared)
		}
	}
}

func TestKeysTellWhatCanBeCompared(t *testing.T) {
	a := art.Probe{Brand: "acme", Engine: "hosted", EngineVersion: "1", Model: art.ModelRef{Name: "m", Version: "1"}}
	b := a
	b.ID, b.Changed = "another", true
	c := a
	c.Model.Version = "2"
	if Key(a, "x") != Key(b, "x") || Key(a, "x") == Key(c, "x") || Key(a, "x") == Key(a, "y") {
		t.Error("keys follow something else")
	}
}
