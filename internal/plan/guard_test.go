package plan_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/plan"
)

// twoVersions is a production of 20 candidates with version 1 pinned and version 2 as its canary.
func twoVersions(share float64) plan.Input {
	in := production(&art.ModelCard{Terms: art.Terms{Commercial: art.TermYes}})
	newer := in.Engines[0]
	newer.Model.Version, newer.Model.SHA256 = "2", "bb"
	in.Engines = append(in.Engines, newer)
	in.Brief.Parameters.Model = "house"
	seeds := art.Axis{Field: "seed"}
	for i := range 20 {
		seeds.Values = append(seeds.Values, i)
	}
	in.Brief.Matrix = []art.Axis{seeds}
	in.Models.Pins = []art.Pin{{Brand: "acme", Model: "house", Version: "1", SHA256: "aa", Canary: &art.Canary{Version: "2", SHA256: "bb", Share: share}}}
	return in
}

func TestACanaryTakesItsShareAndAlwaysTheSame(t *testing.T) {
	for share, want := range map[float64]int{0.1: 2, 0.15: 3, 0.01: 1, 0.5: 10, 0.99: 19} {
		var places [2]string
		for again := range places {
			p, err := plan.Make(twoVersions(share))
			if err != nil || len(p.Refused) > 0 || len(p.Recipes) != 20 {
				t.Fatalf("%+v, %v", p.Refused, err)
			}
			n := 0
			for i, r := range p.Recipes {
				id, err := r.Recipe.ID()
				if err != nil || id != r.ID || r.Canary != (r.Model.SHA256 == "bb") || r.Cell["seed"] != fmt.Sprint(i) || r.Seed != art.Seed(i) {
					t.Errorf("candidate %d: %+v, %v", i, r, err)
				}
				if r.Canary {
					n++
					places[again] += fmt.Sprint(i, " ")
				}
			}
			if n != want || p.Cost.Pictures != 20 {
				t.Errorf("share %v: %d canaries, want %d", share, n, want)
			}
		}
		if places[0] != places[1] {
			t.Errorf("share %v: %s and then %s", share, places[0], places[1])
		}
	}
	for name, change := range map[string]func(*plan.Input){
		"an exploration":  func(in *plan.Input) { in.Brief.Run = art.Exploration },
		"another brand's": func(in *plan.Input) { in.Models.Pins[0].Brand = "other"; in.Brief.Parameters.Model = "house@1" },
		"one candidate":   func(in *plan.Input) { in.Brief.Matrix = []art.Axis{} },
	} {
		in := twoVersions(0.5)
		change(&in)
		p, err := plan.Make(in)
		if err != nil || len(p.Refused) > 0 {
			t.Errorf("%s: %+v, %v", name, p.Refused, err)
		}
		for _, r := range p.Recipes {
			if r.Canary || r.Model.SHA256 != "aa" {
				t.Errorf("%s has a canary", name)
			}
		}
	}
}

func TestACanaryThatIsGoneOrAskedForByNameIsRefused(t *testing.T) {
	in := twoVersions(0.5)
	in.Engines = in.Engines[:1]
	p, err := plan.Make(in)
	if err != nil || len(p.Refused) != 1 || !strings.Contains(p.Refused[0].Remedy, "presswerk models rollback house") {
		t.Errorf("%+v, %v", p.Refused, err)
	}
	in = twoVersions(0.5)
	in.Brief.Parameters.Model = "house@2"
	if p, err = plan.Make(in); err != nil || len(p.Refused) != 1 || !strings.Contains(p.Refused[0].Reason, "has pinned the model house to version 1") {
		t.Errorf("a brief took the canary for all of its candidates: %+v, %v", p.Refused, err)
	}
}

func TestWhatIsPausedIsRefusedWithWhatWhyAndHow(t *testing.T) {
	pause := art.Pause{ID: "pause-1", Probe: "probe-1", Engine: "local", Model: art.ModelRef{Name: "house", Version: "1"}, Reason: art.Text{"en": "other pictures"}, At: time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC)}
	p := make1(t, func(in *plan.Input) { in.Models.Pauses = []art.Pause{pause} })
	if len(p.Recipes) != 0 || len(p.Refused) != 1 || p.Refused[0].Reason != "house of local is paused since 2026-11-26: other pictures" || !strings.Contains(p.Refused[0].Remedy, "presswerk models resume pause-1") {
		t.Errorf("%+v", p.Refused)
	}
	pause.Model.Version = "2"
	if p = make1(t, func(in *plan.Input) { in.Models.Pauses = []art.Pause{pause} }); len(p.Refused) > 0 {
		t.Errorf("another version is paused: %+v", p.Refused)
	}
}

