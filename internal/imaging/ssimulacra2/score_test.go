package ssimulacra2_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/imaging/ssimulacra2"
)

func TestMain(m *testing.M) {
	stop := imaging.Start(imaging.Options{Threads: 2})
	code := m.Run()
	stop()
	os.Exit(code)
}

func load(t testing.TB, name string) *imaging.RGB {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	p, err := imaging.Decode(t.Context(), data, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func score(t testing.TB, original, copied *imaging.RGB) float64 {
	t.Helper()
	r, err := ssimulacra2.New(original)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Score(copied)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// The numbers come from the Python package (trainer/reference/make_ssimulacra2.py), which works with twice as many bits: where
// nearly nothing differs, hundredths are the rounding of 32.
func TestScoresAreThoseOfTheReference(t *testing.T) {
	data, err := os.ReadFile("testdata/scores.json")
	if err != nil {
		t.Fatal(err)
	}
	var pairs []struct {
		Original, Copy string
		Score          float64
	}
	if err := json.Unmarshal(data, &pairs); err != nil || len(pairs) == 0 {
		t.Fatal(err, len(pairs))
	}
	for _, p := range pairs {
		near := 0.005
		if p.Score > 95 {
			near = 0.06
		}
		if got := score(t, load(t, p.Original), load(t, p.Copy)); math.Abs(got-p.Score) > near {
			t.Errorf("%s: %.4f, the reference says %.4f", p.Copy, got, p.Score)
		}
	}
}

func TestMoreNoiseScoresLess(t *testing.T) {
	original := load(t, "tiny.png")
	rapid.Check(t, func(rt *rapid.T) {
		dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		noise := make([]int, len(original.Pix))
		for i := range noise {
			noise[i] = dice.IntN(3) - 1
		}
		last := 100.0
		for _, strength := range []int{4, 12, 36} {
			p := &imaging.RGB{Width: original.Width, Height: original.Height, Pix: make([]uint8, len(original.Pix))}
			for i, v := range original.Pix {
				p.Pix[i] = uint8(min(255, max(0, int(v)+strength*noise[i])))
			}
			got := score(t, original, p)
			if got > last {
				rt.Fatalf("noise of %d levels scores %.2f, less noise %.2f", strength, got, last)
			}
			last = got
		}
	})
}

func TestOnlyEqualSizesAreCompared(t *testing.T) {
	r, err := ssimulacra2.New(load(t, "even.png"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Score(load(t, "odd.png")); !errors.Is(err, art.ErrInvalid) {
		t.Error("another size:", err)
	}
	if _, err := ssimulacra2.New(&imaging.RGB{Width: 7, Height: 9, Pix: make([]byte, 3*63)}); !errors.Is(err, art.ErrInvalid) {
		t.Error("seven pixels:", err)
	}
}

func BenchmarkScore512(b *testing.B) {
	p, err := imaging.Resize(load(b, "even.png"), 512, 512)
	if err != nil {
		b.Fatal(err)
	}
	r, err := ssimulacra2.New(p)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := r.Score(p); err != nil {
			b.Fatal(err)
		}
	}
}
