package infotext

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"presswerk/internal/art"
)

// maxDepth is how many links are followed in a row; a graph may be a ring.
const maxDepth = 200

// parseComfyUI reads a graph from its picture back to its beginnings: from the node that saves, over decoding, to the
// sampler, and from there to model, LoRAs, prompts, control networks and size. Nodes that were not met, or not
// understood, are kept with their class.
func parseComfyUI(text string) (Record, error) {
	g, fromEditor, err := ParseGraph(text)
	if err != nil {
		return Record{}, err
	}
	c := &comfy{reading: newReading(ComfyUI), graph: g, met: map[string]bool{}}
	p := &c.Recipe
	p.Syntax, p.NoiseSource = "a1111", "cpu"
	if fromEditor {
		c.note(NoteWorkflow)
	}
	id, found := c.lastSampler()
	switch {
	case found:
		c.sampling(id)
	case !c.enlarging():
		c.Missing = append(c.Missing, "sampler node")
	}
	if weighted(p.Prompt) || weighted(p.NegativePrompt) {
		c.note(NoteWeights)
	}
	for _, id := range g.IDs() {
		if n := g[id]; !c.met[id] {
			c.keep(fmt.Sprintf("node %s %s", id, n.Class), compact(n.Inputs))
		}
	}
	return c.done(), nil
}

// comfy is a graph being read.
type comfy struct {
	*reading
	graph Graph
	met   map[string]bool // nodes that were understood
}

// input follows a link of a node; ok is false for values and for links to nowhere.
func (c *comfy) input(id, name string) (next string, output int, ok bool) {
	next, output, ok = LinkOf(c.graph[id].Inputs[name])
	if ok {
		_, ok = c.graph[next]
	}
	return next, output, ok
}

// text is a value of a node, also one that another node hands on ("PrimitiveString" and the like).
func (c *comfy) text(id, name string) (string, bool) {
	for range maxDepth {
		v := c.graph[id].Inputs[name]
		if s, ok := textOf(v); ok {
			return s, true
		}
		next, _, ok := LinkOf(v)
		n, there := c.graph[next]
		if !ok || !there {
			return "", false
		}
		found := ""
		for _, key := range []string{"text", "string", "value", "prompt", "text_g", "seed", "int", "float", "Text", "String", "Number"} {
			if n.Inputs[key] != nil {
				found = key
				break
			}
		}
		if found == "" {
			return "", false
		}
		c.met[next] = c.met[next] || len(n.Inputs) == 1
		id, name = next, found
	}
	return "", false
}

func (c *comfy) float(id, name string) (float64, bool) {
	s, ok := c.text(id, name)
	f, is := number(s)
	return f, ok && is
}

func (c *comfy) whole(id, name string) int {
	s, _ := c.text(id, name)
	n, _ := wholeNumber(s, maxSide)
	return n
}

// isSampler knows the core's four samplers, and nodes of others that have the same inputs.
func isSampler(n Node) bool {
	if coreSampler(n.Class) {
		return true
	}
	_, _, latent := LinkOf(n.Inputs["latent_image"])
	return latent && n.Inputs["sampler_name"] != nil && n.Inputs["steps"] != nil
}

func coreSampler(class string) bool {
	return slices.Contains([]string{"KSampler", "KSamplerAdvanced", "SamplerCustom", "SamplerCustomAdvanced"}, class)
}

func isSave(class string) bool {
	return slices.Contains([]string{"SaveImage", "PreviewImage", "SaveImageWebsocket", "SaveAnimatedWEBP", "SaveAnimatedPNG"}, class)
}

// lastSampler is the sampler from which the saved picture comes; without a node that saves, the one that no other
// sampler builds on.
func (c *comfy) lastSampler() (string, bool) {
	for _, want := range []string{"SaveImage", ""} {
		for _, id := range c.graph.IDs() {
			if class := c.graph[id].Class; isSave(class) && (want == "" || class == want) {
				if s, ok := c.upstream(id, "images", nil); ok {
					c.met[id] = true
					return s, true
				}
			}
		}
	}
	used := map[string]bool{}
	for id, n := range c.graph {
		if isSampler(n) {
			if s, ok := c.upstream(id, "latent_image", nil); ok {
				used[s] = true
			}
		}
	}
	for _, id := range slices.Backward(c.graph.IDs()) {
		if isSampler(c.graph[id]) && !used[id] {
			return id, true
		}
	}
	return "", false
}

// upstream follows pictures and latents back to the sampler that they come from. Visit is shown each node between.
func (c *comfy) upstream(id, name string, visit func(id string, n Node)) (string, bool) {
	for range maxDepth {
		next, _, ok := c.input(id, name)
		if !ok {
			return "", false
		}
		n := c.graph[next]
		if isSampler(n) {
			return next, true
		}
		if visit != nil {
			visit(next, n)
		}
		id, name = next, ""
		for _, key := range []string{"samples", "image", "images", "pixels", "latent", "latent_image"} {
			if _, _, linked := LinkOf(n.Inputs[key]); linked {
				name = key
				break
			}
		}
		if name == "" {
			return "", false
		}
		c.met[next] = c.met[next] || passes(n.Class)
	}
	return "", false
}

// passes says whether a node hands on what it got, in another form.
func passes(class string) bool {
	return slices.Contains([]string{
		"VAEDecode", "VAEDecodeTiled", "VAEEncode", "VAEEncodeTiled", "LatentUpscale", "LatentUpscaleBy", "ImageScale", "ImageScaleBy", "ImageUpscaleWithModel",
	}, class)
}

