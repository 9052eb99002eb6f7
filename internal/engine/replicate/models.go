package replicate

import (
	"maps"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// model is what is known of a model. Fields of its input are named where it has them, "" where not.
type model struct {
	name       string
	version    string // of models that aren't official
	text       bool   // makes pictures of words alone
	edit       string // takes a picture to be changed
	strength   string // how far
	mask       string // white is made anew
	references string // takes pictures that are referred to
	several    int    // so many of them, in a list; 0 is one alone
	custom     string // value of aspect_ratio with which width and height count; "" where they always do
	steps      string
	maxSteps   int
	guidance   string
	samplers   map[string]string // our names and theirs
	negative   bool
	options    []string
	shapes     []shape // the only sizes; none means those within the limits
	least      int     // pixels a side
	most       int
	step       int
}

// shape is a ratio and the size that it stands for.
type shape struct {
	ratio string
	size  art.Size
}

const sdxl = "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc"

// models are those that are known, the preferred one first.
func models() []model {
	return []model{
		{
			name: "black-forest-labs/flux-2-pro", text: true, edit: "input_images", references: "input_images", several: 8, custom: "custom",
			options: []string{"output_format", "output_quality", "safety_tolerance"}, least: 256, most: 2048, step: 16,
		},
		{
			name: "black-forest-labs/flux-2-flex", text: true, edit: "input_images", references: "input_images", several: 10, custom: "custom",
			options: []string{"output_format", "output_quality", "prompt_upsampling", "safety_tolerance"}, least: 256, most: 2048, step: 32,
		},
		{
			name: "black-forest-labs/flux-1.1-pro", text: true, references: "image_prompt", custom: "custom",
			options: []string{"output_format", "output_quality", "prompt_upsampling", "safety_tolerance"}, least: 256, most: 1440, step: 32,
		},
		{
			name: "black-forest-labs/flux-dev", text: true, edit: "image", strength: "prompt_strength", steps: "num_inference_steps", maxSteps: 50, guidance: "guidance",
			options: []string{"disable_safety_checker", "output_format", "output_quality"}, shapes: fluxShapes(),
		},
		{
			name: "black-forest-labs/flux-schnell", text: true,
			options: []string{"disable_safety_checker", "output_format", "output_quality"}, shapes: fluxShapes(),
		},
		{
			name: "black-forest-labs/flux-fill-pro", edit: "image", mask: "mask", steps: "steps", maxSteps: 50,
			options: []string{"guidance", "output_format", "prompt_upsampling", "safety_tolerance"}, least: 256, most: 1440, step: 1,
		},
		{
			name: "stability-ai/sdxl", version: sdxl, text: true, edit: "image", strength: "prompt_strength", mask: "mask", steps: "num_inference_steps", maxSteps: 500,
			guidance: "guidance_scale", negative: true, options: []string{"apply_watermark", "disable_safety_checker", "high_noise_frac", "refine", "refine_steps"},
			samplers: map[string]string{"ddim": "DDIM", "dpmpp_2m": "DPMSolverMultistep", "euler": "K_EULER", "euler_a": "K_EULER_ANCESTRAL", "heun": "HeunDiscrete"},
			least:    512, most: 1536, step: 8,
		},
	}
}

// fluxShapes are those of Replicate's own FLUX.1.
func fluxShapes() []shape {
	return []shape{
		{"1:1", art.Size{Width: 1024, Height: 1024}},
		{"16:9", art.Size{Width: 1344, Height: 768}},
		{"21:9", art.Size{Width: 1536, Height: 640}},
		{"3:2", art.Size{Width: 1216, Height: 832}},
		{"2:3", art.Size{Width: 832, Height: 1216}},
		{"4:5", art.Size{Width: 896, Height: 1088}},
		{"5:4", art.Size{Width: 1088, Height: 896}},
		{"9:16", art.Size{Width: 768, Height: 1344}},
		{"9:21", art.Size{Width: 640, Height: 1536}},
	}
}

func capabilities(s wire.Service, m model) engine.Model {
	c := art.Capabilities{
		Engine: s.Name, EngineVersion: s.Version, Model: art.ModelRef{Name: m.name, Version: m.version}, Dialect: "plain",
		MinSize: m.least, MaxSize: m.most, SizeStep: m.step, NativeWidth: 1024, NativeHeight: 1024, MaxSteps: m.maxSteps,
		Negative: m.negative, Samplers: slices.Sorted(maps.Keys(m.samplers)), Options: m.options, Service: terms(),
	}
	for _, mode := range []struct {
		name    string
		offered bool
	}{{art.ModeTextToImage, m.text}, {art.ModeImageToImage, m.edit != "" && m.text}, {art.ModeInpaint, m.mask != ""}} {
		if mode.offered {
			c.Modes = append(c.Modes, mode.name)
		}
	}
	if m.references != "" {
		c.MaxReferences = max(m.several, 1)
	}
	for i, shape := range m.shapes {
		c.Sizes = append(c.Sizes, shape.size)
		if least := min(shape.size.Width, shape.size.Height); i == 0 || least < c.MinSize {
			c.MinSize = least
		}
		c.MaxSize, c.SizeStep = max(c.MaxSize, shape.size.Width, shape.size.Height), 1
	}
	return engine.Model{Capabilities: c}
}

func terms() *art.Service {
	return &art.Service{
		Operator: "Replicate", Region: "US", Dated: "2026-11-26", SeedKept: true,
		Pricing: "each picture with official models, seconds of hardware with others",
		DataUse: art.Text{
			"en": "Inputs, outputs and logs of predictions made through the API are removed after an hour; some models are run by their makers, under their terms.",
			"de": "Eingaben, Ausgaben und Protokolle von Vorhersagen über die API werden nach einer Stunde gelöscht; manche Modelle betreiben ihre Hersteller, zu deren Bedingungen.",
		},
		Safety: art.Text{
			"en": "Models check for themselves; a refusal is a failed prediction that says so. \"safety_tolerance\" and \"disable_safety_checker\" change how strict they are.",
			"de": "Die Modelle prüfen selbst; eine Ablehnung ist eine gescheiterte Vorhersage, die es sagt. „safety_tolerance“ und „disable_safety_checker“ ändern die Strenge.",
		},
		License: art.Text{"en": "What may be done with the output is in each model's licence.", "de": "Was mit der Ausgabe erlaubt ist, steht in der Lizenz des Modells."},
	}
}

// check refuses what the model can't honour.
func (e *Engine) check(r art.Recipe) (model, error) {
	known, err := e.info.Model(r.Model)
	if err != nil {
		return model{}, err
	}
	if err := engine.Check(known.Capabilities, r); err != nil {
		return model{}, err
	}
	m := e.models[slices.IndexFunc(e.models, func(m model) bool { return m.name == known.Capabilities.Model.Name })]
	if err := (wire.Takes{Guidance: m.guidance != ""}).Fields(r); err != nil {
		return m, err
	}
	return m, wire.CheckPictures(r, known.MaxReferences, m.edit == m.references, m.strength != "")
}
