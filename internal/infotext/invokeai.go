package infotext

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// parseInvokeAI reads "invokeai_metadata" as InvokeAI writes it since version 3.
//
// Source: invoke-ai/InvokeAI, invokeai/app/invocations/metadata.py (CoreMetadataInvocation) and the graph builders of its
// web interface, read 2026-11.
func parseInvokeAI(text string) (Record, error) {
	o, err := parseObject(text)
	if err != nil {
		return Record{}, err
	}
	r := newReading(InvokeAI)
	p := &r.Recipe
	p.Syntax = "plain"
	p.Prompt, _ = o.text("positive_prompt")
	p.NegativePrompt, _ = o.text("negative_prompt")
	if v, ok := o["positive_style_prompt"].(string); ok && v != "" {
		p.Prompt2, _ = o.text("positive_style_prompt")
	}
	if compel.MatchString(p.Prompt) || compel.MatchString(p.NegativePrompt) {
		r.note(NoteCompel)
	}
	p.Width, _ = o.whole("width", maxSide)
	p.Height, _ = o.whole("height", maxSide)
	p.Steps, _ = o.whole("steps", maxSide)
	p.GuidanceScale, r.guidance = o.float("cfg_scale")
	p.GuidanceRescale, _ = o.float("cfg_rescale_multiplier")
	p.Seed, r.seed = o.seed("seed")
	if device, ok := textOf(o["rand_device"]); ok && (device == "cpu" || device == "cuda") {
		p.NoiseSource, _ = o.text("rand_device")
	}
	if n, ok := o.whole("clip_skip", 32); ok {
		skip := n + 1 // InvokeAI counts the layers that are left out
		p.ClipSkip = &skip
	}
	if name, ok := o.text("scheduler"); ok && !r.invokeSchedule(name) {
		o["scheduler"] = name
	}
	r.invokeModels(o)
	r.invokePicture(o)
	r.invokeControls(o)
	o.rest(&r.Record)
	return r.done(), nil
}

// compel is the syntax in which InvokeAI weighs: "word++", "(two words)1.3", ".and()".
var compel = regexp.MustCompile(`[\p{L}\p{N})"](\+|-)(\+|-|\s|$|,)|\)\d|\)\.(and|blend|swap)\(`)

// invokeSchedule takes "dpmpp_2m_k" apart. dpmpp_3m is diffusers' multistep solver with three terms.
func (r *reading) invokeSchedule(name string) bool {
	c := curve{name: "normal"}
	short, karras := strings.CutSuffix(name, "_k")
	if karras {
		c.name = "karras"
	}
	third := short == "dpmpp_3m"
	if third {
		short = "dpmpp_2m"
	}
	s, ok := samplerBy(func(s sampler) string { return s.invoke }, short)
	if !ok {
		return false
	}
	if s.name != "dpmpp_sde" {
		s.tree = false // only this one gets a tree of the picture's seed
	}
	r.setSchedule(s, c)
	if third {
		r.config("solver_order", 3.0)
	}
	return true
}

// invokeName is InvokeAI's name of sampler and curve, "" where it has none.
func invokeName(p art.Recipe) string {
	s, _ := samplerNamed(p.Sampler)
	name := s.invoke
	if order, _ := p.SchedulerConfig["solver_order"].(float64); order == 3 && name == "dpmpp_2m" {
		name = "dpmpp_3m"
	}
	switch {
	case name == "" || p.Scheduler == "normal":
		return name
	case p.Scheduler == "karras" && !slices.Contains([]string{"ddim", "ddpm", "pndm", "euler_a", "er_sde", "lcm", "tcd"}, name):
		return name + "_k"
	default:
		return ""
	}
}

// invokeModel reads a model in today's form and in version 3's.
func invokeModel(v any) (art.ModelRef, bool) {
	m, ok := v.(map[string]any)
	if !ok {
		return art.ModelRef{}, false
	}
	name, ok := textOf(m["name"])
	if !ok {
		name, ok = textOf(m["model_name"])
	}
	ref := art.ModelRef{Name: name}
	if hash, _ := textOf(m["hash"]); strings.HasPrefix(hash, "sha256:") && fullHash(hash[len("sha256:"):]) {
		ref.SHA256 = hash[len("sha256:"):]
	}
	return ref, ok
}

