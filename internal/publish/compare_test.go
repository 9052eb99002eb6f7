package publish

import (
	"context"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/testkit"
)

// aComparison has an engine of each state.
func aComparison() art.EngineComparison {
	off := 0.25
	sent := func(name string, seconds float64) art.Sent {
		return art.Sent{Recipe: art.Recipe{Prompt: "a red apple", Width: 128, Height: 128, Steps: 20}, Image: name, MIME: "image/png", Width: 128, Height: 128, Seconds: seconds}
	}
	scores := func(v float64) []art.Score {
		return []art.Score{{Scorer: "contrast", Unit: "L*", High: 100, Direction: art.HigherIsBetter, Value: v, Available: true}, {Scorer: "clip", Reason: "the model is missing"}}
	}
	figures := func(passed int) []art.Figure {
		return []art.Figure{
			{Name: art.FigurePrompt, Reason: art.Text{"en": "the model is missing", "de": "das Modell fehlt"}},
			{Name: art.FigureText, Reason: art.Text{"en": "nobody reads here"}},
			{Name: art.FigureBrand, Value: float64(passed), Passed: passed, Of: 1, Available: true},
			{Name: art.FigureStyle, Value: 40, Of: 1, Available: true},
		}
	}
	shot := art.ComparedShot{Sent: sent("local", 0.5), Pass: true, Again: &art.Again{Sent: sent("local", 0.5), Identical: true}}
	bought := art.ComparedShot{Sent: sent("shop", 7), Again: &art.Again{Sent: sent("shop2", 8), MeanAbsDiff: 3.5, MaxAbsDiff: 44, PDQ: 12, Difference: "diff", Strength: 5}}
	return art.EngineComparison{
		ID: "compare-hero-0123456789", Brief: "hero", Title: art.Text{"en": "The hero", "de": "Der Held"}, Brand: "morgenrot", Twice: true, By: "Lena Brandt", At: time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC),
		Pictures: []art.CompareCell{{Seed: 7}}, Cost: []art.CompareCost{{Currency: "USD", Estimate: art.AmountOf(0.08), Paid: art.AmountOf(0.1)}},
		Rows: []art.EngineRow{
			{
				Engine: "local", Model: art.ModelRef{Name: "house", Version: "1"}, State: art.RowMade, Pictures: []art.ComparedShot{shot}, Figures: figures(1), Scores: scores(62), Cost: art.RowCost{Requests: 2, Quote: art.Quote{Known: true}},
				Repeat: art.Repeat{Available: true, Promised: true, Pairs: 1, Identical: 1}, Seconds: art.Seconds{Requests: 2, Min: 0.5, Median: 0.5, Max: 0.5}, Terms: art.RowTerms{License: "MIT", Card: art.CardComplete, Commercial: art.TermYes},
			},
			{
				Engine: "shop", Model: art.ModelRef{Name: "disc"}, State: art.RowPartly, Reason: "the budget said no", Pictures: []art.ComparedShot{bought}, Figures: figures(0), Scores: scores(41),
				Refused: []art.Refusal{{Field: "parameters.sampler", Reason: `shop with model disc has no sampler "heun"`, Remedy: "do something"}}, Adapted: []art.Adaptation{{Field: "sampler", Said: "heun", Taken: "euler"}},
				Repeat: art.Repeat{Available: true, Pairs: 1, MeanAbsDiff: 3.5, MaxAbsDiff: 44, PDQ: 12}, Seconds: art.Seconds{Requests: 2, Min: 7, Median: 7.5, Max: 8},
				Cost:  art.RowCost{Quote: art.Quote{Amount: art.AmountOf(0.04), Currency: "USD", Known: true, Dated: "2026-11-01", Source: "a contract"}, Requests: 2, Estimate: art.AmountOf(0.08), Paid: art.AmountOf(0.1), Currency: "USD", Told: 2, Answered: 2, Deviation: &off},
				Terms: art.RowTerms{Card: art.CardMissing}, Data: art.RowData{Hosted: true, Operator: "The Shop", Region: "EU", Use: art.Text{"en": "Kept for 30 days.", "de": "30 Tage aufbewahrt."}, Dated: "2026-11-26"},
			},
			{Engine: "enlarger", State: art.RowRefused, Refused: []art.Refusal{{Field: "mode", Reason: "does not make pictures from text"}}, Terms: art.RowTerms{Card: art.CardDraft}},
			{Engine: "far", State: art.RowFailed, Reason: "nobody knows whether it was paid for"},
			{Engine: "lost", State: art.RowAbsent, Reason: "no answer"},
		},
	}
}

