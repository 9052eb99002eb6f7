package sheet_test

import (
	"math"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/sheet"
)

func TestWilsonIntervals(t *testing.T) {
	// statsmodels.stats.proportion.proportion_confint(count, n, method="wilson")
	for _, c := range []struct {
		count, n  int
		low, high float64
	}{{0, 10, 0, 0.27753279986288}, {5, 10, 0.23659309051256, 0.76340690948744}, {10, 10, 0.72246720013711, 1}, {1, 100, 0.00176758, 0.05448620}} {
		r := sheet.NewRate("", c.count, c.n)
		if math.Abs(r.Low-c.low) > 1e-6 || math.Abs(r.High-c.high) > 1e-6 {
			t.Errorf("%d of %d: %v–%v; want %v–%v", c.count, c.n, r.Low, r.High, c.low, c.high)
		}
	}
	if r := sheet.NewRate("", 0, 0); r.Low != 0 || r.High != 1 {
		t.Errorf("nothing tried says %v", r)
	}
}

func TestAPageIsWrittenInBothLanguages(t *testing.T) {
	files, err := sheet.Pages(func(lang art.Language) ([]byte, error) {
		s, say := sheet.New(lang)
		s.Title, s.Lead = say("Marks", "Marken"), "<b>"
		s.Tables = []sheet.Table{
			{Heads: []string{"attack", "n", "share"}, Rates: sheet.Bars([]sheet.Rate{sheet.NewRate("JPEG", 9, 10)})},
			{Heads: []string{"column"}, Rows: [][]string{{"cell"}}},
		}
		return s.Write()
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"index.html": "Marks", "de.html": "Marken"} {
		page := string(files[name])
		for _, part := range []string{"<h1>" + want, "9 / 10", "90.0 % (59.6–98.2)", "&lt;b&gt;", ">column</th>", "prefers-color-scheme: dark"} {
			if !strings.Contains(page, part) {
				t.Errorf("%s lacks %q", name, part)
			}
		}
	}
}
