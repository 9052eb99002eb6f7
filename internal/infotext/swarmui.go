package infotext

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// parseSwarmUI reads SwarmUI's JSON. Its backend is ComfyUI, and names and noise are ComfyUI's.
//
// Source: mcmonkeyprojects/SwarmUI, docs/Image Metadata Format.md and src/Text2Image/T2IParamTypes.cs, read 2026-11.
func parseSwarmUI(text string) (Record, error) {
	all, err := parseObject(text)
	if err != nil {
		return Record{}, err
	}
	inner, ok := all["sui_image_params"].(map[string]any)
	if !ok {
		return Record{}, fmt.Errorf("infotext: there is no sui_image_params as SwarmUI writes it: %w", art.ErrInvalid)
	}
	delete(all, "sui_image_params")
	o := object(inner)
	r := newReading(SwarmUI)
	p := &r.Recipe
	p.Syntax, p.NoiseSource = "a1111", "cpu"
	p.Prompt, _ = o.text("prompt")
	p.NegativePrompt, _ = o.text("negativeprompt")
	p.Model.Name, _ = o.text("model")
	p.Width, _ = o.whole("width", maxSide)
	p.Height, _ = o.whole("height", maxSide)
	p.Steps, _ = o.whole("steps", maxSide)
	p.GuidanceScale, r.guidance = o.float("cfgscale")
	p.Seed, r.seed = o.seed("seed")
	p.VariationSeed, _ = o.seed("variationseed")
	p.VariationStrength, _ = o.float("variationseedstrength")
	if weighted(p.Prompt) || weighted(p.NegativePrompt) {
		r.note(NoteWeights)
	}
	r.swarmSchedule(o)
	r.swarmPicture(o)
	r.swarmLoRAs(o)
	r.swarmControls(o)
	o.rest(&r.Record)
	all.rest(&r.Record)
	return r.done(), nil
}

// weighted says whether a prompt has brackets that weigh.
func weighted(prompt string) bool { return strings.Contains(prompt, "(") }

func (r *reading) swarmSchedule(o object) {
	name, _ := textOf(o["sampler"])
	schedule, _ := textOf(o["scheduler"])
	s, c, known := comfySchedule(name, schedule)
	if !known {
		return
	}
	delete(o, "sampler")
	delete(o, "scheduler")
	r.setSchedule(s, c)
}

func (r *reading) swarmPicture(o object) {
	p := &r.Recipe
	if v, ok := o.float("initimagecreativity"); ok {
		p.Mode, p.Strength = art.ModeImageToImage, &v
		if _, masked := o["maskimage"]; masked || o["maskblur"] != nil {
			p.Mode = art.ModeInpaint
			p.MaskBlur, _ = o.float("maskblur")
		}
	}
	if layer, ok := textOf(o["clipstopatlayer"]); ok {
		if n, is := number(layer); is && n < 0 && n >= -24 && n == float64(int(n)) {
			skip := -int(n)
			p.ClipSkip = &skip
			delete(o, "clipstopatlayer")
		}
	}
	if v, _ := textOf(o["seamlesstileable"]); v == "true" {
		p.Tiling = true
		delete(o, "seamlesstileable")
	} else if tile, ok := o.flag("seamlesstileable"); ok {
		p.Tiling = tile
	}
	r.swarmRefiner(o)
}

// swarmRefiner tells SwarmUI's three uses of its refiner apart: another model for the last steps, a second pass over an
// enlarged picture, and what is neither, which is kept.
func (r *reading) swarmRefiner(o object) {
	p := &r.Recipe
	method, _ := textOf(o["refinermethod"])
	control, ok := number(fmt.Sprint(o["refinercontrolpercentage"]))
	if !ok {
		return
	}
	model, hasModel := textOf(o["refinermodel"])
	scale, enlarges := number(fmt.Sprint(o["refinerupscale"]))
	switch {
	case hasModel && method == "StepSwap" && !enlarges:
		p.Refiner = &art.Refiner{ModelRef: art.ModelRef{Name: model}, Start: 1 - control}
		for _, name := range []string{"refinermodel", "refinermethod", "refinercontrolpercentage"} {
			delete(o, name)
		}
	case enlarges && scale > 1 && !hasModel:
		p.Hires = &art.Hires{Scale: scale, Strength: control}
		if how, there := o.text("refinerupscalemethod"); there {
			p.Hires.Upscaler = upscalerFrom(how, func(u upscaler) string { return u.swarm })
		}
		for _, name := range []string{"refinerupscale", "refinercontrolpercentage"} {
			delete(o, name)
		}
		if method == "PostApply" {
			delete(o, "refinermethod")
		}
	}
}

// listOf reads a list, or a text with commas.
func listOf(v any) []string {
	switch v := v.(type) {
	case string:
		if v == "" {
			return nil
		}
		return strings.Split(v, ",")
	case []any:
		var all []string
		for _, e := range v {
			if s, ok := textOf(e); ok {
				all = append(all, s)
			}
		}
		return all
	default:
		return nil
	}
}

