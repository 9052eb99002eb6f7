package fal

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// family is a model with the endpoints for what it does; "" is nothing.
type family struct {
	name       string
	text       string // from words alone
	edit       string // from one picture, or several where there are references
	fill       string // of what a mask marks
	references int
	steps      int  // takes num_inference_steps, up to so many; 0 where it takes none
	guidance   bool // takes guidance_scale
	options    []string
	least      int // pixels a side
	most       int
}

// families are the models for pictures, the preferred one first. Where fal states no limits of sizes and steps they are
// ours, within what the models are made for.
func families() []family {
	return []family{
		{
			name: "fal-ai/flux-2", text: "fal-ai/flux-2", edit: "fal-ai/flux-2/edit", references: 4, steps: 50, guidance: true,
			options: []string{"acceleration", "enable_prompt_expansion", "enable_safety_checker", "output_format"}, least: 512, most: 2048,
		},
		{
			name: "fal-ai/flux-2-pro", text: "fal-ai/flux-2-pro", edit: "fal-ai/flux-2-pro/edit", references: 8,
			options: []string{"enable_safety_checker", "output_format", "safety_tolerance"}, least: 256, most: 2048,
		},
		{
			name: "fal-ai/flux/dev", text: "fal-ai/flux/dev", edit: "fal-ai/flux/dev/image-to-image", steps: 50, guidance: true,
			options: []string{"acceleration", "enable_safety_checker", "output_format"}, least: 256, most: 1536,
		},
		{
			name: "fal-ai/flux/schnell", text: "fal-ai/flux/schnell", steps: 12, guidance: true,
			options: []string{"acceleration", "enable_safety_checker", "output_format"}, least: 256, most: 1536,
		},
		{
			name: "fal-ai/flux-pro/v1/fill", fill: "fal-ai/flux-pro/v1/fill",
			options: []string{"enhance_prompt", "output_format", "safety_tolerance"}, least: 256, most: 1536,
		},
		{
			name: "fal-ai/z-image/turbo", text: "fal-ai/z-image/turbo", steps: 8,
			options: []string{"acceleration", "enable_prompt_expansion", "enable_safety_checker", "output_format"}, least: 512, most: 1536,
		},
	}
}

func capabilities(s wire.Service, f family) engine.Model {
	c := art.Capabilities{
		Engine: s.Name, EngineVersion: s.Version, Model: art.ModelRef{Name: f.name}, Dialect: "plain",
		MinSize: f.least, MaxSize: f.most, SizeStep: 16, NativeWidth: 1024, NativeHeight: 1024,
		MaxSteps: f.steps, MaxReferences: f.references, Options: f.options, Service: terms("each picture, by its megapixels"),
	}
	for _, mode := range []struct{ name, endpoint string }{{art.ModeTextToImage, f.text}, {art.ModeImageToImage, f.edit}, {art.ModeInpaint, f.fill}} {
		if mode.endpoint != "" {
			c.Modes = append(c.Modes, mode.name)
		}
	}
	return engine.Model{Capabilities: c}
}

func terms(pricing string) *art.Service {
	return &art.Service{
		Operator: "fal", Region: "unknown", Dated: "2026-11-26", Pricing: pricing, SeedKept: true,
		DataUse: art.Text{
			"en": "Requests and results are kept at fal and can be read under addresses that nobody guesses; some models are run by their makers, under their terms.",
			"de": "Anfragen und Ergebnisse liegen bei fal unter Adressen, die niemand errät; manche Modelle betreiben ihre Hersteller, zu deren Bedingungen.",
		},
		Safety: art.Text{
			"en": "A refusal is an error of type content_policy_violation; a picture that the safety checker blackened counts as one. \"enable_safety_checker\" and \"safety_tolerance\" change how strict it is.",
			"de": "Eine Ablehnung ist ein Fehler vom Typ content_policy_violation; ein von der Prüfung geschwärztes Bild gilt ebenso. „enable_safety_checker“ und „safety_tolerance“ ändern die Strenge.",
		},
		License: art.Text{"en": "What may be done with the output is in each model's licence.", "de": "Was mit der Ausgabe erlaubt ist, steht in der Lizenz des Modells."},
	}
}

// check refuses what the model can't honour.
func (e *Engine) check(r art.Recipe) (family, error) {
	at := slices.IndexFunc(e.families, func(f family) bool { return f.name == r.Model.Name })
	if at < 0 {
		_, err := e.info.Model(r.Model)
		return family{}, err
	}
	f := e.families[at]
	if err := engine.Check(e.info.Models[at].Capabilities, r); err != nil {
		return f, err
	}
	if err := (wire.Takes{Guidance: f.guidance}).Fields(r); err != nil {
		return f, err
	}
	return f, wire.CheckPictures(r, f.references, f.references > 0, f.references == 0 && r.Mode == art.ModeImageToImage)
}

// maxInside is how many bytes a picture inside a request may take.
const maxInside = 8 << 20

// request writes what the recipe asks for, and says of which endpoint.
func (e *Engine) request(ctx context.Context, f family, r art.Recipe) (endpoint string, body map[string]any, err error) {
	body = map[string]any{"prompt": r.Prompt}
	maps.Copy(body, r.Options)
	if r.Seed != 0 {
		body["seed"] = int64(r.Seed)
	}
	if f.steps > 0 && r.Steps > 0 {
		body["num_inference_steps"] = r.Steps
	}
	if f.guidance && r.GuidanceScale > 0 {
		body["guidance_scale"] = r.GuidanceScale
	}
	size := map[string]any{"width": r.Width, "height": r.Height}
	switch {
	case r.Mode == art.ModeInpaint:
		endpoint = f.fill
		err = e.inside(ctx, body, picture{"image_url", "init_image", r.InitImage}, picture{"mask_url", "mask_image", r.MaskImage})
	case r.Mode == art.ModeImageToImage && f.references == 0:
		endpoint = f.edit
		if r.Strength != nil {
			body["strength"] = *r.Strength
		}
		err = e.inside(ctx, body, picture{"image_url", "init_image", r.InitImage})
	case r.InitImage != "" || len(r.References) > 0:
		endpoint, body["image_size"] = f.edit, size
		body["image_urls"], err = e.several(ctx, r)
	default:
		endpoint, body["image_size"] = f.text, size
	}
	return endpoint, body, err
}

// picture is one that goes along: the service's field, ours, and its name.
type picture struct{ theirs, ours, sum string }

func (e *Engine) inside(ctx context.Context, body map[string]any, pictures ...picture) error {
	for _, p := range pictures {
		uri, err := e.service.DataURI(ctx, p.ours, p.sum, maxInside)
		if err != nil {
			return err
		}
		body[p.theirs] = uri
	}
	return nil
}

// several are the picture to be changed and those that are referred to.
func (e *Engine) several(ctx context.Context, r art.Recipe) (uris []string, err error) {
	add := func(field, sum string) {
		if err != nil {
			return
		}
		var uri string
		uri, err = e.service.DataURI(ctx, field, sum, maxInside)
		uris = append(uris, uri)
	}
	if r.InitImage != "" {
		add("init_image", r.InitImage)
	}
	for i, reference := range r.References {
		add(fmt.Sprintf("references[%d].image", i), reference.Image)
	}
	return uris, err
}
