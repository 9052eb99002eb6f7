package web

import (
	"bytes"
	"context"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"presswerk/internal/art"
	"presswerk/internal/brand"
)

// seen is a candidate that two scorers have found something on.
func seen() art.CandidateView {
	c := art.CandidateView{Candidate: art.Candidate{ID: "c-1", Run: "r", Image: "aa", Width: 400, Height: 200}}
	c.Verdict = &art.Verdict{
		Failures: []art.Failure{{Scorer: "ocr", Reason: art.Text{"en": "misspelt"}}},
		Scores: []art.Score{
			{Scorer: "ocr", Available: true, Value: 0.4, Evidence: &art.Evidence{Boxes: []art.Box{{X: 10, Y: 2, Width: 50, Height: 20, Label: "<b>SALE", Value: 0.93}}}},
			{Scorer: "blocks", Available: true, Evidence: &art.Evidence{Heat: &art.Heat{Width: 2, Height: 1, Values: []byte{0, 255}}, Boxes: []art.Box{{X: 1, Y: 100, Width: 5, Height: 5}}}},
			{Scorer: "torn", Available: true, Evidence: &art.Evidence{Heat: &art.Heat{Width: 3, Height: 9, Values: []byte{1}}}},
			{Scorer: "contrast", Available: true, Value: 3},
		},
	}
	return c
}

func TestEvidenceIsShownForOneScoreAtATime(t *testing.T) {
	for show, want := range map[string]struct {
		boxes  int
		scorer string
		heat   string
	}{
		"":         {1, "", ""}, // of the gate that failed
		"ocr":      {1, "ocr", ""},
		"blocks":   {1, "blocks", "/candidates/c-1/heat/blocks"},
		"contrast": {0, "", ""},
		"unheard":  {0, "", ""},
	} {
		if o := newOverlay(seen(), show); len(o.Boxes) != want.boxes || o.Scorer != want.scorer || o.Heat != want.heat {
			t.Errorf("%q: %+v", show, o)
		}
	}
	o := newOverlay(seen(), "ocr")
	if b := o.Boxes[0]; b.Words != "<b>SALE 0.93" || b.LabelY != 2+labelSize(200) { // there is no room above
		t.Errorf("%+v", b)
	}
	var page bytes.Buffer
	kit := brand.Kit{
		Rubric: []art.Gate{{Scorer: "ocr"}}, Composition: []art.Text{{"en": "Nothing is cut off."}},
		Channels: []art.Channel{{Name: "shop", Checklist: []art.Text{{"en": "The price is right."}}}, {Name: "print", Checklist: []art.Text{{"en": "Bleed."}}}},
	}
	run := art.RunView{Run: art.Run{Brief: art.Brief{Channels: []string{"shop"}}}}
	view := newTile(seen(), art.Exploration, words{art.English}, making{})
	if err := candidateView(frame{words: words{art.English}}, run, view, o, kit, nil, labelState{}).Render(context.Background(), &page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"&lt;b&gt;SALE 0.93", `href="/candidates/c-1?show=blocks#picture"`, "Marked: ocr", "not a gate", "Nothing is cut off.", "The price is right."} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.String(), "Bleed.") {
		t.Error("another channel's list is shown")
	}
}

// evidenceLine has one candidate.
type evidenceLine struct{ Line }

func (evidenceLine) Candidate(context.Context, string) (art.CandidateView, error) { return seen(), nil }

func TestAMapIsAPicture(t *testing.T) {
	s := &Studio{Options: Options{Line: evidenceLine{}}}
	get := func(scorer string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		c := chi.NewRouteContext()
		c.URLParams.Add("candidate", "c-1")
		c.URLParams.Add("scorer", scorer)
		w := httptest.NewRecorder()
		s.heat(w, r.WithContext(context.WithValue(r.Context(), chi.RouteCtxKey, c)))
		return w
	}
	w := get("blocks")
	m, err := png.Decode(w.Body)
	if err != nil || m.Bounds().Dx() != 2 {
		t.Fatalf("%d, %v", w.Code, err)
	}
	if _, _, _, clear := m.At(0, 0).RGBA(); clear != 0 {
		t.Error("nothing isn't clear")
	}
	if _, _, _, dense := m.At(1, 0).RGBA(); dense < 0xc000 || dense == 0xffff {
		t.Errorf("most hides the picture or can't be seen: %x", dense)
	}
	for _, scorer := range []string{"torn", "ocr", "unheard"} {
		if w := get(scorer); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", scorer, w.Code)
		}
	}
}

func TestWhatAPolicyAsksIsShown(t *testing.T) {
	c := seen()
	c.Planned.Canary = true
	c.Verdict.Concerns = []art.Concern{
		{Rule: "protected-places", Policy: "general@1", Ruling: art.NeedsPerson, Field: "picture", Reason: art.Text{"en": "The sign names the Atomium."}, Remedy: art.Text{"en": "Ask its owner."}, Cleared: "c-7", Source: "§ 59 UrhG"},
		{Rule: "brands", Policy: "general@1", Ruling: art.Pass, Reason: art.Text{"en": "Of no concern."}},
	}
	view := newTile(c, art.Production, words{art.English}, making{})
	var page, sheet, quiet bytes.Buffer
	f := frame{words: words{art.English}}
	for _, err := range []error{
		candidateView(f, art.RunView{}, view, overlay{}, brand.Kit{}, nil, labelState{}).Render(context.Background(), &page),
		tileView(view).Render(context.Background(), &sheet),
		tileView(newTile(seen(), art.Production, words{art.English}, making{})).Render(context.Background(), &quiet),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"The sign names the Atomium.", "Ask its owner.", "cleared: c-7", "§ 59 UrhG", "on trial"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.String(), "Of no concern.") {
		t.Error("what passes is asked about")
	}
	if !strings.Contains(sheet.String(), "/candidates/c-1#policy") || !strings.Contains(sheet.String(), "canary") {
		t.Errorf("the sheet says nothing:\n%s", sheet.String())
	}
	if strings.Contains(quiet.String(), "#policy") || strings.Contains(quiet.String(), "canary") {
		t.Error("an ordinary picture is marked")
	}
}

func TestPausesAreShown(t *testing.T) {
	var page bytes.Buffer
	r := art.Radar{Pauses: []art.Pause{{Engine: "openai", Model: art.ModelRef{Name: "gpt-image-2"}, Briefs: []string{"apple", "pear"}, Reason: art.Text{"en": "Other pixels."}}}}
	if err := enginesView(frame{words: words{art.English}}, nil, r).Render(context.Background(), &page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"openai/gpt-image-2", "apple, pear", "Other pixels.", "presswerk models resume"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
