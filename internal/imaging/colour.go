package imaging

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// Lab is a colour in CIELAB under D65, the white of sRGB: L 0..100, a and b about −128..127.
type Lab struct{ L, A, B float64 }

// ParseHex reads "#rrggbb".
func ParseHex(s string) (r, g, b uint8, err error) {
	h, ok := strings.CutPrefix(s, "#")
	n, perr := strconv.ParseUint(h, 16, 32)
	if !ok || len(h) != 6 || perr != nil {
		return 0, 0, 0, art.Invalid("colour", fmt.Sprintf("%q is no colour", s), "write it as #rrggbb")
	}
	return uint8(n >> 16), uint8(n >> 8), uint8(n), nil
}

// Hex writes a colour as "#rrggbb".
func Hex(r, g, b uint8) string { return fmt.Sprintf("#%02x%02x%02x", r, g, b) }

// Linear turns an 8-bit sRGB value into linear light, 0..1.
//
// Source: IEC 61966-2-1.
func Linear(v uint8) float64 {
	c := float64(v) / 255
	if c <= 0.04045 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}

// Luminance is the relative luminance of an sRGB colour, 0..1, as WCAG uses it for contrast.
func Luminance(r, g, b uint8) float64 {
	return 0.2126*Linear(r) + 0.7152*Linear(g) + 0.0722*Linear(b)
}

// ToLab converts an sRGB colour.
//
// Source: IEC 61966-2-1 and CIE 15:2004, white point D65 (0.95047, 1, 1.08883).
func ToLab(r, g, b uint8) Lab {
	lr, lg, lb := Linear(r), Linear(g), Linear(b)
	x := (0.4124564*lr + 0.3575761*lg + 0.1804375*lb) / 0.95047
	y := 0.2126729*lr + 0.7151522*lg + 0.0721750*lb
	z := (0.0193339*lr + 0.1191920*lg + 0.9503041*lb) / 1.08883
	fx, fy, fz := labCurve(x), labCurve(y), labCurve(z)
	return Lab{L: 116*fy - 16, A: 500 * (fx - fy), B: 200 * (fy - fz)}
}

func labCurve(t float64) float64 {
	const epsilon, kappa = 216.0 / 24389, 24389.0 / 27
	if t > epsilon {
		return math.Cbrt(t)
	}
	return (kappa*t + 16) / 116
}

// DeltaE is the CIEDE2000 difference of two colours with all weights 1. About 1 is just noticeable side by side; 2–3 at
// a glance; above 10 the colours are different ones.
//
// Source: Sharma, Wu, Dalal 2005, "The CIEDE2000 color-difference formula", eqs. (2)–(22).
func DeltaE(p, q Lab) float64 {
	c7 := math.Pow((math.Hypot(p.A, p.B)+math.Hypot(q.A, q.B))/2, 7)
	g := 0.5 * (1 - math.Sqrt(c7/(c7+6103515625))) // 25⁷
	a1, a2 := (1+g)*p.A, (1+g)*q.A
	c1, c2 := math.Hypot(a1, p.B), math.Hypot(a2, q.B)
	h1, h2 := hue(a1, p.B), hue(a2, q.B)

	dh, mean := 0.0, h1+h2
	if c1*c2 != 0 {
		dh = h2 - h1
		switch {
		case dh > 180:
			dh -= 360
		case dh < -180:
			dh += 360
		}
		switch sum := h1 + h2; {
		case math.Abs(h1-h2) <= 180:
			mean = sum / 2
		case sum < 360:
			mean = (sum + 360) / 2
		default:
			mean = (sum - 360) / 2
		}
	}
	dL, dC := q.L-p.L, c2-c1
	dH := 2 * math.Sqrt(c1*c2) * math.Sin(radians(dh)/2)

	l50 := math.Pow((p.L+q.L)/2-50, 2)
	meanC := (c1 + c2) / 2
	t := 1 - 0.17*math.Cos(radians(mean-30)) + 0.24*math.Cos(radians(2*mean)) +
		0.32*math.Cos(radians(3*mean+6)) - 0.20*math.Cos(radians(4*mean-63))
	sL := 1 + 0.015*l50/math.Sqrt(20+l50)
	sC, sH := 1+0.045*meanC, 1+0.015*meanC*t
	m7 := math.Pow(meanC, 7)
	turn := 30 * math.Exp(-math.Pow((mean-275)/25, 2))
	rT := -2 * math.Sqrt(m7/(m7+6103515625)) * math.Sin(radians(2*turn))
	return math.Sqrt(math.Pow(dL/sL, 2) + math.Pow(dC/sC, 2) + math.Pow(dH/sH, 2) + rT*(dC/sC)*(dH/sH))
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }

// hue is the angle of a and b in degrees, 0..360; 0 for grey.
func hue(a, b float64) float64 {
	if a == 0 && b == 0 {
		return 0
	}
	h := math.Atan2(b, a) * 180 / math.Pi
	if h < 0 {
		h += 360
	}
	return h
}
