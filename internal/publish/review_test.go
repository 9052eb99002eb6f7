package publish

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"presswerk/internal/art"
)

// report is one of everything.
func report() art.ReviewReport {
	n := func(v float64) *float64 { return &v }
	return art.ReviewReport{
		Brand: "acme", Judged: 300, Decided: 240, Approved: 120, Runs: 7, People: 2, Agreement: art.Agreement{Alpha: n(0.83), Pictures: 80},
		Calibration: &art.Calibrated{
			Method: "isotonic", Folds: 5, Brier: 0.12, BaseBrier: 0.25, ECE: 0.03, AUC: 0.9, Look: 1, Miss: 5, Show: 0.2, From: n(0.31), Shown: 0.6, Found: 0.97, Saved: 0.31,
			Bins: []art.ReliabilityBin{{Foretold: 0.05, Approved: 0.04, Low: 0.01, High: 0.12, Count: 70}, {Foretold: 0.5, Approved: 0.55, Low: 0.34, High: 0.74, Count: 20}, {Foretold: 0.95, Approved: 0.96, Low: 0.9, High: 0.99, Count: 100}},
		},
		Scores: []art.ScoreRecord{
			{Scorer: "sharpness", Unit: "1/px", Cases: 240, AUC: n(0.71), Earlier: n(0.4), Late: n(0.2), PSI: n(0.41), Alarm: true},
			{Scorer: "noise", Unit: "levels", Cases: 12},
		},
	}
}

func TestTheReviewPageShowsWhatPeopleSaid(t *testing.T) {
	dir := t.TempDir()
	brand := Brand{Name: art.Text{"en": "Acme", "de": "Acme"}, Colours: []art.Colour{{Name: "red", Hex: "#aa2233"}}}
	if err := Review(Reviews{Report: report(), Brand: brand}, dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"index.html":    {"foretold 5%, approved 4% of 70", `cx="380.0" cy="16.0" r="13.0"`, "0.83 over 80 pictures", "a picture is worth a look from 20% on", "≥ 0.31", "has moved", "0.4 → 0.2"},
		"de/index.html": {"vorausgesagt 5 %, freigegeben 4 % von 70", "0,83 über 80 Bilder", "lohnt ein Blick ab 20 %", "abgerückt"},
	} {
		page, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(string(page), w) {
				t.Errorf("%s lacks %q", name, w)
			}
		}
	}
	little := report()
	little.Calibration, little.Reason = nil, "too little <b>"
	if err := Review(Reviews{Report: little, Brand: brand}, dir); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil || !strings.Contains(string(page), "too little &lt;b&gt;") || strings.Contains(string(page), "<circle") {
		t.Errorf("%v\n%s", err, page)
	}
}
