package infotext

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// shortModelHash is how much of a model's SHA-256 the web UI shows, shortTIHash how much of an embedding's.
const (
	shortModelHash = 10
	shortTIHash    = 12
)

// writeA1111 writes the "parameters" of AUTOMATIC1111's web UI 1.10, in its order. LoRAs stand as tags behind the prompt;
// their hashes are not written, because the web UI's are over the tensors and not over the file.
func writeA1111(r Record) (string, error) {
	p := r.Recipe
	switch p.Mode {
	case art.ModeTextToImage, art.ModeImageToImage, art.ModeInpaint:
	default:
		return "", art.Unsupported("mode", fmt.Sprintf("A1111's text cannot say %s", p.Mode), "write a recipe of text-to-image, image-to-image or inpaint")
	}
	var b strings.Builder
	b.WriteString(p.Prompt)
	for _, l := range p.LoRAs {
		fmt.Fprintf(&b, " <lora:%s:%s>", l.Name, plain(l.Weight))
	}
	for _, e := range r.Kept {
		if e.Name == "network" {
			b.WriteString(" " + e.Value)
		}
	}
	if p.NegativePrompt != "" {
		b.WriteString("\nNegative prompt: " + p.NegativePrompt)
	}
	b.WriteString("\n")
	var pairs []string
	kept := a1111Kept(r)
	said := a1111Pairs(r)
	for _, k := range kept { // what was kept was not understood, and there is nothing to say in its place
		said = slices.DeleteFunc(said, func(e Entry) bool { return e.Name == k.Name })
	}
	for _, e := range append(said, kept...) {
		pairs = append(pairs, e.Name+": "+quote(e.Value))
	}
	b.WriteString(strings.Join(pairs, ", "))
	return strings.TrimSpace(b.String()), nil
}

func a1111Pairs(r Record) []Entry {
	p := r.Recipe
	var all []Entry
	add := func(name, value string) { all = append(all, Entry{name, value}) }
	add("Steps", strconv.Itoa(p.Steps))
	if s, ok := samplerNamed(p.Sampler); ok && s.a1111 != "" {
		add("Sampler", s.a1111)
		if schedule := a1111Schedule(p, s); schedule != "" {
			add("Schedule type", schedule)
		}
	} else if p.Sampler != "" {
		add("Sampler", p.Sampler)
	}
	add("CFG scale", plain(p.GuidanceScale))
	add("Seed", strconv.FormatInt(int64(p.Seed), 10))
	add("Size", fmt.Sprintf("%dx%d", p.Width, p.Height))
	if _, there := r.kept("Model hash"); !there && len(p.Model.SHA256) > shortModelHash {
		add("Model hash", p.Model.SHA256[:shortModelHash])
	}
	if p.Model.Name != "" {
		add("Model", p.Model.Name)
	}
	if p.VariationStrength != 0 {
		add("Variation seed", strconv.FormatInt(int64(p.VariationSeed), 10))
		add("Variation seed strength", plain(p.VariationStrength))
	}
	if p.Strength != nil {
		add("Denoising strength", plain(*p.Strength))
	} else if p.Hires != nil {
		add("Denoising strength", plain(p.Hires.Strength))
	}
	if p.ClipSkip != nil {
		add("Clip skip", strconv.Itoa(*p.ClipSkip))
	}
	if p.NoiseSource == "cuda" {
		add("RNG", "NV")
	} else {
		add("RNG", "CPU")
	}
	if p.Tiling {
		add("Tiling", "True")
	}
	return append(all, a1111Extras(r)...)
}

// a1111Schedule is the schedule type: automatic for samplers that walk training steps, which have none.
func a1111Schedule(p art.Recipe, s sampler) string {
	_, spaced := p.SchedulerConfig["timestep_spacing"]
	if (s.walks || s.name == "unipc") && p.Scheduler == "normal" && !spaced {
		return "Automatic"
	}
	if name := curveOf(p, func(c curve) string { return c.a1111 }); name != "" {
		return name
	}
	return p.Scheduler
}

// a1111Extras are what the web UI calls extra generation parameters.
func a1111Extras(r Record) []Entry {
	p := r.Recipe
	var all []Entry
	add := func(name, value string) { all = append(all, Entry{name, value}) }
	if p.Eta != 0 {
		add("Eta", plain(p.Eta))
	}
	if p.GuidanceRescale != 0 {
		add("CFG Rescale phi", plain(p.GuidanceRescale))
	}
	if p.Mode == art.ModeInpaint {
		add("Mask blur", plain(p.MaskBlur))
		if p.MaskPadding != nil {
			add("Inpaint area", "Only masked")
			add("Masked area padding", strconv.Itoa(*p.MaskPadding))
		}
	}
	if h := p.Hires; h != nil {
		add("Hires upscale", plain(h.Scale))
		if h.Upscaler != "" {
			add("Hires upscaler", upscalerTo(h.Upscaler, func(u upscaler) string { return u.a1111 }))
		}
	}
	for i, c := range append(append([]art.Control{}, p.Controls...), p.References...) {
		add(fmt.Sprintf("ControlNet %d", i), writeUnit(c, i >= len(p.Controls)))
	}
	if p.Refiner != nil {
		name := p.Refiner.Name
		if full, there := r.kept("Refiner"); there {
			name = full
		}
		add("Refiner", name)
		add("Refiner switch at", plain(p.Refiner.Start))
	}
	if _, there := r.kept("TI hashes"); !there && len(p.Embeddings) > 0 {
		var pairs []string
		for _, e := range p.Embeddings {
			pairs = append(pairs, strings.TrimSpace(e.Name+": "+e.SHA256[:min(len(e.SHA256), shortTIHash)]))
		}
		add("TI hashes", strings.Join(pairs, ", "))
	}
	return all
}

// a1111Kept are the entries that were kept when the text was read, without those that are written already.
func a1111Kept(r Record) []Entry {
	var all []Entry
	for _, e := range r.Kept {
		switch {
		case e.Name == "" || e.Name == "network" || e.Name == "Refiner" && r.Recipe.Refiner != nil:
		default:
			all = append(all, e)
		}
	}
	return all
}