func (r *reading) swarmLoRAs(o object) {
	names, weights := listOf(o["loras"]), listOf(o["loraweights"])
	if len(names) != len(weights) {
		return
	}
	var all []art.LoRA
	for i, name := range names {
		w, ok := number(weights[i])
		if !ok {
			return
		}
		all = append(all, art.LoRA{Name: strings.TrimSpace(name), Weight: w})
	}
	r.Recipe.LoRAs = all
	delete(o, "loras")
	delete(o, "loraweights")
}

// swarmUnits are the prefixes of its three ControlNets.
func swarmUnits() []string { return []string{"controlnet", "controlnettwo", "controlnetthree"} }

func (r *reading) swarmControls(o object) {
	for _, unit := range swarmUnits() {
		model, ok := o.text(unit + "model")
		if !ok {
			continue
		}
		c := art.Control{Model: art.ModelRef{Name: model}, Kind: KindOfModel(model), Weight: 1, End: 1}
		if module, there := o.text(unit + "preprocessor"); there && !strings.EqualFold(module, "none") {
			c.Kind = kindOfModule(module)
		}
		for name, into := range map[string]*float64{"strength": &c.Weight, "start": &c.Start, "end": &c.End} {
			if f, is := o.float(unit + name); is {
				*into = f
			}
		}
		r.Recipe.Controls = append(r.Recipe.Controls, c)
	}
}

// writeSwarmUI writes the JSON that SwarmUI reads when a picture is dropped on it.
func writeSwarmUI(r Record) (string, error) {
	p := r.Recipe
	if p.Mode != art.ModeTextToImage && p.Mode != art.ModeImageToImage && p.Mode != art.ModeInpaint {
		return "", art.Unsupported("mode", fmt.Sprintf("SwarmUI's text cannot say %s", p.Mode), "write a recipe of text-to-image, image-to-image or inpaint")
	}
	if len(p.Controls) > len(swarmUnits()) {
		return "", art.Unsupported("controls", fmt.Sprintf("SwarmUI knows %d of them, and the recipe has %d", len(swarmUnits()), len(p.Controls)), "take some out")
	}
	o := object{
		"prompt": p.Prompt, "negativeprompt": p.NegativePrompt, "seed": p.Seed, "steps": p.Steps,
		"cfgscale": p.GuidanceScale, "width": p.Width, "height": p.Height,
	}
	put := func(there bool, name string, v any) {
		if there {
			o[name] = v
		}
	}
	put(p.Model.Name != "", "model", p.Model.Name)
	sampler, scheduler := comfyNames(p)
	put(sampler != "", "sampler", sampler)
	put(scheduler != "", "scheduler", scheduler)
	put(p.VariationStrength != 0, "variationseed", p.VariationSeed)
	put(p.VariationStrength != 0, "variationseedstrength", p.VariationStrength)
	put(p.Strength != nil && p.Mode != art.ModeTextToImage, "initimagecreativity", p.Strength)
	put(p.Mode == art.ModeInpaint, "maskblur", p.MaskBlur)
	put(p.Tiling, "seamlesstileable", "true")
	if p.ClipSkip != nil {
		o["clipstopatlayer"] = -*p.ClipSkip
	}
	if f := p.Refiner; f != nil && p.Hires == nil {
		o["refinermodel"], o["refinermethod"], o["refinercontrolpercentage"] = f.Name, "StepSwap", 1-f.Start
	}
	if h := p.Hires; h != nil {
		o["refinerupscale"], o["refinercontrolpercentage"], o["refinermethod"] = h.Scale, h.Strength, "PostApply"
		put(h.Upscaler != "", "refinerupscalemethod", upscalerTo(h.Upscaler, func(u upscaler) string { return u.swarm }))
	}
	swarmAdapters(o, p)
	all := object{"sui_image_params": o}
	var inner []Entry
	for _, e := range r.Kept {
		if strings.HasPrefix(e.Name, "sui_") {
			all.restore([]Entry{e})
		} else {
			inner = append(inner, e)
		}
	}
	o.restore(inner)
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return "", fmt.Errorf("infotext: writing SwarmUI's JSON: %w", err)
	}
	return string(text), nil
}

func swarmAdapters(o object, p art.Recipe) {
	if len(p.LoRAs) > 0 {
		var names, weights []string
		for _, l := range p.LoRAs {
			names, weights = append(names, l.Name), append(weights, strconv.FormatFloat(l.Weight, 'f', -1, 64))
		}
		o["loras"], o["loraweights"] = names, weights
	}
	for i, c := range p.Controls {
		unit := swarmUnits()[i]
		o[unit+"model"], o[unit+"strength"], o[unit+"start"], o[unit+"end"] = c.Model.Name, c.Weight, c.Start, c.End
		if module := moduleFor(c); module != "none" {
			o[unit+"preprocessor"] = module
		}
	}
}
