package plan_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/plan"
)

func words(en, de string) art.Part { return art.Part{Words: art.Text{"en": en, "de": de}} }

// house is a small model with a vocabulary, open a paid one that knows everything.
func house() art.Capabilities {
	return art.Capabilities{
		Engine: "local", EngineVersion: "1", Model: art.ModelRef{Name: "house", Version: "1", SHA256: "aa", Dir: "/somewhere"},
		Modes: []string{art.ModeTextToImage}, Samplers: []string{"euler", "dpmpp_2m"}, Schedulers: []string{"normal", "karras"},
		MinSize: 64, MaxSize: 512, SizeStep: 16, NativeWidth: 128, NativeHeight: 128, MaxSteps: 100, Seeds: true,
		Dialect: "house", Deterministic: true, SecondsPerPicture: 2, Card: &art.ModelCard{Terms: art.Terms{Commercial: art.TermYes}},
		Vocabulary: &art.Vocabulary{Subjects: []string{"red apple", "pear"}, Styles: []string{"flat style"}, Colours: map[string]string{"light blue": "#add8e6"}},
	}
}

func open() art.Capabilities {
	return art.Capabilities{
		Engine: "cloud", EngineVersion: "9", Model: art.ModelRef{Name: "sd", Version: "3"},
		Samplers: []string{"euler_ancestral"}, Schedulers: []string{"simple"}, MinSize: 256, MaxSize: 2048, NativeWidth: 512, NativeHeight: 512,
		Negative: true, Weights: true, Dialect: "a1111", SecondsPerPicture: 4, PricePerPicture: 0.02, Currency: "EUR",
	}
}

// order is an exploration that nothing is wrong with, and that gives one picture.
func order() plan.Input {
	return plan.Input{
		Brief: art.Brief{
			ID: "breakfast", Title: art.Text{"en": "Breakfast", "de": "Frühstück"}, Goal: art.Text{"en": "More clicks"},
			KPI: art.KPI{Metric: "ctr", Target: 0.03}, Brand: "acme", Channels: []string{"web"}, Languages: []string{"en", "de"},
			Run: art.Exploration, Approval: art.ApprovalReview, Matrix: []art.Axis{},
			Prompt: art.Prompt{Subject: words("red apple", "roter Apfel"), Style: words("flat style", "flacher Stil"), Background: words("light blue", "hellblau")},
		},
		Kit: brand.Kit{
			ID: "acme", Owner: brand.Owner{Name: "Ada"}, NoGos: []string{"knife"}, Mandatory: []string{"seed", "steps"},
			Channels: []art.Channel{{Name: "web"}}, Negatives: []string{"blurry"},
		},
		Engines: []art.Capabilities{house(), open()},
	}
}

