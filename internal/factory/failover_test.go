package factory_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/factory"
	"presswerk/internal/testkit"
)

// newStandBy is a bench that buys in a shop, where a renderer of its own may stand in.
func newStandBy(t *testing.T, shop *testkit.Shop, consents *[]art.Consent) (*bench, *artist, factory.Order) {
	t.Helper()
	b, a := newBuyer(t, t.TempDir(), shop.URL, false, ""), &artist{}
	var err error
	if b.Engines, err = engine.NewRegistry(append(b.Engines.All(), a)...); err != nil {
		t.Fatal(err)
	}
	b.Consents = func() ([]art.Consent, error) { return *consents, nil }
	o := bought(1, 2, 3, 4)
	o.Brief.Failover = []string{"local"}
	return b, a, o
}

func agreed() []art.Consent {
	return []art.Consent{{Brand: "acme", From: "shop", To: "local", By: "Lena Brandt", Date: "2026-11-26"}}
}

func TestAnEngineThatIsDownIsReplacedOnceSomebodyHasConsented(t *testing.T) {
	shop, consents := testkit.NewShop(t), []art.Consent{{Brand: "other", From: "shop", To: "local", By: "Ada", Date: "2026-11-26"}}
	b, a, o := newStandBy(t, shop, &consents)
	shop.Change(func(r *testkit.ShopRules) { r.Refuses, r.Away = 1000, true })
	p, err := b.Plan(o)
	if err != nil || len(p.Recipes) != 4 || len(p.Recipes[0].StandIns) != 1 || p.Recipes[0].StandIns[0].Engine != "local" || p.Recipes[0].StandIns[0].Seed != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	warned := false
	for _, w := range p.Warnings {
		warned = warned || strings.Contains(w.Remedy, "presswerk engines consent shop local --brand acme --by NAME")
	}
	if !warned {
		t.Errorf("nothing is said beforehand: %+v", p.Warnings)
	}

	run := b.work(b.start(o).ID, in(art.RunEmpty))
	told := 0
	for _, c := range b.candidates(run.ID) {
		if strings.Contains(c.Failure, "presswerk engines consent shop local --brand acme --by NAME") {
			told++
		}
		if c.Failure == "" || c.Planned.FailedOver != nil {
			t.Errorf("%+v", c)
		}
	}
	if told != 2 || len(a.seeds()) != 0 { // the shop is asked three times before it counts as down
		t.Errorf("%d are told what to type; drawn are %v", told, a.seeds())
	}

	consents = agreed()
	run = b.work(b.start(o).ID, in(art.RunReview))
	if run.Progress.Rendered != 4 || len(a.seeds()) != 4 || shop.Charges() != 0 {
		t.Errorf("drawn are %v, charged %d: %+v", a.seeds(), shop.Charges(), run.Progress)
	}
	for _, c := range b.candidates(run.ID) {
		over := c.Planned.FailedOver
		if over == nil || c.Planned.Engine != "local" || over.From != "shop" || over.To != "local" || over.By != "Lena Brandt" || over.Date != "2026-11-26" || over.Recipe == "" || over.Recipe == c.Planned.ID || over.Reason == "" {
			t.Errorf("%s: %+v", c.ID, c.Planned)
		}
		// Nobody takes the picture for the shop's.
		if _, err := b.db.RenderedAs(context.Background(), over.Recipe); err == nil {
			t.Errorf("%s is taken for a picture of the shop", c.ID)
		}
	}
}

func TestWhatMayHaveBeenPaidForIsNeverMadeByAnother(t *testing.T) {
	for name, rules := range map[string]func(*testkit.ShopRules){
		"the answer got lost": func(r *testkit.ShopRules) { r.Cut = func() bool { return true } },
		"the job goes on there": func(r *testkit.ShopRules) {
			r.At = func(stage string) {
				if stage == "looked" {
					panic(http.ErrAbortHandler)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			shop, consents := testkit.NewShop(t), agreed()
			b, a, o := newStandBy(t, shop, &consents)
			o.Brief.Matrix[0].Values = []any{1, 2, 3} // as many as it takes to count as down; a fourth could go elsewhere, nothing was asked for it
			shop.Change(rules)
			run := b.start(o)
			for range 2 { // asked again, it is still the shop's
				run = b.work(b.start(o).ID, in(art.RunEmpty))
			}
			if len(a.seeds()) != 0 || shop.Charges() != 3 {
				t.Errorf("drawn are %v, charged %d", a.seeds(), shop.Charges())
			}
			for _, c := range b.candidates(run.ID) {
				if c.Planned.FailedOver != nil || c.Failure == "" {
					t.Errorf("%+v", c)
				}
			}
		})
	}
}

// away is an engine that isn't ready.
type away struct{ artist }

func (*away) Info() engine.Info {
	return engine.Info{Name: "box", Version: "1", Reason: "no answer"}
}

func TestAnEngineThatIsNotReadyIsReplacedInThePlan(t *testing.T) {
	b := newBench(t, t.TempDir(), &artist{})
	var err error
	if b.Engines, err = engine.NewRegistry(&away{}, &artist{}); err != nil {
		t.Fatal(err)
	}
	o := order(art.ApprovalReview, 1, 2)
	o.Brief.Parameters.Engine, o.Brief.Parameters.Sampler, o.Kit.Failover = "box", "heun", []string{"local/toy"}
	p, err := b.Plan(o)
	if err != nil || len(p.Recipes) != 0 || len(p.Refused) != 1 || !strings.Contains(p.Refused[0].Reason, "box is down (no answer)") || !strings.Contains(p.Refused[0].Remedy, "presswerk engines consent box local --brand acme --by NAME") {
		t.Fatalf("%+v, %v", p, err)
	}
	o.Models.Consents = []art.Consent{{Brand: "acme", From: "box", To: "local", By: "Lena Brandt", Date: "2026-11-26"}}
	run := b.work(b.start(o).ID, in(art.RunReview))
	for _, c := range b.candidates(run.ID) {
		over := c.Planned.FailedOver
		if over == nil || over.From != "box" || over.Reason != "no answer" || over.By != "Lena Brandt" || c.Planned.Sampler != "euler" || len(over.Adapted) != 1 || over.Adapted[0].Field != "sampler" {
			t.Errorf("%+v", c.Planned)
		}
	}
	o.Kit.Failover = nil
	if p, err = b.Plan(o); err != nil || len(p.Refused) != 1 || p.Refused[0].Field != "parameters.engine" {
		t.Errorf("without a rule nobody stands in: %+v, %v", p, err)
	}
}
