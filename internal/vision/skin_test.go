package vision_test

import (
	"errors"
	"math"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/vision"
)

// oval is a face of 68 points, so wide, in the middle of a picture.
func oval(width, size float64) []vision.Joint {
	face := make([]vision.Joint, 68)
	at := func(i int, x, y float64) { face[i] = vision.Joint{X: size/2 + x*width, Y: size/2 + y*width, Score: 1} }
	for i := range face {
		at(i, 0, 0)
	}
	at(0, -0.5, 0)
	at(16, 0.5, 0)
	at(3, -0.42, 0.3)
	at(13, 0.42, 0.3)
	at(31, -0.1, 0.1)
	at(35, 0.1, 0.1)
	for _, i := range []int{40, 41} {
		at(i, -0.25, -0.1)
	}
	for _, i := range []int{46, 47} {
		at(i, 0.25, -0.1)
	}
	return face
}

func TestSkinIsThatOfTheCheeks(t *testing.T) {
	for i, hex := range []string{"#f6ede4", "#f3e7db", "#f7ead0", "#eadaba", "#d7bd96", "#a07e56", "#825c43", "#604134", "#3a312a", "#292420"} {
		r, g, b, err := imaging.ParseHex(hex)
		if err != nil {
			t.Fatal(err)
		}
		p, err := imaging.NewRGB(128, 128)
		if err != nil {
			t.Fatal(err)
		}
		for y := range 128 {
			for x := range 128 {
				p.Set(x, y, r, g, b)
			}
		}
		for k := range 40 { // a shadow over a quarter of the picture, that no cheek lies in
			for x := range 128 {
				p.Set(x, k, 0, 0, 0)
			}
		}
		s, err := vision.SkinOf(p, oval(64, 128))
		if err != nil || s.Monk != i+1 {
			t.Errorf("%s: tone %d, %v; want %d", hex, s.Monk, err, i+1)
		}
		lab := imaging.ToLab(r, g, b)
		if want := math.Atan((lab.L-50)/lab.B) * 180 / math.Pi; math.Abs(s.ITA-want) > 1e-9 {
			t.Errorf("%s: %v degrees; want %v", hex, s.ITA, want)
		}
	}
}

func TestWhatHasNoSkinIsNotMeasured(t *testing.T) {
	grey, err := imaging.NewRGB(128, 128)
	if err != nil {
		t.Fatal(err)
	}
	for name, face := range map[string][]vision.Joint{"no face": nil, "a grey one": oval(64, 128), "a small one": oval(10, 128), "outside": oval(64, 4000)} {
		if _, err := vision.SkinOf(grey, face); !errors.Is(err, art.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