func make1(t *testing.T, change func(*plan.Input)) art.Plan {
	t.Helper()
	in := order()
	change(&in)
	p, err := plan.Make(in)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAnOrdinaryBriefBecomesOneExactRecipe(t *testing.T) {
	p := make1(t, func(*plan.Input) {})
	if len(p.Recipes) != 1 || len(p.Refused) != 0 || len(p.Warnings) != 1 {
		t.Fatalf("%+v", p)
	}
	want := art.Recipe{
		Mode: "text-to-image", Engine: "local", EngineVersion: "1", Model: art.ModelRef{Name: "house", Version: "1", SHA256: "aa"},
		Prompt: "a red apple, flat style, on a light blue background", Syntax: "plain", Width: 128, Height: 128, Steps: 20, GuidanceScale: 2,
		Sampler: "dpmpp_2m", Scheduler: "karras", NoiseSource: "cpu",
		Seed: 0x7c58ea25, // printf breakfast | sha256sum
	}
	if d := cmp.Diff(want, p.Recipes[0].Recipe); d != "" {
		t.Error(d)
	}
	if id, err := want.ID(); err != nil || p.Recipes[0].ID != id {
		t.Errorf("identity %s, want %s, %v", p.Recipes[0].ID, id, err)
	}
}

func TestTheFirstAxisTurnsSlowest(t *testing.T) {
	p := make1(t, func(in *plan.Input) {
		in.Brief.Matrix = []art.Axis{{Field: "seed", Values: []any{7, "9007199254740993"}}, {Field: "steps", Values: []any{10, 12.0, uint64(30)}}}
	})
	var got []string
	for _, r := range p.Recipes {
		got = append(got, fmt.Sprint(int64(r.Seed), "/", r.Steps, "=", r.Cell["seed"], "/", r.Cell["steps"]))
	}
	want := []string{"7/10=7/10", "7/12=7/12", "7/30=7/30", "9007199254740993/10=9007199254740993/10", "9007199254740993/12=9007199254740993/12", "9007199254740993/30=9007199254740993/30"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestEveryFieldOfTheMatrixChangesItsPartOfTheRecipe(t *testing.T) {
	for field, c := range map[string]struct {
		value any
		got   func(art.PlannedRecipe) any
		want  any
	}{
		"seed":              {5, func(r art.PlannedRecipe) any { return r.Seed }, art.Seed(5)},
		"guidance_scale":    {3, func(r art.PlannedRecipe) any { return r.GuidanceScale }, 3.0},
		"guidance_rescale":  {0.5, func(r art.PlannedRecipe) any { return r.GuidanceRescale }, 0.5},
		"eta":               {0.25, func(r art.PlannedRecipe) any { return r.Eta }, 0.25},
		"steps":             {7, func(r art.PlannedRecipe) any { return r.Steps }, 7},
		"clip_skip":         {2, func(r art.PlannedRecipe) any { return *r.ClipSkip }, 2},
		"width":             {256, func(r art.PlannedRecipe) any { return [2]int{r.Width, r.Height} }, [2]int{256, 128}},
		"height":            {256, func(r art.PlannedRecipe) any { return [2]int{r.Width, r.Height} }, [2]int{128, 256}},
		"size":              {"256 X 64", func(r art.PlannedRecipe) any { return [2]int{r.Width, r.Height} }, [2]int{256, 64}},
		"sampler":           {"euler", func(r art.PlannedRecipe) any { return r.Sampler }, "euler"},
		"scheduler":         {"normal", func(r art.PlannedRecipe) any { return r.Scheduler }, "normal"},
		"noise_source":      {"cuda", func(r art.PlannedRecipe) any { return r.NoiseSource }, "cuda"},
		"engine":            {"local", func(r art.PlannedRecipe) any { return r.Engine }, "local"},
		"model":             {"house@1", func(r art.PlannedRecipe) any { return r.Model.Name }, "house"},
		"prompt.subject":    {"pear", func(r art.PlannedRecipe) any { return r.Prompt }, "a pear, flat style, on a light blue background"},
		"prompt.light":      {map[string]any{"words": map[string]any{"en": "dusk"}, "priority": "high"}, func(r art.PlannedRecipe) any { return r.Prompt }, "a red apple, flat style, on a light blue background, dusk"},
		"prompt.text":       {"Yum", func(r art.PlannedRecipe) any { return r.Prompt }, `a red apple, flat style, on a light blue background, with the words "Yum"`},
		"prompt.background": {map[string]any{"en": "mint", "de": "mint"}, func(r art.PlannedRecipe) any { return r.Source.Background.Words["de"] }, "mint"},
		"styles":            {"pop", func(r art.PlannedRecipe) any { return r.Prompt }, "a red apple, pop art, on a light blue background"},
	} {
		p := make1(t, func(in *plan.Input) {
			in.Styles = []brand.Style{{Name: "pop", Version: 2, Parts: map[string]art.Part{"style": words("pop art", "Pop-Art")}}}
			in.Brief.Matrix = []art.Axis{{Field: field, Values: []any{c.value}}}
		})
		if len(p.Recipes) != 1 {
			t.Errorf("%s: %+v", field, p)
			continue
		}
		if got := c.got(p.Recipes[0]); got != c.want {
			t.Errorf("%s: got %v, want %v", field, got, c.want)
		}
	}
}

func TestWhoSpeaksLastIsHeard(t *testing.T) {
	style := brand.Style{Name: "slow", Version: 1, Parameters: art.Parameters{Steps: new(30)}, Parts: map[string]art.Part{"light": words("dusk", "")}}
	for _, c := range []struct {
		name   string
		change func(*plan.Input)
		steps  int
	}{
		{"nobody", func(*plan.Input) {}, 20},
		{"the kit", func(in *plan.Input) { in.Kit.Defaults.Steps = new(25) }, 25},
		{"a style token over the kit", func(in *plan.Input) { in.Kit.Defaults.Steps = new(25); in.Brief.Styles = []string{"slow"} }, 30},
		{"the brief over its token", func(in *plan.Input) { in.Brief.Styles = []string{"slow@1"}; in.Brief.Parameters.Steps = new(35) }, 35},
		{"a token of the matrix over the brief", func(in *plan.Input) {
			in.Brief.Parameters.Steps = new(35)
			in.Brief.Matrix = []art.Axis{{Field: "styles", Values: []any{"slow"}}}
		}, 30},
		{"another axis over a token of the matrix", func(in *plan.Input) {
			in.Brief.Matrix = []art.Axis{{Field: "steps", Values: []any{40}}, {Field: "styles", Values: []any{"slow"}}}
		}, 40},
	} {
		p := make1(t, func(in *plan.Input) { in.Styles = []brand.Style{style}; c.change(in) })
		if len(p.Recipes) != 1 || p.Recipes[0].Steps != c.steps {
			t.Errorf("%s: %+v, want %d steps", c.name, p.Recipes, c.steps)
		}
	}
}

func TestWithoutAMatrixTheUsualOneIsTaken(t *testing.T) {
	p := make1(t, func(in *plan.Input) { in.Brief.Matrix = nil; in.Brief.Parameters.Seed = new(art.Seed(math.MaxInt64)) })
	seen := map[string]int{}
	for _, r := range p.Recipes {
		seen[fmt.Sprint("seed ", r.Seed)]++
		seen[fmt.Sprint("guidance ", r.GuidanceScale)]++
		seen["sampler "+r.Sampler]++
	}
	want := map[string]int{ // 3 seeds × 2 guidance scales × 2 samplers; the largest seed stays in range
		"seed 9223372036854775805": 4, "seed 9223372036854775806": 4, "seed 9223372036854775807": 4,
		"guidance 2": 6, "guidance 2.5": 6, "sampler dpmpp_2m": 6, "sampler euler": 6,
	}
	if d := cmp.Diff(want, seen); d != "" || len(p.Recipes) != 12 {
		t.Errorf("%d recipes: %s", len(p.Recipes), d)
	}
}

func TestEqualRecipesArePlannedOnce(t *testing.T) {
	p := make1(t, func(in *plan.Input) {
		in.Brief.Matrix = []art.Axis{{Field: "seed", Values: []any{1, 2, 1}}, {Field: "prompt.subject", Values: []any{"pear", " pear"}}}
	})
	if len(p.Recipes) != 2 || p.Dropped != 4 {
		t.Errorf("%d recipes, %d dropped; want 2 and 4", len(p.Recipes), p.Dropped)
	}
}

func TestACostIsKnownBeforeAnythingIsRendered(t *testing.T) {
	// The house model needs 2 s for 128×128 at 20 steps: half the steps and twice the area is 2 s again.
	p := make1(t, func(in *plan.Input) {
		in.Brief.Parameters = art.Parameters{Width: new(256), Steps: new(10)}
		in.Brief.Matrix = []art.Axis{{Field: "seed", Values: []any{1, 2, 3}}}
	})
	if p.Cost.Pictures != 3 || math.Abs(p.Cost.Seconds-6) > 1e-9 || p.Cost.Money != 0 || p.Cost.Currency != "" || p.Cost.Basis == "" {
		t.Errorf("on this machine: %+v", p.Cost)
	}
	dear := open()
	dear.Engine, dear.Currency, dear.PricePerPicture = "studio", "USD", 1
	p = make1(t, func(in *plan.Input) {
		in.Engines = append(in.Engines, dear)
		in.Brief.Matrix = []art.Axis{{Field: "engine", Values: []any{"cloud", "studio"}}, {Field: "seed", Values: []any{1, 2}}}
	})
	if p.Cost.Pictures != 4 || math.Abs(p.Cost.Money-0.04) > 1e-9 || p.Cost.Currency != "EUR" || !told(p.Warnings, "cost", "USD") {
		t.Errorf("in two currencies: %+v, %+v", p.Cost, p.Warnings)
	}
}

// told tells whether one of the refusals is about the field and says so.
func told(all []art.Refusal, field, says string) bool {
	for _, r := range all {
		if r.Field == field && strings.Contains(r.Reason+"; "+r.Remedy, says) {
			return true
		}
	}
	return false
}

func TestWhatCannotBeHonouredIsRefused(t *testing.T) {
	axis := func(field string, values ...any) func(*plan.Input) {
		return func(in *plan.Input) { in.Brief.Matrix = []art.Axis{{Field: field, Values: values}} }
	}
	production := func(change func(*plan.Input)) func(*plan.Input) {
		return func(in *plan.Input) {
			in.Brief.Run = art.Production
			in.Brief.Parameters = art.Parameters{Seed: new(art.Seed(1)), Steps: new(20)}
			change(in)
		}
	}
	for name, c := range map[string]struct {
		change func(*plan.Input)
		field  string
		says   string
	}{
		"no engine":            {func(in *plan.Input) { in.Engines = nil }, "parameters.engine", "doctor"},
		"an unknown engine":    {axis("engine", "locla"), "parameters.engine", `did you mean "local"`},
		"an unknown model":     {axis("model", "hous"), "parameters.model", `did you mean "house"? there are: house@1, sd@3`},
		"an old model":         {axis("model", "house@7"), "parameters.model", "house@1"},
		"a model elsewhere":    {func(in *plan.Input) { in.Brief.Parameters = art.Parameters{Engine: "local", Model: "sd"} }, "parameters.model", "there are: house@1"},
		"an unknown sampler":   {axis("sampler", "eulr"), "parameters.sampler", `did you mean "euler"`},
		"who has the sampler":  {axis("sampler", "euler_ancestral"), "parameters.sampler", "or use cloud with model sd"},
		"an unknown scheduler": {axis("scheduler", "beta"), "parameters.scheduler", "karras"},
		"too small":            {axis("width", 48), "parameters.width", "use 64 to 512"},
		"too large":            {axis("size", "99999999x128"), "parameters.width", "use 64 to 512"},
		"between the steps":    {axis("height", 130), "parameters.height", "use 128"},
		"too many steps":       {axis("steps", 101), "parameters.steps", "use 1 to 100"},
		"too much guidance":    {axis("guidance_scale", 51), "parameters.guidance_scale", "use 0 to 50"},
		"rescaled too much":    {axis("guidance_rescale", 1.5), "parameters.guidance_rescale", "use 0 to 1"},
		"too much eta":         {axis("eta", 2), "parameters.eta", "use 0 to 1"},
		"strange noise":        {axis("noise_source", "sea"), "parameters.noise_source", "cpu or cuda"},
		"negatives":            {axis("prompt.negatives", "ugly"), "prompt.negatives", "cloud"},
		"a no-go":              {axis("prompt.subject", "knives and a kn1fe"), "prompt.subject.words.en", "talk to Ada"},
		"a no-go of the law":   {func(in *plan.Input) { in.Brief.Legal.NoGos = []string{"Apfel"} }, "prompt.subject.words.de", "legal section"},
		"nobody said the seed": {func(in *plan.Input) {
			in.Brief.Run, in.Brief.Parameters.Steps = art.Production, new(20)
		}, "parameters.seed", "production must say seed"},
		// The usual matrix fills seeds in, and yet nobody chose them.
		"the usual is no word": {production(func(in *plan.Input) { in.Brief.Matrix, in.Brief.Parameters.Seed = nil, nil }), "parameters.seed", "production must say seed"},
		"no German words":      {production(func(in *plan.Input) { in.Brief.Prompt.Subject = art.Part{Words: art.Text{"en": "pear"}} }), "prompt.subject.words.de", "alt text"},
		"not pinned":           {production(func(in *plan.Input) { in.Engines = []art.Capabilities{open()} }), "parameters.model", "not pinned"},
		"no seeds":             {production(func(in *plan.Input) { in.Engines = []art.Capabilities{open()} }), "parameters.seed", "keeps no seed"},
	} {
		p := make1(t, c.change)
		if len(p.Recipes) != 0 || !told(p.Refused, c.field, c.says) {
			t.Errorf("%s: %d recipes, refused %+v; want %s: %q", name, len(p.Recipes), p.Refused, c.field, c.says)
		}
	}
}

// TestAServiceMayProduce by the name of its model: it needs a card as any model does, and what it knows nothing of needn't be said.
func TestAServiceMayProduce(t *testing.T) {
	service := func(card *art.ModelCard) func(*plan.Input) {
		return func(in *plan.Input) {
			c := open()
			c.Service, c.Card, c.Samplers, c.Schedulers = &art.Service{Operator: "Far Inc."}, card, nil, nil
			in.Engines, in.Brief.Run = []art.Capabilities{c}, art.Production
			in.Brief.Parameters = art.Parameters{Engine: "cloud", Model: "sd"}
		}
	}
	p := make1(t, service(&art.ModelCard{Model: "sd", Terms: art.Terms{Commercial: art.TermYes}}))
	if len(p.Recipes) != 1 || len(p.Refused) != 0 || !told(p.Warnings, "parameters.model", "without telling") {
		t.Errorf("%d recipes, refused %+v, warned %+v", len(p.Recipes), p.Refused, p.Warnings)
	}
	if p := make1(t, service(nil)); !told(p.Refused, "parameters.model", "has no card") {
		t.Errorf("without a card: %+v", p.Refused)
	}
}

func TestARefusalCostsOnlyItsOwnCells(t *testing.T) {
	p := make1(t, func(in *plan.Input) {
		in.Brief.Matrix = []art.Axis{{Field: "sampler", Values: []any{"euler", "unheard"}}, {Field: "seed", Values: []any{1, 2, 3}}}
	})
	if len(p.Recipes) != 3 || len(p.Refused) != 1 {
		t.Errorf("%d recipes and %+v; want 3 and one refusal, told once", len(p.Recipes), p.Refused)
	}
}

func TestWhatMightDisappointIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*plan.Input)
		field  string
		says   string
	}{
		"a subject never seen":  {func(in *plan.Input) { in.Brief.Prompt.Subject = words("green apple", "") }, "prompt.subject", `"red apple"`},
		"a slip of the finger":  {func(in *plan.Input) { in.Brief.Prompt.Subject = words("a paer", "") }, "prompt.subject", `"pear"`},
		"a colour never seen":   {func(in *plan.Input) { in.Brief.Prompt.Background = words("beige", "") }, "prompt.background", "expect less"},
		"a part never seen":     {func(in *plan.Input) { in.Brief.Prompt.Lens = words("wide", "") }, "prompt", "lens"},
		"letters":               {func(in *plan.Input) { in.Brief.Prompt.Lettering = "Yum" }, "prompt.text", "cannot write"},
		"weights":               {func(in *plan.Input) { in.Brief.Prompt.Subject.Priority = art.PriorityMust }, "prompt", "no weights"},
		"the brand's negatives": {func(*plan.Input) {}, "negatives", "left out"},
		"a long prompt":         {func(in *plan.Input) { in.Brief.Prompt.Subject = words(strings.Repeat("red ", 31), "") }, "prompt", "reads 30"},
		"a token overruled": {func(in *plan.Input) {
			in.Styles = []brand.Style{{Name: "pop", Version: 1, Parts: map[string]art.Part{"style": words("pop art", "")}}}
			in.Brief.Styles = []string{"pop"}
		}, "prompt.style", `"pop"`},
		"undeclared variation": {func(in *plan.Input) {
			in.Brief.Run, in.Brief.Matrix = art.Production, nil
			in.Brief.Parameters = art.Parameters{Seed: new(art.Seed(1)), Steps: new(9)}
		}, "matrix", "matrix: []"},
	} {
		p := make1(t, c.change)
		if len(p.Recipes) == 0 || !told(p.Warnings, c.field, c.says) {
			t.Errorf("%s: %d recipes, warnings %+v; want %s: %q", name, len(p.Recipes), p.Warnings, c.field, c.says)
		}
	}
}

