package plan_test

import (
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/plan"
)

// hosted is a service that walks in no steps, takes no seeds and makes two sizes.
func hosted() art.Capabilities {
	return art.Capabilities{
		Engine: "service", EngineVersion: "1", Model: art.ModelRef{Name: "painter"}, Modes: []string{art.ModeTextToImage}, Dialect: "plain",
		MinSize: 1024, MaxSize: 1536, NativeWidth: 1024, NativeHeight: 1024, Sizes: []art.Size{{Width: 1024, Height: 1024}, {Width: 1536, Height: 1024}},
		Negative: true, Service: &art.Service{Operator: "Somebody"},
	}
}

// A service is asked for what it knows alone. Seeds tell its pictures apart, so that several are made.
func TestAServiceIsAskedForWhatItKnows(t *testing.T) {
	in := order()
	in.Engines = []art.Capabilities{hosted()}
	in.Brief.Matrix = []art.Axis{{Field: "seed", Values: []any{1, 2, 3}}}
	p, err := plan.Make(in)
	if err != nil || len(p.Recipes) != 3 {
		t.Fatalf("%d recipes, refused %+v, %v", len(p.Recipes), p.Refused, err)
	}
	for i, r := range p.Recipes {
		if r.Seed != 0 || r.Draw != art.Seed(i+1) || r.Sampler+r.Scheduler+r.NoiseSource != "" || r.Steps != 0 || r.GuidanceScale != 0 {
			t.Errorf("%+v", r.Recipe)
		}
	}
	for field, change := range map[string]func(*art.Parameters){
		"parameters.steps":   func(p *art.Parameters) { p.Steps = new(20) },
		"parameters.sampler": func(p *art.Parameters) { p.Sampler = "euler" },
		"parameters.width":   func(p *art.Parameters) { p.Width = new(1200) },
	} {
		in := order()
		in.Engines = []art.Capabilities{hosted()}
		change(&in.Brief.Parameters)
		if p, err := plan.Make(in); err != nil || !told(p.Refused, field, "service with model painter") {
			t.Errorf("%s: refused %+v, %v", field, p.Refused, err)
		}
	}
}
