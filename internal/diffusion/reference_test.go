package diffusion

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// reference is testdata/reference.json; trainer/reference/samplers.py makes it.
type reference struct {
	Noise []struct {
		Seed   int64
		Sizes  []int
		Values [][]float32
	}
	Variations []struct {
		Seed, Sub int64
		Strength  float64
		Values    []float32
	}
	Quantiles []struct{ P, X float64 }
	Walks     []referenceWalk
}

type referenceWalk struct {
	Sampler   string
	Steps     int
	Config    json.RawMessage
	Eta       float64
	Start     int
	Seed      *int64    // of torchsde's tree
	Sigmas    []float64 // custom ones
	Mu        *float64
	Calls     int
	Timesteps []float64 // all, or the first three and the last three
	Final     []float32 // the first few of 120 numbers
	AbsSum    float64   `json:"abs_sum"`
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

func TestBetaQuantilesAreScipys(t *testing.T) {
	for _, c := range readReference(t).Quantiles {
		if got := betaQuantile(c.P, 0.6, 0.6); math.Abs(got-c.X) > 1e-12+1e-9*c.X {
			t.Errorf("the %v-quantile is %v, scipy has %v", c.P, got, c.X)
		}
	}
}

// referenceTolerance is what a walk may be off by, in parts of its latents' mean size or of one, whichever is more. torch computes coefficients in
// float32, the samplers in float64; that is where most of it comes from.
const referenceTolerance = 2e-5

// treeTolerance is the same for walks with torchsde's noise: its tree hears in which millionth a noise level lies, and
// torch's square root is off by a bit there, by which one depends on the machine.
const treeTolerance = 5e-4

func TestWalksAreDiffusers(t *testing.T) {
	walks := readReference(t).Walks
	worst := map[string]float64{}
	for _, w := range walks {
		t.Run(w.name(), func(t *testing.T) {
			off := checkWalk(t, w)
			if w.Seed != nil {
				t.Logf("with torchsde's noise off by %.1e", off)
				return
			}
			worst[w.Sampler] = max(worst[w.Sampler], off)
		})
	}
	for _, name := range Samplers() {
		off, ok := worst[name]
		if !ok {
			t.Errorf("no reference walk for %s", name)
		}
		t.Logf("%-14s off by at most %.1e of the mean size", name, off)
	}
}

func (w referenceWalk) name() string {
	name := fmt.Sprintf("%s %d %s from %d eta %v", w.Sampler, w.Steps, w.Config, w.Start, w.Eta)
	if w.Seed != nil {
		name += fmt.Sprint(" tree ", *w.Seed)
	}
	return name
}

// sampler makes the walk's sampler.
func (w referenceWalk) sampler(t *testing.T) Sampler {
	cfg, err := DefaultConfig(w.Sampler)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(w.Config, &cfg); err != nil {
		t.Fatal(err)
	}
	cfg.Eta, cfg.NoiseSamplerSeed, cfg.Sigmas, cfg.Mu = w.Eta, w.Seed, w.Sigmas, w.Mu
	s, err := NewSampler(w.Sampler, cfg, w.Steps)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// checkWalk returns how far the walk is off.
func checkWalk(t *testing.T, w referenceWalk) float64 {
	s := w.sampler(t)
	all := s.Timesteps()
	if len(all) != w.Calls {
		t.Fatalf("%d calls, want %d", len(all), w.Calls)
	}
	ends := all
	if len(all) > 6 {
		ends = append(append([]float64{}, all[:3]...), all[len(all)-3:]...)
	}
	within := 2e-4
	if s.Order() == 2 {
		within = 1e-3 // torch finds the level between two others in float32, where most digits cancel
	}
	for i, want := range w.Timesteps {
		if math.Abs(ends[i]-want) > within {
			t.Fatalf("timesteps are %v, want %v", ends, w.Timesteps)
		}
	}
	x := walkToy(s, w.Start*s.Order())
	var sum, worst float64
	for _, v := range x {
		sum += math.Abs(float64(v))
	}
	for i, want := range w.Final {
		worst = max(worst, math.Abs(float64(x[i]-want)))
	}
	size := max(1, w.AbsSum/float64(len(x)))
	off := max(worst, math.Abs(sum-w.AbsSum)/float64(len(x))) / size
	tolerance := referenceTolerance
	if w.Seed != nil {
		tolerance = treeTolerance
	}
	if !(off <= tolerance) {
		t.Errorf("latents are off by %.2g of their mean size %.3g; the sum is %g, want %g", off, size, sum, w.AbsSum)
	}
	return off
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
