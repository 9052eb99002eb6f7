package local

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"presswerk/internal/art"
)

// decibels is the peak signal-to-noise ratio of pictures of 0..1 in decibels.
func decibels(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		d := float64(a[i] - b[i])
		sum += d * d
	}
	return -10 * math.Log10(sum/float64(len(a)))
}

// TestPrecisions: folders with fewer bits are rendered as any other, near to the float32 one; in memory the weights may stay
// as they are stored or become float32. The networks are tiny and random, so that rounding shows more than in real ones.
func TestPrecisions(t *testing.T) {
	e := newEngine(t, Options{Adapters: []string{adapterFiles}, Memory: 1})
	render := func(dir string, loras ...art.LoRA) Result {
		t.Helper()
		result, err := e.RenderArrays(context.Background(), horse(dir, loras...), Inputs{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	lora := art.LoRA{Name: "tiny-peft", Weight: 0.8}
	want, adapted := render(tinyRecipe().Model.Dir), render(tinyRecipe().Model.Dir, lora)
	for _, test := range []struct {
		form  string
		about string
		least float64 // dB
		loras bool
	}{
		{"fp16", `{}`, 60, false},
		{"int8", `{}`, 40, true},
		{"int8", `{"session": {"session.disable_quant_qdq": "1"}}`, 40, true},
		{"int4", `{}`, 30, false},
		{"int4", `{"session": {"session.disable_quant_qdq": "1"}}`, 30, false},
	} {
		dir := exported(t, test.form)
		write(t, dir, descriptionFile, test.about)
		got := render(dir)
		t.Logf("%s %s: %.1f dB, latents off by %.2g", test.form, test.about, decibels(got.Image.Data, want.Image.Data), worst(t, "latents", got.Latents, want.Latents))
		if p := decibels(got.Image.Data, want.Image.Data); !(p >= test.least) {
			t.Errorf("%s %s: %.1f dB, at least %v", test.form, test.about, p, test.least)
		}
		if !test.loras {
			continue
		}
		got = render(dir, lora)
		t.Logf("%s %s with LoRA: %.1f dB", test.form, test.about, decibels(got.Image.Data, adapted.Image.Data))
		if p := decibels(got.Image.Data, adapted.Image.Data); !(p >= test.least) {
			t.Errorf("%s %s with LoRA: %.1f dB, at least %v", test.form, test.about, p, test.least)
		}
	}
	if p := decibels(want.Image.Data, adapted.Image.Data); p > 20 {
		t.Errorf("the adapter leaves %.1f dB: this test would see nothing", p)
	}
}

// TestQuantisedWeightsAreNotPatched: a LoRA can't be added to weights of 4 bits; the message says so.
func TestQuantisedWeightsAreNotPatched(t *testing.T) {
	e := newEngine(t, Options{Adapters: []string{adapterFiles}})
	_, err := e.RenderArrays(context.Background(), horse(exported(t, "int4"), art.LoRA{Name: "tiny-peft", Weight: 1}), Inputs{}, nil)
	if !errors.Is(err, art.ErrUnsupported) || !strings.Contains(err.Error(), "is quantised") || !strings.Contains(err.Error(), "--adapters") {
		t.Errorf("error is %v", err)
	}
}
