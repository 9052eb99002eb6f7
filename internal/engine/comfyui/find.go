package comfyui

import (
	"encoding/json"
	"slices"
	"strings"

	"presswerk/internal/infotext"
)

// finder looks for slots by what nodes are, behind the node that saves. A field that has been named is left alone. Several
// places with one value are one slot; with several values nobody knows which is meant, and there is none.
type finder struct {
	*template
	behind map[string]bool // nodes that lead to the picture
}

func isLoRA(n infotext.Node) bool {
	return strings.HasPrefix(n.Class, "LoraLoader") && n.Inputs["lora_name"] != nil
}
func isControl(n infotext.Node) bool { return strings.HasPrefix(n.Class, "ControlNetApply") }

// isSampler also knows nodes of others that have a sampler's inputs.
func isSampler(n infotext.Node) bool {
	_, _, latent := infotext.LinkOf(n.Inputs["latent_image"])
	return latent && (n.Inputs["steps"] != nil || strings.HasPrefix(n.Class, "SamplerCustom"))
}

func saves(n infotext.Node) bool { return strings.HasPrefix(n.Class, "Save") }

func (f finder) find() {
	for _, id := range f.graph.IDs() {
		if id == f.output || f.output == "" && saves(f.graph[id]) {
			f.visit(id)
		}
	}
	samplers := f.samplers()
	f.prompts(samplers)
	f.values(samplers)
	f.sizes()
	f.models(samplers)
	f.applied(samplers)
	f.pictures()
}

// visit marks all nodes that lead to one.
func (f finder) visit(id string) {
	if f.behind[id] {
		return
	}
	f.behind[id] = true
	for _, v := range f.graph[id].Inputs {
		if next, _, ok := infotext.LinkOf(v); ok {
			f.visit(next)
		}
	}
}

// those are nodes behind the picture, in order.
func (f finder) those(is func(infotext.Node) bool) []string {
	return slices.DeleteFunc(f.graph.IDs(), func(id string) bool { return !f.behind[id] || !is(f.graph[id]) })
}

// samplers are the samplers, one before those that go on with its latent.
func (f finder) samplers() []string {
	all := f.those(isSampler)
	depth := map[string]int{}
	for _, id := range all {
		before := finder{f.template, map[string]bool{}}
		before.visit(id)
		depth[id] = len(before.those(isSampler))
	}
	slices.SortStableFunc(all, func(a, b string) int { return depth[a] - depth[b] })
	return all
}

// add makes slots of the places that have one value.
func (f finder) add(field string, places []slot) {
	if f.has(field) || len(places) == 0 {
		return
	}
	for _, p := range places {
		if field != "seed" && f.own(p) != f.own(places[0]) { // values alone, which can be compared
			return
		}
	}
	f.slots[field] = places
}

