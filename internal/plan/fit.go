package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/prompt"
)

// maxGuidance is where classifier-free guidance stops making sense for any model.
const maxGuidance = 50

// missing lists the mandatory parameters that nobody said. Only production has any. What a service knows nothing of needn't be
// said to it.
func (b *builder) missing(d draft, c art.Capabilities) []art.Refusal {
	if b.in.Brief.Run != art.Production {
		return nil
	}
	if b.usual {
		d = b.draft(nil) // what the usual matrix fills in was not said by anyone
	}
	p := d.parameters
	said := map[string]bool{
		"seed": p.Seed != nil, "guidance_scale": p.GuidanceScale != nil, "steps": p.Steps != nil, "sampler": p.Sampler != "",
		"scheduler": p.Scheduler != "", "resolution": p.Width != nil && p.Height != nil, "format": p.Format != "",
		"colour_profile": p.ColourProfile != "", "engine": p.Engine != "", "model": p.Model != "",
	}
	var refused []art.Refusal
	var unknown []string
	if b.in.Brief.Clip != nil || c.Service != nil && !c.Walks() {
		unknown = []string{"guidance_scale", "steps", "sampler", "scheduler"}
	}
	if c.Service != nil && !c.TakesSeed() {
		unknown = append(unknown, "seed")
	}
	for _, name := range b.in.Kit.Mandatory {
		if slices.Contains(unknown, name) {
			continue
		}
		if !said[name] {
			field := "parameters." + name
			remedy := "say it in the brief's parameters, in a matrix axis, in a style token or in the kit's defaults"
			if name == "resolution" {
				remedy = "say width and height in the brief's parameters or in the kit's defaults"
			}
			refused = append(refused, art.Refusal{Field: field, Reason: fmt.Sprintf("production must say %s, and nobody did", name), Remedy: remedy})
		}
	}
	return refused
}

// words looks for no-gos, and for words that the published page would lack.
func (b *builder) words(d draft) []art.Refusal {
	var refused []art.Refusal
	for _, list := range []struct {
		noGos []string
		whose string
	}{{b.in.Kit.NoGos, "the brand"}, {b.in.Brief.Legal.NoGos, "the brief's legal section"}} {
		for _, h := range prompt.FindNoGos(d.prompt, list.noGos) {
			refused = append(refused, art.Refusal{
				Field: h.Field, Reason: fmt.Sprintf("%q is a no-go of %s, found in %q", h.NoGo, list.whose, h.Words),
				Remedy: "ask for something else, or talk to " + b.in.Kit.Owner.Name,
			})
		}
	}
	if b.in.Brief.Run == art.Production {
		for _, lang := range b.in.Brief.Languages {
			for _, err := range prompt.MissingWords(d.prompt, lang) {
				refused = append(refused, refusalOf(err))
			}
		}
	}
	return refused
}

// misfit is one thing that a recipe asks and an engine cannot do.
type misfit struct{ field, reason, remedy string }

// misfits lists what the chosen engine cannot honour, with those that could.
func (b *builder) misfits(r art.Recipe, d draft, c art.Capabilities) []art.Refusal {
	var refused []art.Refusal
	for _, m := range fit(r, d, c, b.in.Brief.Run) {
		var able []string
		for _, o := range b.in.Engines {
			if !slices.ContainsFunc(fit(r, d, o, b.in.Brief.Run), func(x misfit) bool { return x.field == m.field }) {
				able = append(able, fmt.Sprintf("%s with model %s", o.Engine, o.Model.Name))
			}
		}
		if len(able) > 0 {
			m.remedy += ", or use " + strings.Join(able, " or ")
		}
		refused = append(refused, art.Refusal{Field: m.field, Reason: m.reason, Remedy: m.remedy})
	}
	return refused
}

