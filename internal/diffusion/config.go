package diffusion

import (
	"errors"
	"fmt"
	"math"
)

// ErrConfig is what every ConfigError wraps: the asked combination can't work.
var ErrConfig = errors.New("diffusion: setting can't be honoured")

// ConfigError names the setting that can't be honoured and why.
type ConfigError struct {
	Field  string // a key of scheduler_config.json, or "sampler", "steps", "scheduler"
	Reason string
}

func (e *ConfigError) Error() string { return fmt.Sprintf("diffusion: %s: %s", e.Field, e.Reason) }

// Unwrap gives ErrConfig.
func (e *ConfigError) Unwrap() error { return ErrConfig }

func badConfig(field, format string, args ...any) error {
	return &ConfigError{Field: field, Reason: fmt.Sprintf(format, args...)}
}

// Config says how a model was trained and how its noise levels are to be walked. The JSON keys are those of
// diffusers' scheduler_config.json. DefaultConfig gives the values that diffusers takes for absent keys.
type Config struct {
	NumTrainTimesteps int       `json:"num_train_timesteps"`
	BetaStart         float64   `json:"beta_start"`
	BetaEnd           float64   `json:"beta_end"`
	BetaSchedule      string    `json:"beta_schedule"` // linear, scaled_linear, squaredcos_cap_v2
	TrainedBetas      []float64 `json:"trained_betas"`
	PredictionType    string    `json:"prediction_type"`  // epsilon, v_prediction, sample, flow_prediction
	TimestepSpacing   string    `json:"timestep_spacing"` // leading, linspace, trailing; or ComfyUI's sgm_uniform, simple
	StepsOffset       int       `json:"steps_offset"`
	RescaleZeroSNR    bool      `json:"rescale_betas_zero_snr"`

	SetAlphaToOne   bool    `json:"set_alpha_to_one"`
	ClipSample      bool    `json:"clip_sample"`
	ClipSampleRange float64 `json:"clip_sample_range"`
	Thresholding    bool    `json:"thresholding"`
	ThresholdRatio  float64 `json:"dynamic_thresholding_ratio"`
	SampleMaxValue  float64 `json:"sample_max_value"`

	UseKarras         bool     `json:"use_karras_sigmas"`
	UseExponential    bool     `json:"use_exponential_sigmas"`
	UseBeta           bool     `json:"use_beta_sigmas"`
	UseLuLambdas      bool     `json:"use_lu_lambdas"`
	UseFlowSigmas     bool     `json:"use_flow_sigmas"`
	SigmaMin          *float64 `json:"sigma_min"`
	SigmaMax          *float64 `json:"sigma_max"`
	FinalSigmas       string   `json:"final_sigmas_type"`  // zero, sigma_min
	InterpolationType string   `json:"interpolation_type"` // linear, log_linear
	TimestepType      string   `json:"timestep_type"`      // discrete, continuous

	AlgorithmType    string  `json:"algorithm_type"` // dpmsolver++, sde-dpmsolver++ …
	SolverOrder      int     `json:"solver_order"`
	SolverType       string  `json:"solver_type"` // midpoint, heun
	LowerOrderFinal  bool    `json:"lower_order_final"`
	EulerAtFinal     bool    `json:"euler_at_final"`
	LambdaMinClipped float64 `json:"lambda_min_clipped"`
	VarianceType     *string `json:"variance_type"`

	SkipPRKSteps           bool    `json:"skip_prk_steps"`           // pndm
	PredictX0              bool    `json:"predict_x0"`               // unipc
	DisableCorrector       []int   `json:"disable_corrector"`        // unipc
	OriginalInferenceSteps int     `json:"original_inference_steps"` // lcm, tcd
	TimestepScaling        float64 `json:"timestep_scaling"`         // lcm
	// NoiseSamplerSeed, where set, makes the noise of dpmpp_sde, dpmpp_2m_sde and dpmpp_3m_sde that of torchsde's
	// Brownian tree of this seed; the Noise that Step is given is then left alone.
	NoiseSamplerSeed *int64 `json:"noise_sampler_seed"`

	FlowShift          float64  `json:"flow_shift"`          // dpmpp_2m, unipc with use_flow_sigmas; above 0, 1 changes nothing
	Shift              float64  `json:"shift"`               // flow_euler; above 0, 1 changes nothing
	ShiftTerminal      *float64 `json:"shift_terminal"`      // flow_euler: where to stretch the last noise level to
	StochasticSampling bool     `json:"stochastic_sampling"` // flow_euler
	UseDynamicShifting bool     `json:"use_dynamic_shifting"`
	TimeShiftType      string   `json:"time_shift_type"` // exponential, linear
	BaseShift          float64  `json:"base_shift"`
	MaxShift           float64  `json:"max_shift"`
	BaseImageSeqLen    int      `json:"base_image_seq_len"`
	MaxImageSeqLen     int      `json:"max_image_seq_len"`

	// Eta 0 … 1 is how much of the noise comes back at each step of ddim (1 as in DDPM) and tcd (the paper's gamma).
	// It is a parameter of the picture, not of the model. The other samplers don't look at it.
	Eta float64 `json:"-"`
	// Sigmas are custom noise levels, falling: one for each call and a last one, usually 0. For the samplers that
	// walk sigmas they take the place of spacing and curve; flow_euler still shifts them.
	Sigmas []float64 `json:"-"`
	// Mu is flow_euler's shift where use_dynamic_shifting is set: FlowMu of the picture's size.
	Mu *float64 `json:"-"`
}

