package publish

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/testkit"
)

// aGuard is a comparison in which every outcome occurs.
func aGuard() art.Guard {
	house := func(version string) art.Side {
		return art.Side{Engine: "local", EngineVersion: "2+onnxruntime-1.32.0", Model: art.ModelRef{Name: "house", Version: version, SHA256: strings.Repeat(version, 64)}, Fields: map[string]string{"model": "x"}}
	}
	g := art.Guard{
		ID: "guard-0123456789", Brand: "morgenrot", Old: house("0"), New: house("1"), Changed: []string{"model"}, Confidence: 0.95, Outcome: art.Worse, By: "Lena Brandt",
		At: time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC),
		Scorers: []art.Compared{
			{Scorer: "contrast", Unit: "L*", Prompts: 8, Old: 41.2, New: 55.8, Gain: 14.6, Low: 9.1, High: 20.1, Margin: 5, Outcome: art.Better},
			{Scorer: "sharpness", Unit: "1/px", Prompts: 8, Old: 0.412, New: 0.405, Gain: -0.007, Low: -0.03, High: 0.016, Margin: 0.05, Outcome: art.Equal},
			{Scorer: "palette", Unit: "ΔE2000", Prompts: 8, Old: 6.1, New: 12.4, Gain: -6.3, Low: -8.8, High: -3.8, Margin: 2, Outcome: art.Worse},
			{Scorer: "background", Unit: "ΔE2000", Prompts: 8, Old: 2.2, New: 2.9, Gain: -0.7, Low: -3.9, High: 2.5, Margin: 2, Outcome: art.Unsure},
			{Scorer: "subject", Unit: "share of area", Margin: 0.05, Outcome: art.Worse, Note: art.Text{"en": "2 pictures of the new side have no such score, 0 of the old one", "de": "2 Bilder der neuen Seite haben diesen Wert nicht, 0 der alten"}},
		},
	}
	for i, name := range []string{"bread", "egg", "strawberry", "apple", "avocado", "cookie"} {
		shot := func(side string, pass bool) art.Shot {
			return art.Shot{Image: fmt.Sprint(side, i), Width: 128, Height: 128, Pass: pass, Scores: []art.Score{{Scorer: "contrast", Value: 40 + float64(i), Available: true}, {Scorer: "palette", Value: 6.25, Available: pass}}}
		}
		g.Pairs = append(g.Pairs, art.GuardPair{Prompt: name, Words: "a " + name + ", cartoon style", Seed: 1, Old: shot("old", true), New: shot("new", i%2 == 0)})
	}
	return g
}

func guardSite(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "guard")
	err := Guard(context.Background(), Sides{
		Guard: aGuard(), Brand: Brand{Name: art.Text{"en": "Morgenrot"}, Colours: []art.Colour{{Name: "berry", Hex: "#d63031", Role: "accent"}}}, Generator: "Presswerk test",
		Open: func(_ context.Context, sum string) ([]byte, error) {
			p := image.NewRGBA(image.Rect(0, 0, 128, 128))
			for y := range 128 {
				for x := range 128 {
					c := color.RGBA{255, 208, 178, 255}
					if (x-64)*(x-64)+(y-64)*(y-64) < 1600 {
						c = color.RGBA{uint8(40 * len(sum)), 90, 30 * sum[3], 255}
					}
					p.Set(x, y, c)
				}
			}
			var b bytes.Buffer
			err := png.Encode(&b, p)
			return b.Bytes(), err
		},
	}, dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTheSheetOfAComparisonSaysWhatWasFound(t *testing.T) {
	dir := guardSite(t)
	for file, want := range map[string][]string{
		"index.html":    {`<html lang="en">`, "Morgenrot: house 0 and house 1 compared", `class="says worse"`, "unless a person answers for it", "+14.6 (+9.1 to +20.1)", "Old: 6 of 6 pictures pass", "New: 3.", `src="images/old0.png"`, "2 pictures of the new side have no such score", "fails the rubric", "AI-generated"},
		"de/index.html": {`<html lang="de">`, "Morgenrot: house 0 und house 1 im Vergleich", "außer jemand steht dafür ein", "+14,6 (+9,1 bis +20,1)", "−6,3 (−8,8 bis −3,8)", `src="../images/new5.png"`, "besteht die Rubrik nicht", "KI-generiert"},
	} {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(html.UnescapeString(string(data)), w) {
				t.Errorf("%s lacks %q", file, w)
			}
		}
		if strings.Contains(string(data), "canonical") || strings.Contains(string(data), "%!") {
			t.Errorf("%s has what it should not", file)
		}
	}
	if n, err := filepath.Glob(filepath.Join(dir, "images", "*.png")); err != nil || len(n) != 12 {
		t.Errorf("%d pictures, %v", len(n), err)
	}
}

func TestTheSheetLooksGoodOnEveryScreen(t *testing.T) {
	dir, tab := guardSite(t), testkit.Browser(t)
	for page, s := range map[string]testkit.Screen{"index.html": testkit.Screens()[0], "de/index.html": testkit.Screens()[3]} { // the darkest and smallest, and the plainest
		testkit.Show(t, tab, s, "file://"+filepath.Join(dir, page))
		testkit.Keep(t, tab, s.Name)
		if wide := testkit.Evaluate[bool](t, tab, "document.documentElement.scrollWidth > innerWidth"); wide {
			t.Errorf("%s on %s is wider than the screen", page, s.Name)
		}
		testkit.Accessible(t, tab, page+" on "+s.Name)
	}
}
