package publish

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"presswerk/internal/art"
)

// Ratios as WebAIM's contrast checker gives them.
func TestContrastIsThatOfWCAG(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#767676", "#ffffff", 4.54}, {"#777777", "#ffffff", 4.48}, {"#ff0000", "#ffffff", 4}, {"#0000ff", "#ffffff", 8.59}, {"#ffffff", "#ffffff", 1}} {
		a, okA := parse(c.a)
		b, okB := parse(c.b)
		if got := contrast(a, b); !okA || !okB || math.Abs(got-c.want) > 0.01 || got != contrast(b, a) {
			t.Errorf("%s on %s: %.3f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}

func TestEveryBrandColourBecomesReadable(t *testing.T) {
	ground, _ := parse(darkGround)
	if green, _ := parse(towards("#108303", 255, darkGround)); contrast(green, ground) < 4.5 { // readable only before it was rounded
		t.Errorf("%s has a contrast of %.2f", green.hex(), contrast(green, ground))
	}
	rapid.Check(t, func(t *rapid.T) {
		hex := fmt.Sprintf("#%06x", rapid.IntRange(0, 0xffffff).Draw(t, "colour"))
		for ground, end := range map[string]float64{lightGround: 0, darkGround: 255} {
			accent, ok := parse(towards(hex, end, ground))
			under, _ := parse(ground)
			if !ok || contrast(accent, under) < 4.5 {
				t.Fatalf("%s on %s has a contrast of %.2f", hex, ground, contrast(accent, under))
			}
		}
	})
}

func TestAccentsAreTheBrands(t *testing.T) {
	for name, c := range map[string]struct {
		colours []art.Colour
		want    string
	}{
		"none":                  {nil, "#8a3b12"},
		"primary before accent": {[]art.Colour{{Hex: "#112233", Role: "accent"}, {Hex: "#445566", Role: "primary"}}, "#445566"},
		"accent":                {[]art.Colour{{Hex: "#112233", Role: "accent"}, {Hex: "#445566", Role: "neutral"}}, "#112233"},
		"the first of two":      {[]art.Colour{{Hex: "#112233", Role: "accent"}, {Hex: "#445566", Role: "accent"}}, "#112233"},
		"what is no colour":     {[]art.Colour{{Hex: "red;}body{display:none", Role: "primary"}}, "#8a3b12"},
	} {
		if got := string(accents(c.colours)); !strings.Contains(got, "--brand:"+c.want+";") {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestWeightsAreWrittenForPeople(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 1499: "1 kB", 999_499: "999 kB", 999_500: "1.0 MB", 1_540_000: "1.5 MB"} {
		if got := weight(n); got != want {
			t.Errorf("%d bytes: %q, want %q", n, got, want)
		}
	}
}