// baseConfig is what all samplers share where scheduler_config.json is silent.
func baseConfig() Config {
	return Config{
		NumTrainTimesteps: 1000, BetaStart: 0.0001, BetaEnd: 0.02, BetaSchedule: "linear",
		PredictionType: "epsilon", TimestepSpacing: "linspace",
		ClipSampleRange: 1, ThresholdRatio: 0.995, SampleMaxValue: 1,
		FinalSigmas: "zero", InterpolationType: "linear", TimestepType: "discrete",
		AlgorithmType: "dpmsolver++", SolverOrder: 2, SolverType: "midpoint", LowerOrderFinal: true,
		LambdaMinClipped: math.Inf(-1), PredictX0: true, OriginalInferenceSteps: 50, TimestepScaling: 10,
		FlowShift: 1, Shift: 1, TimeShiftType: "exponential",
		BaseShift: 0.5, MaxShift: 1.15, BaseImageSeqLen: 256, MaxImageSeqLen: 4096,
	}
}

// DefaultConfig gives the values that diffusers' class for this sampler takes for keys that are absent.
// An unknown sampler gives a ConfigError.
func DefaultConfig(sampler string) (Config, error) {
	kind, err := kindOf(sampler)
	if err != nil {
		return Config{}, err
	}
	cfg := baseConfig()
	kind.defaults(&cfg)
	return cfg, nil
}

// WithCurve returns the config with the curve of noise levels that scheduler names: "normal" is the model's own
// spacing; "karras", "exponential" and "beta" bend it as diffusers' use_…_sigmas; "sgm_uniform" and "simple" space the
// calls as ComfyUI. "" keeps what the config says.
func (c Config) WithCurve(scheduler string) (Config, error) {
	if scheduler == "" {
		return c, nil
	}
	c.UseKarras, c.UseExponential, c.UseBeta, c.UseLuLambdas = false, false, false, false
	switch scheduler {
	case "normal":
	case "karras":
		c.UseKarras = true
	case "exponential":
		c.UseExponential = true
	case "beta":
		c.UseBeta = true
	case "sgm_uniform", "simple":
		c.TimestepSpacing = scheduler
	default:
		return c, badConfig("scheduler", "%q is unknown, known are %v", scheduler, Curves())
	}
	return c, nil
}

// Curves lists the names that WithCurve takes.
func Curves() []string {
	return []string{"normal", "karras", "exponential", "sgm_uniform", "simple", "beta"}
}

// bent says whether the config asks for noise levels that aren't those of spaced training steps.
func (c Config) bent() bool {
	return c.UseKarras || c.UseExponential || c.UseBeta || c.UseLuLambdas || c.UseFlowSigmas || len(c.Sigmas) > 0
}

