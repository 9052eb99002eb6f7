package diffusion

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// anyWalk draws a sampler with any curve, spacing, prediction and number of steps. It skips what is refused, after
// checking that the refusal says which setting.
func anyWalk(t *rapid.T) (Sampler, Config, string) {
	name := rapid.SampledFrom(Samplers()).Draw(t, "sampler")
	c, err := DefaultConfig(name)
	if err != nil {
		t.Fatal(err)
	}
	c.BetaSchedule, c.BetaStart, c.BetaEnd, c.ClipSample, c.SetAlphaToOne = "scaled_linear", 0.00085, 0.012, false, true
	c.TimestepSpacing = rapid.SampledFrom([]string{"leading", "linspace", "trailing"}).Draw(t, "spacing")
	c, err = c.WithCurve(rapid.SampledFrom(Curves()).Draw(t, "curve"))
	if err != nil {
		t.Fatal(err)
	}
	if name != "flow_euler" {
		c.PredictionType = rapid.SampledFrom([]string{"epsilon", "v_prediction", "sample"}).Draw(t, "prediction")
	}
	c.RescaleZeroSNR = rapid.Bool().Draw(t, "zero snr")
	if name == "ddim" || name == "tcd" {
		c.Eta = rapid.SampledFrom([]float64{0, 0.4, 1}).Draw(t, "eta")
	}
	s, err := NewSampler(name, c, rapid.IntRange(1, 100).Draw(t, "steps"))
	if err == nil {
		return s, c, name
	}
	var bad *ConfigError
	if !errors.As(err, &bad) || !errors.Is(err, ErrConfig) || bad.Field == "" || bad.Reason == "" {
		t.Fatalf("refused by %v, want a ConfigError with field and reason", err)
	}
	t.Skip("this combination is refused")
	return nil, c, name
}

// shareAndSpread are how much of picture and noise the denoiser expects in the latents at call i.
func shareAndSpread(s Sampler, i int) (share, spread float64) {
	if scale := s.Scale(i); scale != 1 { // latents are picture + sigma·noise
		return 1, math.Sqrt(1/(scale*scale) - 1)
	}
	one, zero := []float32{1}, []float32{0}
	return float64(s.AddNoise(i, one, zero)[0]), float64(s.AddNoise(i, zero, one)[0])
}

// knowing is what a denoiser says at call i that knows the picture.
func knowing(s Sampler, prediction string, i int, x, picture []float32) []float32 {
	share, spread := shareAndSpread(s, i)
	noise := combine(1/spread, x, -share/spread, picture)
	switch prediction {
	case "v_prediction":
		scale := s.Scale(i)
		return combine(share*scale, noise, -spread*scale, picture)
	case "sample":
		return slices.Clone(picture)
	case "flow_prediction":
		return combine(1, noise, -1, picture)
	}
	return noise
}

// walkFrom walks from call start on with a denoiser that knows the picture.
func walkFrom(s Sampler, prediction string, start int, x, picture []float32, noise Noise) []float32 {
	for i := start; i < len(s.Timesteps()); i++ {
		s.Step(i, knowing(s, prediction, i, x, picture), x, noise)
	}
	return x
}

func somePicture() []float32 { return []float32{-1, -0.5, 0, 0.25, 0.5, 0.75, 1, 2} }

// remains is how much noise a walk may leave: none for most; one training step's for those that end there.
func remains(c Config, name string) float64 {
	low := 0.02917 // the lowest noise level of the betas in anyWalk
	switch {
	case name == "deis", name == "tcd", name == "lcm":
		return 5 * low
	case name == "ddim", name == "ddpm", name == "pndm", name == "plms":
		return 6 * low // rounded spacing may end a few training steps early, as in diffusers
	case c.PredictionType == "flow_prediction":
		return 1e-5
	}
	return 1e-3
}

// TestEverySamplerLandsOnThePicture: a denoiser that knows the picture must lead every sampler to it, whatever the
// spacing, the curve, the prediction and the number of steps.
func TestEverySamplerLandsOnThePicture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, c, name := anyWalk(t)
		if pndm := name == "pndm" || name == "plms"; pndm && (len(s.Timesteps()) < 24 || c.TimestepSpacing == "linspace") {
			t.Skip("pndm mixes predictions of different steps as they are, and strides evenly whatever the spacing")
		}
		noise, picture := NewTorchNoise(1), somePicture()
		x := draw(noise, len(picture))
		scale(x, s.InitialScale())
		walkFrom(s, c.PredictionType, 0, x, picture, noise)
		for i := range x {
			if off := math.Abs(float64(x[i] - picture[i])); !(off <= remains(c, name)) {
				t.Fatalf("landed on %v, want %v within %v", x, picture, remains(c, name))
			}
		}
	})
}

