package plan_test

import (
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/plan"
)

// production is an order for production with one model, whose card says card.
func production(card *art.ModelCard) plan.Input {
	in := order()
	in.Brief.Run = art.Production
	in.Brief.Parameters.Seed = new(art.Seed(1))
	in.Brief.Parameters.Steps = new(20)
	in.Kit.Mandatory = nil
	c := house()
	c.Card = card
	in.Engines = []art.Capabilities{c}
	return in
}

func TestProductionHonoursWhatCardsAllow(t *testing.T) {
	yes := art.Terms{Commercial: art.TermYes}
	rail := art.License{ID: "OpenRAIL", Accept: true}
	for name, c := range map[string]struct {
		card   *art.ModelCard
		change func(*plan.Input)
		field  string // "" where nothing is refused
		reason string
	}{
		"allowed":                {&art.ModelCard{Terms: yes}, nil, "", ""},
		"no card":                {nil, nil, "parameters.model", "has no card"},
		"no card, only explored": {nil, func(in *plan.Input) { in.Brief.Run = art.Exploration }, "", ""},
		"a draft":                {&art.ModelCard{Draft: true, Terms: yes}, nil, "parameters.model", "is a draft"},
		"not for money":          {&art.ModelCard{Terms: art.Terms{Commercial: art.TermNo}}, nil, "legal.usage.purpose", "does not allow commercial use"},
		"unknown":                {&art.ModelCard{Terms: art.Terms{Commercial: art.TermUnknown}}, nil, "legal.usage.purpose", "does not say that commercial use is allowed"},
		"not for money, for none": {
			&art.ModelCard{Terms: art.Terms{Commercial: art.TermNo}},
			func(in *plan.Input) { in.Brief.Legal.Usage.Purpose = art.NonCommercial }, "", "",
		},
		"the brand makes no money": {
			&art.ModelCard{Terms: art.Terms{Commercial: art.TermNo}},
			func(in *plan.Input) { in.Kit.Usage.Purpose = art.NonCommercial }, "", "",
		},
		"the brief over the brand": {
			&art.ModelCard{Terms: art.Terms{Commercial: art.TermNo}},
			func(in *plan.Input) {
				in.Kit.Usage.Purpose, in.Brief.Legal.Usage.Purpose = art.NonCommercial, art.Commercial
			},
			"legal.usage.purpose", "does not allow commercial use",
		},
		"not everywhere": {&art.ModelCard{Terms: art.Terms{Commercial: art.TermYes, Excluded: []string{"KR"}}}, nil, "legal.usage.territories", "which means everywhere"},
		"not there": {
			&art.ModelCard{Terms: art.Terms{Commercial: art.TermYes, Excluded: []string{"EU", "GB"}}},
			func(in *plan.Input) { in.Brief.Legal.Usage.Territories = []string{"CH", "DE"} }, "legal.usage.territories", "must not be used in DE",
		},
		"a union with a member left out": {
			&art.ModelCard{Terms: art.Terms{Commercial: art.TermYes, Excluded: []string{"FR"}}},
			func(in *plan.Input) { in.Kit.Usage.Territories = []string{"EU"} }, "legal.usage.territories", "must not be used in EU",
		},
		"elsewhere": {
			&art.ModelCard{Terms: art.Terms{Commercial: art.TermYes, Excluded: []string{"EU", "GB"}}},
			func(in *plan.Input) { in.Brief.Legal.Usage.Territories = []string{"CH", "US"} }, "", "",
		},
		"a licence that nobody accepted": {&art.ModelCard{License: rail, Terms: yes}, nil, "parameters.model", "nobody has accepted the licence OpenRAIL"},
		"a licence that somebody accepted": {
			&art.ModelCard{License: rail, Terms: yes},
			func(in *plan.Input) { in.Models.Accepted = []art.Acceptance{{License: "OpenRAIL"}} }, "", "",
		},
		"pinned to this": {&art.ModelCard{Terms: yes}, func(in *plan.Input) { in.Models.Pins = []art.Pin{{Brand: "acme", Model: "house", SHA256: "aa"}} }, "", ""},
		"pinned to another": {&art.ModelCard{Terms: yes}, func(in *plan.Input) {
			in.Models.Pins = []art.Pin{{Brand: "acme", Model: "house", Version: "0", SHA256: "bb"}}
		}, "parameters.model", "has pinned the model house to version 0 (bb)"},
		"pinned by another one": {&art.ModelCard{Terms: yes}, func(in *plan.Input) { in.Models.Pins = []art.Pin{{Brand: "other", Model: "house", SHA256: "bb"}} }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := production(c.card)
			if c.change != nil {
				c.change(&in)
			}
			p, err := plan.Make(in)
			if err != nil {
				t.Fatal(err)
			}
			if c.field == "" {
				if len(p.Refused) > 0 || len(p.Recipes) != 1 {
					t.Errorf("refused: %+v", p.Refused)
				}
				return
			}
			if len(p.Refused) != 1 || p.Refused[0].Field != c.field || !strings.Contains(p.Refused[0].Reason, c.reason) || p.Refused[0].Remedy == "" || len(p.Recipes) != 0 {
				t.Errorf("got %+v, want %s: %s", p.Refused, c.field, c.reason)
			}
		})
	}
}

// A name without a version means the version that the brand has pinned, whatever the order of the models.
func TestThePinChoosesAmongVersions(t *testing.T) {
	in := production(&art.ModelCard{Terms: art.Terms{Commercial: art.TermYes}})
	newer := in.Engines[0]
	newer.Model.Version, newer.Model.SHA256 = "2", "bb"
	in.Engines = []art.Capabilities{newer, in.Engines[0]}
	in.Brief.Parameters.Model = "house"
	in.Models.Pins = []art.Pin{{Brand: "acme", Model: "house", Version: "1", SHA256: "aa"}}
	p, err := plan.Make(in)
	if err != nil || len(p.Recipes) != 1 || p.Recipes[0].Model.SHA256 != "aa" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestUsagesAndTermsOfCardsAreChecked(t *testing.T) {
	in := order()
	in.Brief.Legal.Usage = art.Usage{Purpose: "fun", Territories: []string{"Germany"}}
	_, err := plan.Make(in)
	if err == nil || !strings.Contains(err.Error(), "legal.usage.purpose") || !strings.Contains(err.Error(), "legal.usage.territories[0]") {
		t.Errorf("got %v", err)
	}
	kit := brand.Kit{Usage: art.Usage{Purpose: "fun"}}
	found := false
	for _, e := range kit.Check() {
		found = found || e.Field == "usage.purpose"
	}
	if !found {
		t.Error("a kit may say anything")
	}
}