func TestNegativesReachAnEngineThatKnowsThem(t *testing.T) {
	p := make1(t, func(in *plan.Input) {
		in.Styles = []brand.Style{{Name: "pop", Version: 1, Negatives: []string{"Blurry", "grey"}}}
		in.Brief.Styles, in.Brief.Parameters.Engine, in.Brief.Prompt.Negatives = []string{"pop"}, "cloud", []string{"ugly, grey"}
	})
	if len(p.Recipes) != 1 || p.Recipes[0].NegativePrompt != "blurry, grey, ugly" || p.Recipes[0].Syntax != "a1111" || p.Recipes[0].GuidanceScale != 7 {
		t.Errorf("%+v", p)
	}
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	in := order()
	in.Brief.Title = nil
	in.Brief.Styles = []string{"pop", "popp@2", "flat@9"}
	in.Styles = []brand.Style{{Name: "popp", Version: 1}, {Name: "flat", Version: 3}}
	in.Brief.Select.DistinctBy = "prompt.subject"
	in.Brief.Matrix = []art.Axis{
		{Field: "sead", Values: []any{1}},
		{Field: "seed", Values: []any{-1, 1.5, "x", 1e300, uint64(math.MaxUint64)}},
		{Field: "steps", Values: []any{0, "many", 1 << 40}},
		{Field: "guidance_scale", Values: []any{-1, math.NaN(), math.Inf(1), true}},
		{Field: "size", Values: []any{"512", "0x8", "axb", 3}},
		{Field: "sampler", Values: []any{"", 3}},
		{Field: "prompt.style", Values: []any{map[string]any{"de": "flach"}, map[string]any{"en": "flat", "fr": "plat"}, map[string]any{"words": "flat", "priority": "urgent"}, 7}},
		{Field: "styles", Values: []any{"nope", []any{"flat", 3}}},
		{Field: "prompt.negatives", Values: []any{7}},
	}
	_, err := plan.Make(in)
	if !errors.Is(err, art.ErrInvalid) {
		t.Fatal(err)
	}
	for _, want := range []string{
		"title: is missing", `styles[0]: there is no style token "pop"; did you mean "popp"?`, "styles[1]: style token \"popp\" is there in version 1, not in 2",
		"styles[2]: style token \"flat\" is there in version 3, not in 9", "select.distinct_by:", `matrix[0].field: "sead" is no field that changes a picture; did you mean "seed"?`,
		"matrix[1].values[0]:", "matrix[1].values[1]:", "matrix[1].values[2]:", "matrix[1].values[3]:", "matrix[1].values[4]:",
		"matrix[2].values[0]:", "matrix[2].values[1]:", "matrix[2].values[2]:", "matrix[3].values[0]:", "matrix[3].values[1]:", "matrix[3].values[2]:", "matrix[3].values[3]:",
		"matrix[4].values[0]:", "matrix[4].values[1]:", "matrix[4].values[2]:", "matrix[4].values[3]:", "matrix[5].values[0]:", "matrix[5].values[1]:",
		"matrix[6].values[0]: engines read English", "matrix[6].values[1].fr:", "matrix[6].values[2].priority:", "matrix[6].values[3]:",
		"matrix[7].values[0]:", "matrix[7].values[1]:", "matrix[8].values[0]:",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nobody says %q", want)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
}

func TestAMatrixThatExplodesIsRefusedBeforeItIsBuilt(t *testing.T) {
	var many []any
	for i := range 1000 {
		many = append(many, float64(i+1))
	}
	in := order()
	for _, field := range []string{"seed", "steps", "width", "height", "clip_skip", "eta", "guidance_scale", "guidance_rescale"} { // 10²⁴ cells
		in.Brief.Matrix = append(in.Brief.Matrix, art.Axis{Field: field, Values: many})
	}
	if _, err := plan.Make(in); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "2000") {
		t.Errorf("got %v", err)
	}
	in.Brief.Matrix = []art.Axis{{Field: "seed", Values: append(many, many...)}}
	for i := range in.Brief.Matrix[0].Values {
		in.Brief.Matrix[0].Values[i] = i
	}
	if p, err := plan.Make(in); err != nil || len(p.Recipes) != plan.MaxRecipes {
		t.Errorf("exactly as many as allowed: %d, %v", len(p.Recipes), err)
	}
}

