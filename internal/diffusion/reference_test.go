package diffusion

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// reference is testdata/reference.json; make_reference.py beside it says how it was made.
type reference struct {
	Noise []struct {
		Seed   int64
		Sizes  []int
		Values [][]float32
	}
	Walks []referenceWalk
}

type referenceWalk struct {
	Sampler   string
	Steps     int
	Config    json.RawMessage
	Eta       float64
	Start     int
	Timesteps []float64
	Final     []float32
	AbsSum    float64 `json:"abs_sum"`
}

func readReference(t *testing.T) reference {
	t.Helper()
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// toy is the denoiser of diffusers' scheduler tests: x·t/(t+1).
func toy(x []float32, t, scale float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = v * float32(scale) * float32(t/(t+1))
	}
	return out
}

func TestNoiseIsTorchs(t *testing.T) {
	for _, c := range readReference(t).Noise {
		t.Run(fmt.Sprint(c.Seed, c.Sizes), func(t *testing.T) {
			noise := NewTorchNoise(c.Seed)
			for k, size := range c.Sizes {
				x := make([]float32, size)
				noise.Normal(x)
				got := append(append([]float32{}, x[:min(8, size)]...), x[max(0, size-17):]...)
				for i, want := range c.Values[k] {
					if got[i] != want {
						t.Errorf("draw %d of %d numbers: number %d is %v, torch has %v", k, size, i, got[i], want)
					}
				}
			}
		})
	}
}

func TestWalksAreDiffusers(t *testing.T) {
	walks := readReference(t).Walks
	seen := map[string]int{}
	for _, w := range walks {
		seen[w.Sampler]++
		t.Run(fmt.Sprintf("%s %d %s from %d eta %v", w.Sampler, w.Steps, w.Config, w.Start, w.Eta), func(t *testing.T) {
			checkWalk(t, w)
		})
	}
	for _, name := range Samplers() {
		if seen[name] == 0 {
			t.Errorf("no reference walk for %s", name)
		}
	}
}

func checkWalk(t *testing.T, w referenceWalk) {
	cfg, err := DefaultConfig(w.Sampler)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(w.Config, &cfg); err != nil {
		t.Fatal(err)
	}
	cfg.Eta = w.Eta
	s, err := NewSampler(w.Sampler, cfg, w.Steps)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Timesteps()) != len(w.Timesteps) {
		t.Fatalf("timesteps are %v, want %v", s.Timesteps(), w.Timesteps)
	}
	for i, want := range w.Timesteps {
		if math.Abs(s.Timesteps()[i]-want) > 2e-4 {
			t.Fatalf("timesteps are %v, want %v", s.Timesteps(), w.Timesteps)
		}
	}
	x := walkToy(s, w.Start)
	var sum, worst float64
	for _, v := range x {
		sum += math.Abs(float64(v))
	}
	for i, want := range w.Final {
		worst = max(worst, math.Abs(float64(x[i]-want)))
	}
	size := max(1, w.AbsSum/float64(len(x)))
	if worst/size > 2e-4 || math.Abs(sum-w.AbsSum) > 1e-4*size*float64(len(x)) {
		t.Errorf("latents are off by %g, their sum is %g, want %g", worst, sum, w.AbsSum)
	}
}

// walkToy goes from seed 0 to the end; from start on when that isn't 0.
func walkToy(s Sampler, start int) []float32 {
	noise := NewTorchNoise(0)
	x := make([]float32, 120)
	noise.Normal(x)
	if start == 0 {
		for i := range x {
			x[i] *= float32(s.InitialScale())
		}
	} else {
		clean := make([]float32, len(x))
		for i, v := range linspace(-1, 1, len(x)) {
			clean[i] = float32(v)
		}
		x = s.AddNoise(start, clean, x)
	}
	for i, t := range s.Timesteps() {
		if i >= start {
			s.Step(i, toy(x, t, s.Scale(i)), x, noise)
		}
	}
	return x
}
