package plan

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/prompt"
)

// RetouchStrength is how far a region leaves what was there where nobody says: most of a fault is gone, and the place still
// hangs together with what surrounds it.
const RetouchStrength = 0.75

// Retouched is a part of a candidate that shall be made anew.
type Retouched struct {
	Candidate art.Candidate
	Engine    art.Capabilities // that makes it
	Mask      string           // "sha256:…", white where it is made anew, of the candidate's size
	Reach     int              // longer side of what the mask opens, in pixels
	Take      int              // how many parts of the candidate were made anew before
	Prompt    string           // what is to be seen there; "" keeps the candidate's
	Strength  *float64         // nil takes RetouchStrength where the engine knows of any
	Seed      *art.Seed        // nil goes on from the candidate's
	Record    art.Retouch      // what is known of the region; what the engine doesn't take is added
}

// Retouch works out the recipe that makes a part of a candidate anew: the candidate's own, which inpaints its picture. The
// seed is the candidate's, plus one for each take. An engine that renders a part alone gets half of its longer side around it,
// at least 32 pixels. Another engine than the candidate's gets the prompt in its dialect, and its own settings in the place of
// those that it doesn't know. What can't be inpainted gives art.ErrUnsupported.
func Retouch(in Retouched) (art.PlannedRecipe, error) {
	p, c := in.Candidate.Planned, in.Engine
	switch {
	case in.Candidate.License != nil:
		return p, art.Unsupported("candidate", in.Candidate.ID+" was not made here", "ask whoever made it, and bring it with presswerk stock import")
	case in.Candidate.Clip != nil || p.Clip != nil:
		return p, art.Unsupported("candidate", in.Candidate.ID+" is a clip, and parts of pictures only are made anew", "send it back with a reason")
	case !slices.Contains(c.Modes, art.ModeInpaint):
		return p, art.Unsupported("engine", fmt.Sprintf("%s with model %s makes no part of a picture anew", c.Engine, c.Model.Name), "name one with --engine that lists inpaint: presswerk engines")
	case in.Strength != nil && !(*in.Strength > 0 && *in.Strength <= 1):
		return p, art.Invalid("strength", fmt.Sprintf("%v is not above 0 to 1", *in.Strength), fmt.Sprintf("leave it out for %v", RetouchStrength))
	case in.Strength != nil && !c.Walks():
		return p, art.Unsupported("strength", c.Engine+" can't be told how far to go", "leave it out")
	}
	r, left, err := moved(p, c)
	if err != nil {
		return p, err
	}
	r.Mode, r.InitImage, r.MaskImage, r.MaskPadding, r.MaskBlur = art.ModeInpaint, "sha256:"+in.Candidate.Image, in.Mask, nil, 0
	r.Hires, r.Upscaler, r.Batch, r.Tiling, r.VariationSeed, r.VariationStrength = nil, art.ModelRef{}, 0, false, 0, 0
	r.Controls, r.References = nil, nil // they steer the whole picture
	if c.Walks() {
		strength := RetouchStrength
		if in.Strength != nil {
			strength = *in.Strength
		}
		r.Strength = &strength
	}
	if c.OnlyMasked {
		padding := max(32, in.Reach/2)
		r.MaskPadding = &padding
	}
	if words := strings.TrimSpace(in.Prompt); words != "" {
		r.Prompt = words
	}
	seeded(&r, c, seedAfter(in))
	record := in.Record
	record.From, record.Adapted = in.Candidate.ID, left
	p = art.PlannedRecipe{Recipe: r, Cell: p.Cell, Source: p.Source, Canary: p.Canary, Concerns: slices.Clone(p.Concerns), Retouch: &record}
	p.ID, err = r.ID()
	return p, err
}

// seedAfter is the seed of a take.
func seedAfter(in Retouched) art.Seed {
	if in.Seed != nil {
		return *in.Seed
	}
	before := max(in.Candidate.Planned.Seed, in.Candidate.Planned.Draw)
	if step := art.Seed(in.Take + 1); before <= math.MaxInt64-step {
		return before + step
	}
	return art.Seed(in.Take)
}

