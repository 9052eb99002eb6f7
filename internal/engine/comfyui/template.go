package comfyui

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/infotext"
)

// maxTemplate is how large a workflow's file may be.
const maxTemplate = 16 << 20

// template is a workflow in API format with slots: the inputs of its nodes that stand for a recipe's fields.
type template struct {
	name     string
	digest   string // SHA-256 of the canonical graph
	graph    infotext.Graph
	slots    map[string][]slot // by field: "prompt", "width", "init_image", "options.x" …
	loras    []string          // nodes of a chain, the first behind the model
	seat     bool              // the chain is there for the recipe's LoRAs alone, and is passed by without any
	controls []string          // nodes that apply control networks, the first behind the prompt
	maskTo   []slot            // inputs that want a mask which no file of its own gives yet
	output   string            // node that was named; "" is any that saves
}

// fields are what a slot may be called, with the inputs that it means where a title doesn't say which: the first of them
// that the node has, or all of them where every says so.
func fields() map[string]struct {
	inputs []string
	every  bool
} {
	type f = struct {
		inputs []string
		every  bool
	}
	loader := []string{"ckpt_name", "unet_name", "model_path", "model_name"}
	text := []string{"text", "prompt", "string", "value", "text_l", "text_g", "clip_l", "t5xxl"}
	return map[string]f{
		"prompt": {text, true}, "negative_prompt": {text, true},
		"width": {[]string{"width", "value", "int"}, false}, "height": {[]string{"height", "value", "int"}, false},
		"seed": {[]string{"seed", "noise_seed", "value", "int"}, false}, "steps": {[]string{"steps", "value", "int"}, false},
		"guidance_scale": {[]string{"cfg", "guidance", "value", "float"}, false}, "strength": {[]string{"denoise", "strength", "value", "float"}, false},
		"sampler": {[]string{"sampler_name"}, false}, "scheduler": {[]string{"scheduler"}, false},
		"model": {loader, false}, "refiner": {loader, false}, "upscaler": {[]string{"model_name"}, false},
		"init_image": {[]string{"image"}, false}, "mask_image": {[]string{"image"}, false}, "reference": {[]string{"image"}, false},
	}
}

// readTemplates reads every NAME.json of a folder. What can't be used is told in wrong and left out.
func readTemplates(dir fs.FS) (all []template, wrong []string, err error) {
	names, err := fs.Glob(dir, "*.json")
	if err != nil {
		return nil, nil, fmt.Errorf("comfyui: looking for workflows: %w", err)
	}
	for _, name := range names {
		info, err := fs.Stat(dir, name)
		if err == nil && info.Size() > maxTemplate {
			err = fmt.Errorf("has more than %d bytes", maxTemplate)
		}
		var data []byte
		if err == nil {
			data, err = fs.ReadFile(dir, name)
		}
		var t template
		if err == nil {
			t, err = readTemplate(strings.TrimSuffix(path.Base(name), ".json"), data)
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("workflow %s: %v", name, err))
			continue
		}
		all = append(all, t)
	}
	return all, wrong, nil
}

// readTemplate reads a workflow in API format and finds its slots.
func readTemplate(name string, data []byte) (template, error) {
	g, fromEditor, err := infotext.ParseGraph(string(data))
	if fromEditor { // also one that can't be read
		return template{}, art.Invalid("workflow", "is in the editor's format, which a server doesn't run", "open it in ComfyUI and choose Workflow, Export (API)")
	}
	if err != nil {
		return template{}, err
	}
	canonical, err := art.CanonicalJSON(g)
	if err != nil {
		return template{}, err
	}
	t := template{name: name, digest: art.Digest(canonical), graph: g, slots: map[string][]slot{}}
	for _, id := range g.IDs() {
		if err := t.named(id); err != nil {
			return template{}, err
		}
	}
	finder{&t, map[string]bool{}}.find()
	if len(t.slots) == 0 && len(t.loras)+len(t.controls) == 0 {
		return t, art.Invalid("workflow", "has no input that a recipe could fill", `write slot:prompt, slot:seed … into the titles of its nodes`)
	}
	return t, nil
}

