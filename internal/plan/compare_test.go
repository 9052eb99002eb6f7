package plan_test

import (
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/plan"
)

// contest is a brief for a house model, and a service that knows no such settings and no negatives.
func contest() plan.Input {
	in, far := order(), hosted()
	far.Negative = false
	in.Engines = []art.Capabilities{house(), far}
	in.Kit.Defaults = art.Parameters{Engine: "local", Model: "house", Width: new(128), Height: new(128), Steps: new(20), Sampler: "dpmpp_2m", Scheduler: "karras"}
	return in
}

func TestEnginesGetTheSameWordsAndTheirOwnSettings(t *testing.T) {
	in := contest()
	cells, tried, err := plan.Compare(in, 3, []plan.Entrant{{Engine: "local"}, {Engine: "service"}, {Engine: "service", Strict: true}, {Engine: "nobody"}})
	if err != nil || len(cells) != 3 || cells[0].Seed == cells[1].Seed {
		t.Fatalf("%+v, %v", cells, err)
	}
	if l := tried[0]; !l.Found || len(l.Recipes) != 3 || len(l.Refused) != 0 || l.Recipes[1].Seed != cells[1].Seed {
		t.Errorf("local: %+v", l)
	}
	far := tried[1]
	if len(far.Recipes) != 3 || len(far.Refused) == 0 || far.Recipes[0].Sampler != "" || far.Recipes[0].Width != 1024 || far.Recipes[0].Draw == far.Recipes[1].Draw {
		t.Errorf("far: %+v", far)
	}
	for _, a := range far.Adapted {
		if !plan.IsSetting(strings.Replace(a.Field, "size", "width", 1)) || a.Reason == "" || a.Said == "" {
			t.Errorf("%+v", a)
		}
	}
	if s := tried[2]; len(s.Recipes) != 0 || len(s.Adapted) != 0 || len(s.Refused) != len(far.Refused) {
		t.Errorf("strict: %+v", s)
	}
	if tried[3].Found {
		t.Errorf("nobody is there: %+v", tried[3])
	}
}

func TestWordsAreNeverLeftOutOfAComparison(t *testing.T) {
	in := contest()
	in.Brief.Prompt.Negatives = []string{"people"}
	_, tried, err := plan.Compare(in, 1, []plan.Entrant{{Engine: "service"}})
	if err != nil || len(tried[0].Recipes) != 0 || len(tried[0].Refused) == 0 {
		t.Fatalf("%+v, %v", tried, err)
	}
	for _, a := range tried[0].Adapted {
		if a.Field == "prompt.negatives" {
			t.Errorf("%+v", a)
		}
	}
}

func TestStylesComeFirstInAComparison(t *testing.T) {
	in := contest()
	in.Brief.Matrix = []art.Axis{
		{Field: "prompt.style", Values: []any{"ink", "chalk"}}, {Field: "prompt.context", Values: []any{"at sea", "at home", "in town"}}, {Field: "seed", Values: []any{5}}, {Field: "steps", Values: []any{3, 4}},
	}
	cells, _, err := plan.Compare(in, 2, []plan.Entrant{{Engine: "local"}})
	if err != nil || len(cells) != 2 || cells[0].Cell["prompt.context"] != cells[1].Cell["prompt.context"] || cells[0].Cell["prompt.style"] == cells[1].Cell["prompt.style"] || cells[0].Seed != 5 || cells[1].Seed != 5 {
		t.Errorf("%+v, %v", cells, err)
	}
}
