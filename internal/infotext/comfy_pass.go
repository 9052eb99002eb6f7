package infotext

import (
	"math"
	"strings"

	"presswerk/internal/art"
)

// comfySchedule translates ComfyUI's names. Its ddim is euler, but for the curve that is DDIM's own.
func comfySchedule(name, schedule string) (sampler, curve, bool) {
	if name == "" {
		return sampler{}, curve{}, false
	}
	s, known := samplerBy(func(s sampler) string { return s.comfy }, name)
	if !known {
		s = sampler{name: name} // custom nodes bring names of their own; they stay as they are
	}
	c, known := curveBy(func(c curve) string { return c.comfy }, schedule)
	switch {
	case !known:
		c = curve{name: schedule}
	case s.name == "ddim" && schedule == "ddim_uniform":
		c = curve{name: "normal"}
	case s.name == "ddim":
		s, _ = samplerNamed("euler")
	}
	return s, c, true
}

// comfyNames are ComfyUI's names of a recipe's sampler and curve.
func comfyNames(p art.Recipe) (name, schedule string) {
	name = p.Sampler
	if s, ok := samplerNamed(p.Sampler); ok && s.comfy != "" {
		name = s.comfy
	}
	if p.Sampler == "ddim" && p.Scheduler == "normal" {
		return name, "ddim_uniform"
	}
	schedule = curveOf(p, func(c curve) string { return c.comfy })
	if schedule == "" {
		schedule = p.Scheduler
	}
	return name, schedule
}

// pass reads what a sampler works on: model, prompts, controls, and the picture or size it begins with.
func (c *comfy) pass(id string) {
	c.met[id] = coreSampler(c.graph[id].Class) // another node may do more than a sampler, and is kept besides
	holder := id
	if guider, _, ok := c.input(id, "guider"); ok {
		holder = guider
		c.met[guider] = true
	}
	if ref, ok := c.modelOf(holder, true); ok {
		c.Recipe.Model = ref
	}
	p := &c.Recipe
	positive := "positive"
	if _, _, ok := c.input(holder, positive); !ok {
		positive = "conditioning" // a BasicGuider has no negative prompt
	}
	p.Prompt = c.prompt(holder, positive)
	p.NegativePrompt = c.prompt(holder, "negative")
	c.latent(id)
}

// modelOf follows the model's link over LoRAs and patches to the loader.
func (c *comfy) modelOf(id string, patches bool) (art.ModelRef, bool) {
	for range maxDepth {
		next, _, ok := c.input(id, "model")
		if !ok {
			return art.ModelRef{}, false
		}
		n := c.graph[next]
		switch n.Class {
		case "CheckpointLoaderSimple", "CheckpointLoader":
			return c.named(next, "ckpt_name")
		case "UNETLoader":
			return c.named(next, "unet_name")
		case "DiffusersLoader":
			return c.named(next, "model_path")
		}
		if patches {
			c.patch(next, n)
		}
		id = next
	}
	return art.ModelRef{}, false
}

func (c *comfy) named(id, name string) (art.ModelRef, bool) {
	v, ok := c.text(id, name)
	c.met[id] = ok
	return art.ModelRef{Name: modelName(v)}, ok
}

// patch reads a node between loader and sampler.
func (c *comfy) patch(id string, n Node) {
	p := &c.Recipe
	switch n.Class {
	case "LoraLoader", "LoraLoaderModelOnly":
		name, _ := c.text(id, "lora_name")
		weight, ok := c.float(id, "strength_model")
		clip, both := c.float(id, "strength_clip")
		if !ok || both && clip != weight {
			return // weights of its own for the text encoder have no place in a recipe
		}
		p.LoRAs = append([]art.LoRA{{Name: modelName(name), Weight: weight}}, p.LoRAs...)
		c.met[id] = true
	case "RescaleCFG":
		p.GuidanceRescale, c.met[id] = c.float(id, "multiplier")
	case "ModelSamplingDiscrete":
		how, _ := c.text(id, "sampling")
		names := map[string]string{"eps": "epsilon", "v_prediction": "v_prediction"}
		if names[how] == "" {
			return
		}
		p.Prediction, c.met[id] = names[how], true
		if zsnr, _ := n.Inputs["zsnr"].(bool); zsnr {
			c.config("rescale_betas_zero_snr", true)
		}
	}
}

// prompt follows a conditioning's link over control networks to the text.
func (c *comfy) prompt(id, name string) string {
	for range maxDepth {
		next, output, ok := c.input(id, name)
		if !ok {
			return ""
		}
		n := c.graph[next]
		switch n.Class {
		case "CLIPTextEncode", "CLIPTextEncodeSDXLRefiner":
			return c.encoded(next, "text")
		case "CLIPTextEncodeSDXL":
			return c.sdxl(next, name)
		case "CLIPTextEncodeFlux":
			return c.encoded(next, "t5xxl")
		case "ConditioningZeroOut":
			c.met[next] = true
			return ""
		case "ControlNetApplyAdvanced":
			c.control(next)
			name = []string{"positive", "negative"}[min(max(output, 0), 1)]
		case "ControlNetApply", "FluxGuidance", "ConditioningSetTimestepRange":
			c.control(next)
			name = "conditioning"
		case "InpaintModelConditioning":
			c.met[next] = true
			name = []string{"positive", "negative"}[min(max(output, 0), 1)]
		default:
			if s, ok := c.text(next, "text"); ok {
				c.keep("prompt from "+n.Class, s)
				return s
			}
			if name = "conditioning"; n.Inputs[name] == nil {
				return ""
			}
		}
		id = next
	}
	return ""
}

