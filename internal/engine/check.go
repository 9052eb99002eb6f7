package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
)

// cancelLimit is how long a job is asked to stop before it is left to itself.
const cancelLimit = 5 * time.Second

// Check refuses what a recipe asks for and the capabilities don't offer, naming the field. It is the first thing that
// engines behind a network do, as services tend to leave out silently what they don't know.
func Check(c art.Capabilities, r art.Recipe) error {
	for _, rule := range []struct {
		wrong                 bool
		field, reason, remedy string
	}{
		{!slices.Contains(c.Modes, r.Mode), "mode", fmt.Sprintf("%q is not made", r.Mode), "use " + oneOf(c.Modes)},
		{r.Prompt == "" && r.Mode != art.ModeUpscale && !c.Promptless, "prompt", "is empty", "write what is to be seen"},
		{r.NegativePrompt != "" && !c.Negative, "negative_prompt", "is not known", "take it out, or say it in the prompt"},
		{r.Sampler != "" && !slices.Contains(c.Samplers, r.Sampler), "sampler", fmt.Sprintf("%q is not known", r.Sampler), "use " + oneOf(c.Samplers)},
		{r.Scheduler != "" && !slices.Contains(c.Schedulers, r.Scheduler), "scheduler", fmt.Sprintf("%q is not known", r.Scheduler), "use " + oneOf(c.Schedulers)},
		{r.Steps != 0 && !c.Walks() && c.MaxSteps == 0, "steps", "can't be chosen", "use 0"},
		{c.MaxSteps > 0 && r.Steps > c.MaxSteps, "steps", fmt.Sprintf("%d are too many", r.Steps), fmt.Sprintf("use at most %d", c.MaxSteps)},
		{r.Seed != 0 && !c.TakesSeed(), "seed", "is not taken", "use 0"},
		{len(r.LoRAs) > 0 && !c.TakesLoRAs, "loras", "are not taken", "take them out"},
		{len(r.Embeddings) > 0 && !c.Embeddings, "embeddings", "are not taken", "take them out"},
		{r.Hires != nil && !c.Hires, "hires", "is not known", "take it out, and enlarge afterwards"},
		{r.Tiling && !c.Tiling, "tiling", "is not known", "take it out"},
		{r.Refiner != nil && !c.Refiner, "refiner", "is not known", "take it out"},
		{len(r.References) > c.MaxReferences, "references", fmt.Sprintf("%d are too many", len(r.References)), fmt.Sprintf("use at most %d", c.MaxReferences)},
		{r.Batch > max(c.MaxBatch, 1), "batch", fmt.Sprintf("%d pictures of one call are too many", r.Batch), fmt.Sprintf("use at most %d", max(c.MaxBatch, 1))},
		{r.Syntax == "a1111" && !c.Weights, "syntax", "weights in prompts are not known", "use plain"},
	} {
		if rule.wrong {
			return refuse(c, rule.field, rule.reason, rule.remedy)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Options)) {
		if !slices.Contains(c.Options, name) {
			return refuse(c, "options."+name, "is not known", "use "+oneOf(c.Options))
		}
	}
	for i, control := range r.Controls {
		if !slices.Contains(c.Controls, control.Kind) {
			return refuse(c, fmt.Sprintf("controls[%d].kind", i), fmt.Sprintf("%q is not known", control.Kind), "use "+oneOf(c.Controls))
		}
	}
	if r.Mode == art.ModeUpscale {
		return nil // the size is the picture's
	}
	return checkSize(c, r)
}

func checkSize(c art.Capabilities, r art.Recipe) error {
	if len(c.Sizes) > 0 {
		if !slices.Contains(c.Sizes, art.Size{Width: r.Width, Height: r.Height}) {
			var known []string
			for _, s := range c.Sizes {
				known = append(known, fmt.Sprintf("%d×%d", s.Width, s.Height))
			}
			return refuse(c, "width", fmt.Sprintf("%d×%d is not made", r.Width, r.Height), "use "+oneOf(known))
		}
		return nil
	}
	for _, side := range []struct {
		field string
		n     int
	}{{"width", r.Width}, {"height", r.Height}} {
		if side.n < max(c.MinSize, 1) || c.MaxSize > 0 && side.n > c.MaxSize {
			return refuse(c, side.field, fmt.Sprintf("%d pixels are not made", side.n), fmt.Sprintf("use %d to %d", max(c.MinSize, 1), c.MaxSize))
		}
		if c.SizeStep > 1 && side.n%c.SizeStep != 0 {
			lower := side.n / c.SizeStep * c.SizeStep
			return refuse(c, side.field, fmt.Sprintf("%d is no multiple of %d", side.n, c.SizeStep), fmt.Sprintf("use %d or %d", lower, lower+c.SizeStep))
		}
	}
	return nil
}

func refuse(c art.Capabilities, field, reason, remedy string) error {
	return art.Unsupported(field, fmt.Sprintf("%s with model %s: %s", c.Engine, c.Model.Name, reason), remedy)
}

func oneOf(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