// keepModel keeps what a model says beside its name: key and BLAKE3 hash, by which InvokeAI finds it.
func (r *reading) keepModel(name string, v any) {
	m, _ := v.(map[string]any)
	if m["key"] != nil || m["hash"] != nil {
		r.keep(name, compact(v))
	}
}

func (r *reading) invokeModels(o object) {
	p := &r.Recipe
	if ref, ok := invokeModel(o["model"]); ok {
		p.Model = ref
		r.keepModel("model", o["model"])
		delete(o, "model")
	}
	if ref, ok := invokeModel(o["refiner_model"]); ok {
		p.Refiner = &art.Refiner{ModelRef: ref}
		p.Refiner.Start, _ = o.float("refiner_start")
		r.keepModel("refiner_model", o["refiner_model"])
		delete(o, "refiner_model")
	}
	loras, _ := o["loras"].([]any)
	for i, v := range loras {
		l, _ := v.(map[string]any)
		model := l["model"]
		if model == nil {
			model = l["lora"] // version 3
		}
		ref, ok := invokeModel(model)
		weight, is := number(fmt.Sprint(l["weight"]))
		if !ok || !is {
			r.keep(fmt.Sprintf("loras %d", i), compact(v))
			continue
		}
		p.LoRAs = append(p.LoRAs, art.LoRA{Name: ref.Name, SHA256: ref.SHA256, Weight: weight})
		r.keepModel(fmt.Sprintf("loras %d", i), model)
	}
	delete(o, "loras")
}

func (r *reading) invokePicture(o object) {
	p := &r.Recipe
	mode, ok := o.text("generation_mode")
	_, task, _ := strings.Cut("_"+mode, "_")
	if i := strings.LastIndexByte(task, '_'); i >= 0 {
		task = task[i+1:]
	}
	switch task {
	case "txt2img", "":
	case "img2img":
		p.Mode = art.ModeImageToImage
	case "inpaint":
		p.Mode = art.ModeInpaint
	case "outpaint":
		p.Mode = art.ModeOutpaint
	default:
		r.keep("generation_mode", mode)
	}
	if ok && strings.TrimSuffix(mode, task) != "" {
		r.keep("generation_mode", mode) // which family of models it was
	}
	if p.Mode != art.ModeTextToImage {
		v, there := o.float("strength")
		p.Strength = some(v, there)
	}
	x, okX := o["seamless_x"].(bool)
	y, okY := o["seamless_y"].(bool)
	if okX && okY && x == y {
		p.Tiling = x
		delete(o, "seamless_x")
		delete(o, "seamless_y")
	}
	if on, _ := o["hrf_enabled"].(bool); on {
		if strength, there := o.float("hrf_strength"); there {
			r.keep("hrf_strength", plain(strength)) // by how much it enlarged is not said
		}
	}
}

func (r *reading) invokeControls(o object) {
	for field, model := range map[string]string{"controlnets": "control_model", "t2iAdapters": "t2i_adapter_model"} {
		list, _ := o[field].([]any)
		var rest []any
		for _, v := range list {
			if c, ok := invokeControl(v, model); ok {
				r.Recipe.Controls = append(r.Recipe.Controls, c)
			} else {
				rest = append(rest, v)
			}
		}
		delete(o, field)
		if len(rest) > 0 {
			o[field] = rest
		}
	}
}

func invokeControl(v any, model string) (art.Control, bool) {
	m, ok := v.(map[string]any)
	if !ok {
		return art.Control{}, false
	}
	ref, ok := invokeModel(m[model])
	c := art.Control{Model: ref, Kind: KindOfModel(ref.Name), Weight: 1, End: 1}
	o := object(m)
	for name, into := range map[string]*float64{"control_weight": &c.Weight, "weight": &c.Weight, "begin_step_percent": &c.Start, "end_step_percent": &c.End} {
		if f, is := o.float(name); is {
			*into = f
		}
	}
	if mode, _ := textOf(m["control_mode"]); mode == "more_control" {
		c.GuessMode = true
	}
	return c, ok
}

