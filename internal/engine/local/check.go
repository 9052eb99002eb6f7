package local

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// Limits of a recipe, so that a typing mistake can't take the machine down.
const (
	maxSide   = 4096
	maxPixels = 2048 * 2048
	maxBatch  = 16
	maxPrompt = 20000 // bytes
)

// check refuses what can't be rendered, before any work: first what is wrong, then what isn't built.
func check(f *Folder, r art.Recipe) error {
	if err := checkNumbers(f, r); err != nil {
		return err
	}
	if err := checkUnbuilt(f, r); err != nil {
		return err
	}
	samplers, err := newSamplers(f, r, 1)
	if err != nil {
		return err
	}
	if firstCall(samplers[0], r) >= len(samplers[0].Timesteps()) {
		return art.Invalid("strength", fmt.Sprintf("%v of %d steps is less than one step", strengthOf(r), r.Steps), "raise strength or steps")
	}
	return nil
}

func checkNumbers(f *Folder, r art.Recipe) error {
	most, pixels := sizeLimits(r)
	for _, side := range []struct {
		name string
		n    int
	}{{"width", r.Width}, {"height", r.Height}} {
		if side.n < f.step() || side.n > most {
			return art.Invalid(side.name, fmt.Sprintf("%d is not in %d … %d", side.n, f.step(), most), "choose a size near the model's own")
		}
		if side.n%f.step() != 0 {
			lower := side.n / f.step() * f.step()
			return art.Invalid(side.name, fmt.Sprintf("%d is no multiple of %d", side.n, f.step()), fmt.Sprintf("choose %d or %d", lower, lower+f.step()))
		}
	}
	switch {
	case r.Width*r.Height > pixels:
		return art.Invalid("width", fmt.Sprintf("%d×%d are more than %d pixels", r.Width, r.Height, pixels), "render smaller and upscale, or add tiled_diffusion")
	case r.Steps < 1:
		return art.Invalid("steps", fmt.Sprintf("%d is less than one", r.Steps), "choose 10 to 50")
	case r.Batch < 0 || r.Batch > maxBatch:
		return art.Invalid("batch", fmt.Sprintf("%d is not in 1 … %d", r.Batch, maxBatch), "render in several batches")
	case r.Seed < 0 || r.VariationSeed < 0:
		return art.Invalid("seed", fmt.Sprintf("%d is negative", min(r.Seed, r.VariationSeed)), "choose 0 or more")
	case r.VariationSeed != 0 && r.VariationStrength == 0:
		return art.Invalid("variation_strength", "0 leaves the variation seed without effect", "choose above 0 to 1, or take the seed out")
	case len(r.Prompt)+len(r.NegativePrompt)+len(r.Prompt2) > maxPrompt:
		return art.Invalid("prompt", fmt.Sprintf("the prompts have more than %d bytes", maxPrompt), "shorten them")
	}
	return checkRanges(r)
}

func checkRanges(r art.Recipe) error {
	checked := []struct {
		name      string
		v         float64
		low, high float64
	}{
		{"guidance_scale", r.GuidanceScale, 0, 100},
		{"guidance_rescale", r.GuidanceRescale, 0, 1},
		{"guidance_start", r.GuidanceStart, 0, 1},
		{"guidance_end", guidanceEnd(r), 0, 1},
		{"eta", r.Eta, 0, 1},
		{"strength", strengthOf(r), 0, 1},
		{"mask_blur", r.MaskBlur, 0, 256},
		{"variation_strength", r.VariationStrength, 0, 1},
	}
	if r.Refiner != nil {
		checked = append(checked, struct {
			name      string
			v         float64
			low, high float64
		}{"refiner.start", r.Refiner.Start, 0, 1})
	}
	for _, n := range checked {
		if math.IsNaN(n.v) || n.v < n.low || n.v > n.high {
			return art.Invalid(n.name, fmt.Sprintf("%v is not in %v … %v", n.v, n.low, n.high), "choose a number in this range")
		}
	}
	if r.MaskPadding != nil && (*r.MaskPadding < 0 || *r.MaskPadding > maxSide) {
		return art.Invalid("mask_padding", fmt.Sprintf("%d is not in 0 … %d", *r.MaskPadding, maxSide), "32 shows the network some surroundings")
	}
	for i, c := range r.Controls {
		if math.IsNaN(c.Weight) || c.Weight < -10 || c.Weight > 10 {
			return art.Invalid(fmt.Sprintf("controls[%d].weight", i), fmt.Sprintf("%v is not in -10 … 10", c.Weight), "1 is the network's own strength")
		}
	}
	return checkSpans("controls", r.Controls)
}

