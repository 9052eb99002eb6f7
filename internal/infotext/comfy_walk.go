package infotext

import (
	"math"

	"presswerk/internal/art"
)

// walk reads seed, steps, guidance, sampler and curve of a sampler node of any of the four classes.
func (c *comfy) walk(id string) {
	n := c.graph[id]
	p := &c.Recipe
	p.GuidanceScale, c.guidance = c.float(id, "cfg")
	switch n.Class {
	case "KSampler":
		c.seedOf(id, "seed")
		c.schedule(id, id)
		c.shortened(id, id)
	case "KSamplerAdvanced":
		c.seedOf(id, "noise_seed")
		c.schedule(id, id)
		p.Steps = c.whole(id, "steps")
		if start := c.whole(id, "start_at_step"); p.Mode != art.ModeTextToImage && p.Steps > 0 {
			strength := float64(max(p.Steps-start, 0)) / float64(p.Steps)
			p.Strength = &strength
		}
	case "SamplerCustom", "SamplerCustomAdvanced":
		c.parts(id)
	default:
		if c.seedOf(id, "seed"); !c.seed {
			c.seedOf(id, "noise_seed")
		}
		c.schedule(id, id)
		c.shortened(id, id)
	}
}

// parts reads SamplerCustom and SamplerCustomAdvanced, whose noise, guidance, sampler and curve are nodes.
func (c *comfy) parts(id string) {
	seeds, guides := id, id
	if noise, _, ok := c.input(id, "noise"); ok {
		seeds = noise
	}
	if guider, _, ok := c.input(id, "guider"); ok {
		guides = guider
	}
	c.seedOf(seeds, "noise_seed")
	p := &c.Recipe
	if p.GuidanceScale, c.guidance = c.float(guides, "cfg"); !c.guidance && c.graph[guides].Class == "BasicGuider" {
		p.GuidanceScale, c.guidance = 1, true
	}
	c.met[seeds], c.met[guides] = true, true
	chosen, _, _ := c.input(id, "sampler")
	sigmas, _, ok := c.input(id, "sigmas")
	if !ok {
		return
	}
	c.met[chosen] = c.graph[chosen].Class == "KSamplerSelect"
	curves := map[string]string{"KarrasScheduler": "karras", "ExponentialScheduler": "exponential"}
	switch class := c.graph[sigmas].Class; {
	case class == "BasicScheduler":
		c.met[sigmas] = true
		c.schedule(chosen, sigmas)
		c.shortened(sigmas, sigmas)
	case curves[class] != "":
		name, _ := c.text(chosen, "sampler_name")
		if s, k, ok := comfySchedule(name, curves[class]); ok {
			c.setSchedule(s, k)
		}
		p.Steps = c.whole(sigmas, "steps")
	}
}

func (c *comfy) seedOf(id, name string) {
	s, _ := c.text(id, name)
	if c.Recipe.Seed, c.seed = seedOf(s); !c.seed {
		c.Recipe.Seed = 0
		if s != "" {
			c.keep("seed", s) // above 2^63 − 1, where ComfyUI's reach
		}
	}
}

func (c *comfy) schedule(sampler, scheduler string) {
	name, _ := c.text(sampler, "sampler_name")
	curve, _ := c.text(scheduler, "scheduler")
	if s, k, ok := comfySchedule(name, curve); ok {
		c.setSchedule(s, k)
	}
}

// shortened reads steps and denoise. ComfyUI walks all of the steps that it is told, along the last part of a longer
// curve; a recipe counts the steps of the whole curve and walks its last part. Both give the same noise levels.
//
// Source: ComfyUI comfy/samplers.py, KSampler.set_steps.
func (c *comfy) shortened(counts, cuts string) {
	p := &c.Recipe
	steps := c.whole(counts, "steps")
	denoise, ok := c.float(cuts, "denoise")
	if !ok || denoise > 0.9999 || denoise <= 0 || steps == 0 {
		p.Steps = steps
		if p.Mode != art.ModeTextToImage {
			whole := 1.0
			p.Strength = &whole
		}
		return
	}
	all := int(math.Min(float64(steps)/denoise, maxSide))
	if p.Mode == art.ModeTextToImage {
		p.Mode = art.ModeImageToImage // an empty latent that is not quite noise
	}
	strength := denoise
	if int(float64(all)*strength) != steps {
		strength = float64(steps) / float64(all)
		for int(float64(all)*strength) < steps {
			strength = math.Nextafter(strength, 2)
		}
	}
	p.Steps, p.Strength = all, &strength
	c.note(NoteSteps)
}
