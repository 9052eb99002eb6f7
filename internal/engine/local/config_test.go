package local

import (
	"encoding/json"
	"math"
	"testing"

	"presswerk/internal/art"
)

func TestFiniteJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"a": -Infinity, "b": Infinity, "c": NaN}`: `{"a": -1.7976931348623157e308, "b": 1.7976931348623157e308, "c": null}`,
		`{"Infinity": "NaN \" -Infinity"}`:          `{"Infinity": "NaN \" -Infinity"}`,
		`"\`:                                        `"\`,
		`[1, "x"]`:                                  `[1, "x"]`,
	} {
		if got := string(FiniteJSON([]byte(in))); got != want {
			t.Errorf("%s becomes %s, want %s", in, got, want)
		}
	}
}

func FuzzFiniteJSON(f *testing.F) {
	f.Add([]byte(`{"a": -Infinity}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if json.Valid(data) && string(FiniteJSON(data)) != string(data) {
			t.Fatalf("valid JSON %q was changed", data)
		}
	})
}

// TestSamplerConfig: diffusers' defaults, the model's file, the pipeline's rules, the recipe's keys, its scheduler and
// prediction, each over the one before.
func TestSamplerConfig(t *testing.T) {
	sd := &Folder{scheduler: []byte(`{"beta_schedule":"scaled_linear","use_karras_sigmas":true,"prediction_type":"v_prediction","unknown":1}`)}
	sd.index.Class = "StableDiffusionPipeline"
	xl := &Folder{scheduler: sd.scheduler}
	xl.index.Class = "StableDiffusionXLPipeline"

	c, err := samplerConfig(sd, art.Recipe{Sampler: "ddim"})
	if err != nil || c.ClipSample || c.StepsOffset != 1 || c.TimestepSpacing != "leading" || !c.UseKarras || c.PredictionType != "v_prediction" {
		t.Errorf("Stable Diffusion: %+v, %v", c, err)
	}
	c, err = samplerConfig(xl, art.Recipe{Sampler: "ddim"})
	if err != nil || !c.ClipSample || c.StepsOffset != 0 {
		t.Errorf("SDXL: %+v, %v", c, err)
	}
	c, err = samplerConfig(sd, art.Recipe{Sampler: "dpmpp_2m", Scheduler: "normal", Prediction: "epsilon", Eta: 0.5, SchedulerConfig: map[string]any{
		"clip_sample": true, "steps_offset": 3, "use_karras_sigmas": true, "_class_name": "X", "trained_betas": nil, "lambda_min_clipped": "-Infinity",
	}})
	if err != nil || !c.ClipSample || c.StepsOffset != 3 || c.UseKarras || c.PredictionType != "epsilon" || c.Eta != 0.5 || !math.IsInf(c.LambdaMinClipped, -1) {
		t.Errorf("the recipe's keys: %+v, %v", c, err)
	}
}