func TestShutdownsAreWarnedOfAndThenRefused(t *testing.T) {
	shutdown := art.Shutdown{Engine: "local", Model: "house", Date: "2026-12-01", Source: "the provider", Read: "2026-11-26"}
	for name, c := range map[string]struct {
		now     string
		own     string // the workspace's date
		warns   string
		refuses string
	}{
		"long before":           {"2026-01-01", "", "", ""},
		"90 days before":        {"2026-09-02", "", "shuts house down on 2026-12-01, in 90 days (the provider, read 2026-11-26)", ""},
		"the day before":        {"2026-11-30", "", "in 1 days", ""},
		"the day":               {"2026-12-01", "", "", "has shut house down on 2026-12-01"},
		"after":                 {"2027-05-01", "", "", "has shut house down"},
		"the workspace knows":   {"2027-05-01", "2027-06-01", "on 2027-06-01, in 31 days", ""},
		"nobody knows the time": {"", "", "", ""},
	} {
		p := make1(t, func(in *plan.Input) {
			in.Shutdowns = []art.Shutdown{shutdown}
			in.Now, _ = time.Parse(time.DateOnly, c.now)
			if c.own != "" {
				in.Models.Shutdowns = []art.Shutdown{{Engine: "local", Model: "house", Date: c.own}}
			}
		})
		warned := ""
		for _, w := range p.Warnings {
			if strings.Contains(w.Reason, "shuts") {
				warned = w.Reason
			}
		}
		if !strings.Contains(warned, c.warns) || (warned != "") != (c.warns != "") {
			t.Errorf("%s: warned %q", name, warned)
		}
		if c.refuses == "" && len(p.Refused) > 0 || c.refuses != "" && (len(p.Refused) != 1 || !strings.Contains(p.Refused[0].Reason, c.refuses)) {
			t.Errorf("%s: refused %+v", name, p.Refused)
		}
	}
}

func promptSet() brand.PromptSet {
	return brand.PromptSet{
		Prompts: []brand.FixedPrompt{
			{Name: "apple", Prompt: art.Prompt{Subject: words("red apple", "roter Apfel")}},
			{Name: "pear", Prompt: art.Prompt{Subject: words("pear", "Birne"), Background: words("light blue", "hellblau")}},
		},
		Seeds: []art.Seed{1, 2}, Parameters: art.Parameters{Steps: new(5)},
	}
}

func TestASetIsWorkedOutForOneSide(t *testing.T) {
	in := plan.Input{Kit: order().Kit, Engines: order().Engines}
	lora := []art.LoRA{{Name: "ink", SHA256: "cc", Weight: 0.8}}
	p, err := plan.Set(in, promptSet(), plan.Change{Fields: map[string]string{"sampler": "euler", "guidance_scale": "3.5", "model": "aa"}, LoRAs: lora, EngineVersion: "0"})
	if err != nil || len(p.Refused) > 0 || len(p.Recipes) != 4 {
		t.Fatalf("%+v, %v", p, err)
	}
	for i, want := range []string{"apple 1", "apple 2", "pear 1", "pear 2"} {
		r := p.Recipes[i]
		id, err := r.Recipe.ID()
		if err != nil || r.Cell["prompt"]+" "+r.Cell["seed"] != want || r.ID != id || r.Sampler != "euler" || r.GuidanceScale != 3.5 || r.Steps != 5 || r.LoRAs[0].Name != "ink" || r.EngineVersion != "0" {
			t.Errorf("%d: %+v, %v", i, r, err)
		}
	}
	if p.Recipes[2].Prompt != "a pear, on a light blue background" {
		t.Errorf("%q", p.Recipes[2].Prompt)
	}
}

// A SHA-256 may be all digits, or have one e among them.
func TestAModelThatLooksLikeANumberIsAModel(t *testing.T) {
	in := plan.Input{Kit: order().Kit, Engines: []art.Capabilities{house()}}
	for _, sha := range []string{strings.Repeat("1", 64), "12e" + strings.Repeat("3", 61)} {
		in.Engines[0].Model.SHA256 = sha
		if p, err := plan.Set(in, promptSet(), plan.Change{Fields: map[string]string{"model": sha}}); err != nil || len(p.Refused) > 0 {
			t.Errorf("%s: %+v, %v", sha, p.Refused, err)
		}
	}
}

func TestWrongSidesAreTold(t *testing.T) {
	in := plan.Input{Kit: order().Kit, Engines: order().Engines}
	for field, value := range map[string]string{"seed": "4", "prompt.subject": "egg", "wobble": "1", "steps": "many", "guidance_scale": "-1"} {
		if _, err := plan.Set(in, promptSet(), plan.Change{Fields: map[string]string{field: value}}); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), field+": ") {
			t.Errorf("%s=%s: %v", field, value, err)
		}
	}
	twice := promptSet()
	twice.Prompts[1].Prompt = twice.Prompts[0].Prompt
	if _, err := plan.Set(in, twice, plan.Change{}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("two equal prompts: %v", err)
	}
	p, err := plan.Set(in, promptSet(), plan.Change{Fields: map[string]string{"sampler": "wobble"}})
	if err != nil || len(p.Refused) == 0 {
		t.Errorf("an unknown sampler: %+v, %v", p.Refused, err)
	}
}
