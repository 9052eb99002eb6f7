package diffusion

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// dummySample is arange(768).reshape(3,8,8,4)/768 with axes moved to (4,3,8,8), as diffusers' tests/schedulers make it.
func dummySample() []float32 {
	x := make([]float32, 768)
	for i := range x {
		c, h, w, b := i/256, i/32%8, i/4%8, i%4
		x[b*192+c*64+h*8+w] = float32(i) / 768
	}
	return x
}

// publishedLoop is the loop of diffusers' scheduler tests. In those of the k-diffusion family the scaled sample is
// handed to the step, which pipelines never do; scaled says so.
func publishedLoop(s Sampler, scaled bool) (sum float64) {
	x, noise := dummySample(), NewTorchNoise(0)
	for i := range x {
		x[i] *= float32(s.InitialScale())
	}
	for i, t := range s.Timesteps() {
		seen := slices.Clone(x)
		for j := range seen {
			seen[j] *= float32(s.Scale(i))
		}
		if scaled {
			copy(x, seen)
		}
		// The four samples of the batch go through one sampler: none of these configs looks at one sample's spread.
		s.Step(i, toy(seen, t, 1), x, noise)
	}
	for _, v := range x {
		sum += math.Abs(float64(v))
	}
	return sum
}

// TestPublishedSums holds the expected values of diffusers' tests/schedulers, read at 58eb52c.
func TestPublishedSums(t *testing.T) {
	linear := func(train int) Config {
		c := baseConfig()
		c.NumTrainTimesteps, c.BetaStart, c.BetaEnd = train, 0.0001, 0.02
		return c
	}
	with := func(c Config, changes ...func(*Config)) Config {
		for _, f := range changes {
			f(&c)
		}
		return c
	}
	v := func(c *Config) { c.PredictionType = "v_prediction" }
	karras := func(c *Config) { c.UseKarras = true }
	clip := func(c *Config) { c.ClipSample, c.TimestepSpacing, c.SetAlphaToOne = true, "leading", true }
	from01 := func(c *Config) { c.BetaStart = 0.01 }
	notOne := func(c *Config) { c.SetAlphaToOne = false }
	leading := func(c *Config) { c.TimestepSpacing = "leading" }
	bh2 := func(c *Config) { c.SolverType, c.FinalSigmas = "bh2", "sigma_min" }
	distilled, err := DefaultConfig("lcm")
	if err != nil {
		t.Fatal(err)
	}
	solver := func(c *Config) { c.FinalSigmas, c.LowerOrderFinal = "sigma_min", false }
	tests := []struct {
		name, sampler string
		config        Config
		scaled, mean  bool
		want, within  float64
	}{
		{"ddim", "ddim", with(linear(1000), clip), false, false, 172.0067, 1e-2},
		{"ddim v", "ddim", with(linear(1000), clip, v), false, false, 52.5302, 1e-2},
		{"ddim, alpha one, beta from .01", "ddim", with(linear(1000), clip, from01), false, false, 149.8295, 1e-2},
		{"ddim, alpha not one, beta from .01", "ddim", with(linear(1000), clip, from01, notOne), false, false, 149.0784, 1e-2},
		{"euler", "euler", linear(1100), true, false, 10.0807, 1e-2},
		{"euler as pipelines call it", "euler", linear(1100), false, false, 168.05, 1e-2},
		{"euler v", "euler", with(linear(1100), v), true, false, 0.0002, 1e-2},
		{"euler karras", "euler", with(linear(1100), karras), true, false, 124.52299, 1e-2},
		{"euler a", "euler_a", linear(1100), true, false, 152.3192, 1e-2},
		{"euler a v", "euler_a", with(linear(1100), v), true, false, 108.4439, 1e-2},
		{"heun", "heun", linear(1100), true, false, 0.1233, 1e-2},
		{"heun v", "heun", with(linear(1100), v), true, false, 4.6934e-07, 1e-2},
		{"heun karras", "heun", with(linear(1100), karras), true, false, 0.00015, 1e-2},
		{"lms", "lms", linear(1100), true, false, 1006.388, 1e-2},
		{"lms karras", "lms", with(linear(1100), karras), true, false, 3812.9927, 1e-2},
		{"kdpm2", "dpm_2", linear(1100), true, false, 20.4125, 1e-2},
		{"kdpm2 a", "dpm_2_a", linear(1100), true, false, 13979.9433, 1e-2},
		{"ddpm", "ddpm", with(linear(1000), clip), false, false, 258.9606, 1e-2},
		{"ddpm v", "ddpm", with(linear(1000), clip, v), false, false, 202.0296, 1e-2},
		{"pndm", "pndm", with(linear(1000), leading), false, false, 198.1318, 1e-2},
		{"unipc", "unipc", with(linear(1000), bh2), false, true, 0.2464, 1e-3},
		{"unipc karras", "unipc", with(linear(1000), bh2, karras), false, true, 0.2925, 1e-3},
		{"unipc v", "unipc", with(linear(1000), bh2, v), false, true, 0.1014, 1e-3},
		{"unipc karras v", "unipc", with(linear(1000), bh2, v, karras), false, true, 0.1966, 1e-3},
		{"deis", "deis", with(linear(1000)), false, true, 0.23916, 1e-3},
		{"lcm", "lcm", distilled, false, false, 197.7616, 1e-2},
		{"tcd", "tcd", distilled, false, false, 181.2040, 1e-2},
		{"dpm++ 2m", "dpmpp_2m", with(linear(1000), solver), false, true, 0.3301, 1e-3},
		{"dpm++ 2m v", "dpmpp_2m", with(linear(1000), solver, v), false, true, 0.2251, 1e-3},
		{"dpm++ 2m karras v", "dpmpp_2m", with(linear(1000), solver, v, karras), false, true, 0.2096, 1e-3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			steps := 10
			if test.sampler == "ddpm" { // published for all training steps
				steps = 1000
			}
			s, err := NewSampler(test.sampler, test.config, steps)
			if err != nil {
				t.Fatal(err)
			}
			got := publishedLoop(s, test.scaled)
			if test.mean {
				got /= 768
			}
			if math.Abs(got-test.want) > test.within {
				t.Errorf("got %g, diffusers publishes %g", got, test.want)
			}
		})
	}
}

