package plan

import (
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/prompt"
)

// usualSteps is taken where an exploration names no steps, and is what SecondsPerPicture is measured at.
const usualSteps = 20

// engine finds the engine and model that parameters name, or the first where they name none.
// A name without a version means the pinned one where the brand has pinned one.
func (b *builder) engine(p art.Parameters) (art.Capabilities, *art.Refusal) {
	if pin, ok := b.in.Models.PinOf(b.in.Kit.ID, p.Model); ok {
		for _, c := range b.in.Engines {
			if (p.Engine == "" || p.Engine == c.Engine) && c.Model.Name == p.Model && c.Model.SHA256 == pin.SHA256 {
				return c, nil
			}
		}
	}
	var engines, models []string
	for _, c := range b.in.Engines {
		if !slices.Contains(engines, c.Engine) {
			engines = append(engines, c.Engine)
		}
		if p.Engine != "" && p.Engine != c.Engine {
			continue
		}
		models = append(models, c.Model.Name+"@"+c.Model.Version)
		if p.Model == "" || p.Model == c.Model.Name || p.Model == c.Model.Name+"@"+c.Model.Version || p.Model == c.Model.SHA256 {
			return c, nil
		}
	}
	switch {
	case len(engines) == 0 && b.in.Brief.Clip != nil:
		return art.Capabilities{}, &art.Refusal{Field: "parameters.engine", Reason: "no engine that makes clips is ready", Remedy: "set the key of one: presswerk engines lists them with what they lack"}
	case len(engines) == 0:
		return art.Capabilities{}, &art.Refusal{Field: "parameters.engine", Reason: "no engine is ready", Remedy: "run presswerk doctor"}
	case len(models) == 0:
		return art.Capabilities{}, &art.Refusal{
			Field: "parameters.engine", Reason: fmt.Sprintf("no engine is called %q", p.Engine), Remedy: suggest(p.Engine, engines),
		}
	default:
		return art.Capabilities{}, &art.Refusal{
			Field: "parameters.model", Reason: fmt.Sprintf("no engine has the model %q", p.Model), Remedy: suggest(p.Model, models),
		}
	}
}

// suggest names what could be meant, and all there is.
func suggest(name string, known []string) string {
	if len(known) == 0 {
		return "take it out"
	}
	all := "there are: " + strings.Join(known, ", ")
	near := prompt.Nearest(name, known)
	for _, k := range known { // who leaves the version out means the name
		bare, _, _ := strings.Cut(k, "@")
		if near == "" {
			near = prompt.Nearest(name, []string{bare})
		}
	}
	if near != "" {
		return fmt.Sprintf("did you mean %q? %s", near, all)
	}
	return all
}

// recipe fills in what nobody said from what the engine is made for; seed is taken where nobody chose one.
func (d draft) recipe(c art.Capabilities, seed art.Seed) (art.Recipe, error) {
	w, err := prompt.Write(d.source(c), c.Dialect)
	if err != nil {
		return art.Recipe{}, err
	}
	p := d.parameters
	r := art.Recipe{
		Mode: art.ModeTextToImage, Engine: c.Engine, EngineVersion: c.EngineVersion, Model: c.Model,
		Prompt: w.Positive, NegativePrompt: w.Negative, Syntax: "plain", ClipSkip: p.ClipSkip,
		Width: or(p.Width, c.NativeWidth), Height: or(p.Height, c.NativeHeight), Steps: or(p.Steps, usualSteps),
		GuidanceScale: or(p.GuidanceScale, usualGuidance(c)), GuidanceRescale: or(p.GuidanceRescale, 0),
		Sampler: sampler(p, c), Scheduler: p.Scheduler, Seed: or(p.Seed, seed), NoiseSource: word("cpu", p.NoiseSource), Eta: or(p.Eta, 0), Options: p.Options,
	}
	r.Model.Dir = ""
	if !c.Walks() {
		r.Steps, r.GuidanceScale = or(p.Steps, 0), or(p.GuidanceScale, 0)
	}
	if !c.DrawsNoise() {
		r.NoiseSource = p.NoiseSource
	}
	if !c.TakesSeed() { // then it only tells pictures apart
		r.Draw, r.Seed = r.Seed, 0
	}
	if c.Dialect == prompt.A1111 {
		r.Syntax = prompt.A1111
	}
	if r.Scheduler == "" {
		r.Scheduler = firstOf(c.Schedulers, "karras", "normal")
	}
	return r, nil
}

// usualGuidance is what the kind of model is made for: the house model burns above 3, open latent diffusion models are
// used at about 7.
func usualGuidance(c art.Capabilities) float64 {
	if c.Dialect == prompt.House {
		return 2
	}
	return 7
}

func sampler(p art.Parameters, c art.Capabilities) string {
	if p.Sampler != "" {
		return p.Sampler
	}
	return firstOf(c.Samplers, "dpmpp_2m", "euler")
}

// firstOf is the first wish that is there, else the first that is there at all.
func firstOf(there []string, wishes ...string) string {
	for _, w := range wishes {
		if slices.Contains(there, w) {
			return w
		}
	}
	if len(there) > 0 {
		return there[0]
	}
	return ""
}