// fit compares a recipe with what an engine can honour.
func fit(r art.Recipe, d draft, c art.Capabilities, run art.RunKind) []misfit {
	if r.Clip != nil {
		return fitClip(r, d, c)
	}
	var bad []misfit
	add := func(wrong bool, field, reason, remedy string) {
		if wrong {
			bad = append(bad, misfit{field, c.Engine + " with model " + c.Model.Name + " " + reason, remedy})
		}
	}
	add(len(c.Modes) > 0 && !slices.Contains(c.Modes, r.Mode), "mode", "does not make pictures from text", "choose another model")
	add((r.Sampler != "" || c.Walks()) && !slices.Contains(c.Samplers, r.Sampler), "parameters.sampler", fmt.Sprintf("has no sampler %q", r.Sampler), suggest(r.Sampler, c.Samplers))
	add(r.Scheduler != "" && !slices.Contains(c.Schedulers, r.Scheduler), "parameters.scheduler", fmt.Sprintf("has no scheduler %q", r.Scheduler), suggest(r.Scheduler, c.Schedulers))
	size := art.Size{Width: r.Width, Height: r.Height}
	add(len(c.Sizes) > 0 && !slices.Contains(c.Sizes, size), "parameters.width", fmt.Sprintf("makes no picture of %d×%d", r.Width, r.Height), "use "+sizes(c))
	for _, side := range []struct {
		name string
		n    int
	}{{"width", r.Width}, {"height", r.Height}} {
		field := "parameters." + side.name
		add(side.n < max(c.MinSize, 1) || side.n > c.MaxSize, field, fmt.Sprintf("makes no side of %d pixels", side.n), fmt.Sprintf("use %d to %d", max(c.MinSize, 1), c.MaxSize))
		add(c.SizeStep > 1 && side.n%c.SizeStep != 0, field, fmt.Sprintf("makes no side of %d pixels, which is not a multiple of %d", side.n, c.SizeStep), fmt.Sprintf("use %d", nearestSize(side.n, c)))
	}
	add(!c.Walks() && c.MaxSteps == 0 && r.Steps != 0, "parameters.steps", "walks in no steps that could be chosen", "take them out")
	add(c.Walks() && r.Steps < 1 || c.MaxSteps > 0 && r.Steps > c.MaxSteps, "parameters.steps", fmt.Sprintf("does not take %d steps", r.Steps), fmt.Sprintf("use 1 to %d", c.MaxSteps))
	for _, name := range slices.Sorted(maps.Keys(r.Options)) {
		add(!slices.Contains(c.Options, name), "parameters.options."+name, "knows no such option", suggest(name, c.Options))
	}
	add(r.GuidanceScale > maxGuidance, "parameters.guidance_scale", fmt.Sprintf("makes nothing of guidance %v", r.GuidanceScale), fmt.Sprintf("use 0 to %d", maxGuidance))
	add(r.GuidanceRescale > 1, "parameters.guidance_rescale", "rescales by a share", "use 0 to 1")
	add(r.Eta > 1, "parameters.eta", fmt.Sprintf("makes nothing of eta %v", r.Eta), "use 0 to 1")
	add((r.NoiseSource != "" || c.DrawsNoise()) && r.NoiseSource != "cpu" && r.NoiseSource != "cuda", "parameters.noise_source", fmt.Sprintf("draws no noise from %q", r.NoiseSource), "use cpu or cuda")
	add(len(d.wanted) > 0 && !c.Negative, "prompt.negatives", "knows no negative prompt", "take them out")
	// A service's model has a name and no more: what was kept is what can be repeated, and probes notice when it changes.
	fixed := run == art.Production && c.Service == nil
	add(fixed && !c.Seeds, "parameters.seed", "keeps no seed, so a production could not be repeated", "explore with it")
	add(fixed && c.Model.SHA256 == "", "parameters.model", "is not pinned by a hash, so a production could not be repeated", "explore with it")
	return bad
}

// sizes lists the only sizes that an engine makes.
func sizes(c art.Capabilities) string {
	var all []string
	for _, s := range c.Sizes {
		all = append(all, fmt.Sprintf("%d×%d", s.Width, s.Height))
	}
	return strings.Join(all, " or ")
}

func nearestSize(n int, c art.Capabilities) int {
	step := max(c.SizeStep, 1) // an engine that takes any size says none
	return min(max((n+step/2)/step*step, c.MinSize), c.MaxSize)
}

// otherParts names the parts that a small model with a vocabulary was not trained on.
func otherParts(p art.Prompt) []string {
	var names []string
	for _, n := range p.Parts() {
		if !slices.Contains([]string{"subject", "style", "background"}, n.Name) {
			names = append(names, n.Name)
		}
	}
	return names
}

// styleOverruled tells that the brief says a part which one of its own tokens sets too.
func styleOverruled(b art.Brief, styles []brand.Style) (token, part string) {
	for _, s := range styles {
		for _, n := range b.Prompt.Parts() {
			if _, ok := s.Parts[n.Name]; ok {
				return s.Name, n.Name
			}
		}
	}
	return "", ""
}
