package imaging

import (
	"math"
	"strings"
	"testing"
)

func TestAThumbHashShowsThePicturesColours(t *testing.T) {
	for _, size := range [][2]int{{120, 120}, {200, 90}, {90, 200}} {
		p, err := NewRGB(size[0], size[1])
		if err != nil {
			t.Fatal(err)
		}
		for y := range p.Height {
			for x := range p.Width {
				if x < p.Width/2 {
					p.Set(x, y, 220, 40, 40)
				} else {
					p.Set(x, y, 40, 60, 220)
				}
			}
		}
		hash, err := Thumb(p)
		if err != nil {
			t.Fatal(err)
		}
		if len(hash) > 30 {
			t.Errorf("%v: %d bytes", size, len(hash))
		}
		small, err := hash.Preview()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := float64(small.Width)/float64(small.Height), float64(size[0])/float64(size[1]); math.Abs(got/want-1) > 0.2 {
			t.Errorf("%v: preview is %d×%d", size, small.Width, small.Height)
		}
		r, _, b := small.At(small.Width/5, small.Height/2)
		if r < 150 || b > 110 {
			t.Errorf("%v: the red side shows %d,%d", size, r, b)
		}
		r, _, b = small.At(small.Width*4/5, small.Height/2)
		if b < 150 || r > 110 {
			t.Errorf("%v: the blue side shows %d,%d", size, r, b)
		}
		uri, err := hash.DataURI()
		if err != nil || !strings.HasPrefix(uri, "data:image/png;base64,") {
			t.Errorf("%v: %v", size, err)
		}
	}
}

func FuzzThumbHashPreview(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ThumbHash(data).Preview()
		if err == nil && (p.Width < 1 || p.Width > 32 || p.Height < 1 || p.Height > 32) {
			t.Fatalf("%d×%d", p.Width, p.Height)
		}
	})
}
