package plan_test

import (
	"slices"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/plan"
)

// reel is a service's model for clips, which may be told how to begin and to end.
func reel() art.Capabilities {
	return art.Capabilities{
		Engine: "film", EngineVersion: "1", Model: art.ModelRef{Name: "reel"}, Modes: []string{art.ModeTextToVideo, art.ModeImageToVideo}, Dialect: "plain",
		Sizes: []art.Size{{Width: 1280, Height: 720}}, SizeStep: 1, NativeWidth: 1280, NativeHeight: 720, MinSize: 720, MaxSize: 1280, Options: []string{"audio"},
		Clip: &art.ClipCapabilities{Seconds: []int{5, 10}, First: art.FrameMay, Last: art.FrameMay}, Service: &art.Service{Operator: "x", Pricing: "each second", SeedKept: true},
	}
}

func clipOrder(in *plan.Input) {
	in.Engines = append(in.Engines, reel())
	in.Brief.Matrix, in.Brief.Clip = nil, &art.ClipBrief{Seconds: 5, First: "a.png"}
	in.Pictures = map[string]string{"a.png": "sha256:aa"}
	steps := 20
	in.Kit.Defaults = art.Parameters{Engine: "local", Model: "house", Steps: &steps, Sampler: "euler"}
	in.Prices = art.Prices{{Engine: "film", Currency: "USD", Dated: "2026-11-26", Source: "a list", Prices: []art.Price{{Model: "reel", Price: 0.1, Per: art.PerSecond}}}}
}

// A brief for a clip gives one, of a model that makes clips, whatever the kit says about pictures.
func TestAClipIsPlannedWithItsPrice(t *testing.T) {
	p := make1(t, clipOrder)
	if len(p.Recipes) != 1 || len(p.Refused) > 0 {
		t.Fatalf("%+v", p)
	}
	r := p.Recipes[0]
	if r.Mode != art.ModeImageToVideo || r.Engine != "film" || r.Clip.Seconds != 5 || r.Clip.First != "sha256:aa" || r.Clip.Last != "" || r.Steps != 0 || r.Sampler != "" || r.Width != 1280 {
		t.Errorf("%+v", r.Recipe)
	}
	if p.Cost.Money != 0.5 || p.Cost.Currency != "USD" || !strings.Contains(p.Cost.Basis, "a clip of 5 seconds") {
		t.Errorf("%+v", p.Cost)
	}
	loop := make1(t, func(in *plan.Input) { clipOrder(in); in.Brief.Clip.Loop = true })
	if last := loop.Recipes[0].Clip.Last; last != "sha256:aa" {
		t.Errorf("a loop ends with %q", last)
	}
	words := make1(t, func(in *plan.Input) { clipOrder(in); in.Brief.Clip.First = "" })
	if words.Recipes[0].Mode != art.ModeTextToVideo {
		t.Errorf("%+v", words.Recipes[0].Recipe)
	}
	how := make1(t, func(in *plan.Input) {
		clipOrder(in)
		in.Brief.Clip.FPS, in.Brief.Clip.Description = 12, art.Text{"en": "x", "de": "y"}
	})
	if how.Recipes[0].ID != r.ID {
		t.Error("how the files are finished makes another clip")
	}
	pictures := make1(t, func(in *plan.Input) { clipOrder(in); in.Brief.Clip, in.Brief.Matrix = nil, []art.Axis{} })
	if pictures.Recipes[0].Engine != "local" {
		t.Errorf("a picture is asked of %s", pictures.Recipes[0].Engine)
	}
}

// A production takes a service's model by its name: nobody has its weights. Its card and its terms count all the same.
func TestAClipOfAProductionNeedsACard(t *testing.T) {
	production := func(in *plan.Input) {
		clipOrder(in)
		seed := art.Seed(7)
		in.Brief.Run, in.Brief.Parameters.Seed = art.Production, &seed
	}
	p := make1(t, production)
	if len(p.Refused) != 1 || p.Refused[0].Field != "parameters.model" || !strings.Contains(p.Refused[0].Reason, "no card") {
		t.Errorf("%+v", p.Refused)
	}
	p = make1(t, func(in *plan.Input) {
		production(in)
		in.Engines[2].Card = &art.ModelCard{Terms: art.Terms{Commercial: art.TermYes}}
	})
	if len(p.Refused) != 0 || len(p.Recipes) != 1 {
		t.Errorf("%+v", p.Refused)
	}
}

func TestWhatAModelForClipsCannotDoIsRefusedByField(t *testing.T) {
	for field, change := range map[string]func(in *plan.Input){
		"clip.first": func(in *plan.Input) { in.Pictures = nil },
		"clip.last": func(in *plan.Input) {
			in.Brief.Clip.Last = "b.png"
			in.Pictures["b.png"] = "sha256:bb"
			in.Engines[2].Clip.Last = art.FrameNone
		},
		"clip.seconds":              func(in *plan.Input) { in.Brief.Clip.Seconds = 7 },
		"clip.options.hdr":          func(in *plan.Input) { in.Brief.Clip.Options = map[string]any{"hdr": true} },
		"parameters.width":          func(in *plan.Input) { n := 640; in.Brief.Parameters.Width = &n },
		"parameters.sampler":        func(in *plan.Input) { in.Brief.Parameters.Sampler = "euler" },
		"prompt.negatives":          func(in *plan.Input) { in.Brief.Prompt.Negatives = []string{"rain"} },
		"parameters.engine":         func(in *plan.Input) { in.Engines = in.Engines[:2] },
		"parameters.guidance_scale": func(in *plan.Input) { n := 7.0; in.Brief.Parameters.GuidanceScale = &n },
	} {
		p := make1(t, func(in *plan.Input) { clipOrder(in); change(in) })
		if len(p.Recipes) > 0 || !slices.ContainsFunc(p.Refused, func(r art.Refusal) bool { return r.Field == field && r.Remedy != "" }) {
			t.Errorf("%s: %+v", field, p.Refused)
		}
	}
}

func TestASizeThatIsMadeOnlyOfAPictureIsToldBefore(t *testing.T) {
	tall := func(in *plan.Input) {
		clipOrder(in)
		in.Brief.Clip.First = ""
		in.Engines[2].Clip.OfWords = []art.Size{{Width: 720, Height: 1280}}
	}
	p := make1(t, tall)
	if len(p.Refused) != 1 || p.Refused[0].Field != "parameters.width" || !strings.Contains(p.Refused[0].Remedy, "720×1280") {
		t.Errorf("%+v", p.Refused)
	}
	if p = make1(t, func(in *plan.Input) { tall(in); in.Brief.Clip.First = "a.png" }); len(p.Refused) != 0 {
		t.Errorf("%+v", p.Refused)
	}
}