func seeded(r *art.Recipe, c art.Capabilities, seed art.Seed) {
	if r.Seed, r.Draw = seed, 0; !c.TakesSeed() {
		r.Seed, r.Draw = 0, seed
	}
}

// moved is a recipe as another engine or model makes it, and what had to change. For its own it stays as it is.
func moved(p art.PlannedRecipe, c art.Capabilities) (art.Recipe, []art.Adaptation, error) {
	r := p.Recipe
	if r.Engine == c.Engine && r.Model.SHA256 == c.Model.SHA256 && r.Model.Name == c.Model.Name {
		r.EngineVersion = c.EngineVersion
		return r, nil, nil
	}
	before := r
	w, err := prompt.Write(p.Source, c.Dialect)
	if err != nil {
		return r, nil, err
	}
	r = art.Recipe{
		Engine: c.Engine, EngineVersion: c.EngineVersion, Model: c.Model, Prompt: w.Positive, Syntax: "plain", Width: before.Width, Height: before.Height,
	}
	r.Model.Dir = ""
	if c.Negative {
		r.NegativePrompt = w.Negative
	}
	if c.Dialect == prompt.A1111 {
		r.Syntax = prompt.A1111
	}
	if c.Walks() {
		r.Steps, r.GuidanceScale = or(nonzeroInt(before.Steps), usualSteps), usualGuidance(c)
		r.Sampler, r.Scheduler = firstOf(c.Samplers, before.Sampler, "dpmpp_2m", "euler"), firstOf(c.Schedulers, before.Scheduler, "karras", "normal")
	}
	if c.DrawsNoise() {
		r.NoiseSource = "cpu"
	}
	reason := c.Engine + " with model " + c.Model.Name + " makes it"
	var left []art.Adaptation
	for _, x := range []struct{ field, said, taken string }{
		{"engine", before.Engine, r.Engine},
		{"model", before.Model.Name, r.Model.Name},
		{"steps", nonzero(float64(before.Steps)), nonzero(float64(r.Steps))},
		{"guidance_scale", nonzero(before.GuidanceScale), nonzero(r.GuidanceScale)},
		{"sampler", before.Sampler, r.Sampler},
		{"scheduler", before.Scheduler, r.Scheduler},
		{"loras", nonzero(float64(len(before.LoRAs))), ""},
	} {
		if x.said != x.taken {
			left = append(left, art.Adaptation{Field: x.field, Said: x.said, Taken: x.taken, Reason: reason})
		}
	}
	return r, left, nil
}

func nonzeroInt(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

// RepairOf is the rule by which a brief's pictures are mended: its own, or the kit's.
func RepairOf(brief, kit *art.Repair) *art.Repair {
	if brief != nil {
		return brief
	}
	return kit
}

// repairs says what the repair rule costs at most, and warns of a rule that can't help.
func (b *builder) repairs(total *art.Cost) {
	rule := RepairOf(b.in.Brief.Repair, b.in.Kit.Repair)
	if rule.Most() == 0 || b.in.Brief.Clip != nil {
		return
	}
	gates := b.in.Kit.RubricFor(b.in.Brief.Channels)
	for _, name := range rule.Scorers {
		if !slices.ContainsFunc(gates, func(g art.Gate) bool { return g.Scorer == name }) {
			b.warn("repair.scorers", fmt.Sprintf("the rubric has no gate for %q, so no picture is mended for it", name), "add a gate, or take it out")
		}
	}
	for _, r := range b.plan.Recipes {
		c := b.chosen[r.ID]
		if !slices.Contains(c.Modes, art.ModeInpaint) {
			b.warn("repair", fmt.Sprintf("%s with model %s makes no part of a picture anew, so nothing of it is mended", c.Engine, c.Model.Name), "choose one that lists inpaint: presswerk engines")
			continue
		}
		anew := r.Recipe
		anew.Mode = art.ModeInpaint
		seconds, _, _ := b.time(anew, c)
		rounds := rule.Most()
		total.Repairs += rounds
		total.RepairSeconds += seconds * float64(rounds)
		if q := b.in.Prices.Quote(c, anew); q.Known && q.Currency == total.Currency {
			total.RepairMoney += q.Amount.Float() * float64(rounds)
		}
	}
}
