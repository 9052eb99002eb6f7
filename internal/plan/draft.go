package plan

import (
	"maps"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/prompt"
)

// draft is what has been said so far about one picture. It is copied for each cell; its slices and pointers are
// replaced and never written through.
type draft struct {
	prompt     art.Prompt // without negatives
	parameters art.Parameters
	usual      []string // negatives of the kit and of style tokens: left out where an engine knows none
	wanted     []string // negatives of the brief and the cell: refused where an engine knows none
}

func newDraft(k brand.Kit) draft {
	return draft{parameters: k.Defaults, usual: k.NegativeWords()}
}

func (d draft) withTokens(styles []brand.Style) draft {
	for _, s := range styles {
		for _, name := range brand.PartNames() {
			if part, ok := s.Parts[name]; ok {
				d.setPart(name, part)
			}
		}
		d.usual = slices.Concat(d.usual, s.Negatives)
		d.parameters = over(d.parameters, s.Parameters)
	}
	return d
}

func (d draft) withBrief(b art.Brief) draft {
	for _, n := range b.Prompt.Parts() {
		d.setPart(n.Name, n.Part)
	}
	if b.Prompt.Lettering != "" {
		d.prompt.Lettering = b.Prompt.Lettering
	}
	d.wanted = b.Prompt.Negatives
	d.parameters = over(d.parameters, b.Parameters)
	return d
}

// setPart sets a part whose name is known to be one.
func (d *draft) setPart(name string, part art.Part) {
	if p, err := d.prompt.With(name, part); err == nil {
		d.prompt = p
	}
}

// source is the structured prompt as it went to an engine.
func (d draft) source(c art.Capabilities) art.Prompt {
	p := d.prompt
	if c.Negative {
		p.Negatives = prompt.MergeNegatives(d.usual, d.wanted)
	}
	return p
}

// over lays what top says over base.
func over(base, top art.Parameters) art.Parameters {
	return art.Parameters{
		Engine:          word(base.Engine, top.Engine),
		Model:           word(base.Model, top.Model),
		Width:           number(base.Width, top.Width),
		Height:          number(base.Height, top.Height),
		Steps:           number(base.Steps, top.Steps),
		GuidanceScale:   number(base.GuidanceScale, top.GuidanceScale),
		GuidanceRescale: number(base.GuidanceRescale, top.GuidanceRescale),
		Sampler:         word(base.Sampler, top.Sampler),
		Scheduler:       word(base.Scheduler, top.Scheduler),
		Seed:            number(base.Seed, top.Seed),
		NoiseSource:     word(base.NoiseSource, top.NoiseSource),
		ClipSkip:        number(base.ClipSkip, top.ClipSkip),
		Eta:             number(base.Eta, top.Eta),
		Format:          word(base.Format, top.Format),
		ColourProfile:   word(base.ColourProfile, top.ColourProfile),
		LoRAs:           loras(base.LoRAs, top.LoRAs),
		Options:         options(base.Options, top.Options),
	}
}

// loras adds those of top to those of base; one of the same name takes the place of the earlier.
func loras(base, top []art.LoRA) []art.LoRA {
	all := slices.Clone(base)
	for _, l := range top {
		if i := slices.IndexFunc(all, func(o art.LoRA) bool { return o.Name == l.Name }); i >= 0 {
			all[i] = l
		} else {
			all = append(all, l)
		}
	}
	return all
}

// options adds those of top to those of base; both stay as they are.
func options(base, top map[string]any) map[string]any {
	if len(base)+len(top) == 0 {
		return nil
	}
	all := maps.Clone(base)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, top)
	return all
}

func word(base, top string) string {
	if top != "" {
		return top
	}
	return base
}

func number[T any](base, top *T) *T {
	if top != nil {
		return top
	}
	return base
}

// or gives what was said, else the other value.
func or[T any](said *T, other T) T {
	if said != nil {
		return *said
	}
	return other
}