// checkSpans refuses shares of the steps that are none.
func checkSpans(list string, controls []art.Control) error {
	for i, c := range controls {
		field := fmt.Sprintf("%s[%d].", list, i)
		switch {
		case math.IsNaN(c.Start) || c.Start < 0 || c.Start > 1:
			return art.Invalid(field+"start", fmt.Sprintf("%v is not in 0 … 1", c.Start), "it is a share of the steps")
		case math.IsNaN(c.End) || c.End < 0 || c.End > 1 || c.End != 0 && c.End <= c.Start:
			return art.Invalid(field+"end", fmt.Sprintf("%v is not in 0 … 1 and after the start", c.End), "it is a share of the steps; 0 means to the end")
		}
	}
	return nil
}

// checkUnbuilt names the first field that this renderer can't honour.
func checkUnbuilt(f *Folder, r art.Recipe) error {
	xl := f.xl()
	for _, u := range []struct {
		asked  bool
		field  string
		reason string
	}{
		{!slices.Contains(modes(), r.Mode), "mode", fmt.Sprintf("%q is unknown or not built, known are %s", r.Mode, strings.Join(modes(), ", "))},
		{r.NoiseSource != "" && r.NoiseSource != "cpu" && r.NoiseSource != "cuda", "noise_source", fmt.Sprintf("%q is neither cpu nor cuda", r.NoiseSource)},
		{r.MaskPadding != nil && r.Mode != art.ModeInpaint, "mask_padding", "goes with inpainting only"},
		{r.MaskBlur != 0 && r.MaskPadding == nil && r.Mode != art.ModeOutpaint, "mask_blur", "goes with mask_padding or outpaint only"},
		{r.Strength != nil && r.Mode == art.ModeTextToImage, "strength", "needs an initial image, and text-to-image has none"},
		{r.Refiner != nil && !xl, "refiner", "only SDXL models have one"},
		{r.Refiner != nil && f.unet.InChannels > f.vae.LatentChannels, "refiner", "doesn't go with networks made for inpainting, which hand noise over where the picture should stay"},
		{r.Eta != 0 && r.Sampler != "ddim", "eta", "only ddim has one"},
		{r.Prompt2 != "" && !xl, "prompt_2", "this model has one text encoder"},
		{len(r.Options) > 0, "options", "there are none"},
		{!xl && (r.OriginalSize != nil || r.CropsTopLeft != nil || r.TargetSize != nil), "original_size", "only SDXL models know sizes"},
		{!f.takes(r.Mode), "model", fmt.Sprintf("its UNet takes %d channels, which does not go with %s", f.unet.InChannels, r.Mode)},
		{xl && !f.hasEncoder() && r.Mode == art.ModeTextToImage, "model", "is a refiner, which can't start a picture"},
	} {
		if u.asked {
			return art.Unsupported(u.field, u.reason, "take it out, or choose another engine or model")
		}
	}
	if err := checkReferences(f, r); err != nil {
		return err
	}
	if err := checkHires(f, r); err != nil {
		return err
	}
	if err := checkTiled(f, r); err != nil {
		return err
	}
	if err := checkSyntax(f, r); err != nil {
		return err
	}
	return checkClipSkip(f, r)
}

// modes are those that this renderer knows.
func modes() []string {
	return []string{art.ModeTextToImage, art.ModeImageToImage, art.ModeInpaint, art.ModeOutpaint, art.ModeUpscale}
}

// takes tells whether the UNet's channels go with a mode: the latents alone, or with mask and masked picture beside.
func (f *Folder) takes(mode string) bool {
	c := f.vae.LatentChannels
	return f.unet.InChannels == c || f.unet.InChannels == 2*c+1 && (mode == art.ModeInpaint || mode == art.ModeOutpaint)
}

func checkClipSkip(f *Folder, r art.Recipe) error {
	if r.ClipSkip == nil || *r.ClipSkip == 1 && !f.xl() {
		return nil
	}
	if *r.ClipSkip < 1 || *r.ClipSkip > 12 {
		return art.Invalid("clip_skip", fmt.Sprintf("%d is not in 1 … 12", *r.ClipSkip), "1 is the last layer, 2 the last but one")
	}
	if !f.xl() && !f.text.HiddenStates {
		return art.Unsupported("clip_skip", "this model's exported text encoder gives its last layer only", "take it out")
	}
	return nil
}