// sampling reads the last sampler, and the one before it where there are two: a second pass over an enlarged picture, or
// a refiner for the last steps.
func (c *comfy) sampling(last string) {
	var way []string
	first, two := c.upstream(last, "latent_image", func(id string, _ Node) { way = append(way, id) })
	if !two {
		c.pass(last)
		c.walk(last)
		return
	}
	c.pass(first)
	c.walk(first)
	a, b := c.graph[first], c.graph[last]
	if a.Class == "KSamplerAdvanced" && b.Class == "KSamplerAdvanced" && len(way) == 0 {
		c.refine(first, last)
		return
	}
	c.second(last, way)
}

// refine makes a refiner of the sampler that goes on where the first one ended.
func (c *comfy) refine(first, last string) {
	end, _ := c.float(first, "end_at_step")
	steps := c.Recipe.Steps
	ref, ok := c.modelOf(last, false)
	if !ok || steps == 0 || end >= float64(steps) {
		return
	}
	c.met[last] = true
	c.Recipe.Refiner = &art.Refiner{ModelRef: ref, Start: end / float64(steps)}
	c.sameWords(last)
}

// sameWords marks the prompts of a later sampler as understood when they say what the first one's do. Others have no
// place in a recipe, and stay unmet, so that they are kept.
func (c *comfy) sameWords(later string) {
	met, recipe, kept := maps.Clone(c.met), c.Recipe, c.Kept
	positive, negative := c.prompt(later, "positive"), c.prompt(later, "negative")
	if positive != recipe.Prompt || negative != recipe.NegativePrompt || len(c.Recipe.Controls) != len(recipe.Controls) {
		c.met, c.Kept = met, kept
	}
	c.Recipe = recipe
}

// second makes a second pass of the sampler behind an enlargement.
func (c *comfy) second(last string, way []string) {
	h := &art.Hires{Scale: 1, Strength: 1}
	p := &c.Recipe
	for _, id := range way {
		n := c.graph[id]
		switch n.Class {
		case "LatentUpscaleBy", "ImageScaleBy":
			if f, ok := c.float(id, "scale_by"); ok {
				h.Scale *= f
			}
			c.method(h, id)
		case "LatentUpscale", "ImageScale":
			if w := c.whole(id, "width"); w > 0 && p.Width > 0 {
				h.Scale = float64(w) / float64(p.Width)
				if c.whole(id, "height")*p.Width != w*p.Height {
					c.note(NoteSizes)
				}
			}
			c.method(h, id)
		case "ImageUpscaleWithModel":
			if loader, _, ok := c.input(id, "upscale_model"); ok {
				name, _ := c.text(loader, "model_name")
				h.Upscaler = upscalerFrom(modelName(name), func(u upscaler) string { return u.comfy })
				c.met[loader] = true
			}
		}
	}
	if f, ok := c.float(last, "denoise"); ok {
		h.Strength = f
	} else if steps, start := c.whole(last, "steps"), c.whole(last, "start_at_step"); steps > 0 {
		h.Strength = float64(max(steps-start, 0)) / float64(steps)
	}
	p.Hires = h
	c.met[last] = coreSampler(c.graph[last].Class)
	if steps := c.whole(last, "steps"); steps != secondSteps(p.Steps, h.Strength) {
		c.keep("second pass steps", strconv.Itoa(steps))
	}
	if seed, ok := c.text(last, "seed"); ok && seed != strconv.FormatInt(int64(p.Seed), 10) {
		c.keep("second pass seed", seed)
	}
	c.sameWords(last)
}

// method names how a node enlarges, unless a network did it.
func (c *comfy) method(h *art.Hires, id string) {
	how, _ := c.text(id, "upscale_method")
	if h.Upscaler == "" && how != "" {
		h.Upscaler = upscalerFrom(how, func(u upscaler) string { return u.comfy })
	}
}

// enlarging reads a graph without a sampler that enlarges a picture with a network.
func (c *comfy) enlarging() bool {
	for _, id := range c.graph.IDs() {
		if n := c.graph[id]; n.Class == "ImageUpscaleWithModel" {
			p := &c.Recipe
			loader, _, _ := c.input(id, "upscale_model")
			name, ok := c.text(loader, "model_name")
			if !ok {
				return false
			}
			p.Mode, p.Upscaler.Name = art.ModeUpscale, upscalerFrom(modelName(name), func(u upscaler) string { return u.comfy })
			p.NoiseSource, p.Syntax = "", ""
			c.met[id], c.met[loader] = true, true
			c.enlarged(id)
			return true
		}
	}
	return false
}

// enlarged finds the size behind a network, and the pictures before and after it.
func (c *comfy) enlarged(network string) {
	for _, id := range c.graph.IDs() {
		n := c.graph[id]
		from, _, ok := c.input(id, "image")
		if ok && n.Class == "ImageScale" && from == network {
			c.Recipe.Width, c.Recipe.Height = c.whole(id, "width"), c.whole(id, "height")
			c.met[id] = true
		}
		c.met[id] = c.met[id] || isSave(n.Class)
	}
	if load, _, ok := c.input(network, "image"); ok {
		c.loaded(load)
	}
}

// loaded keeps the name of a picture that a node loads.
func (c *comfy) loaded(id string) {
	if name, ok := c.text(id, "image"); ok {
		c.met[id] = true
		c.keep("picture "+id, name)
	}
}
