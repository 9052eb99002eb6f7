package sdapi

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// checkCommon refuses what none of these servers honours, and what contradicts itself.
func checkCommon(m engine.Model, r art.Recipe) error {
	first := r.InitImage != ""
	for _, u := range []struct {
		asked  bool
		field  string
		reason string
	}{
		{r.Model.Dir != "", "model.dir", "the server has its own models"},
		{r.Prompt2 != "", "prompt_2", "there is one prompt"},
		{r.GuidanceRescale != 0, "guidance_rescale", "is not known"},
		{r.GuidanceStart != 0, "guidance_start", "is not known"},
		{r.GuidanceEnd != nil && *r.GuidanceEnd != 1, "guidance_end", "is not known"},
		{r.Prediction != "", "prediction", "is the model's"},
		{r.TiledDiffusion != nil, "tiled_diffusion", "is not known"},
		{r.OriginalSize != nil || r.CropsTopLeft != nil || r.TargetSize != nil, "original_size", "is the picture's"},
		{r.Upscaler != (art.ModelRef{}), "upscaler", "goes with the mode upscale"},
		{first && r.Mode == art.ModeTextToImage, "init_image", "goes with image-to-image and inpaint"},
		{r.MaskImage != "" && r.Mode != art.ModeInpaint, "mask_image", "goes with inpaint"},
		{r.MaskPadding != nil && r.Mode != art.ModeInpaint, "mask_padding", "goes with inpaint"},
		{r.MaskBlur != 0 && r.Mode != art.ModeInpaint, "mask_blur", "goes with inpaint"},
		{r.Strength != nil && r.Mode == art.ModeTextToImage, "strength", "goes with image-to-image and inpaint"},
		{r.Hires != nil && r.Mode != art.ModeTextToImage, "hires", "goes with text-to-image"},
		{r.Eta != 0 && r.Sampler != "ddim" && r.Sampler != "tcd", "eta", "goes with ddim and tcd"},
		{r.NoiseSource != "" && r.NoiseSource != "cpu" && r.NoiseSource != "cuda", "noise_source", "is neither cpu nor cuda"},
	} {
		if u.asked {
			return art.Unsupported(u.field, fmt.Sprintf("%s with model %s: %s", m.Engine, m.Capabilities.Model.Name, u.reason), "take it out, or choose another engine")
		}
	}
	return checkNumbers(r)
}

func checkNumbers(r art.Recipe) error {
	switch {
	case r.Sampler == "":
		return art.Invalid("sampler", "is empty", "name one, such as euler")
	case r.Steps < 1:
		return art.Invalid("steps", fmt.Sprintf("%d is less than one", r.Steps), "choose 10 to 50")
	case r.Seed < 0 || r.VariationSeed < 0:
		return art.Invalid("seed", fmt.Sprintf("%d is negative, and the server would choose one", min(r.Seed, r.VariationSeed)), "choose 0 or more")
	case r.VariationSeed != 0 && r.VariationStrength == 0:
		return art.Invalid("variation_strength", "0 leaves the variation seed without effect", "choose above 0 to 1, or take the seed out")
	case r.Mode != art.ModeTextToImage && r.InitImage == "":
		return art.Invalid("init_image", "is missing", "name a picture to begin with")
	case r.Mode == art.ModeInpaint && r.MaskImage == "":
		return art.Invalid("mask_image", "is missing", "name a mask; white is made new")
	}
	for _, n := range []struct {
		field     string
		v         float64
		low, high float64
	}{
		{"guidance_scale", r.GuidanceScale, 0, 100},
		{"strength", strengthOf(r), 0, 1},
		{"eta", r.Eta, 0, 1},
		{"variation_strength", r.VariationStrength, 0, 1},
		{"mask_blur", r.MaskBlur, 0, 64},
	} {
		if math.IsNaN(n.v) || n.v < n.low || n.v > n.high {
			return art.Invalid(n.field, fmt.Sprintf("%v is not in %v … %v", n.v, n.low, n.high), "choose a number in this range")
		}
	}
	if h := r.Hires; h != nil && !(h.Scale >= 1 && h.Scale <= 8 && h.Strength > 0 && h.Strength <= 1) {
		return art.Invalid("hires", fmt.Sprintf("scale %v is not in 1 … 8, or strength %v is not above 0 to 1", h.Scale, h.Strength), "choose scale 2, strength 0.5")
	}
	return nil
}

// strengthOf is how much of the picture is made new; without a word of it all.
func strengthOf(r art.Recipe) float64 {
	if r.Strength == nil {
		return 1
	}
	return *r.Strength
}

// checkConfig takes the keys of scheduler_config that say what the server does anyway, and refuses the others.
func checkConfig(r art.Recipe, same func(key string, value any) bool) error {
	for key, value := range r.SchedulerConfig {
		if !same(key, value) {
			return art.Unsupported("scheduler_config."+key, fmt.Sprintf("%v can't be chosen for one picture", value), "take it out, or choose another engine")
		}
	}
	return nil
}

// literal writes a prompt so that a server that reads weights takes each letter as it is. What has a meaning that can't be
// taken away is refused.
func literal(field, text string) (string, error) {
	for word := range strings.FieldsSeq(text) {
		if word == "AND" || word == "BREAK" || strings.HasPrefix(word, "<") && strings.Contains(word, ":") {
			return "", art.Unsupported(field, fmt.Sprintf("the server gives %q a meaning of its own", word), "write it otherwise, or use syntax a1111")
		}
	}
	return strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`, "[", `\[`, "]", `\]`).Replace(text), nil
}

// prompts are both texts as the server has to get them.
func prompts(r art.Recipe) (positive, negative string, err error) {
	if r.Syntax == "a1111" {
		return r.Prompt, r.NegativePrompt, nil
	}
	if r.Syntax != "" && r.Syntax != "plain" {
		return "", "", art.Invalid("syntax", fmt.Sprintf("%q is not known", r.Syntax), "use plain or a1111")
	}
	if positive, err = literal("prompt", r.Prompt); err != nil {
		return "", "", err
	}
	negative, err = literal("negative_prompt", r.NegativePrompt)
	return positive, negative, err
}

// absent refuses a name that a server doesn't list.
func absent(field, asked string, listed []string) error {
	if slices.Contains(listed, asked) {
		return nil
	}
	remedy := "the server lists none"
	if len(listed) > 0 {
		const most = 20
		remedy = "choose one of: " + strings.Join(listed[:min(len(listed), most)], ", ")
	}
	return &art.FieldError{Field: field, Reason: fmt.Sprintf("the server has no %q", asked), Remedy: remedy, Kind: art.ErrNotFound}
}
