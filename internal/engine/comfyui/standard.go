package comfyui

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/infotext"
)

// slot is an input of a node that stands for a field of the recipe.
type slot struct {
	node, input string
	field       string // as errors name it
}

// drawn is a graph for one server.
type drawn struct {
	graph  infotext.Graph
	slots  []slot            // what a server's complaints are about
	images map[string][]slot // by the SHA-256 of the picture that is loaded there
	output string            // node whose picture counts; "" is any that saves
	notes  []string
}

// load says that a picture of the recipe is loaded by a node.
func (d *drawn) load(picture string, s slot) error {
	sum, ok := strings.CutPrefix(picture, "sha256:")
	if !ok || sum == "" {
		return art.Invalid(s.field, "is missing", "name a picture by its SHA-256")
	}
	if d.images == nil {
		d.images = map[string][]slot{}
	}
	d.images[sum] = append(d.images[sum], s)
	d.set(s, sum+".png")
	return nil
}

// set writes a value into an input; the graph's nodes are the drawing's own.
func (d *drawn) set(s slot, value any) {
	d.graph[s.node].Inputs[s.input] = value
	d.slots = append(d.slots, s)
}

const endings = `\.(safetensors|ckpt|pt|pth|bin|gguf|sft)$`

// bare is a file's name without its ending.
func bare(name string) string { return regexp.MustCompile(endings).ReplaceAllString(name, "") }

// modelName is what a checkpoint is called here: its file without .safetensors, as recipes from pictures name it.
func modelName(file string) string { return strings.TrimSuffix(file, ".safetensors") }

