package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// setting is a parameter that belongs to one engine's way of working. Another one may do without; what is to be seen is
// never among them.
type setting struct {
	said  func(art.Parameters) string
	drop  func(*art.Parameters)
	taken func(art.Recipe) string
}

// settings are all of them, by the field's name in a brief's parameters.
func settings() map[string]setting {
	size := setting{
		func(p art.Parameters) string { return strings.Trim(shown(p.Width)+"×"+shown(p.Height), "×") },
		func(p *art.Parameters) { p.Width, p.Height = nil, nil },
		func(r art.Recipe) string { return fmt.Sprintf("%d×%d", r.Width, r.Height) },
	}
	none := func(art.Recipe) string { return "" }
	return map[string]setting{
		"width": size, "height": size,
		"steps": {
			func(p art.Parameters) string { return shown(p.Steps) }, func(p *art.Parameters) { p.Steps = nil },
			func(r art.Recipe) string { return nonzero(float64(r.Steps)) },
		},
		"guidance_scale": {
			func(p art.Parameters) string { return shown(p.GuidanceScale) }, func(p *art.Parameters) { p.GuidanceScale = nil },
			func(r art.Recipe) string { return nonzero(r.GuidanceScale) },
		},
		"guidance_rescale": {func(p art.Parameters) string { return shown(p.GuidanceRescale) }, func(p *art.Parameters) { p.GuidanceRescale = nil }, none},
		"eta":              {func(p art.Parameters) string { return shown(p.Eta) }, func(p *art.Parameters) { p.Eta = nil }, none},
		"clip_skip":        {func(p art.Parameters) string { return shown(p.ClipSkip) }, func(p *art.Parameters) { p.ClipSkip = nil }, none},
		"sampler":          {func(p art.Parameters) string { return p.Sampler }, func(p *art.Parameters) { p.Sampler = "" }, func(r art.Recipe) string { return r.Sampler }},
		"scheduler":        {func(p art.Parameters) string { return p.Scheduler }, func(p *art.Parameters) { p.Scheduler = "" }, func(r art.Recipe) string { return r.Scheduler }},
		"noise_source":     {func(p art.Parameters) string { return p.NoiseSource }, func(p *art.Parameters) { p.NoiseSource = "" }, func(r art.Recipe) string { return r.NoiseSource }},
	}
}

// IsSetting tells whether a field, of a brief or of a recipe, is a technical setting that an engine may do without.
func IsSetting(field string) bool {
	_, ok := settings()[strings.TrimPrefix(field, "parameters.")]
	return ok
}

func shown[T any](v *T) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(*v)
}

func nonzero(v float64) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// adaptable are the fields that an engine may do without, in a fixed order.
func adaptable() []string {
	return []string{"width", "steps", "sampler", "scheduler", "guidance_scale", "guidance_rescale", "eta", "clip_skip", "noise_source"}
}

// adapted takes the settings out that an engine doesn't have, and those that are named besides, and says which they were.
// Everything else stays as it was said: what the engine can't honour of that is still refused.
func (b *builder) adapted(d draft, c art.Capabilities, without []art.Refusal) (draft, []art.Adaptation) {
	reasons := map[string]string{}
	said := d.parameters
	drop := func(field, reason string) bool {
		field = strings.TrimPrefix(field, "parameters.")
		if field == "height" {
			field = "width"
		}
		s, ok := settings()[field]
		if !ok || s.said(d.parameters) == "" {
			return false
		}
		s.drop(&d.parameters)
		reasons[field] = reason
		return true
	}
	for _, r := range without {
		drop(r.Field, r.Reason)
	}
	for again := true; again; {
		r, err := d.recipe(c, 1)
		if err != nil {
			return d, nil // it is told when the recipe is made
		}
		again = false
		for _, m := range fit(r, d, c, art.Exploration) {
			again = drop(m.field, m.reason) || again
		}
	}
	return d, b.adaptations(said, d, c, reasons)
}

// adaptations tells what was said and what is taken instead.
func (b *builder) adaptations(said art.Parameters, d draft, c art.Capabilities, reasons map[string]string) []art.Adaptation {
	r, err := d.recipe(c, 1)
	if err != nil {
		return nil
	}
	var all []art.Adaptation
	for _, field := range adaptable() {
		reason, ok := reasons[field]
		if !ok {
			continue
		}
		s, name := settings()[field], field
		if field == "width" {
			name = "size"
		}
		all = append(all, art.Adaptation{Field: name, Said: s.said(said), Taken: s.taken(r), Reason: reason})
	}
	return all
}

// note remembers adaptations, each once.
func note(all, more []art.Adaptation) []art.Adaptation {
	for _, a := range more {
		if !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}
