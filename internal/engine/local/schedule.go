package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/diffusion"
)

// samplerConfig is what the sampler is told: diffusers' defaults for its class, over them the model's own
// scheduler_config.json, over it the recipe's scheduler_config, then the recipe's scheduler, prediction and eta.
func samplerConfig(f *Folder, r art.Recipe) (diffusion.Config, error) {
	cfg, err := diffusion.DefaultConfig(r.Sampler)
	if err != nil {
		return cfg, recipeError(err)
	}
	if err := json.Unmarshal(f.scheduler, &cfg); err != nil {
		return cfg, fmt.Errorf("local: %s/scheduler/scheduler_config.json: %w: %w", f.Dir, err, art.ErrInvalid)
	}
	if !f.xl() {
		// diffusers' Stable Diffusion pipelines insist on these two, whatever the file says.
		cfg.ClipSample, cfg.StepsOffset = false, 1
	}
	if err := overlay(&cfg, r.SchedulerConfig); err != nil {
		return cfg, err
	}
	if cfg, err = cfg.WithCurve(r.Scheduler); err != nil {
		return cfg, recipeError(err)
	}
	if r.Prediction != "" {
		cfg.PredictionType = r.Prediction
	}
	cfg.Eta = r.Eta
	return cfg, nil
}

// overlay puts the recipe's keys over the config. A key that nothing here understands is refused.
func overlay(cfg *diffusion.Config, keys map[string]any) error {
	known := map[string]any{}
	for key, value := range keys {
		if strings.HasPrefix(key, "_") || value == nil { // diffusers' own book-keeping, and "as it was"
			continue
		}
		if key == "lambda_min_clipped" {
			if text, ok := value.(string); ok && text == "-Infinity" {
				continue
			}
		}
		known[key] = value
	}
	data, err := json.Marshal(known)
	if err != nil {
		return art.Invalid("scheduler_config", err.Error(), "write plain JSON numbers, strings and booleans")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(cfg); err != nil {
		return art.Unsupported("scheduler_config", strings.TrimPrefix(err.Error(), "json: "), "take the key out")
	}
	return nil
}

// recipeError gives an error of the samplers the recipe's field names and art's sentinels.
func recipeError(err error) error {
	var bad *diffusion.ConfigError
	if !errors.As(err, &bad) {
		return fmt.Errorf("local: %w", err)
	}
	switch bad.Field {
	case "sampler":
		return &art.FieldError{Field: "sampler", Reason: bad.Reason, Remedy: "choose one of them", Kind: art.ErrUnsupported}
	case "scheduler":
		return &art.FieldError{Field: "scheduler", Reason: bad.Reason, Remedy: "choose another", Kind: art.ErrUnsupported}
	case "steps":
		return art.Invalid("steps", bad.Reason, "choose 10 to 50")
	}
	return art.Unsupported("scheduler_config."+bad.Field, bad.Reason, "take it out, or use another sampler")
}

// newSamplers makes one sampler for each picture of a batch.
func newSamplers(f *Folder, r art.Recipe, batch int) ([]diffusion.Sampler, error) {
	cfg, err := samplerConfig(f, r)
	if err != nil {
		return nil, err
	}
	samplers := make([]diffusion.Sampler, batch)
	for i := range samplers {
		if samplers[i], err = diffusion.NewSampler(r.Sampler, cfg, r.Steps); err != nil {
			return nil, recipeError(err)
		}
	}
	return samplers, nil
}
