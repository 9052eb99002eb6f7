package diffusion

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Sampler walks one picture's latents from noise to picture. It holds the history of that one walk, so make a new
// one per picture; samplers of a batch walk in step. Calls are numbered 0 … len(Timesteps())−1 and Step is called
// in rising order; starting later than 0 (image-to-image) is allowed.
type Sampler interface {
	// Timesteps are what the denoiser is told, one for each call, in order.
	Timesteps() []float64
	// InitialScale multiplies unit-variance noise to make the first latents.
	InitialScale() float64
	// Scale is what latents are multiplied with before the denoiser sees them at call i.
	Scale(i int) float64
	// Step moves latents on, in place, given what the denoiser said at call i. It draws from noise only where
	// Stochastic says so.
	Step(i int, output, latents []float32, noise Noise)
	// Stochastic says whether the step at call i draws noise.
	Stochastic(i int) bool
	// Order is how many calls make a step, 1 or 2: the walk that skips n of the steps (image-to-image) starts at call
	// n·Order. The last step of a sampler of order 2 has one call only.
	Order() int
	// AddNoise returns clean latents with as much noise as call i expects.
	AddNoise(i int, clean, noise []float32) []float32
}

// kind is one sampler's entry in the table: its class's defaults and how to make it.
type kind struct {
	defaults func(*Config)
	open     func(Config, int) (Sampler, error)
}

// kinds is the table of samplers by the names that ComfyUI and A1111 use. It is never written to.
func kinds() map[string]kind {
	none := func(*Config) {}
	latent := func(c *Config) { c.BetaStart, c.BetaEnd = 0.00085, 0.012 }
	distilled := func(c *Config) {
		c.BetaStart, c.BetaEnd, c.BetaSchedule = 0.00085, 0.012, "scaled_linear"
		c.TimestepSpacing, c.SetAlphaToOne = "leading", true
	}
	leading := func(c *Config) { c.TimestepSpacing = "leading" }
	return map[string]kind{
		"ddim": {func(c *Config) {
			c.TimestepSpacing, c.SetAlphaToOne, c.ClipSample = "leading", true, true
		}, newDDIM},
		"ddpm":         {func(c *Config) { c.TimestepSpacing, c.ClipSample = "leading", true }, newDDPM},
		"pndm":         {leading, newPNDM},
		"plms":         {leading, newPLMS},
		"lms":          {none, newLMS},
		"euler":        {none, newEuler},
		"euler_a":      {none, newEulerAncestral},
		"heun":         {latent, newHeun},
		"dpm_2":        {latent, newDPM2},
		"dpm_2_a":      {latent, newDPM2Ancestral},
		"dpmpp_2s_a":   {none, newDPMPP2SAncestral},
		"dpmpp_sde":    {latent, newDPMPPSDE},
		"dpmpp_2m":     {none, newDPMSolver},
		"dpmpp_2m_sde": {func(c *Config) { c.AlgorithmType = "sde-dpmsolver++" }, newDPMSolverSDE},
		"dpmpp_3m_sde": {none, newDPMPP3MSDE},
		"unipc":        {func(c *Config) { c.SolverType = "bh2" }, newUniPC},
		"deis":         {func(c *Config) { c.AlgorithmType, c.SolverType = "deis", "logrho" }, newDEIS},
		"lcm":          {distilled, newLCM},
		"tcd":          {distilled, newTCD},
		"flow_euler":   {func(c *Config) { c.PredictionType = "flow_prediction" }, newFlowEuler},
	}
}

// Samplers lists the names that NewSampler takes, in alphabetical order.
func Samplers() []string { return slices.Sorted(maps.Keys(kinds())) }

func kindOf(name string) (kind, error) {
	k, ok := kinds()[name]
	if !ok {
		return kind{}, badConfig("sampler", "%q is unknown, known are %s", name, strings.Join(Samplers(), ", "))
	}
	return k, nil
}

// NewSampler makes a sampler for one picture. A name, step count or config that can't work gives a ConfigError.
func NewSampler(name string, c Config, steps int) (Sampler, error) {
	k, err := kindOf(name)
	if err != nil {
		return nil, err
	}
	if err := c.check(steps); err != nil {
		return nil, err
	}
	if err := c.checkPrediction(c.UseFlowSigmas || name == "flow_euler"); err != nil {
		return nil, err
	}
	s, err := k.open(c, steps)
	if err != nil {
		return nil, fmt.Errorf("diffusion: making sampler %s: %w", name, err)
	}
	return s, nil
}
