package plan

import (
	"fmt"
	"strings"

	"presswerk/internal/art"
)

// failover lists the engines that may stand in, the brief's before the brand's, each with a model or without.
func (b *builder) failover() []Entrant {
	names := b.in.Brief.Failover
	if len(names) == 0 {
		names = b.in.Kit.Failover
	}
	all := make([]Entrant, len(names))
	for i, n := range names {
		all[i].Engine, all[i].Model, _ = strings.Cut(n, "/")
	}
	return all
}

// standIns works out what the other engines would make of each recipe, should its own be down. One that can't honour the
// brief, or that nobody has consented to, is a warning.
func (b *builder) standIns() error {
	for _, e := range b.failover() {
		c, ok := entrant(b.in, e)
		if !ok {
			b.warn("failover", fmt.Sprintf("the engine %s is not ready, so it can't stand in", e.Engine), "look at it: presswerk engines")
			continue
		}
		for i := range b.plan.Recipes {
			r := &b.plan.Recipes[i]
			if r.Engine == c.Engine {
				continue
			}
			p, left, refused, err := b.stand(b.drafts[i], c)
			if err != nil {
				return err
			}
			for _, no := range refused {
				b.warn("failover", fmt.Sprintf("%s can't stand in for %s: %s: %s", c.Engine, r.Engine, no.Field, no.Reason), no.Remedy)
			}
			if len(refused) > 0 {
				continue
			}
			r.StandIns = append(r.StandIns, art.StandIn{Recipe: p.Recipe, ID: p.ID, Source: p.Source, Adapted: left})
			if _, ok := b.in.Models.ConsentTo(b.in.Kit.ID, r.Engine, c.Engine); !ok {
				b.warn("failover", fmt.Sprintf("nobody has consented that %s stands in for %s", c.Engine, r.Engine), ConsentCommand(b.in.Kit.ID, r.Engine, c.Engine))
			}
			if q := b.in.Prices.Quote(c, p.Recipe); !q.Free() {
				b.warn("failover", fmt.Sprintf("a picture of %s, where it stands in, costs %s", c.Engine, q), "it is bought within the budgets")
			}
		}
	}
	return nil
}

// stand makes a draft's recipe on an engine that stands in, without the settings that this engine doesn't have.
func (b *builder) stand(d draft, c art.Capabilities) (art.PlannedRecipe, []art.Adaptation, []art.Refusal, error) {
	d, left := b.adapted(d, c, nil)
	p, refused, err := b.planned(d, c, false)
	return p, left, refused, err
}

// ConsentCommand is what a person types who agrees to a fail-over.
func ConsentCommand(brand, from, to string) string {
	return fmt.Sprintf("the look changes; who agrees types: presswerk engines consent %s %s --brand %s --by NAME", from, to, brand)
}

// inPlace finds who stands in for an engine that is down while a plan is made. Without a rule there is nobody, and why is the
// reason that was given before.
func (b *builder) inPlace(p art.Parameters, why *art.Refusal) (art.Capabilities, *art.FailedOver, *art.Refusal) {
	reason, down := b.in.Down[p.Engine]
	if !down {
		return art.Capabilities{}, nil, why
	}
	for _, e := range b.failover() {
		c, ok := entrant(b.in, e)
		if !ok || c.Engine == p.Engine {
			continue
		}
		consent, ok := b.in.Models.ConsentTo(b.in.Kit.ID, p.Engine, c.Engine)
		if !ok {
			return c, nil, &art.Refusal{
				Field: "failover", Reason: fmt.Sprintf("%s is down (%s); %s could stand in, and nobody has consented", p.Engine, reason, c.Engine),
				Remedy: ConsentCommand(b.in.Kit.ID, p.Engine, c.Engine),
			}
		}
		return c, &art.FailedOver{From: p.Engine, To: c.Engine, Reason: reason, By: consent.By, Date: consent.Date}, nil
	}
	return art.Capabilities{}, nil, why
}
