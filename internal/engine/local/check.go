package local

import (
	"fmt"
	"math"

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
	_, err := newSamplers(f, r, 1)
	return err
}

func checkNumbers(f *Folder, r art.Recipe) error {
	for _, side := range []struct {
		name string
		n    int
	}{{"width", r.Width}, {"height", r.Height}} {
		if side.n < f.step() || side.n > maxSide {
			return art.Invalid(side.name, fmt.Sprintf("%d is not in %d … %d", side.n, f.step(), maxSide), "choose a size near the model's own")
		}
		if side.n%f.step() != 0 {
			lower := side.n / f.step() * f.step()
			return art.Invalid(side.name, fmt.Sprintf("%d is no multiple of %d", side.n, f.step()), fmt.Sprintf("choose %d or %d", lower, lower+f.step()))
		}
	}
	switch {
	case r.Width*r.Height > maxPixels:
		return art.Invalid("width", fmt.Sprintf("%d×%d are more than %d pixels", r.Width, r.Height, maxPixels), "render smaller and upscale")
	case r.Steps < 1:
		return art.Invalid("steps", fmt.Sprintf("%d is less than one", r.Steps), "choose 10 to 50")
	case r.Batch < 0 || r.Batch > maxBatch:
		return art.Invalid("batch", fmt.Sprintf("%d is not in 1 … %d", r.Batch, maxBatch), "render in several batches")
	case r.Seed < 0:
		return art.Invalid("seed", fmt.Sprintf("%d is negative", r.Seed), "choose 0 or more")
	case len(r.Prompt)+len(r.NegativePrompt)+len(r.Prompt2) > maxPrompt:
		return art.Invalid("prompt", fmt.Sprintf("the prompts have more than %d bytes", maxPrompt), "shorten them")
	}
	return checkRanges(r)
}

func checkRanges(r art.Recipe) error {
	for _, n := range []struct {
		name      string
		v         float64
		low, high float64
	}{
		{"guidance_scale", r.GuidanceScale, 0, 100},
		{"guidance_rescale", r.GuidanceRescale, 0, 1},
		{"eta", r.Eta, 0, 1},
	} {
		if math.IsNaN(n.v) || n.v < n.low || n.v > n.high {
			return art.Invalid(n.name, fmt.Sprintf("%v is not in %v … %v", n.v, n.low, n.high), "choose a number in this range")
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
		{r.Mode != art.ModeTextToImage, "mode", fmt.Sprintf("%q is not built yet, only %s", r.Mode, art.ModeTextToImage)},
		{r.Syntax != "" && r.Syntax != "plain", "syntax", fmt.Sprintf("%q is not built yet, only plain", r.Syntax)},
		{r.NoiseSource != "" && r.NoiseSource != "cpu" && r.NoiseSource != "cuda", "noise_source", fmt.Sprintf("%q is neither cpu nor cuda", r.NoiseSource)},
		{r.Refiner != nil, "refiner", "is not built yet"},
		{r.Strength != nil, "strength", "needs an initial image, and text-to-image has none"},
		{r.InitImage != "", "init_image", "is not built yet"},
		{r.MaskImage != "", "mask_image", "is not built yet"},
		{len(r.LoRAs) > 0, "loras", "are not built yet"},
		{len(r.Embeddings) > 0, "embeddings", "are not built yet"},
		{len(r.Controls) > 0, "controls", "are not built yet"},
		{len(r.References) > 0, "references", "are not built yet"},
		{r.Tiling, "tiling", "is not built yet"},
		{r.Hires != nil, "hires", "is not built yet"},
		{r.Eta != 0 && r.Sampler != "ddim", "eta", "only ddim has one"},
		{r.Prompt2 != "" && !xl, "prompt_2", "this model has one text encoder"},
		{!xl && (r.OriginalSize != nil || r.CropsTopLeft != nil || r.TargetSize != nil), "original_size", "only SDXL models know sizes"},
		{f.unet.InChannels != f.vae.LatentChannels, "model", fmt.Sprintf("its UNet takes %d channels where text-to-image has %d", f.unet.InChannels, f.vae.LatentChannels)},
		{f.unet.TimeCond != 0, "model", "latent consistency models are not built yet"},
		{xl && !f.hasEncoder(), "model", "is a refiner, which can't start a picture"},
	} {
		if u.asked {
			return art.Unsupported(u.field, u.reason, "take it out, or choose another engine or model")
		}
	}
	return checkClipSkip(f, r)
}

func checkClipSkip(f *Folder, r art.Recipe) error {
	if r.ClipSkip == nil || *r.ClipSkip == 1 && !f.xl() {
		return nil
	}
	if *r.ClipSkip < 1 || *r.ClipSkip > 12 {
		return art.Invalid("clip_skip", fmt.Sprintf("%d is not in 1 … 12", *r.ClipSkip), "1 is the last layer, 2 the last but one")
	}
	if !f.xl() {
		return art.Unsupported("clip_skip", "this model's exported text encoder gives its last layer only", "take it out")
	}
	return nil
}
