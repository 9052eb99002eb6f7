package plan_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/plan"
)

// painter is the house model that inpaints, too.
func painter() art.Capabilities {
	c := house()
	c.Modes, c.OnlyMasked = append(c.Modes, art.ModeInpaint), true
	return c
}

// candidateOf is a rendered candidate of a plan's first recipe.
func candidateOf(t *testing.T) art.Candidate {
	t.Helper()
	p := make1(t, func(in *plan.Input) { in.Engines = []art.Capabilities{painter()} })
	r := p.Recipes[0]
	r.Hires, r.VariationSeed, r.VariationStrength = &art.Hires{Scale: 2, Strength: 0.4}, 3, 0.2
	r.StandIns = []art.StandIn{{ID: "x"}}
	return art.Candidate{ID: "r-007", Image: strings.Repeat("a", 64), Width: 256, Height: 256, Planned: r}
}

func TestARetouchIsTheCandidatesOwnRecipeThatInpaints(t *testing.T) {
	c := candidateOf(t)
	in := plan.Retouched{Candidate: c, Engine: painter(), Mask: "sha256:bb", Reach: 100, Record: art.Retouch{Region: art.RegionBoxes, By: "Ada"}}
	p, err := plan.Retouch(in)
	if err != nil {
		t.Fatal(err)
	}
	want := c.Planned.Recipe
	strength, padding := plan.RetouchStrength, 50
	want.Mode, want.InitImage, want.MaskImage, want.Strength, want.MaskPadding = art.ModeInpaint, "sha256:"+c.Image, "sha256:bb", &strength, &padding
	want.Seed, want.Hires, want.VariationSeed, want.VariationStrength = c.Planned.Seed+1, nil, 0, 0
	id, err := want.ID()
	if err != nil || p.ID != id {
		t.Errorf("%+v, want %+v", p.Recipe, want)
	}
	if p.Retouch.From != c.ID || p.Retouch.By != "Ada" || len(p.Retouch.Adapted) != 0 || len(p.StandIns) != 0 || p.Source.Subject.Words.In("de") != "roter Apfel" {
		t.Errorf("%+v", p)
	}
	again, _ := plan.Retouch(in)
	in.Take = 1
	next, _ := plan.Retouch(in)
	if again.ID != p.ID || next.Seed != p.Seed+1 {
		t.Errorf("the same order gives %s and %s; the next take has seed %d after %d", p.ID, again.ID, next.Seed, p.Seed)
	}
	in.Candidate.Planned.Seed = math.MaxInt64
	if last, err := plan.Retouch(in); err != nil || last.Seed < 0 {
		t.Errorf("after the last seed comes %d, %v", last.Seed, err)
	}
}

func TestAnotherEngineGetsThePromptInItsDialectAndItsOwnSettings(t *testing.T) {
	can := open()
	can.Modes, can.Service = []string{art.ModeInpaint}, &art.Service{}
	p, err := plan.Retouch(plan.Retouched{Candidate: candidateOf(t), Engine: can, Mask: "sha256:bb", Prompt: " a green leaf "})
	if err != nil {
		t.Fatal(err)
	}
	if p.Engine != "cloud" || p.Syntax != "a1111" || p.Sampler != "euler_ancestral" || p.MaskPadding != nil || p.Prompt != "a green leaf" || p.Seed != 0 || p.Draw == 0 || p.NoiseSource != "" {
		t.Errorf("%+v", p.Recipe)
	}
	fields := ""
	for _, a := range p.Retouch.Adapted {
		fields += a.Field + " "
	}
	if !strings.HasPrefix(fields, "engine model ") || !strings.Contains(fields, "sampler") {
		t.Errorf("adapted are %s", fields)
	}
}

func TestWhatCantBeRetouchedIsRefused(t *testing.T) {
	zero, half := 0.0, 0.5
	still := painter()
	still.Samplers = nil
	for name, x := range map[string]struct {
		change func(*plan.Retouched)
		want   error
	}{
		"a bought picture":           {func(in *plan.Retouched) { in.Candidate.License = &art.PictureLicense{} }, art.ErrUnsupported},
		"a clip":                     {func(in *plan.Retouched) { in.Candidate.Clip = &art.ClipFile{} }, art.ErrUnsupported},
		"an engine that can't":       {func(in *plan.Retouched) { in.Engine = house() }, art.ErrUnsupported},
		"no strength":                {func(in *plan.Retouched) { in.Strength = &zero }, art.ErrInvalid},
		"strength where none counts": {func(in *plan.Retouched) { in.Engine, in.Strength = still, &half }, art.ErrUnsupported},
	} {
		in := plan.Retouched{Candidate: candidateOf(t), Engine: painter(), Mask: "sha256:bb"}
		x.change(&in)
		if _, err := plan.Retouch(in); !errors.Is(err, x.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPlanSaysWhatRepairsCostAtMost(t *testing.T) {
	half := 0.5
	paid := open()
	paid.Modes = []string{art.ModeTextToImage, art.ModeInpaint}
	p := make1(t, func(in *plan.Input) {
		in.Engines = []art.Capabilities{paid}
		in.Kit.Rubric = []art.Gate{{Scorer: "hands", Min: &half}}
		in.Kit.Repair = &art.Repair{Scorers: []string{"hands", "faces"}, Rounds: 3}
		in.Brief.Matrix = []art.Axis{{Field: "seed", Values: []any{1, 2}}}
	})
	if c := p.Cost; c.Repairs != 6 || math.Abs(c.RepairSeconds-3*c.Seconds) > 1e-9 || math.Abs(c.RepairMoney-0.12) > 1e-9 || math.Abs(c.Money-0.04) > 1e-9 {
		t.Errorf("%+v", c)
	}
	if !warned(p, "repair.scorers", "faces") || warned(p, "repair.scorers", `"hands"`) {
		t.Errorf("%+v", p.Warnings)
	}
	off := make1(t, func(in *plan.Input) {
		in.Kit.Repair, in.Brief.Repair = &art.Repair{Scorers: []string{"hands"}}, &art.Repair{}
	})
	if off.Cost.Repairs != 0 {
		t.Errorf("a brief that wants none: %+v", off.Cost)
	}
	if can := make1(t, func(in *plan.Input) { in.Kit.Repair = &art.Repair{Scorers: []string{"hands"}} }); can.Cost.Repairs != 0 || !warned(can, "repair", "makes no part") {
		t.Errorf("an engine that can't: %+v %+v", can.Cost, can.Warnings)
	}
}

func warned(p art.Plan, field, says string) bool {
	for _, w := range p.Warnings {
		if w.Field == field && strings.Contains(w.Reason, says) {
			return true
		}
	}
	return false
}