// TestAddNoiseStandsWhereTheWalkStands: adding noise for the call that begins a step gives latents from which a
// denoiser that knows the picture finds it, and of the shares that the step expects.
func TestAddNoiseStandsWhereTheWalkStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, c, name := anyWalk(t)
		if name == "pndm" || name == "plms" {
			t.Skip("pndm counts its start from where the walk begins and then steps past the end, as in diffusers")
		}
		if name == "lms" {
			t.Skip("lms leaves terms out when it begins late, as in diffusers")
		}
		steps := (len(s.Timesteps()) + s.Order() - 1) / s.Order()
		start := rapid.IntRange(0, steps-1).Draw(t, "start") * s.Order()
		share, spread := shareAndSpread(s, start)
		noise, picture := NewTorchNoise(1), somePicture()
		z := draw(noise, len(picture))
		x := s.AddNoise(start, picture, z)
		for i, want := range combine(share, picture, spread, z) {
			if math.Abs(float64(x[i]-want)) > 2e-4*(1+spread) {
				t.Fatalf("AddNoise at call %d gives %v, the step expects %v", start, x[i], want)
			}
		}
		walkFrom(s, c.PredictionType, start, x, picture, noise)
		for i := range x {
			if off := math.Abs(float64(x[i] - picture[i])); !(off <= remains(c, name)) {
				t.Fatalf("from call %d it landed on %v, want %v", start, x, picture)
			}
		}
	})
}

// TestNoiseFallsFromCallToCall: timesteps are within training and fall, and so does the noise that AddNoise puts in.
func TestNoiseFallsFromCallToCall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, c, name := anyWalk(t)
		before := math.Inf(1)
		for i, at := range s.Timesteps() {
			if math.IsNaN(at) || at < 0 || at > float64(c.NumTrainTimesteps) {
				t.Fatalf("call %d is at timestep %v", i, at)
			}
			share, spread := shareAndSpread(s, i)
			level := spread / share
			if math.IsNaN(level) || level > before*(1+1e-6) && name != "pndm" { // its start goes back to the middle
				t.Fatalf("noise rises to %v at call %d from %v", level, i, before)
			}
			before = level
		}
	})
}

// TestNoWalkBreaks: whatever is not refused gives numbers, also when the denoiser knows nothing, from any call on.
func TestNoWalkBreaks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, _, _ := anyWalk(t)
		start := rapid.IntRange(0, len(s.Timesteps())-1).Draw(t, "start")
		noise := NewTorchNoise(2)
		x := draw(noise, 24)
		scale(x, s.InitialScale())
		for i := start; i < len(s.Timesteps()); i++ {
			counted := &countedNoise{Noise: noise}
			s.Step(i, toy(x, s.Timesteps()[i], s.Scale(i)), x, counted)
			if drew := counted.draws > 0; drew != s.Stochastic(i) {
				t.Fatalf("call %d draws noise: %v, but Stochastic says %v", i, drew, s.Stochastic(i))
			}
		}
		for _, v := range x {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Fatalf("from call %d it ended with %v", start, x)
			}
		}
	})
}

type countedNoise struct {
	Noise
	draws int
}

func (c *countedNoise) Normal(dst []float32) {
	c.draws++
	c.Noise.Normal(dst)
}

func TestComfySpacing(t *testing.T) {
	for _, test := range []struct {
		curve string
		steps int
		want  []float64
	}{
		{"simple", 4, []float64{999, 749, 499, 249}},
		{"simple", 3, []float64{999, 666, 333}},
		{"sgm_uniform", 4, []float64{999, 749.25, 499.5, 249.75}},
	} {
		c, err := baseConfig().WithCurve(test.curve)
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewSampler("euler", c, test.steps)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(s.Timesteps(), test.want) {
			t.Errorf("%s visits %v, ComfyUI %v", test.curve, s.Timesteps(), test.want)
		}
	}
}

func TestCustomSigmas(t *testing.T) {
	for _, name := range []string{"euler", "euler_a", "lms", "heun", "dpm_2", "dpm_2_a", "dpmpp_2s_a", "dpmpp_sde", "dpmpp_2m", "dpmpp_2m_sde", "dpmpp_3m_sde", "unipc"} {
		c, err := DefaultConfig(name)
		if err != nil {
			t.Fatal(err)
		}
		c.Sigmas = []float64{14, 6, 2, 0.7, 0.1, 0}
		s, err := NewSampler(name, c, 5)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		noise, picture := NewTorchNoise(1), somePicture()
		x := draw(noise, len(picture))
		scale(x, s.InitialScale())
		walkFrom(s, c.PredictionType, 0, x, picture, noise)
		for i := range x {
			if math.Abs(float64(x[i]-picture[i])) > 1e-3 {
				t.Errorf("%s landed on %v", name, x)
				break
			}
		}
	}
}