// find finds the file that a recipe names: exactly, without its ending, or without its folder where that is clear.
func find(field, name string, files []string) (string, error) {
	name = strings.ReplaceAll(name, `\`, "/")
	for _, same := range []func(string) bool{
		func(f string) bool { return f == name },
		func(f string) bool { return bare(f) == bare(name) },
		func(f string) bool { return bare(f[strings.LastIndexAny(f, `/\`)+1:]) == bare(name) },
	} {
		found := slices.DeleteFunc(slices.Clone(files), func(f string) bool { return !same(f) && !same(strings.ReplaceAll(f, `\`, "/")) })
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return "", &art.FieldError{Field: field, Reason: fmt.Sprintf("%q may be %s", name, strings.Join(found, " or ")), Remedy: "name one with its folder", Kind: art.ErrInvalid}
		}
	}
	return "", &art.FieldError{Field: field, Reason: fmt.Sprintf("the server has no %q", name), Remedy: "put the file there, or use " + some(files), Kind: art.ErrNotFound}
}

// some are the first of many names.
func some(names []string) string {
	const most = 12
	if len(names) == 0 {
		return "none: it has no such file"
	}
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" or one of %d others", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// files are those of each kind that the server lists.
func (k known) checkpoints() []string { return k.nodes.choices("CheckpointLoaderSimple", "ckpt_name") }
func (k known) loras() []string       { return k.nodes.choices("LoraLoader", "lora_name") }
func (k known) controls() []string    { return k.nodes.choices("ControlNetLoader", "control_net_name") }
func (k known) upscalers() []string   { return k.nodes.choices("UpscaleModelLoader", "model_name") }

// adapters are LoRA files as capabilities name them; nobody knows their hashes or what they were trained on.
func adapters(files []string) []art.Adapter {
	var all []art.Adapter
	for _, file := range files {
		all = append(all, art.Adapter{Name: modelName(file)})
	}
	return all
}

// kinds are the kinds of control pictures for which the server has networks whose names say so.
func (k known) kinds() []string {
	var all []string
	for _, file := range k.controls() {
		if kind := infotext.KindOfModel(file); kind != "" && !slices.Contains(all, kind) {
			all = append(all, kind)
		}
	}
	return all
}

// network finds the control network that a recipe's control means.
func (k known) network(field string, c art.Control) (string, error) {
	if c.Model.Name != "" {
		return find(field+".model", c.Model.Name, k.controls())
	}
	fit := slices.DeleteFunc(slices.Clone(k.controls()), func(f string) bool { return infotext.KindOfModel(f) != c.Kind })
	if len(fit) == 1 {
		return fit[0], nil
	}
	return "", art.Invalid(field+".model", fmt.Sprintf("%d networks of the server are for %s", len(fit), c.Kind), "name one of "+some(k.controls()))
}

// common is what all models of a server have in common.
func (k known) common() art.Capabilities {
	c := art.Capabilities{
		MinSize: 16, MaxSize: 16384, SizeStep: 8, NativeWidth: 512, NativeHeight: 512, MaxSteps: 10000,
		Seeds: true, Negative: true, Weights: true, Dialect: "a1111",
	}
	sampler := k.nodes["KSampler"].required
	c.Samplers, c.Schedulers = infotext.ComfySamplers(sampler["sampler_name"].choices, sampler["scheduler"].choices)
	for name, into := range map[string]*int{"min": &c.MinSize, "max": &c.MaxSize, "step": &c.SizeStep} {
		if n, ok := k.nodes["EmptyLatentImage"].required["width"].limits[name]; ok && n >= 1 {
			*into = int(n)
		}
	}
	if n, ok := sampler["steps"].limits["max"]; ok && n >= 1 {
		c.MaxSteps = int(n)
	}
	return c
}

// models are the server's checkpoints, and the templates that it can run.
func (k known) models(templates []template) []engine.Model {
	if k.err != nil {
		return nil
	}
	common := k.common()
	var all []engine.Model
	for _, t := range templates {
		if len(k.breaks(t)) == 0 {
			all = append(all, t.model(k, common))
		}
	}
	common.Controls, common.LoRAs = k.kinds(), adapters(k.loras())
	common.TakesLoRAs, common.Hires, common.Refiner = len(common.LoRAs) > 0, true, true
	for _, file := range k.checkpoints() {
		c := common
		c.Model = art.ModelRef{Name: modelName(file)}
		c.Modes = []string{art.ModeTextToImage, art.ModeImageToImage, art.ModeInpaint}
		if len(k.upscalers()) > 0 {
			c.Modes = append(c.Modes, art.ModeUpscale)
		}
		if strings.Contains(strings.ToLower(file), "xl") {
			c.NativeWidth, c.NativeHeight = 1024, 1024 // by name alone: a server tells nothing of what is in a file
		}
		all = append(all, engine.Model{Capabilities: c, Defaults: engine.Defaults{Sampler: "euler", Scheduler: "normal", Steps: 20, GuidanceScale: 7}})
	}
	return all
}

// standard draws a recipe with nodes of the core.
func standard(k known, r art.Recipe) (drawn, error) {
	var d drawn
	r, d.notes = filled(r)
	if err := carried(r); err != nil {
		return d, err
	}
	g, slots, err := infotext.BuildGraph(r)
	if err != nil {
		return d, err
	}
	d.graph, d.output = g, slots.Output
	at := func(s infotext.Slot, field string) slot { return slot{s.Node, s.Input, field} }
	name := func(s infotext.Slot, field, want string, files []string) {
		if err != nil || s.Node == "" {
			return
		}
		var file string
		if file, err = find(field, want, files); err == nil {
			d.set(at(s, field), file)
		}
	}
	name(slots.Model, "model", r.Model.Name, k.checkpoints())
	if r.Refiner != nil {
		name(slots.Refiner, "refiner", r.Refiner.Name, k.checkpoints())
	}
	for i, s := range slots.LoRAs {
		name(s, fmt.Sprintf("loras[%d]", i), r.LoRAs[i].Name, k.loras())
	}
	if r.Mode == art.ModeUpscale {
		name(slots.Upscaler, "upscaler", infotext.ComfyUpscaler(r.Upscaler.Name), k.upscalers())
	} else if r.Hires != nil {
		name(slots.Upscaler, "hires.upscaler", infotext.ComfyUpscaler(r.Hires.Upscaler), k.upscalers())
	}
	if err != nil {
		return d, err
	}
	for i, c := range r.Controls {
		field := fmt.Sprintf("controls[%d]", i)
		file, err := k.network(field, c)
		if err != nil {
			return d, err
		}
		d.set(at(slots.ControlModels[i], field+".model"), file)
		if err := d.load(c.Image, at(slots.Controls[i], field+".image")); err != nil {
			return d, err
		}
	}
	if slots.InitImage.Node != "" {
		if err := d.load(r.InitImage, at(slots.InitImage, "init_image")); err != nil {
			return d, err
		}
	}
	if slots.Mask.Node != "" {
		if err := d.load(r.MaskImage, at(slots.Mask, "mask_image")); err != nil {
			return d, err
		}
	}
	d.slots = append(d.slots, at(slots.Positive, "prompt"), at(slots.Negative, "negative_prompt"), at(slots.Width, "width"), at(slots.Height, "height"))
	return d, k.complete(&d)
}

// complete fills in what the server's nodes require beyond what the graph says.
func (k known) complete(d *drawn) error {
	g, wrong := k.nodes.complete(d.graph, k.pinned)
	if len(wrong) > 0 {
		p := wrong[0]
		for _, s := range d.slots {
			if s.node == p.node && s.input == p.input {
				return art.Unsupported(s.field, k.base+": "+p.String(), "correct the recipe, or the server's nodes")
			}
		}
		return art.Unsupported("nodes."+p.node, k.base+": "+p.String(), "bring the server's nodes to what they were, or use another server")
	}
	d.graph = g
	return nil
}

// filled writes out what the recipe leaves to the engine, and prompts as ComfyUI reads them.
func filled(r art.Recipe) (art.Recipe, []string) {
	if r.Mode != art.ModeUpscale {
		if r.Sampler == "" {
			r.Sampler = "euler"
		}
		if r.Scheduler == "" {
			r.Scheduler = "normal"
		}
	}
	return written(r)
}

// written gives the prompts as ComfyUI reads them: parentheses always weigh there.
func written(r art.Recipe) (art.Recipe, []string) {
	if r.Syntax == "a1111" {
		if strings.Contains(r.Prompt+r.NegativePrompt, "(") {
			return r, []string{"ComfyUI weighs words without restoring the mean, so weights do more than in A1111"}
		}
		return r, nil
	}
	escape := strings.NewReplacer("(", `\(`, ")", `\)`)
	r.Prompt, r.NegativePrompt, r.Prompt2 = escape.Replace(r.Prompt), escape.Replace(r.NegativePrompt), escape.Replace(r.Prompt2)
	return r, nil
}

// byStep finds what A1111 takes apart by step or by part, and ComfyUI takes literally.
func byStep(prompt string) string {
	return regexp.MustCompile(`\[[^\[\]]*[:|][^\[\]]*\]|\b(BREAK|AND)\b`).FindString(prompt)
}

// checkWords refuses prompts that ComfyUI would read otherwise than they are meant.
func checkWords(r art.Recipe) error {
	for _, p := range []struct{ field, text string }{{"prompt", r.Prompt}, {"negative_prompt", r.NegativePrompt}, {"prompt_2", r.Prompt2}} {
		if found := byStep(p.text); r.Syntax == "a1111" && found != "" {
			return art.Unsupported(p.field, fmt.Sprintf("ComfyUI takes %q for plain words", found), "take it out, or use an engine that reads A1111's syntax")
		}
	}
	return nil
}

// carried refuses what a graph of the core's nodes doesn't say.
func carried(r art.Recipe) error {
	if r.Mode == art.ModeUpscale {
		return nil // BuildGraph refuses what it must
	}
	if r.Steps < 1 {
		return art.Invalid("steps", fmt.Sprintf("%d are too few", r.Steps), "choose 10 to 50")
	}
	if err := checkWords(r); err != nil {
		return err
	}
	for i, c := range r.Controls {
		if c.GuessMode {
			return art.Unsupported(fmt.Sprintf("controls[%d].guess_mode", i), "ComfyUI's core has no node for it", "take it out")
		}
	}
	for _, u := range []struct {
		asked bool
		field string
	}{
		{r.InitImage != "" && r.Mode == art.ModeTextToImage, "init_image"},
		{r.MaskImage != "" && r.Mode != art.ModeInpaint, "mask_image"},
		{r.Upscaler != art.ModelRef{}, "upscaler"},
		{r.Model.Dir != "", "model.dir"},
		{r.Strength != nil && r.Mode == art.ModeTextToImage, "strength"},
	} {
		if u.asked {
			return art.Unsupported(u.field, "doesn't go with "+r.Mode, "take it out")
		}
	}
	return lostFields(r)
}

// lostFields writes the recipe as a graph and reads it back: what comes back otherwise, the graph can't say.
func lostFields(r art.Recipe) error {
	r.Model, r.InitImage, r.MaskImage, r.Controls = art.ModelRef{Name: "m"}, "", "", nil
	r.LoRAs = slices.Clone(r.LoRAs)
	for i := range r.LoRAs {
		r.LoRAs[i].Name, r.LoRAs[i].SHA256 = "l", ""
	}
	if r.Refiner != nil {
		r.Refiner = &art.Refiner{ModelRef: art.ModelRef{Name: "r"}, Start: r.Refiner.Start}
	}
	if r.Hires != nil {
		h := *r.Hires
		h.UpscalerSHA256, h.Upscaler = "", bare(h.Upscaler)
		r.Hires = &h
	}
	lost, err := infotext.Lost(r, infotext.ComfyUI)
	if err != nil {
		return err
	}
	for _, field := range lost {
		switch field {
		case "syntax": // written has seen to it
		case "scheduler_config":
			key, err := infotext.ComfyCarries(r)
			if err != nil {
				return err
			}
			if key != "" {
				return art.Unsupported("scheduler_config."+key, "is not what ComfyUI's samplers do", "take it out, or use engine local")
			}
		default:
			return art.Unsupported(field, "ComfyUI's core has no node for it as it stands in the recipe", "take it out, or write a workflow for it")
		}
	}
	return nil
}
