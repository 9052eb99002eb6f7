package local

import (
	"context"
	"testing"

	"presswerk/internal/art"
)

func TestHiresEnlargesAndKeepsTheFirstPass(t *testing.T) {
	e := newEngine(t, Options{})
	first := tinyRecipe()
	small, err := e.RenderArrays(context.Background(), first, Inputs{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, up := range append(hiresUpscalers(), "") {
		for _, strength := range []float64{0, 0.5} {
			r := first
			r.Hires = &art.Hires{Scale: 2, Strength: strength, Upscaler: up}
			got, err := e.RenderArrays(context.Background(), r, Inputs{KeepSteps: true}, nil)
			if err != nil {
				t.Errorf("%q: %v", up, err)
				continue
			}
			if got.Image.Shape[1] != 2*first.Height || got.Image.Shape[2] != 2*first.Width {
				t.Errorf("%q: the picture has shape %v", up, got.Image.Shape)
			}
			want := first.Steps + int(float64(first.Steps)*strength)
			if len(got.Steps) != want || len(got.Timesteps) != want {
				t.Errorf("%q at %v: %d steps, not %d", up, strength, len(got.Steps), want)
			}
			if d := worst(t, "first pass", got.Steps[first.Steps-1], small.Latents); d != 0 {
				t.Errorf("%q: the first pass is off by %v", up, d)
			}
			again, err := e.RenderArrays(context.Background(), r, Inputs{}, nil)
			if err != nil || worst(t, "again", got.Image, again.Image) != 0 {
				t.Errorf("%q: not the same a second time: %v", up, err)
			}
		}
	}
}