func TestDDIMVariance(t *testing.T) {
	c, err := DefaultConfig("ddim")
	if err != nil {
		t.Fatal(err)
	}
	s, err := newDDIM(c, 10)
	if err != nil {
		t.Fatal(err)
	}
	d := s.(*ddim)
	for _, test := range []struct {
		t, previous int
		want        float64
	}{{0, 0, 0}, {420, 400, 0.14771}, {980, 960, 0.32460}, {487, 486, 0.00979}, {999, 998, 0.02}} {
		if got := d.variance(test.t, test.previous); math.Abs(got-test.want) > 1e-5 {
			t.Errorf("variance(%d, %d) is %g, diffusers publishes %g", test.t, test.previous, got, test.want)
		}
	}
	c.StepsOffset = 1
	s, err = newDDIM(c, 5)
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{801, 601, 401, 201, 1}; !slices.Equal(s.Timesteps(), want) {
		t.Errorf("timesteps are %v, diffusers publishes %v", s.Timesteps(), want)
	}
}

// TestPhilox holds the values in the head of the web UI's modules/rng_philox.py.
func TestPhilox(t *testing.T) {
	x := make([]float32, 4)
	p := NewPhiloxNoise(0)
	p.Normal(x)
	for i, want := range []float32{-0.92466259, -0.42534415, -2.6438457, 0.14518388} {
		if math.Abs(float64(x[i]-want)) > 2e-6 {
			t.Errorf("number %d is %v, want %v", i, x[i], want)
		}
	}
	again := make([]float32, 4)
	p.Normal(again)
	if slices.Equal(x, again) {
		t.Error("the second tensor equals the first: the offset did not move")
	}
}

func TestKarrasSigmas(t *testing.T) {
	if got := KarrasSigmas(0, 0.1, 10, 7); got != nil {
		t.Errorf("no sigmas wanted, got %v", got)
	}
	if got := KarrasSigmas(1, 0.1, 10, 7); len(got) != 1 || math.Abs(got[0]-10) > 1e-12 {
		t.Errorf("one sigma is %v, want 10", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 200).Draw(t, "n")
		low := rapid.Float64Range(1e-3, 1).Draw(t, "low")
		high := low + rapid.Float64Range(0.1, 100).Draw(t, "more")
		for name, s := range map[string][]float64{"karras": KarrasSigmas(n, low, high, 7), "exponential": ExponentialSigmas(n, low, high), "beta": BetaSigmas(n, low, high, 0.6, 0.6)} {
			if len(s) != n || math.Abs(s[0]-high) > 1e-9*high || math.Abs(s[n-1]-low) > 1e-9*high {
				t.Fatalf("%s: %d sigmas from %v to %v, want %d from %v to %v", name, len(s), s[0], s[len(s)-1], n, high, low)
			}
			if !slices.IsSortedFunc(s, func(a, b float64) int { return -int(math.Copysign(1, a-b)) }) {
				t.Fatalf("%s does not fall: %v", name, s)
			}
		}
	})
}