// named takes the slots out of a node's title: "slot:FIELD", or "slot:FIELD=INPUT" where the input isn't the usual one.
func (t *template) named(id string) error {
	node := t.graph[id]
	title, _ := node.Meta["title"].(string)
	for _, found := range regexp.MustCompile(`slot:([a-z_0-9.]+)(?:=([A-Za-z0-9_.]+))?`).FindAllStringSubmatch(title, -1) {
		field, in := found[1], found[2]
		wrong := func(reason, remedy string) error { return art.Invalid("node "+id+" slot:"+field, reason, remedy) }
		switch field {
		case "output":
			t.output = id
			continue
		case "loras":
			if !isLoRA(node) {
				return wrong("stands at a "+node.Class, "put it into the title of a LoraLoader")
			}
			if t.seat = true; !slices.Contains(t.loras, id) {
				t.loras = append(t.loras, id)
			}
			continue
		case "control":
			if !isControl(node) {
				return wrong("stands at a "+node.Class, "put it into the title of a ControlNetApplyAdvanced")
			}
			if !slices.Contains(t.controls, id) {
				t.controls = append(t.controls, id)
			}
			continue
		case "size":
			if err := errorsOf(t.place(id, "width", ""), t.place(id, "height", "")); err != nil {
				return err
			}
			continue
		}
		if err := t.place(id, field, in); err != nil {
			return err
		}
	}
	return nil
}

