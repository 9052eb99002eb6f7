package plan

import (
	"cmp"
	"math"
	"slices"

	"presswerk/internal/art"
)

// canaries gives the canary of the brand's pin its share of a production's candidates, rounded up. Which ones these are
// follows from the recipes alone: they are ranked by a hash, so that a canary never meets one seed or one subject only, as
// it would by counting through the matrix. They keep their places in the plan.
func (b *builder) canaries() error {
	if b.in.Brief.Run != art.Production || len(b.plan.Refused) > 0 {
		return nil
	}
	for _, pin := range b.in.Models.Pins {
		if pin.Brand != b.in.Kit.ID || pin.Canary == nil {
			continue
		}
		for _, i := range b.share(pin) {
			if err := b.canary(i, pin); err != nil {
				return err
			}
		}
	}
	return nil
}

// share lists the places of the recipes that a pin's canary takes.
func (b *builder) share(pin art.Pin) []int {
	type place struct {
		at   int
		rank string
	}
	var all []place
	for i, r := range b.plan.Recipes {
		if r.Model.Name == pin.Model && r.Model.SHA256 == pin.SHA256 {
			all = append(all, place{i, art.Digest([]byte(pin.Canary.SHA256 + r.ID))})
		}
	}
	slices.SortFunc(all, func(x, y place) int { return cmp.Compare(x.rank, y.rank) })
	n := int(math.Ceil(pin.Canary.Share*float64(len(all)) - 1e-9))
	taken := make([]int, max(0, min(n, len(all)-1))) // one at least stays with the pinned version
	for i := range taken {
		taken[i] = all[i].at
	}
	slices.Sort(taken)
	return taken
}

// canary makes one recipe anew with the canary, at its place.
func (b *builder) canary(i int, pin art.Pin) error {
	old := b.plan.Recipes[i]
	at := slices.IndexFunc(b.in.Engines, func(c art.Capabilities) bool {
		return c.Engine == old.Engine && c.Model.Name == pin.Model && c.Model.SHA256 == pin.Canary.SHA256
	})
	if at < 0 {
		b.refuse([]art.Refusal{{
			Field: "parameters.model", Reason: "the canary of the brand's pin, " + pin.Model + "@" + pin.Canary.Version + " (" + short(pin.Canary.SHA256) + "), is not there",
			Remedy: "get it, or take the canary out: presswerk models rollback " + pin.Model,
		}})
		return nil
	}
	p, refused, err := b.planned(b.drafts[i], b.in.Engines[at], true)
	if err != nil || len(refused) > 0 {
		b.refuse(refused)
		return err
	}
	p.Cell, p.Canary = old.Cell, true
	delete(b.chosen, old.ID)
	b.chosen[p.ID], b.plan.Recipes[i] = b.in.Engines[at], p
	return nil
}