// refuseContinuous is for samplers whose denoiser is told training steps only.
func (c Config) refuseContinuous(sampler string) error {
	switch {
	case c.TimestepType == "continuous":
		return badConfig("timestep_type", "%s has discrete timesteps only", sampler)
	case c.InterpolationType != "linear":
		return badConfig("interpolation_type", "%s interpolates linearly only", sampler)
	}
	return nil
}

// checkSigmas refuses custom noise levels that don't fit the number of calls or don't fall.
func (c Config) checkSigmas(steps int) error {
	if len(c.Sigmas) != steps+1 {
		return badConfig("sigmas", "%d steps need %d values, the last one where the walk ends, not %d", steps, steps+1, len(c.Sigmas))
	}
	for i, s := range c.Sigmas {
		if math.IsNaN(s) || s < 0 || s > 1e6 || i > 0 && s >= c.Sigmas[i-1] || i < steps && s < 1e-9 {
			return badConfig("sigmas", "value %d is %v, but they must fall from at most 1e6 towards 0", i, s)
		}
	}
	return nil
}

// check refuses what no sampler can do.
func (c Config) check(steps int) error {
	curves := 0
	for _, on := range []bool{c.UseKarras, c.UseExponential, c.UseBeta, c.UseLuLambdas, c.UseFlowSigmas} {
		if on {
			curves++
		}
	}
	switch {
	case c.NumTrainTimesteps < 2 || c.NumTrainTimesteps > 1<<20:
		return badConfig("num_train_timesteps", "%d is not in 2 … %d", c.NumTrainTimesteps, 1<<20)
	case steps < 1:
		return badConfig("steps", "%d is less than one", steps)
	case steps > c.NumTrainTimesteps:
		return badConfig("steps", "%d are more than the %d that the model was trained with", steps, c.NumTrainTimesteps)
	case curves > 1:
		return badConfig("scheduler", "only one of use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas, use_lu_lambdas and use_flow_sigmas may be on")
	case c.FinalSigmas != "zero" && c.FinalSigmas != "sigma_min":
		return badConfig("final_sigmas_type", "%q is neither zero nor sigma_min", c.FinalSigmas)
	case c.InterpolationType != "linear" && c.InterpolationType != "log_linear":
		return badConfig("interpolation_type", "%q is neither linear nor log_linear", c.InterpolationType)
	case c.TimestepType != "discrete" && c.TimestepType != "continuous":
		return badConfig("timestep_type", "%q is neither discrete nor continuous", c.TimestepType)
	case c.Thresholding && !(c.ThresholdRatio >= 0 && c.ThresholdRatio <= 1):
		return badConfig("dynamic_thresholding_ratio", "%v is not in 0 … 1", c.ThresholdRatio)
	case c.StepsOffset < 0 || c.StepsOffset >= c.NumTrainTimesteps:
		return badConfig("steps_offset", "%d is not in 0 … %d", c.StepsOffset, c.NumTrainTimesteps-1)
	case !(c.Eta >= 0 && c.Eta <= 1):
		return badConfig("eta", "%v is not in 0 … 1", c.Eta)
	}
	return c.checkEnds()
}

// checkEnds refuses ends of the curve that a logarithm or a root can't take.
func (c Config) checkEnds() error {
	low, high := 1e-9, 1e6
	if c.SigmaMin != nil {
		low = *c.SigmaMin
	}
	if c.SigmaMax != nil {
		high = *c.SigmaMax
	}
	if !(low > 0 && low < high && high <= 1e6) {
		return badConfig("sigma_min", "0 < sigma_min (%v) < sigma_max (%v) ≤ 1e6 must hold", low, high)
	}
	return nil
}

// checkPrediction refuses what a sampler has no formula for. Flow prediction needs noise levels of a flow.
func (c Config) checkPrediction(flow bool) error {
	switch c.PredictionType {
	case "epsilon", "v_prediction", "sample":
		if !flow {
			return nil
		}
		return badConfig("prediction_type", "%q doesn't go with noise levels of a flow, which need flow_prediction", c.PredictionType)
	case "flow_prediction":
		if flow {
			return nil
		}
		return badConfig("prediction_type", "flow_prediction is for flow_euler, and for dpmpp_2m and unipc with use_flow_sigmas")
	}
	return badConfig("prediction_type", "%q is unknown, known are epsilon, v_prediction, sample, flow_prediction", c.PredictionType)
}
