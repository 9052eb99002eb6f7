package vision

import (
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Skin is the colour of a face's cheeks as the picture presents it: light and camera are in it, and it says nothing about who
// somebody is.
type Skin struct {
	Lab  imaging.Lab // median of both cheeks
	ITA  float64     // individual typology angle in degrees, −90..90; light is high
	Monk int         // 1..10, the nearest tone of the Monk scale by CIEDE2000; 1 is the lightest
}

// smallestFace is how many pixels a face must be wide for its cheeks to be looked at.
const smallestFace = 24

// SkinOf measures the cheeks of a face of Pose: two squares between eye, nose and jaw, a twelfth of the face's width to each side. A
// face that is too small, turned away so far that no cheek lies in the picture, or whose colour isn't one of skin (b* ≤ 0) gives
// art.ErrUnsupported with the reason.
//
// Source: ITA = atan((L* − 50) / b*) · 180/π, Chardon et al. 1991, "Skin colour typology and suntanning pathways", Int. J.
// Cosmetic Science 13; tones: Monk 2019, the Monk Skin Tone scale, CC BY 4.0.
func SkinOf(p *imaging.RGB, face []Joint) (Skin, error) {
	if len(face) < 68 {
		return Skin{}, art.Unsupported("face", fmt.Sprintf("has %d points, not 68", len(face)), "find it with the networks of a face")
	}
	width := math.Hypot(face[16].X-face[0].X, face[16].Y-face[0].Y)
	if !(width >= smallestFace) || width > 4*float64(max(p.Width, p.Height)) {
		return Skin{}, art.Unsupported("face", fmt.Sprintf("is %.0f pixels wide, and %d are needed", width, smallestFace), "render larger")
	}
	var l, a, b []float64
	for _, cheek := range [][4]int{{40, 41, 31, 3}, {46, 47, 35, 13}} {
		x, y := 0.0, 0.0
		for _, i := range cheek {
			x, y = x+face[i].X/4, y+face[i].Y/4
		}
		r := width / 12
		for py := max(0, int(y-r)); py <= min(p.Height-1, int(y+r)); py++ {
			for px := max(0, int(x-r)); px <= min(p.Width-1, int(x+r)); px++ {
				c := imaging.ToLab(p.At(px, py))
				l, a, b = append(l, c.L), append(a, c.A), append(b, c.B)
			}
		}
	}
	if len(l) < 16 {
		return Skin{}, art.Unsupported("face", "no cheek lies in the picture", "nothing: the face is cut off")
	}
	s := Skin{Lab: imaging.Lab{L: middle(l), A: middle(a), B: middle(b)}}
	if s.Lab.B <= 0 {
		return Skin{}, art.Unsupported("face", fmt.Sprintf("has no colour of skin: L* %.0f, b* %.0f", s.Lab.L, s.Lab.B), "nothing: it is grey, or drawn in another colour")
	}
	s.ITA = math.Atan2(s.Lab.L-50, s.Lab.B) * 180 / math.Pi
	nearest := math.Inf(1)
	for i, hex := range monkTones() {
		r, g, bl, err := imaging.ParseHex(hex)
		if err != nil {
			return Skin{}, err
		}
		if d := imaging.DeltaE(s.Lab, imaging.ToLab(r, g, bl)); d < nearest {
			nearest, s.Monk = d, i+1
		}
	}
	return s, nil
}

// monkTones are the ten tones of the Monk scale, the lightest first.
func monkTones() []string {
	return []string{"#f6ede4", "#f3e7db", "#f7ead0", "#eadaba", "#d7bd96", "#a07e56", "#825c43", "#604134", "#3a312a", "#292420"}
}

func middle(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
