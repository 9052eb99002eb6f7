package comfyui

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/infotext"
)

// draw fills a recipe into the workflow for a server. Zero values of the recipe leave what the workflow says, but for
// prompts and seed; what there is no slot for is refused.
func (t template) draw(k known, r art.Recipe) (drawn, error) {
	if err := checkWords(r); err != nil {
		return drawn{}, err
	}
	if err := t.unfit(r); err != nil {
		return drawn{}, err
	}
	r, notes := written(r)
	d := drawn{graph: infotext.Graph{}, output: t.output, notes: notes}
	for id, n := range t.graph {
		n.Inputs = maps.Clone(n.Inputs)
		if n.Inputs == nil {
			n.Inputs = map[string]any{}
		}
		d.graph[id] = n
	}
	t.values(&d, r)
	for _, step := range []func(*drawn, known, art.Recipe) error{t.networks, t.chain, t.apply, t.pictures} {
		if err := step(&d, k, r); err != nil {
			return d, err
		}
	}
	return d, k.complete(&d)
}

// unfit refuses fields that have no slot.
func (t template) unfit(r art.Recipe) error {
	for _, u := range []struct {
		asked bool
		field string
	}{
		{r.Prompt != "", "prompt"},
		{r.NegativePrompt != "", "negative_prompt"},
		{r.Seed != 0, "seed"},
		{r.Steps != 0, "steps"},
		{r.GuidanceScale != 0, "guidance_scale"},
		{r.Sampler != "", "sampler"},
		{r.Scheduler != "", "scheduler"},
		{r.Strength != nil, "strength"},
		{r.Refiner != nil, "refiner"},
		{r.Upscaler.Name != "", "upscaler"},
		{r.InitImage != "", "init_image"},
	} {
		if u.asked && !t.has(u.field) {
			return art.Unsupported(u.field, "the workflow "+t.name+" has no slot for it", "take it out, or write slot:"+u.field+" into the title of the node that it belongs to")
		}
	}
	if r.MaskImage != "" && !t.has("mask_image") && len(t.maskTo) == 0 {
		return art.Unsupported("mask_image", "the workflow "+t.name+" has no slot for it", "take it out")
	}
	if len(r.Controls) > len(t.controls) {
		return art.Unsupported(fmt.Sprintf("controls[%d]", len(t.controls)), fmt.Sprintf("the workflow %s applies %d", t.name, len(t.controls)), "take it out")
	}
	for _, u := range []struct {
		asked bool
		field string
	}{
		{r.Model.Dir != "", "model.dir"},
		{r.Prompt2 != "", "prompt_2"},
		{r.ClipSkip != nil, "clip_skip"},
		{r.GuidanceRescale != 0, "guidance_rescale"},
		{r.GuidanceStart != 0, "guidance_start"},
		{r.GuidanceEnd != nil && *r.GuidanceEnd != 1, "guidance_end"},
		{r.Prediction != "", "prediction"},
		{r.NoiseSource == "cuda", "noise_source"},
		{r.VariationStrength != 0 || r.VariationSeed != 0, "variation_seed"},
		{r.Eta != 0, "eta"},
		{r.MaskPadding != nil, "mask_padding"},
		{r.MaskBlur != 0, "mask_blur"},
		{r.VAETiling, "vae_tiling"},
		{r.TiledDiffusion != nil, "tiled_diffusion"},
		{len(r.SchedulerConfig) > 0, "scheduler_config"},
		{r.OriginalSize != nil, "original_size"},
		{r.CropsTopLeft != nil, "crops_coords_top_left"},
		{r.TargetSize != nil, "target_size"},
	} {
		if u.asked {
			return art.Unsupported(u.field, "a workflow has no slot of this name", "take it out, or give it to the workflow as slot:options.NAME")
		}
	}
	return nil
}

func (t template) put(d *drawn, field string, value any) {
	for _, s := range t.slots[field] {
		d.set(s, value)
	}
}

// values writes what is a number or a word.
func (t template) values(d *drawn, r art.Recipe) {
	t.put(d, "prompt", r.Prompt)
	t.put(d, "negative_prompt", r.NegativePrompt)
	t.put(d, "seed", int64(r.Seed))
	for _, n := range []struct {
		field string
		value int
	}{{"width", r.Width}, {"height", r.Height}, {"steps", t.steps(d, r)}} {
		if n.value != 0 {
			t.put(d, n.field, n.value)
		}
	}
	if r.GuidanceScale != 0 {
		t.put(d, "guidance_scale", r.GuidanceScale)
	}
	if r.Strength != nil {
		t.put(d, "strength", *r.Strength)
	}
	if r.Sampler != "" || r.Scheduler != "" {
		sampler, scheduler := infotext.ComfySchedule(r)
		if r.Sampler != "" {
			t.put(d, "sampler", sampler)
		}
		if r.Scheduler != "" {
			t.put(d, "scheduler", scheduler)
		}
	}
	for name, value := range r.Options {
		t.put(d, "options."+name, value)
	}
	t.split(d, r)
	t.scale(d, r)
}