// Whatever the matrix: each cell is a recipe, a duplicate or refused, identities are honest, the engine can do what is
// planned, and planning again plans the same.
func TestEveryPlanHoldsTogether(t *testing.T) {
	axes := map[string][]any{
		"seed": {1, 2, 3, 1}, "steps": {1, 20, 100, 101}, "size": {"64x64", "512x64", "65x64", "1024x64"}, "sampler": {"euler", "dpmpp_2m", "heun"},
		"prompt.subject": {"pear", "red apple", "a knife", map[string]any{"en": "pear", "de": "Birne"}}, "guidance_scale": {0, 2.5, 51}, "engine": {"local", "cloud"},
	}
	fields := []string{"seed", "steps", "size", "sampler", "prompt.subject", "guidance_scale", "engine"}
	rapid.Check(t, func(t *rapid.T) {
		in, all := order(), 1
		for _, f := range rapid.SliceOfNDistinct(rapid.SampledFrom(fields), 0, 3, rapid.ID).Draw(t, "fields") {
			values := rapid.SliceOfN(rapid.SampledFrom(axes[f]), 1, 4).Draw(t, f)
			in.Brief.Matrix, all = append(in.Brief.Matrix, art.Axis{Field: f, Values: values}), all*len(values)
		}
		p, err := plan.Make(in)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := plan.Make(in); err != nil || !cmp.Equal(p, again) {
			t.Fatalf("planning again plans something else: %v", err)
		}
		if n := len(p.Recipes) + p.Dropped; n > all || n < all && len(p.Refused) == 0 || p.Cost.Pictures != len(p.Recipes) {
			t.Fatalf("%d cells became %d recipes and %d duplicates; refused: %+v; cost %+v", all, len(p.Recipes), p.Dropped, p.Refused, p.Cost)
		}
		seen := map[string]bool{}
		for _, r := range p.Recipes {
			id, err := r.Recipe.ID()
			if err != nil || id != r.ID || seen[id] || len(r.Cell) != len(in.Brief.Matrix) {
				t.Fatalf("%+v: identity %s, %v", r, id, err)
			}
			seen[id] = true
			if r.Engine == "local" && (r.Steps > 100 || r.Width > 512 || r.Width%16 != 0 || r.Sampler == "heun") || r.GuidanceScale > 50 || strings.Contains(r.Prompt, "knife") {
				t.Fatalf("planned what cannot be: %+v", r.Recipe)
			}
		}
	})
}

