package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"presswerk/internal/art"
)

func TestTheFormOfAFixNamesOnePart(t *testing.T) {
	for name, x := range map[string]struct {
		form url.Values
		ok   bool
		says func(words, evidence string, boxes []art.Box) bool
	}{
		"a scorer": {url.Values{"region": {"evidence:hands"}, "words": {"left hand"}, "x": {"3"}}, true, func(w, e string, b []art.Box) bool { return e == "hands" && w == "" && b == nil }},
		"words":    {url.Values{"region": {"words"}, "words": {"left hand"}}, true, func(w, e string, b []art.Box) bool { return w == "left hand" && e == "" && b == nil }},
		"a rectangle": {url.Values{"region": {"box"}, "x": {"3"}, "y": {"4"}, "width": {" 5"}, "height": {"6"}}, true, func(_, _ string, b []art.Box) bool {
			return len(b) == 1 && b[0] == art.Box{X: 3, Y: 4, Width: 5, Height: 6}
		}},
		"half of one": {url.Values{"region": {"box"}, "x": {"3"}}, false, nil},
		"no strength": {url.Values{"region": {"words"}, "words": {"face"}, "strength": {"much"}}, false, nil},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(x.form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		o, err := fixForm(r)
		if (err == nil) != x.ok || err == nil && !x.says(o.Words, o.Evidence, o.Boxes) {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
}

func TestACandidateShowsWhereItCanBeFixedAndWhatItCameFrom(t *testing.T) {
	v := art.CandidateView{
		Candidate: art.Candidate{ID: "r-003", Run: "r", Parent: "r-001", Image: "aa", Width: 64, Height: 48, Planned: art.PlannedRecipe{Retouch: &art.Retouch{From: "r-001", Region: art.RegionWords, Named: "<left> hand", Share: 0.12, By: art.PolicyRepair, Round: 2}}},
		Verdict:   &art.Verdict{Scores: []art.Score{{Scorer: "noise"}, {Scorer: "hands", Evidence: &art.Evidence{Boxes: []art.Box{{X: 1, Y: 2, Width: 3, Height: 4}}}}}},
	}
	for lang, want := range map[art.Language][]string{
		art.English: {`value="evidence:hands" selected`, "64×48", "Make it anew", "a part of r-001", "round 2", "&lt;left&gt; hand", `href="/candidates/r-004"`, "12.0 %"},
		art.German:  {"Diese Stelle reparieren", "ein Teil von r-001", "Runde 2", "Daraus gemacht"},
	} {
		tile := newTile(v, art.Production, words{lang}, making{})
		tile.Heirs = heirs("r-003", []art.CandidateView{{Candidate: art.Candidate{ID: "r-004", Parent: "r-003"}}, v})
		var page strings.Builder
		if err := fixHere(tile, newOverlay(v, "hands")).Render(t.Context(), &page); err != nil {
			t.Fatal(err)
		}
		if err := lineage(tile).Render(t.Context(), &page); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(page.String(), w) {
				t.Errorf("%s lacks %q:\n%s", lang, w, page.String())
			}
		}
		if strings.Contains(page.String(), "evidence:noise") {
			t.Errorf("noise shows no place")
		}
	}
	v.License = &art.PictureLicense{}
	if newTile(v, art.Production, words{}, making{}).MayFix() {
		t.Error("a bought picture can be fixed")
	}
}
