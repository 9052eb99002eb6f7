package factory_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/engine"
	"presswerk/internal/factory"
)

// lister is an engine that says what it has, and makes nothing.
type lister struct {
	engine.Engine
	info engine.Info
}

func (l lister) Info() engine.Info { return l.info }

func listing(name string, ready bool, models ...engine.Model) lister {
	for i := range models {
		models[i].Engine, models[i].Modes, models[i].Dialect = name, []string{art.ModeTextToImage}, "plain"
		if name == "openai" || name == "far" {
			models[i].Service = &art.Service{Operator: name, Dated: "2026-11-26"}
		}
	}
	return lister{info: engine.Info{Name: name, Version: "1", Ready: ready, Models: models}}
}

func named(name, sum, shutdown, instead string) engine.Model {
	return engine.Model{Capabilities: art.Capabilities{Model: art.ModelRef{Name: name, SHA256: sum}}, Shutdown: shutdown, Instead: instead}
}

// A radar that misses a brief is worse than none: whatever way a model is named, its end is told to who depends on it.
func TestTheRadarFindsWhatDependsOnAModel(t *testing.T) {
	registry, err := engine.NewRegistry(
		listing("local", true, named("house", "aa", "", ""), named("old", "bb", "", "")),
		listing("openai", false, named("gpt-image-2", "", "", ""), named("gpt-image-1", "", "", ""), named("dall-e-3", "", "2026-05-12", "gpt-image-1 or gpt-image-1-mini")),
		listing("far", true, named("cloud", "", "2026-12-26", ""), named("sky", "", "", ""), named("old", "", "2026-12-01", "sky")),
	)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 26, 23, 30, 0, 0, time.UTC)
	f := factory.New(factory.Options{Engines: registry, Now: func() time.Time { return now }})
	brief := func(id, engine, model string, matrix ...art.Axis) factory.Order {
		o := order(art.ApprovalReview, 1)
		o.Brief.ID, o.Brief.Matrix = id, append([]art.Axis{}, matrix...)
		o.Brief.Parameters.Engine, o.Brief.Parameters.Model = engine, model
		return o
	}
	unreadable := brief("broken", "local", "house")
	unreadable.Brief.Styles = []string{"nowhere"}
	styled := brief("styled", "", "")
	styled.Brief.Styles, styled.Kit.Defaults.Engine, styled.Kit.Defaults.Model = []string{"misty"}, "", ""
	styled.Styles = []brand.Style{{Name: "misty", Version: 1, Parameters: art.Parameters{Engine: "far", Model: "cloud"}}}
	kit, other := order(art.ApprovalReview, 1).Kit, order(art.ApprovalReview, 1).Kit
	kit.ID, kit.Defaults.Engine, kit.Defaults.Model = "acme", "far", ""
	other.ID, other.Defaults.Engine, other.Defaults.Model = "other", "local", "house"
	r, err := f.Radar(factory.RadarOrder{
		Briefs: []factory.Order{
			brief("here", "local", "house"),
			brief("keyless", "openai", "gpt-image-1"), // nobody has set a key: it depends on it all the same
			brief("unlisted", "openai", "gpt-image-1-mini@x"),
			brief("anybody", "", "sora-2"),
			brief("varied", "local", "house", art.Axis{Field: "engine", Values: []any{"local", "far"}}, art.Axis{Field: "model", Values: []any{"house", "cloud"}}),
			styled, unreadable,
		},
		Brands: []factory.RadarBrand{
			{Kit: kit, Set: &brand.PromptSet{Probe: brand.ProbePlan{Engines: []string{"local", "far"}}}},
			{Kit: other, Set: &brand.PromptSet{Parameters: art.Parameters{Engine: "openai", Model: "dall-e-3"}}},
		},
		Models: art.ModelPolicy{
			Pins: []art.Pin{
				{Brand: "acme", Model: "old", SHA256: "bb"}, // of this machine, not far's
				{Brand: "acme", Model: "sky", SHA256: "aa", Canary: &art.Canary{SHA256: "99"}},
			},
			Shutdowns: []art.Shutdown{{Engine: "far", Model: "sky", Date: "2026-11-27"}, {Engine: "local", Model: "house", Date: "2027-11-26"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, e := range r.Endings {
		for _, h := range e.Hits {
			got[e.Engine+"/"+e.Model] = append(got[e.Engine+"/"+e.Model], h.Kind+" "+h.Name)
		}
		slices.Sort(got[e.Engine+"/"+e.Model])
	}
	want := map[string][]string{
		"openai/gpt-image-1":      {"brief keyless"},
		"openai/gpt-image-1-mini": {"brief unlisted"},
		"openai/sora-2":           {"brief anybody"},
		"openai/dall-e-3":         {"set other"},
		"far/cloud":               {"brief styled", "brief varied", "kit acme", "set acme"},
		"far/sky":                 {"canary acme"},
		"local/house":             {"brief here", "brief varied", "kit other", "pin acme", "set acme"},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if len(r.Unread) != 1 || r.Unread[0].Field != "briefs/broken.yaml" {
		t.Errorf("unread: %+v", r.Unread)
	}
	if !slices.IsSortedFunc(r.Endings, func(a, b art.Ending) int { return a.Days - b.Days }) {
		t.Error("the soonest doesn't come first")
	}
	days := map[string]int{}
	for _, e := range r.Ahead(30) {
		days[e.Model] = e.Days
		if e.Gone != (e.Days <= 0) {
			t.Errorf("%s: %d days, gone %t", e.Model, e.Days, e.Gone)
		}
	}
	if days["sky"] != 1 || days["cloud"] != 30 || days["house"] != 0 || days["gpt-image-1"] != -34 || len(days) != 6 {
		t.Errorf("ahead: %v", days)
	}
	for _, e := range r.Endings {
		if e.Model == "dall-e-3" && (len(e.Also) != 2 || e.Also[0].Model != "gpt-image-1" || e.Lasting != "gpt-image-2" || e.Ready) {
			t.Errorf("its successors end as well: %+v", e)
		}
	}
}

func (lister) Close() error { return nil }

func (lister) Render(context.Context, art.Recipe, engine.Progress) (engine.Picture, error) {
	return engine.Picture{}, art.ErrUnsupported
}