func TestAPlanSaysWhatBudgetsWillNotBear(t *testing.T) {
	ask := func(change func(*plan.Input)) art.Plan {
		return make1(t, func(in *plan.Input) {
			in.Brief.Matrix = []art.Axis{{Field: "engine", Values: []any{"cloud"}}, {Field: "seed", Values: []any{1, 2, 3}}}
			change(in)
		})
	}
	fund := art.Fund{Limit: art.Limit{Level: art.LevelBrand, Per: "day", Most: art.AmountOf(1), Currency: "EUR"}, Spent: art.AmountOf(0.95)}
	for name, test := range map[string]struct {
		funds []art.Fund
		says  string
	}{
		"nothing set":      {nil, "no budget limits what is spent in EUR"},
		"too little left":  {[]art.Fund{fund}, "estimated at 0.06 EUR, and of the brand's budget of 1.00 per day are 0.05 left"},
		"another currency": {[]art.Fund{{Limit: art.Limit{Currency: "USD"}}}, "none in EUR"},
	} {
		if p := ask(func(in *plan.Input) { in.Funds = test.funds }); !told(p.Warnings, "cost", test.says) || len(p.Refused) != 0 {
			t.Errorf("%s: %+v", name, p.Warnings)
		}
	}
	fund.Spent = art.AmountOf(0.94)
	if p := ask(func(in *plan.Input) { in.Funds = []art.Fund{fund} }); told(p.Warnings, "cost", "") {
		t.Errorf("it fits: %+v", p.Warnings)
	}
	// A price table stands over what the engine says of itself.
	own := art.Prices{{Engine: "cloud", Dated: "2026-11-26", Source: "our contract", Currency: "EUR", Prices: []art.Price{{Price: 0.5}}}}
	if p := ask(func(in *plan.Input) { in.Prices = own }); math.Abs(p.Cost.Money-1.5) > 1e-9 || !strings.Contains(p.Cost.Basis, "0.50 EUR a picture (our contract, 2026-11-26)") {
		t.Errorf("%+v", p.Cost)
	}
}
