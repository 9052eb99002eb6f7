package imaging

import (
	"encoding/base64"
	"encoding/hex"
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

// disc is a tomato on mint, whose hash and preview npm's thumbhash 0.1.1 gives below.
func disc(t *testing.T) *RGB {
	t.Helper()
	p := canvas(t, 100, 100)
	for y := range 100 {
		for x := range 100 {
			p.Set(x, y, 178, 242, 220)
			if (x-50)*(x-50)+(y-50)*(y-50) < 35*35 {
				p.Set(x, y, 255, 70, 10)
			}
		}
	}
	return p
}

func TestThumbHashIsTheReferences(t *testing.T) {
	hash, err := Thumb(disc(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(hash); got != "ab390a4718f897777887877f757678986787777008078700" {
		t.Errorf("the hash is %s", got)
	}
	p, err := hash.Preview()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ x, y, r, g, b int }{{0, 0, 67, 255, 255}, {16, 16, 255, 64, 0}, {0, 16, 223, 203, 166}} {
		r, g, b := p.At(want.x, want.y)
		if max(abs(int(r)-want.r), abs(int(g)-want.g), abs(int(b)-want.b)) > 1 {
			t.Errorf("%d,%d is %d %d %d, not %d %d %d", want.x, want.y, r, g, b, want.r, want.g, want.b)
		}
	}
}

func TestPlaceholdersHoldThePicturesColours(t *testing.T) {
	uri, err := Placeholder(disc(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(uri) > 800 {
		t.Errorf("the placeholder takes %d bytes of every page", len(uri))
	}
	data, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(uri, "data:image/png;base64,"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Decode(t.Context(), data, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b := p.At(0, 0); max(abs(int(r)-178), abs(int(g)-242), abs(int(b)-220)) > 4 {
		t.Errorf("the corner is %d %d %d, not mint", r, g, b)
	}
	if r, g, b := p.At(6, 6); max(abs(int(r)-255), abs(int(g)-70), abs(int(b)-10)) > 6 {
		t.Errorf("the middle is %d %d %d, not tomato", r, g, b)
	}
}

func abs(n int) int { return max(n, -n) }