// literal are the places among nodes that have a value of their own of one of these names. A link to a node that only holds
// a value leads there.
func (f finder) literal(field string, ids []string, names ...string) []slot {
	var all []slot
	for _, id := range ids {
		for _, name := range names {
			if s, ok := f.holder(slot{id, name, field}); ok && !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	return all
}

func (f finder) holder(s slot) (slot, bool) {
	for range len(f.graph) {
		v := f.own(s)
		next, _, ok := infotext.LinkOf(v)
		if !ok {
			return s, single(v)
		}
		if n := f.graph[next]; len(n.Inputs) != 1 || !strings.HasPrefix(n.Class, "Primitive") {
			return s, false
		}
		s = slot{next, "value", s.field}
	}
	return s, false
}

// single says that a value is a number, a text or a switch.
func single(v any) bool {
	switch v.(type) {
	case json.Number, string, bool:
		return true
	}
	return false
}

// values are what samplers and the nodes beside them say in numbers and names.
func (f finder) values(samplers []string) {
	has := func(name string) func(infotext.Node) bool {
		return func(n infotext.Node) bool { return n.Inputs[name] != nil }
	}
	curves := f.those(func(n infotext.Node) bool { return strings.HasSuffix(n.Class, "Scheduler") && n.Inputs["steps"] != nil })
	f.add("seed", append(f.literal("seed", f.those(has("seed")), "seed"), f.literal("seed", f.those(has("noise_seed")), "noise_seed")...))
	f.add("steps", f.literal("steps", append(slices.Clone(samplers), curves...), "steps"))
	f.add("guidance_scale", append(f.literal("guidance_scale", f.those(has("cfg")), "cfg"), f.literal("guidance_scale", f.those(has("guidance")), "guidance")...))
	f.add("sampler", f.literal("sampler", f.those(has("sampler_name")), "sampler_name"))
	f.add("scheduler", f.literal("scheduler", f.those(has("scheduler")), "scheduler"))
	if len(samplers) == 1 && len(f.those(func(n infotext.Node) bool { return strings.HasPrefix(n.Class, "Empty") })) == 0 {
		f.add("strength", f.literal("strength", append(samplers, curves...), "denoise"))
	}
}

// sizes are those of the empty latent, or to which the first picture is brought.
func (f finder) sizes() {
	begins := f.those(func(n infotext.Node) bool { return strings.HasPrefix(n.Class, "Empty") && n.Inputs["width"] != nil })
	if len(begins) == 0 {
		begins = f.those(func(n infotext.Node) bool {
			from, _, _ := infotext.LinkOf(n.Inputs["image"])
			return n.Class == "ImageScale" && f.graph[from].Class == "LoadImage"
		})
	}
	told := f.those(func(n infotext.Node) bool { return strings.HasPrefix(n.Class, "CLIPTextEncodeSDXL") })
	w, h := f.literal("width", begins, "width"), f.literal("height", begins, "height")
	if len(w) == 0 || len(h) == 0 {
		return
	}
	f.add("width", append(w, f.same(w[0], told, "width", "target_width")...))
	f.add("height", append(h, f.same(h[0], told, "height", "target_height")...))
}

// same are the places among nodes that have the value of another place.
func (f finder) same(as slot, ids []string, names ...string) []slot {
	return slices.DeleteFunc(f.literal(as.field, ids, names...), func(s slot) bool { return f.own(s) != f.own(as) })
}

// prompts follows the samplers' conditionings to the texts. A later sampler with words of its own keeps them.
func (f finder) prompts(samplers []string) {
	all := map[string][]slot{}
	for _, id := range samplers {
		if guider, _, ok := infotext.LinkOf(f.graph[id].Inputs["guider"]); ok {
			id = guider
		}
		positive := "positive"
		if f.graph[id].Inputs[positive] == nil {
			positive = "conditioning"
		}
		yes, no := f.texts(id, positive), f.texts(id, "negative")
		if slices.ContainsFunc(no, func(s slot) bool { return slices.Contains(yes, s) }) {
			no = nil
		}
		for field, places := range map[string][]slot{"prompt": yes, "negative_prompt": no} {
			for _, s := range places {
				s.field = field
				if same := len(all[field]) == 0 || f.own(s) == f.own(all[field][0]); same && !slices.Contains(all[field], s) {
					all[field] = append(all[field], s)
				}
			}
		}
	}
	for field, places := range all {
		f.add(field, places)
	}
}

// own is what the workflow itself has in a place.
func (f finder) own(s slot) any { return f.graph[s.node].Inputs[s.input] }

// texts are the places of the texts from which an input's conditioning comes.
func (f finder) texts(id, input string) []slot {
	var all []slot
	for range len(f.graph) {
		next, output, ok := infotext.LinkOf(f.graph[id].Inputs[input])
		if !ok {
			return all
		}
		n := f.graph[next]
		if all = f.literal("", []string{next}, fields()["prompt"].inputs...); len(all) > 0 || n.Class == "ConditioningZeroOut" {
			return all
		}
		switch {
		case n.Inputs["positive"] != nil && output == 0:
			input = "positive"
		case n.Inputs["negative"] != nil && output == 1:
			input = "negative"
		default:
			input = "conditioning"
		}
		id = next
	}
	return all
}

// models follows the samplers' models to their loaders, over LoRAs.
func (f finder) models(samplers []string) {
	for i, id := range samplers {
		if guider, _, ok := infotext.LinkOf(f.graph[id].Inputs["guider"]); ok {
			id = guider
		}
		var chain []string
		for range len(f.graph) {
			next, _, ok := infotext.LinkOf(f.graph[id].Inputs["model"])
			if !ok || slices.Contains(chain, next) {
				break
			}
			if isLoRA(f.graph[next]) {
				chain = append([]string{next}, chain...)
			}
			id = next
		}
		places := f.literal("model", []string{id}, "ckpt_name", "unet_name", "model_path")
		switch {
		case i == 0:
			f.add("model", places)
			if len(f.loras) == 0 {
				f.loras = chain
			}
		case i == len(samplers)-1 && len(places) > 0 && !slices.Contains(f.slots["model"], places[0]):
			for i := range places {
				places[i].field = "refiner"
			}
			f.add("refiner", places)
		}
	}
	f.add("upscaler", f.literal("upscaler", f.those(func(n infotext.Node) bool { return n.Class == "UpscaleModelLoader" }), "model_name"))
}

// applied are the control networks on the way to the first sampler, the one next to the prompt first.
func (f finder) applied(samplers []string) {
	if len(f.controls) > 0 || len(samplers) == 0 {
		return
	}
	id, input := samplers[0], "positive"
	for range len(f.graph) {
		next, _, ok := infotext.LinkOf(f.graph[id].Inputs[input])
		if !ok || slices.Contains(f.controls, next) {
			return
		}
		if n := f.graph[next]; isControl(n) && f.network(next) != "" {
			f.controls = append([]string{next}, f.controls...)
		}
		if input = "positive"; f.graph[next].Inputs[input] == nil {
			input = "conditioning"
		}
		id = next
	}
}

// pictures are what the latent begins with, or what is enlarged, and the mask.
func (f finder) pictures() {
	encoders := f.those(func(n infotext.Node) bool { return n.Inputs["pixels"] != nil || n.Class == "ImageUpscaleWithModel" })
	var loaders []string
	for _, id := range encoders {
		for _, input := range []string{"pixels", "image"} {
			if from := f.loader(id, input); from != "" && !slices.Contains(loaders, from) {
				loaders = append(loaders, from)
			}
		}
	}
	if len(loaders) == 1 {
		f.add("init_image", f.literal("init_image", loaders, "image"))
	}
	if f.has("mask_image") {
		return
	}
	for _, id := range f.those(func(n infotext.Node) bool { return n.Inputs["mask"] != nil }) {
		from, _, ok := infotext.LinkOf(f.graph[id].Inputs["mask"])
		switch {
		case ok && f.graph[from].Class == "LoadImageMask":
			f.add("mask_image", f.literal("mask_image", []string{from}, "image"))
		case ok && f.graph[from].Class == "LoadImage":
			f.maskTo = append(f.maskTo, slot{id, "mask", "mask_image"})
		}
	}
}

// loader follows a picture to the node that loads it; "" where a network made it.
func (f finder) loader(id, input string) string {
	for range len(f.graph) {
		next, _, ok := infotext.LinkOf(f.graph[id].Inputs[input])
		if !ok {
			return ""
		}
		if f.graph[next].Class == "LoadImage" {
			return next
		}
		id, input = next, "image"
	}
	return ""
}