func TestConfigErrorsNameTheField(t *testing.T) {
	tests := []struct {
		name, sampler, field string
		steps                int
		change               func(*Config)
	}{
		{"no steps", "ddim", "steps", 0, func(*Config) {}},
		{"more steps than trained", "euler", "steps", 1001, func(*Config) {}},
		{"unknown sampler", "foo", "sampler", 10, func(*Config) {}},
		{"ddim with karras", "ddim", "scheduler", 10, func(c *Config) { c.UseKarras = true }},
		{"unknown spacing", "euler", "timestep_spacing", 10, func(c *Config) { c.TimestepSpacing = "foo" }},
		{"unknown prediction", "euler", "prediction_type", 10, func(c *Config) { c.PredictionType = "foo" }},
		{"sample with euler a", "euler_a", "prediction_type", 10, func(c *Config) { c.PredictionType = "sample" }},
		{"unknown betas", "dpmpp_2m", "beta_schedule", 10, func(c *Config) { c.BetaSchedule = "foo" }},
		{"betas above one", "dpmpp_2m", "beta_start", 10, func(c *Config) { c.BetaEnd = 2 }},
		{"NaN betas", "dpmpp_2m", "beta_start", 10, func(c *Config) { c.BetaStart = math.NaN() }},
		{"betas too few", "ddim", "trained_betas", 10, func(c *Config) { c.TrainedBetas = []float64{0.1} }},
		{"offset out of range", "ddim", "steps_offset", 10, func(c *Config) { c.StepsOffset = 999 }},
		{"solver order", "dpmpp_2m", "solver_order", 10, func(c *Config) { c.SolverOrder = 7 }},
		{"two curves", "euler", "scheduler", 10, func(c *Config) { c.UseKarras, c.UseBeta = true, true }},
		{"sample with pndm", "pndm", "prediction_type", 10, func(c *Config) { c.PredictionType = "sample" }},
		{"pndm's start in three steps", "pndm", "steps", 3, func(*Config) {}},
		{"pndm from pure noise", "plms", "rescale_betas_zero_snr", 10, func(c *Config) { c.RescaleZeroSNR = true }},
		{"epsilon from pure noise", "ddim", "rescale_betas_zero_snr", 10, func(c *Config) { c.RescaleZeroSNR, c.TimestepSpacing = true, "trailing" }},
		{"more steps than distilled", "lcm", "steps", 51, func(*Config) {}},
		{"no distillation", "tcd", "original_inference_steps", 5, func(c *Config) { c.OriginalInferenceSteps = 0 }},
		{"eta above one", "ddim", "eta", 5, func(c *Config) { c.Eta = 1.5 }},
		{"learned variance", "ddpm", "variance_type", 5, func(c *Config) { v := "learned"; c.VarianceType = &v }},
		{"old solver to zero", "dpmpp_2m", "final_sigmas_type", 5, func(c *Config) { c.AlgorithmType = "dpmsolver" }},
		{"heun above zero", "heun", "final_sigmas_type", 5, func(c *Config) { c.FinalSigmas = "sigma_min" }},
		{"flow without a flow", "euler", "prediction_type", 5, func(c *Config) { c.PredictionType = "flow_prediction" }},
		{"epsilon in a flow", "flow_euler", "prediction_type", 5, func(*Config) {}},
		{"custom sigmas too few", "euler", "sigmas", 5, func(c *Config) { c.Sigmas = []float64{3, 0} }},
		{"custom sigmas that rise", "euler", "sigmas", 2, func(c *Config) { c.Sigmas = []float64{3, 4, 0} }},
		{"custom sigmas for ddim", "ddim", "scheduler", 1, func(c *Config) { c.Sigmas = []float64{3, 0} }},
		{"ends the wrong way round", "euler", "sigma_min", 5, func(c *Config) { low := 9.0; c.SigmaMin = &low; high := 3.0; c.SigmaMax = &high }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := baseConfig()
			c.TimestepSpacing = "leading"
			test.change(&c)
			_, err := NewSampler(test.sampler, c, test.steps)
			var bad *ConfigError
			if !errors.As(err, &bad) || !errors.Is(err, ErrConfig) || bad.Field != test.field {
				t.Errorf("error is %v, want a ConfigError for %s", err, test.field)
			}
		})
	}
	if _, err := baseConfig().WithCurve("foo"); !errors.Is(err, ErrConfig) {
		t.Errorf("unknown curve gives %v", err)
	}
}
