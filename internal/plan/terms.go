package plan

import (
	"fmt"
	"slices"

	"presswerk/internal/art"
)

// terms lists what keeps a production from using a model: no card that a person stands behind, a licence that nobody has
// accepted or that forbids the use, or another model than the brand has pinned. Explorations are free.
func (b *builder) terms(c art.Capabilities, canary bool) []art.Refusal {
	if b.in.Brief.Run != art.Production {
		return nil
	}
	refused := b.carded("parameters.model", c.Model.Name, c.Card)
	if !canary {
		refused = append(b.pinned(c), refused...)
	}
	return refused
}

// Terms lists what keeps a brief from using an engine's model: its licence and card, the brand's pins, pauses and shutdowns.
func Terms(in Input, c art.Capabilities) []art.Refusal {
	b := newBuilder(in)
	return slices.Concat(b.terms(c, false), b.stopped(c))
}

// carded lists what the card of a model, or that it has none, keeps a production from.
func (b *builder) carded(at, name string, card *art.ModelCard) []art.Refusal {
	var refused []art.Refusal
	refuse := func(field, reason, remedy string) {
		refused = append(refused, art.Refusal{Field: field, Reason: reason, Remedy: remedy})
	}
	switch {
	case card == nil:
		refuse(at, fmt.Sprintf("the model %s has no card, so nobody knows what it may be used for", name), fmt.Sprintf("write one: presswerk models card %s --draft; or explore with it", name))
		return refused
	case card.Draft:
		refuse(at, fmt.Sprintf("the card of the model %s is a draft", name), "complete it and take the line draft out, or explore with it")
		return refused
	}
	if l := card.License; l.Accept && !b.in.Models.Accepts(l.ID) {
		refuse(at, fmt.Sprintf("nobody has accepted the licence %s of the model %s in this workspace", l.ID, name), fmt.Sprintf("read it: presswerk models card %s; then presswerk models accept %s --accept-licence NAME", name, name))
	}
	where := "the kit's "
	usage := b.in.Brief.Legal.Usage
	if field, reason := card.Terms.Forbids(usage.Over(b.in.Kit.Usage)); field != "" {
		if usage.Purpose != "" && field == "usage.purpose" || len(usage.Territories) > 0 && field == "usage.territories" {
			where = "the brief's legal."
		}
		refuse("legal."+field, fmt.Sprintf("the model %s: %s", name, reason), fmt.Sprintf("choose another model, or say in %s%s what the pictures are for", where, field))
	}
	return refused
}

// pinned compares a model with the brand's pin of its name.
func (b *builder) pinned(c art.Capabilities) []art.Refusal {
	pin, ok := b.in.Models.PinOf(b.in.Kit.ID, c.Model.Name)
	if !ok || pin.SHA256 == c.Model.SHA256 {
		return nil
	}
	return []art.Refusal{{
		Field:  "parameters.model",
		Reason: fmt.Sprintf("the brand %s has pinned the model %s to version %s (%s), and %s is version %s (%s)", b.in.Kit.ID, pin.Model, pin.Version, short(pin.SHA256), c.Engine, c.Model.Version, short(c.Model.SHA256)),
		Remedy: fmt.Sprintf("name the pinned one as %s@%s, or pin this one: presswerk models pin %s@%s", pin.Model, pin.Version, c.Model.Name, c.Model.Version),
	}}
}

// short is the beginning of a hash, enough for people.
func short(sha256 string) string { return sha256[:min(len(sha256), 12)] }