func (c *comfy) encoded(id, name string) string {
	s, ok := c.text(id, name)
	c.met[id] = ok
	c.clip(id)
	return s
}

// clip follows the text encoder's link: where it stops, LoRAs are passed.
func (c *comfy) clip(id string) {
	for range maxDepth {
		next, _, ok := c.input(id, "clip")
		if !ok {
			return
		}
		if n := c.graph[next]; n.Class == "CLIPSetLastLayer" {
			if f, ok := c.float(next, "stop_at_clip_layer"); ok && f < 0 && f >= -24 && f == math.Trunc(f) {
				skip := int(-f)
				c.Recipe.ClipSkip, c.met[next] = &skip, true
			}
		}
		id = next
	}
}

// sdxl reads prompt, sizes and second prompt of SDXL's encoder. A recipe's prompt goes to CLIP-L, its second to CLIP-G.
func (c *comfy) sdxl(id, name string) string {
	g := c.encoded(id, "text_g")
	l, _ := c.text(id, "text_l")
	if l == "" {
		l = g
	}
	p := &c.Recipe
	if name == "negative" {
		if l != g {
			c.keep("text_g "+id, g)
		}
		return l
	}
	if l != g {
		p.Prompt2 = g
	}
	p.OriginalSize = []int{c.whole(id, "height"), c.whole(id, "width")}
	p.CropsTopLeft = []int{c.whole(id, "crop_h"), c.whole(id, "crop_w")}
	p.TargetSize = []int{c.whole(id, "target_height"), c.whole(id, "target_width")}
	return l
}

// control reads a node that applies a control network, once for both prompts.
func (c *comfy) control(id string) {
	n := c.graph[id]
	if c.met[id] || !strings.HasPrefix(n.Class, "ControlNetApply") {
		return
	}
	k := art.Control{Weight: 1, End: 1}
	loader, _, ok := c.input(id, "control_net")
	if !ok {
		return
	}
	name, ok := c.text(loader, "control_net_name")
	if !ok {
		return
	}
	c.met[id], c.met[loader] = true, true
	k.Model.Name, k.Kind = modelName(name), KindOfModel(name)
	for input, into := range map[string]*float64{"strength": &k.Weight, "start_percent": &k.Start, "end_percent": &k.End} {
		if f, ok := c.float(id, input); ok {
			*into = f
		}
	}
	if image, _, ok := c.input(id, "image"); ok {
		c.controlPicture(&k, image)
	}
	c.Recipe.Controls = append([]art.Control{k}, c.Recipe.Controls...)
}

// controlPicture follows a control's picture over a preprocessor to the file.
func (c *comfy) controlPicture(k *art.Control, id string) {
	for range maxDepth {
		n := c.graph[id]
		if n.Class == "LoadImage" {
			c.loaded(id)
			return
		}
		if kind := kindOfModule(n.Class); kind != n.Class {
			k.Kind = kind
		}
		next, _, ok := c.input(id, "image")
		if !ok {
			return
		}
		id = next
	}
}

// latent reads with what a sampler begins: an empty latent of some size, or a picture, with a mask or without.
func (c *comfy) latent(id string) {
	name := "latent_image"
	p := &c.Recipe
	for range maxDepth {
		next, _, ok := c.input(id, name)
		if !ok {
			return
		}
		n := c.graph[next]
		switch n.Class {
		case "EmptyLatentImage", "EmptySD3LatentImage", "EmptyFlux2LatentImage":
			p.Width, p.Height = c.whole(next, "width"), c.whole(next, "height")
			if b := c.whole(next, "batch_size"); b > 1 {
				p.Batch = b
			}
			c.met[next] = true
			return
		case "VAEEncode", "VAEEncodeTiled", "VAEEncodeForInpaint", "InpaintModelConditioning":
			c.begins(next, n)
			return
		case "SetLatentNoiseMask":
			p.Mode = art.ModeInpaint
			c.met[next] = true
			if mask, _, ok := c.input(next, "mask"); ok {
				c.loaded(mask)
			}
		}
		id = next
		if name = "samples"; n.Inputs[name] == nil {
			name = "latent"
		}
	}
}

// begins reads a picture that is encoded.
func (c *comfy) begins(id string, n Node) {
	p := &c.Recipe
	c.met[id] = true
	if p.Mode != art.ModeInpaint {
		p.Mode = art.ModeImageToImage
	}
	if mask, _, ok := c.input(id, "mask"); ok {
		p.Mode = art.ModeInpaint
		c.loaded(mask)
	}
	next, _, ok := c.input(id, "pixels")
	for range maxDepth {
		if !ok {
			return
		}
		switch n = c.graph[next]; n.Class {
		case "ImageScale":
			p.Width, p.Height = c.whole(next, "width"), c.whole(next, "height")
			c.met[next] = true
		case "LoadImage":
			c.loaded(next)
			return
		}
		next, _, ok = c.input(next, "image")
	}
}