// steps are those that a sampler is told: it walks all of them, and a recipe counts those of the whole curve.
func (t template) steps(d *drawn, r art.Recipe) int {
	strength := decimal(json.Number(t.value("strength")))
	if r.Strength != nil {
		strength = *r.Strength
	}
	if !t.has("strength") || strength <= 0 || strength >= 1 || r.Steps == 0 {
		return r.Steps
	}
	walked := max(int(float64(r.Steps)*strength), 1)
	if int(float64(walked)/strength) != r.Steps {
		d.notes = append(d.notes, fmt.Sprintf("walked %d steps at strength %v, which is not quite the end of a curve of %d", walked, strength, r.Steps))
	}
	return walked
}

// scale keeps how much larger the workflow makes the picture after the first sampler, where it says so in pixels.
func (t template) scale(d *drawn, r art.Recipe) {
	for id, n := range t.graph {
		if n.Class != "ImageScale" && n.Class != "LatentUpscale" {
			continue
		}
		before := finder{&t, map[string]bool{}}
		if before.visit(id); len(before.those(isSampler)) == 0 {
			continue
		}
		for name, asked := range map[string]int{"width": r.Width, "height": r.Height} {
			was, own := decimal(n.Inputs[name]), float64(t.whole(name))
			if asked != 0 && was > 0 && own > 0 {
				d.graph[id].Inputs[name] = int(math.Round(was / own * float64(asked)))
			}
		}
	}
}

// split keeps the share of the steps at which one sampler hands over to the next, or takes the recipe's.
func (t template) split(d *drawn, r art.Recipe) {
	for id, n := range t.graph {
		was := decimal(n.Inputs["steps"])
		now := decimal(d.graph[id].Inputs["steps"])
		for _, name := range []string{"start_at_step", "end_at_step"} {
			at := decimal(n.Inputs[name])
			if n.Class != "KSamplerAdvanced" || was <= 0 || at <= 0 || at >= was {
				continue
			}
			share := at / was
			if r.Refiner != nil {
				share = r.Refiner.Start
			}
			d.graph[id].Inputs[name] = int(math.Round(share * now))
		}
	}
}

// decimal is a number of a graph, 0 where there is none.
func decimal(v any) float64 {
	switch n := v.(type) {
	case json.Number:
		f, _ := n.Float64()
		return f
	case int:
		return float64(n)
	case float64:
		return n
	}
	return 0
}

// networks writes the names of refiner and upscaler. The base model is the workflow's own, as that is what it is called.
func (t template) networks(d *drawn, k known, r art.Recipe) error {
	if r.Refiner != nil {
		file, err := find("refiner", r.Refiner.Name, t.listed(k, "refiner"))
		if err != nil {
			return err
		}
		t.put(d, "refiner", file)
	}
	if r.Upscaler.Name != "" {
		file, err := find("upscaler", infotext.ComfyUpscaler(r.Upscaler.Name), k.upscalers())
		if err != nil {
			return err
		}
		t.put(d, "upscaler", file)
	}
	return t.base(d, k, r)
}

// listed are the files that the server offers for a slot.
func (t template) listed(k known, field string) []string {
	if !t.has(field) {
		return nil
	}
	s := t.slots[field][0]
	return k.nodes.choices(t.graph[s.node].Class, s.input)
}

// base takes another base model, which the recipe names as an option because the model is the workflow.
func (t template) base(d *drawn, k known, r art.Recipe) error {
	name, ok := r.Options[optionModel].(string)
	if !ok || t.has("options."+optionModel) {
		return nil
	}
	file, err := find("options."+optionModel, name, t.listed(k, "model"))
	if err != nil {
		return err
	}
	t.put(d, "model", file)
	return nil
}

// optionModel is the option that names another base model than the workflow's.
const optionModel = "checkpoint"

// pictures are loaded where the workflow loads its own.
func (t template) pictures(d *drawn, _ known, r art.Recipe) error {
	for _, s := range t.slots["init_image"] {
		if err := d.load(r.InitImage, s); err != nil {
			return err
		}
	}
	for _, s := range t.slots["mask_image"] {
		if d.graph[s.node].Class == "LoadImageMask" {
			d.graph[s.node].Inputs["channel"] = "red" // white is made new
		}
		if err := d.load(r.MaskImage, s); err != nil {
			return err
		}
	}
	for _, s := range t.maskTo {
		id := fresh(d.graph, s.node+"-mask")
		d.graph[id] = infotext.Node{Class: "LoadImageMask", Inputs: map[string]any{"channel": "red"}}
		d.graph[s.node].Inputs[s.input] = infotext.Link(id, 0)
		if err := d.load(r.MaskImage, slot{id, "image", s.field}); err != nil {
			return err
		}
	}
	for i, s := range t.slots["reference"] {
		if i >= len(r.References) {
			continue // the workflow's own
		}
		s.field = fmt.Sprintf("references[%d]", i)
		if err := d.load(r.References[i].Image, s); err != nil {
			return err
		}
	}
	return nil
}

// options are those that a workflow takes: named ones, and another base model where it has a slot.
func (t template) options() []string {
	var all []string
	for _, field := range slices.Sorted(maps.Keys(t.slots)) {
		if option, ok := strings.CutPrefix(field, "options."); ok {
			all = append(all, option)
		}
	}
	if t.has("model") && !slices.Contains(all, optionModel) {
		all = append(all, optionModel)
	}
	return all
}
