package diffusion

import (
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// echo predicts, for each row, its prompt's only number everywhere, and remembers what it was asked.
type echo struct{ rows []int }

func (e *echo) Denoise(_ context.Context, latents []float32, rows int, _ float64, cond Conditioning) ([]float32, error) {
	e.rows = append(e.rows, rows)
	out := make([]float32, len(latents))
	size := len(latents) / rows
	for i := range out {
		out[i] = cond.Hidden[i/size]
	}
	return out, nil
}

// recorder is a sampler that keeps what it is given.
type recorder struct {
	Sampler
	calls int
	given [][]float32
}

func (r *recorder) Timesteps() []float64 { return make([]float64, r.calls) }
func (r *recorder) Scale(int) float64    { return 1 }
func (r *recorder) Stochastic(int) bool  { return false }
func (r *recorder) Step(_ int, output, _ []float32, _ Noise) {
	r.given = append(r.given, slices.Clone(output))
}

func said(values ...float32) Conditioning {
	return Conditioning{Rows: len(values), Hidden: values, Tokens: 1, Width: 1}
}

func walked(t rapid.TB, w Walk, calls int) (given [][]float32, rows []int) {
	e, r := &echo{}, &recorder{calls: calls}
	w.Denoiser, w.Samplers = e, []Sampler{r}
	if err := w.Run(context.Background(), make([]float32, 2)); err != nil {
		t.Fatal(err)
	}
	return r.given, e.rows
}

func TestGuidanceHoldsForItsShareOfTheCalls(t *testing.T) {
	w := Walk{Positive: said(1), Negative: said(0), Guidance: Guidance{Scale: 7, Start: 0.2, End: 0.5}}
	given, rows := walked(t, w, 10)
	for i, out := range given {
		want, asked := float32(1), 1
		if i >= 2 && i < 5 {
			want, asked = 7, 2
		}
		if out[0] != want || rows[i] != asked {
			t.Errorf("call %d was given %v from %d rows, want %v from %d", i, out, rows[i], want, asked)
		}
	}
}

func TestOnePromptOfWeightOneIsNoMix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Float32Range(-10, 10)
		positive, negative := said(number.Draw(t, "positive")), said(number.Draw(t, "negative"))
		guidance := Guidance{Scale: rapid.Float64Range(0, 20).Draw(t, "scale")}
		plain, rows := walked(t, Walk{Positive: positive, Negative: negative, Guidance: guidance}, 1)
		mixed, mixedRows := walked(t, Walk{Guidance: guidance, Schedule: func(int) Mix {
			return Mix{Positive: []Weighted{{positive, 1}}, Negative: negative}
		}}, 1)
		if !slices.Equal(plain[0], mixed[0]) || rows[0] != mixedRows[0] {
			t.Fatalf("%v from %d rows, mixed %v from %d", plain, rows, mixed, mixedRows)
		}
	})
}

// TestMixedPrompts: uncond + Σ weight·scale·(cond − uncond), as A1111's combine_denoised; without guidance the first
// prompt stands where the negative one did.
func TestMixedPrompts(t *testing.T) {
	mix := Mix{Positive: []Weighted{{said(3), 0.5}, {said(5), 2}, {said(-1), -1}}, Negative: said(1)}
	schedule := func(call int) Mix {
		if call == 2 {
			return Mix{Positive: []Weighted{{said(4), 0.25}}, Negative: said(0)}
		}
		return mix
	}
	given, rows := walked(t, Walk{Schedule: schedule, Guidance: Guidance{Scale: 3, Start: 0.3}}, 4)
	want := []float64{3 + 2*(5-3) - (-1 - 3), 1 + 3*(0.5*(3-1)+2*(5-1)-(-1-1)), 0.25 * 3 * 4, 1 + 3*(0.5*(3-1)+2*(5-1)-(-1-1))}
	if !slices.Equal(rows, []int{3, 4, 2, 4}) {
		t.Errorf("the denoiser was asked for %v rows", rows)
	}
	for i, out := range given {
		if math.Abs(float64(out[0])-want[i]) > 1e-5 {
			t.Errorf("call %d was given %v, want %v", i, out[0], want[i])
		}
	}
}

func TestMixesThatDoNotFitAreRefused(t *testing.T) {
	for name, mix := range map[string]Mix{
		"nothing":         {Negative: said(1)},
		"too many rows":   {Positive: []Weighted{{said(1, 2), 1}}, Negative: said(1)},
		"other length":    {Positive: []Weighted{{Conditioning{Rows: 1, Hidden: make([]float32, 2), Tokens: 2, Width: 1}, 1}}, Negative: said(1)},
		"no negative":     {Positive: []Weighted{{said(1), 1}}},
		"different extra": {Positive: []Weighted{{Conditioning{Rows: 1, Hidden: []float32{1}, Tokens: 1, Width: 1, Extra: map[string][]float32{"x": {1}}}, 1}}, Negative: said(1)},
	} {
		w := Walk{Denoiser: &echo{}, Samplers: []Sampler{&recorder{calls: 1}}, Guidance: Guidance{Scale: 7}, Schedule: func(int) Mix { return mix }}
		if err := w.Run(context.Background(), make([]float32, 2)); err == nil {
			t.Errorf("%s is no error", name)
		}
	}
}
