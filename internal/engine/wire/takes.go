package wire

import (
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// Takes says what a hosted model makes of those of a recipe's fields for which capabilities have no words. The zero value
// takes none of them.
type Takes struct {
	Wordless   bool     // no prompt
	Prompt     int      // characters that a prompt may have; 0 is any number
	Guidance   bool     // a guidance scale
	Strength   bool     // how far image-to-image goes from its picture
	Mask       bool     // in modes other than inpaint
	References []string // kinds; "" is the whole picture
	Weights    bool     // of references and control pictures, 0 … 1
}

// Check refuses what isn't taken, and pictures that a mode lacks.
func (t Takes) Check(r art.Recipe) error {
	if err := CheckPictures(r, len(r.References), false, t.Strength); err != nil {
		return err
	}
	if err := t.Fields(r); err != nil {
		return err
	}
	for i, c := range r.References {
		if !slices.Contains(t.References, c.Kind) {
			return art.Unsupported(fmt.Sprintf("references[%d].kind", i), fmt.Sprintf("%s: %q is not known", r.Model.Name, c.Kind), "use "+quoted(t.References))
		}
	}
	if err := t.guides("controls", r.Controls); err != nil {
		return err
	}
	return t.guides("references", r.References)
}

// Fields is Check without the pictures that steer, for engines that look at those themselves.
func (t Takes) Fields(r art.Recipe) error {
	letters := len([]rune(r.Prompt))
	for _, rule := range []struct {
		wrong         bool
		field, reason string
	}{
		{t.Wordless && r.Prompt != "", "prompt", "is not taken"},
		{t.Prompt > 0 && letters > t.Prompt, "prompt", fmt.Sprintf("has %d characters, more than %d", letters, t.Prompt)},
		{t.Prompt > 0 && len([]rune(r.NegativePrompt)) > t.Prompt, "negative_prompt", fmt.Sprintf("has more than %d characters", t.Prompt)},
		{r.Mode == art.ModeTextToImage && r.InitImage != "", "init_image", "text-to-image begins with no picture"},
		{r.Mode != art.ModeInpaint && r.MaskImage != "" && !t.Mask, "mask_image", "mode " + r.Mode + " has no mask"},
		{r.Strength != nil && (*r.Strength < 0 || *r.Strength > 1), "strength", "is not in 0 … 1"},
		{r.GuidanceScale != 0 && !t.Guidance, "guidance_scale", "is not taken"},
		{r.GuidanceRescale != 0, "guidance_rescale", "is not known"},
		{r.GuidanceStart != 0, "guidance_start", "is not known"},
		{r.GuidanceEnd != nil, "guidance_end", "is not known"},
		{r.Eta != 0, "eta", "is not known"},
		{r.NoiseSource != "", "noise_source", "is not known"},
		{r.Prediction != "", "prediction", "is not known"},
		{len(r.SchedulerConfig) > 0, "scheduler_config", "is not known"},
		{r.Prompt2 != "", "prompt_2", "is not known"},
		{r.ClipSkip != nil, "clip_skip", "is not known"},
		{r.VariationStrength != 0, "variation_strength", "is not known"},
		{r.MaskPadding != nil, "mask_padding", "is not known"},
		{r.MaskBlur != 0, "mask_blur", "is not known"},
		{r.TiledDiffusion != nil, "tiled_diffusion", "is not known"},
		{r.Upscaler != art.ModelRef{}, "upscaler", "is not known; the model is the upscaler"},
	} {
		if rule.wrong {
			return art.Unsupported(rule.field, r.Model.Name+": "+rule.reason, "take it out, or choose another value")
		}
	}
	return nil
}

// guides checks pictures that steer.
func (t Takes) guides(field string, all []art.Control) error {
	for i, c := range all {
		at := fmt.Sprintf("%s[%d].", field, i)
		switch {
		case c.Image == "":
			return art.Invalid(at+"image", "is missing", "name the picture by its SHA-256")
		case !t.Weights && c.Weight != 0 && c.Weight != 1:
			return art.Unsupported(at+"weight", "is not taken", "leave it out")
		case c.Weight < 0 || c.Weight > 1:
			return art.Invalid(at+"weight", fmt.Sprintf("%v is not in 0 … 1", c.Weight), "choose another one")
		case c.Start != 0 || c.End != 0 && c.End != 1:
			return art.Unsupported(at+"start", "a share of the steps is not known", "leave start and end out")
		case c.Model != art.ModelRef{} || c.GuessMode:
			return art.Unsupported(at+"model", "is the service's own", "leave model and guess_mode out")
		}
	}
	return nil
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(out, " or ")
}
