package diffusion

import (
	"errors"
	"math"
	"slices"
	"testing"
)

func TestVariationIsTheWebUIs(t *testing.T) {
	for _, c := range readReference(t).Variations {
		v := Variation{Strength: c.Strength, Channels: 4, Height: 6, Width: 5}
		got, err := v.Mix(draw(NewTorchNoise(c.Seed), 120), draw(NewTorchNoise(c.Sub), 120))
		if err != nil {
			t.Fatal(err)
		}
		noise, err := v.Noise(NewTorchNoise(c.Seed), NewTorchNoise(c.Sub))
		if err != nil {
			t.Fatal(err)
		}
		if first := draw(noise, 120); !slices.Equal(first, got) {
			t.Errorf("seeds %d, %d: Noise begins with %v, Mix gives %v", c.Seed, c.Sub, first[:3], got[:3])
		}
		for i, want := range c.Values {
			if math.Abs(float64(got[i]-want)) > 2e-6 {
				t.Errorf("seeds %d, %d: number %d is %v, torch has %v", c.Seed, c.Sub, i, got[i], want)
			}
		}
		base := NewTorchNoise(c.Seed)
		draw(base, 120)
		if !slices.Equal(draw(noise, 120), draw(base, 120)) {
			t.Errorf("seeds %d, %d: the second tensor isn't the first seed's", c.Seed, c.Sub)
		}
	}
}

func TestVariationEnds(t *testing.T) {
	a, b := draw(NewTorchNoise(1), 120), draw(NewTorchNoise(2), 120)
	for strength, want := range map[float64][]float32{0: a, 1: b} {
		got, err := Variation{strength, 4, 6, 5}.Mix(a, b)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if math.Abs(float64(got[i]-want[i])) > 1e-6 {
				t.Fatalf("strength %v gives %v, want %v", strength, got[:4], want[:4])
			}
		}
	}
	if _, err := (Variation{0.5, 4, 6, 5}).Mix(a, b[:3]); err == nil {
		t.Error("noises of different shapes are mixed")
	}
	for _, v := range []Variation{{-1, 4, 6, 5}, {2, 4, 6, 5}, {math.NaN(), 4, 6, 5}, {0.5, 0, 6, 5}} {
		if _, err := v.Noise(NewTorchNoise(1), NewTorchNoise(2)); !errors.Is(err, ErrConfig) {
			t.Errorf("%+v gives %v, want a ConfigError", v, err)
		}
	}
	zero, err := Variation{0.5, 1, 2, 1}.Mix([]float32{0, 0}, []float32{1, 1})
	if err != nil || math.IsNaN(float64(zero[0])) {
		t.Errorf("mixing with nothing gives %v, %v", zero, err)
	}
}
