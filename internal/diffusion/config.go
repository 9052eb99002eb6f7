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
	PredictionType    string    `json:"prediction_type"`  // epsilon, v_prediction, sample
	TimestepSpacing   string    `json:"timestep_spacing"` // leading, linspace, trailing
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
	FlowShift              float64 `json:"flow_shift"`
	UseDynamicShifting     bool    `json:"use_dynamic_shifting"`
	TimeShiftType          string  `json:"time_shift_type"`

	// Eta is how much of DDIM's noise comes back at each step: 0 none, 1 as in DDPM. It is a parameter of the
	// picture, not of the model.
	Eta float64 `json:"-"`
}

// baseConfig is what all samplers share where scheduler_config.json is silent.
func baseConfig() Config {
	return Config{
		NumTrainTimesteps: 1000, BetaStart: 0.0001, BetaEnd: 0.02, BetaSchedule: "linear",
		PredictionType: "epsilon", TimestepSpacing: "linspace",
		ClipSampleRange: 1, ThresholdRatio: 0.995, SampleMaxValue: 1,
		FinalSigmas: "zero", InterpolationType: "linear", TimestepType: "discrete",
		AlgorithmType: "dpmsolver++", SolverOrder: 2, SolverType: "midpoint", LowerOrderFinal: true,
		LambdaMinClipped: math.Inf(-1), PredictX0: true, OriginalInferenceSteps: 50, TimestepScaling: 10, FlowShift: 1,
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
// spacing, "karras" and "exponential" as in diffusers; "" keeps what the config says.
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
	default:
		return c, badConfig("scheduler", "%q is unknown, known are %v", scheduler, Curves())
	}
	return c, nil
}

// Curves lists the names that WithCurve takes.
func Curves() []string { return []string{"normal", "karras", "exponential"} }

// check refuses what no sampler can do.
func (c Config) check(steps int) error {
	switch {
	case c.NumTrainTimesteps < 2 || c.NumTrainTimesteps > 1<<20:
		return badConfig("num_train_timesteps", "%d is not in 2 … %d", c.NumTrainTimesteps, 1<<20)
	case steps < 1:
		return badConfig("steps", "%d is less than one", steps)
	case steps > c.NumTrainTimesteps:
		return badConfig("steps", "%d are more than the %d that the model was trained with", steps, c.NumTrainTimesteps)
	case c.UseBeta, c.UseLuLambdas, c.UseFlowSigmas, c.UseDynamicShifting:
		return badConfig("scheduler_config", "use_beta_sigmas, use_lu_lambdas, use_flow_sigmas and use_dynamic_shifting are not built yet")
	case c.UseKarras && c.UseExponential:
		return badConfig("use_karras_sigmas", "excludes use_exponential_sigmas")
	case c.FinalSigmas != "zero" && c.FinalSigmas != "sigma_min":
		return badConfig("final_sigmas_type", "%q is neither zero nor sigma_min", c.FinalSigmas)
	case c.InterpolationType != "linear":
		return badConfig("interpolation_type", "%q is not built yet", c.InterpolationType)
	case c.TimestepType != "discrete":
		return badConfig("timestep_type", "%q is not built yet", c.TimestepType)
	case c.Thresholding && (c.ThresholdRatio < 0 || c.ThresholdRatio > 1):
		return badConfig("dynamic_thresholding_ratio", "%v is not in 0 … 1", c.ThresholdRatio)
	case c.StepsOffset < 0 || c.StepsOffset >= c.NumTrainTimesteps:
		return badConfig("steps_offset", "%d is not in 0 … %d", c.StepsOffset, c.NumTrainTimesteps-1)
	}
	switch c.PredictionType {
	case "epsilon", "v_prediction", "sample":
		return nil
	}
	return badConfig("prediction_type", "%q is unknown, known are epsilon, v_prediction, sample", c.PredictionType)
}