func errorsOf(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// place puts a field's slot into a node.
func (t *template) place(id, field, in string) error {
	node := t.graph[id]
	known, ok := fields()[field]
	if option, is := strings.CutPrefix(field, "options."); is && option != "" {
		known.inputs, ok = []string{option, "value"}, true
	}
	if !ok {
		return art.Invalid("node "+id+" slot:"+field, "is no field of a recipe", "use "+strings.Join(append(slices.Sorted(maps.Keys(fields())), "size", "loras", "control", "output", "options.NAME"), ", "))
	}
	if in != "" {
		known.inputs = []string{in}
	}
	placed := false
	for _, name := range known.inputs {
		value, there := node.Inputs[name]
		if _, _, linked := infotext.LinkOf(value); !there || linked || placed && !known.every {
			continue
		}
		t.slots[field] = append(t.slots[field], slot{id, name, field})
		placed = true
	}
	if !placed {
		return art.Invalid("node "+id+" slot:"+field, fmt.Sprintf("%s has no value of its own among %s", node.Class, strings.Join(known.inputs, ", ")), "put the title on the node that holds the value, or write slot:"+field+"=INPUT")
	}
	return nil
}

func (t template) has(field string) bool { return len(t.slots[field]) > 0 }

// value is what the workflow itself has in a slot, as text.
func (t template) value(field string) string {
	if !t.has(field) {
		return ""
	}
	s := t.slots[field][0]
	data, err := json.Marshal(t.graph[s.node].Inputs[s.input])
	if err != nil {
		return ""
	}
	return plain(data)
}

func (t template) whole(field string) int {
	var n int
	_, _ = fmt.Sscanf(t.value(field), "%d", &n) // a text has none
	return n
}

// mode is what the workflow makes of what.
func (t template) mode() string {
	sampled := false
	for _, n := range t.graph {
		sampled = sampled || isSampler(n)
	}
	switch {
	case t.has("mask_image") || len(t.maskTo) > 0:
		return art.ModeInpaint
	case t.has("init_image") && !sampled && t.has("upscaler"):
		return art.ModeUpscale
	case t.has("init_image"):
		return art.ModeImageToImage
	}
	return art.ModeTextToImage
}

// model says what the workflow honours on a server; c is what all of its models have in common.
func (t template) model(k known, c art.Capabilities) engine.Model {
	c.Model = art.ModelRef{Name: t.name, Version: t.digest[:12]}
	c.Modes = []string{t.mode()}
	c.Seeds, c.Negative = t.has("seed"), t.has("negative_prompt")
	if c.Refiner = t.has("refiner"); len(t.loras) > 0 {
		c.LoRAs = adapters(k.nodes.choices(t.graph[t.loras[0]].Class, "lora_name"))
		c.TakesLoRAs = len(c.LoRAs) > 0
	}
	c.MaxReferences = len(t.slots["reference"])
	if len(t.controls) > 0 {
		c.Controls = k.kinds()
		for _, id := range t.controls {
			if kind := infotext.KindOfModel(t.network(id)); kind != "" && !slices.Contains(c.Controls, kind) {
				c.Controls = append(c.Controls, kind)
			}
		}
	}
	if !t.has("steps") {
		c.MaxSteps = 0
	}
	if !t.has("sampler") {
		c.Samplers = nil
	}
	if !t.has("scheduler") {
		c.Schedulers = nil
	}
	c.Options = t.options()
	c.NativeWidth, c.NativeHeight = max(t.whole("width"), c.MinSize), max(t.whole("height"), c.MinSize)
	d := engine.Defaults{Steps: t.whole("steps")}
	_, _ = fmt.Sscan(t.value("guidance_scale"), &d.GuidanceScale)
	if s, _ := infotext.ComfySamplers([]string{t.value("sampler")}, nil); t.has("sampler") && len(s) == 1 {
		d.Sampler = s[0]
	}
	if _, s := infotext.ComfySamplers(nil, []string{t.value("scheduler")}); t.has("scheduler") && len(s) == 1 {
		d.Scheduler = s[0]
	}
	return engine.Model{Capabilities: c, Defaults: d}
}

// network is the file that a node which applies a control network gets it from.
func (t template) network(id string) string {
	loader, _, _ := infotext.LinkOf(t.graph[id].Inputs["control_net"])
	name, _ := t.graph[loader].Inputs["control_net_name"].(string)
	return name
}

// breaks says what keeps the workflow from running on a server. Inputs that a recipe fills aren't looked at.
func (k known) breaks(t template) []string {
	var all []string
	_, wrong := k.nodes.complete(t.graph, k.pinned)
	for _, p := range wrong {
		filled := false
		for _, slots := range t.slots {
			filled = filled || slices.ContainsFunc(slots, func(s slot) bool { return s.node == p.node && s.input == p.input && s.field != "model" })
		}
		if !filled {
			all = append(all, p.String())
		}
	}
	return all
}

// trouble is what somebody should know of a server that answers: templates that it can't run, and what has changed in
// nodes that are used.
func (k known) trouble(templates []template) []string {
	if k.err != nil {
		return nil
	}
	var all []string
	used := map[string]bool{}
	for _, class := range core() {
		used[class] = true
	}
	for _, t := range templates {
		for _, n := range t.graph {
			used[n.Class] = true
		}
		if wrong := k.breaks(t); len(wrong) > 0 {
			all = append(all, fmt.Sprintf("%s can't run workflow %s: %s", k.base, t.name, strings.Join(wrong, ", ")))
		}
	}
	const most = 5
	var changed []string
	for _, d := range k.drift {
		if used[d.Node] {
			changed = append(changed, d.String())
		}
	}
	if n := len(changed); n > most {
		changed = append(changed[:most], fmt.Sprintf("%d more", n-most))
	}
	if len(changed) > 0 {
		all = append(all, fmt.Sprintf("%s has changed since it was pinned: %s", k.base, strings.Join(changed, ", ")))
	}
	return all
}

// core are the classes of which graphs are built here.
func core() []string {
	return []string{
		"CheckpointLoaderSimple", "LoraLoader", "ModelSamplingDiscrete", "RescaleCFG", "CLIPSetLastLayer", "CLIPTextEncode", "CLIPTextEncodeSDXL",
		"CLIPTextEncodeSDXLRefiner", "ControlNetLoader", "ControlNetApplyAdvanced", "LoadImage", "LoadImageMask", "EmptyLatentImage", "ImageScale",
		"VAEEncode", "SetLatentNoiseMask", "KSampler", "KSamplerAdvanced", "LatentUpscaleBy", "ImageScaleBy", "UpscaleModelLoader",
		"ImageUpscaleWithModel", "VAEDecode", "SaveImage",
	}
}
