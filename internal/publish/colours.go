package publish

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// The grounds of the pages in light and dark, against which the accent must be readable.
const (
	lightGround = "#fbfaf8"
	darkGround  = "#16151a"
)

// readable is the least contrast of text, WCAG 2.1 level AA.
const readable = 4.5

// accents gives the brand's first primary or accent colour, made readable on the light and on the dark ground, and the
// colour itself for areas.
func accents(colours []art.Colour) template.CSS {
	base := "#8a3b12"
	for _, role := range []string{"accent", "primary"} {
		for _, c := range colours {
			if _, ok := parse(c.Hex); ok && c.Role == role {
				base = c.Hex
				break
			}
		}
	}
	return template.CSS(fmt.Sprintf( //nolint:gosec // three colours that were parsed and written by this file
		":root{--brand:%s;--accent-light:%s;--accent-dark:%s}", base, towards(base, 0, lightGround), towards(base, 255, darkGround)))
}

type rgb [3]float64

func parse(hex string) (rgb, bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil || len(hex) != 7 || hex[0] != '#' {
		return rgb{}, false
	}
	return rgb{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}, true
}

func (c rgb) hex() string {
	w := c.whole()
	return fmt.Sprintf("#%02x%02x%02x", int(w[0]), int(w[1]), int(w[2]))
}

// whole is the colour as it is written and shown.
func (c rgb) whole() rgb {
	return rgb{math.Floor(c[0] + 0.5), math.Floor(c[1] + 0.5), math.Floor(c[2] + 0.5)}
}

// luminance is that of WCAG 2.1.
func (c rgb) luminance() float64 {
	var l [3]float64
	for i, v := range c {
		v /= 255
		if v <= 0.04045 {
			l[i] = v / 12.92
		} else {
			l[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2]
}

// contrast is the ratio of WCAG 2.1, 1..21.
func contrast(a, b rgb) float64 {
	la, lb := a.luminance(), b.luminance()
	return (math.Max(la, lb) + 0.05) / (math.Min(la, lb) + 0.05)
}

// towards moves a colour to black (0) or white (255) until it is readable on the ground.
func towards(hex string, end float64, ground string) string {
	c, _ := parse(hex)
	g, _ := parse(ground)
	for step := 0; step < 50 && contrast(c.whole(), g) < readable; step++ {
		for i := range c {
			c[i] += (end - c[i]) * 0.06
		}
	}
	return c.hex()
}