// writeInvokeAI writes "invokeai_metadata". Models go by name: InvokeAI's own key of a model is not known here.
func writeInvokeAI(r Record) (string, error) {
	p := r.Recipe
	modes := map[string]string{art.ModeTextToImage: "txt2img", art.ModeImageToImage: "img2img", art.ModeInpaint: "inpaint", art.ModeOutpaint: "outpaint"}
	mode, ok := modes[p.Mode]
	if !ok {
		return "", art.Unsupported("mode", fmt.Sprintf("InvokeAI's text cannot say %s", p.Mode), "write a recipe of another mode")
	}
	o := object{
		"generation_mode": mode, "positive_prompt": p.Prompt, "negative_prompt": p.NegativePrompt, "width": p.Width, "height": p.Height,
		"seed": p.Seed, "rand_device": "cpu", "cfg_scale": p.GuidanceScale, "steps": p.Steps,
	}
	put := func(there bool, name string, v any) {
		if there {
			o[name] = v
		}
	}
	put(p.NoiseSource == "cuda", "rand_device", "cuda")
	put(p.GuidanceRescale != 0, "cfg_rescale_multiplier", p.GuidanceRescale)
	put(p.Prompt2 != "", "positive_style_prompt", p.Prompt2)
	put(invokeName(p) != "", "scheduler", invokeName(p))
	put(p.Model.Name != "", "model", invokeRef(p.Model, "main"))
	put(p.Strength != nil, "strength", p.Strength)
	put(p.Tiling, "seamless_x", true)
	put(p.Tiling, "seamless_y", true)
	if p.ClipSkip != nil && *p.ClipSkip > 0 {
		o["clip_skip"] = *p.ClipSkip - 1
	}
	if p.Refiner != nil {
		o["refiner_model"], o["refiner_start"] = invokeRef(p.Refiner.ModelRef, "main"), p.Refiner.Start
	}
	var loras, controls []object
	for _, l := range p.LoRAs {
		loras = append(loras, object{"model": invokeRef(art.ModelRef{Name: l.Name, SHA256: l.SHA256}, "lora"), "weight": l.Weight})
	}
	put(loras != nil, "loras", loras)
	for _, c := range p.Controls {
		how := "balanced"
		if c.GuessMode {
			how = "more_control"
		}
		controls = append(controls, object{
			"control_model": invokeRef(c.Model, "controlnet"), "control_weight": c.Weight, "begin_step_percent": c.Start,
			"end_step_percent": c.End, "control_mode": how,
		})
	}
	put(controls != nil, "controlnets", controls)
	o.restoreInvoke(r.Kept)
	text, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return "", fmt.Errorf("infotext: writing InvokeAI's JSON: %w", err)
	}
	return string(text), nil
}

func invokeRef(m art.ModelRef, kind string) object {
	o := object{"name": m.Name, "type": kind}
	if m.SHA256 != "" {
		o["hash"] = "sha256:" + m.SHA256
	}
	return o
}

// restoreInvoke puts models with their keys back in place of those that are written by name.
func (o object) restoreInvoke(kept []Entry) {
	loras, _ := o["loras"].([]object)
	for _, e := range kept {
		var v any
		_ = json.Unmarshal([]byte(e.Value), &v) // what is no JSON is a text and goes below
		var i int
		switch _, err := fmt.Sscanf(e.Name, "loras %d", &i); {
		case err == nil && i >= 0 && i < len(loras):
			loras[i]["model"] = v
		case e.Name == "model" || e.Name == "refiner_model":
			o[e.Name] = v
		case e.Name == "generation_mode":
			o[e.Name] = e.Value
		default:
			o.restore([]Entry{e})
		}
	}
}
