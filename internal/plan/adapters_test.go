package plan_test

import (
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/plan"
)

// TestLoRAsArePinned: what styles and brief name is found among what the engine has and pinned to its bytes; what doesn't
// go with the model, or that production may not use, is refused with both names.
func TestLoRAsArePinned(t *testing.T) {
	card := &art.ModelCard{Terms: art.Terms{Commercial: art.TermYes}}
	with := func(change func(*plan.Input, *art.Capabilities)) art.Plan {
		in := production(card)
		c := &in.Engines[0]
		c.Model.SHA256 = "aa"
		c.LoRAs = []art.Adapter{
			{Name: "ink@1", SHA256: "11", Base: c.Model, Card: card},
			{Name: "ink@2", SHA256: "22", Base: c.Model, Card: card},
			{Name: "other@1", SHA256: "33", Base: art.ModelRef{Name: "sd", Version: "1", SHA256: "bb"}, Card: card},
			{Name: "bare", SHA256: "44"},
		}
		in.Brief.Parameters.LoRAs = []art.LoRA{{Name: "ink", Weight: 0.5}}
		if change != nil {
			change(&in, c)
		}
		p, err := plan.Make(in)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := with(nil)
	if len(p.Recipes) == 0 || len(p.Recipes[0].LoRAs) != 1 || p.Recipes[0].LoRAs[0] != (art.LoRA{Name: "ink@2", SHA256: "22", Weight: 0.5}) {
		t.Fatalf("recipes are %+v, refused %+v", p.Recipes, p.Refused)
	}
	p = with(func(in *plan.Input, _ *art.Capabilities) {
		in.Styles = []brand.Style{{Name: "printed", Version: 1, Title: art.Text{"en": "x"}, Parameters: art.Parameters{LoRAs: []art.LoRA{{Name: "ink@1", Weight: 1}, {Name: "ink", Weight: 1}}}}}
		in.Brief.Styles = []string{"printed"}
	})
	if len(p.Recipes) == 0 || len(p.Recipes[0].LoRAs) != 2 || p.Recipes[0].LoRAs[1].Weight != 0.5 {
		t.Errorf("a style's LoRAs: %+v, refused %+v", p.Recipes, p.Refused)
	}
	for name, c := range map[string]struct {
		lora, says string
	}{
		"unknown": {"inc", `has no LoRA "inc"`}, "another base": {"other", "was trained on sd@1"}, "no card": {"bare", "has no card"},
	} {
		p := with(func(in *plan.Input, _ *art.Capabilities) { in.Brief.Parameters.LoRAs[0].Name = c.lora })
		if len(p.Recipes) > 0 || !told(p.Refused, "parameters.loras[0]", c.says) {
			t.Errorf("%s: %d recipes, refused %+v", name, len(p.Recipes), p.Refused)
		}
	}
	if p := with(func(in *plan.Input, k *art.Capabilities) {
		in.Brief.Parameters.LoRAs[0].Name = "other"
		k.Checkpoint = art.ModelRef{SHA256: "bb"}
	}); len(p.Recipes) == 0 {
		t.Errorf("what the model was converted from: %+v", p.Refused)
	}
}