func compareSite(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "comparison")
	err := Compare(context.Background(), Contest{
		Comparison: aComparison(), Brand: Brand{Name: art.Text{"en": "Morgenrot"}, Colours: []art.Colour{{Name: "berry", Hex: "#d63031", Role: "accent"}}}, Generator: "Presswerk test",
		Open: func(context.Context, string) ([]byte, error) { return testkit.PNG(t, 128, 128), nil },
	}, dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestThePageOfAComparisonSaysWhatWasFound(t *testing.T) {
	dir := compareSite(t)
	for file, want := range map[string][]string{
		"index.html": {
			`<html lang="en">`, "The hero", "One brief on 5 engines. 2 of 5 made pictures", "Lena Brandt", "each request sent twice", "estimated 0.08\u00a0USD, paid 0.10\u00a0USD", `src="images/shop.png"`, `src="images/diff.png"`, "Difference × 5",
			"fails the rubric", "the model is missing", "not available", "identical", "3.5 levels", "+25 % off the estimate", "heun → euler", `has no sampler "heun"`, "does not make pictures from text", "nobody knows whether it was paid for", "no answer", "Kept for 30 days.", "missing: nobody stands behind it", "not for publication",
		},
		"de/index.html": {`<html lang="de">`, "Der Held", "Ein Briefing auf 5 Maschinen. 2 von 5", "3,5 Stufen", "+25 % neben der Schätzung", "0,04\u00a0USD", "das Modell fehlt", `src="../images/local.png"`, "30 Tage aufbewahrt."},
	} {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		text := html.UnescapeString(string(data))
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s lacks %q", file, w)
			}
		}
		if strings.Contains(text, "%!") || strings.Contains(text, "://") || strings.Contains(text, "do something") {
			t.Errorf("%s has what it should not", file)
		}
	}
	if n, err := filepath.Glob(filepath.Join(dir, "images", "*.png")); err != nil || len(n) != 4 {
		t.Errorf("%v, %v", n, err)
	}
}

func TestThePageOfAComparisonLooksGoodOnEveryScreen(t *testing.T) {
	dir, tab := compareSite(t), testkit.Browser(t)
	for page, s := range map[string]testkit.Screen{"index.html": testkit.Screens()[1], "de/index.html": testkit.Screens()[2]} { // dark and wide, light and small
		testkit.Show(t, tab, s, "file://"+filepath.Join(dir, page))
		testkit.Keep(t, tab, s.Name)
		if wide := testkit.Evaluate[bool](t, tab, "document.documentElement.scrollWidth > innerWidth"); wide {
			t.Errorf("%s on %s is wider than the screen", page, s.Name)
		}
		testkit.Accessible(t, tab, page+" on "+s.Name)
	}
}

func TestOnlyTheFewAreTheBest(t *testing.T) {
	for name, test := range map[string]struct {
		values []float64
		better int
		want   int
	}{
		"more": {[]float64{1, 3, 2}, 1, 1}, "less": {[]float64{1, 3, 2}, -1, 1}, "neither": {[]float64{1, 3}, 0, 0}, "equal": {[]float64{2, 2}, 1, 0},
		"most": {[]float64{0, 0, 5}, -1, 0}, "half": {[]float64{0, 0, 5, 6}, -1, 2}, "alone": {[]float64{4}, 1, 0},
	} {
		values, texts := map[int]float64{}, map[int]string{}
		for i, v := range test.values {
			values[i], texts[i] = v, figure(v, "en")
		}
		if got := winners(values, texts, test.better); len(got) != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
