package finish

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Whatever the curve of an encoder, the search ends in few trials, within 1 and the ceiling, and not far from the lowest quality that
// reaches the target.
func TestTheSearchEndsNearTheLowestQualityThatIsGoodEnough(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		worst, bend := rapid.Float64Range(-20, 60).Draw(rt, "worst"), rapid.Float64Range(0.4, 2).Draw(rt, "bend")
		target, from := rapid.Float64Range(65, 95).Draw(rt, "target"), rapid.IntRange(40, 94).Draw(rt, "from")
		curve := func(q int) float64 { return worst + (98-worst)*math.Pow(float64(q)/100, bend) }
		trials, found := 0, 0.0
		last := 0
		err := secant(from, 94, target, func(q int) (float64, error) {
			if q < 1 || q > 94 {
				rt.Fatalf("quality %d was tried", q)
			}
			if s := curve(q); better(s, found, target) {
				found = s
			}
			trials, last = trials+1, q
			return curve(q), nil
		})
		if err != nil || trials > mostTrials {
			rt.Fatalf("%d trials, %v", trials, err)
		}
		if missed := math.Min(target, curve(94)) - found; missed > 4 || found-target > 6 && last > 1 {
			rt.Errorf("from %d the search for %.1f ended at %.1f after %d trials", from, target, found, trials)
		}
	})
}

func TestAnErrorEndsTheSearch(t *testing.T) {
	wrong := errors.New("no memory")
	if err := secant(80, 94, 82, func(int) (float64, error) { return 0, wrong }); !errors.Is(err, wrong) {
		t.Error(err)
	}
}

func noisy(t testing.TB, side int) *imaging.RGB {
	t.Helper()
	p, err := imaging.NewRGB(side, side)
	if err != nil {
		t.Fatal(err)
	}
	for y := range side {
		for x := range side {
			v := 128 + 60*math.Sin(float64(x)/9)*math.Cos(float64(y)/13) + float64((x*7919+y*104729)%17)
			p.Set(x, y, uint8(v), uint8(255*x/side), uint8(v/2))
		}
	}
	return p
}

func TestASampleHasPixelsOfThePicture(t *testing.T) {
	p := noisy(t, 900)
	s := sampleOf(p)
	small := s.of(p)
	if small.Width != tile*tileRow || len(s.corners) != tileRow*tileRow {
		t.Fatalf("%d×%d pixels of %d tiles", small.Width, small.Height, len(s.corners))
	}
	last := s.corners[len(s.corners)-1]
	r, g, b := small.At(small.Width-1, small.Height-1)
	if r2, g2, b2 := p.At(last[0]+tile-1, last[1]+tile-1); r != r2 || g != g2 || b != b2 {
		t.Error("the last pixel is another one")
	}
	if whole := sampleOf(noisy(t, 100)).of(p); whole != p {
		t.Error("a small picture is not its own sample")
	}
}

// What is recorded must hold for the file, whatever the format.
func TestFilesReachTheScoreOrSayWhatTheyReach(t *testing.T) {
	p := noisy(t, 700)
	r, err := newRuler(t.Context(), p, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []imaging.Format{imaging.WebP, imaging.JPEG, imaging.AVIF} {
		o := order{canvas: &canvas{picture: p, ruler: r}, wish: wish{format: format}}
		from := start(format, imaging.Preview)
		if o.trial, err = r.best(t.Context(), from, 75); err != nil {
			t.Fatal(err)
		}
		got, data, err := (&work{}).encode(t.Context(), &o, nil, 75)
		if err != nil {
			t.Fatal(err)
		}
		again, err := r.whole(t.Context(), data)
		if err != nil || again != got.score {
			t.Errorf("%s: %.2f was said of a file that scores %.2f, %v", format, got.score, again, err)
		}
		if got.score < 72 && got.Quality < ceiling(format) || got.score > 85 {
			t.Errorf("%s: quality %d scores %.1f", format, got.Quality, got.score)
		}
	}
}

func TestFlatArtIsWrittenWithoutLossWhereThatIsSmaller(t *testing.T) {
	p, err := imaging.NewRGB(300, 300)
	if err != nil {
		t.Fatal(err)
	}
	for y := range 300 {
		for x := range 300 {
			if p.Set(x, y, 255, 208, 178); (x/60+y/60)%2 == 0 {
				p.Set(x, y, 200, 30, 40)
			}
		}
	}
	r, err := newRuler(t.Context(), p, false)
	if err != nil {
		t.Fatal(err)
	}
	webp, err := r.best(t.Context(), start(imaging.WebP, imaging.Web), 82)
	if err != nil || !webp.Lossless || webp.coding() != "lossless" {
		t.Errorf("WebP: %+v, %v", webp, err)
	}
	few, err := r.best(t.Context(), start(imaging.PNG, imaging.Web), 82)
	if err != nil || !few.Palette || few.score < equalScore || few.coding() != "palette" {
		t.Errorf("PNG: %+v, %v", few, err)
	}
	photo, err := newRuler(t.Context(), noisy(t, 300), false)
	if err != nil {
		t.Fatal(err)
	}
	if webp, err = photo.best(t.Context(), start(imaging.WebP, imaging.Web), 82); err != nil || webp.Lossless {
		t.Errorf("a photograph: %+v, %v", webp, err)
	}
}

func TestABudgetThatWouldMakeAPictureUglyIsRefused(t *testing.T) {
	r, err := newRuler(t.Context(), noisy(t, 300), false)
	if err != nil {
		t.Fatal(err)
	}
	first, err := r.try(t.Context(), imaging.Encoding{Format: imaging.JPEG, Quality: 90})
	if err != nil {
		t.Fatal(err)
	}
	less, err := r.cheaper(t.Context(), first, 0.8)
	if err != nil || float64(less.bytes) > 0.8*float64(first.bytes) || less.Quality >= 90 || less.score < leastScore {
		t.Errorf("four fifths: %+v after %+v, %v", less, first, err)
	}
	if _, err := r.cheaper(t.Context(), first, 0.02); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "60") {
		t.Errorf("a fiftieth: %v", err)
	}
}
