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
		{"dpm++ 2m", "dpmpp_2m", with(linear(1000), solver), false, true, 0.3301, 1e-3},
		{"dpm++ 2m v", "dpmpp_2m", with(linear(1000), solver, v), false, true, 0.2251, 1e-3},
		{"dpm++ 2m karras v", "dpmpp_2m", with(linear(1000), solver, v, karras), false, true, 0.2096, 1e-3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := NewSampler(test.sampler, test.config, 10)
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
		for name, s := range map[string][]float64{"karras": KarrasSigmas(n, low, high, 7), "exponential": ExponentialSigmas(n, low, high)} {
			if len(s) != n || math.Abs(s[0]-high) > 1e-9*high || math.Abs(s[n-1]-low) > 1e-9*high {
				t.Fatalf("%s: %d sigmas from %v to %v, want %d from %v to %v", name, len(s), s[0], s[len(s)-1], n, high, low)
			}
			if !slices.IsSortedFunc(s, func(a, b float64) int { return -int(math.Copysign(1, a-b)) }) {
				t.Fatalf("%s does not fall: %v", name, s)
			}
		}
	})
}

// TestEverySamplerLandsOnThePicture: a denoiser that knows the picture must lead every sampler to it, whatever the
// spacing, the curve, the prediction and the number of steps.
func TestEverySamplerLandsOnThePicture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
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
		c.PredictionType = rapid.SampledFrom([]string{"epsilon", "v_prediction"}).Draw(t, "prediction")
		s, err := NewSampler(name, c, rapid.IntRange(2, 40).Draw(t, "steps"))
		if errors.Is(err, ErrConfig) {
			t.Skip("this combination is refused")
		}
		if err != nil {
			t.Fatal(err)
		}
		picture := []float32{-1, -0.5, 0, 0.25, 0.5, 0.75, 1, 2}
		x := walkKnown(s, c.PredictionType, picture)
		for i := range x {
			if math.Abs(float64(x[i]-picture[i])) > 0.1 { // ddim may end one training step early, as in diffusers
				t.Fatalf("landed on %v, want %v", x, picture)
			}
		}
	})
}

// walkKnown walks with a denoiser that knows the picture.
func walkKnown(s Sampler, prediction string, picture []float32) []float32 {
	noise := NewTorchNoise(1)
	x := make([]float32, len(picture))
	noise.Normal(x)
	for i := range x {
		x[i] *= float32(s.InitialScale())
	}
	for i := range s.Timesteps() {
		zero := make([]float32, len(x))
		one := make([]float32, len(x))
		for j := range one {
			one[j] = 1
		}
		// AddNoise of nothing and of one tells the shares of picture and noise in the latents at this call.
		share, spread := float64(s.AddNoise(i, one, zero)[0]), float64(s.AddNoise(i, zero, one)[0])
		out := combine(1/spread, x, -share/spread, picture)
		if prediction == "v_prediction" {
			scale := s.Scale(i)
			out = combine(share*scale, out, -spread*scale, picture)
		}
		s.Step(i, out, x, noise)
	}
	return x
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
