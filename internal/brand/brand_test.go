package brand_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"presswerk/internal/art"
	"presswerk/internal/brand"
)

// kit is one that nothing is wrong with.
func kit() brand.Kit {
	return brand.Kit{
		ID: "acme", Name: art.Text{"en": "Acme"}, Owner: brand.Owner{Name: "Ada", Email: "ada@example.com"},
		Colours: []art.Colour{{Name: "peach", Hex: "#ffd0b2", Role: "background"}}, Negatives: []string{"@quality", "ugly"}, NoGos: []string{"knife"},
		Mandatory: []string{"seed", "resolution"}, Channels: []art.Channel{
			{Name: "web", Title: art.Text{"de": "Netz"}, Aspect: "16:9", Widths: []int{320, 640}, Formats: []string{"avif", "jpeg"}},
			{Name: "shop", Title: art.Text{"en": "Shop"}, Widths: []int{16}, Formats: []string{"png"}},
		},
		Rubric: []art.Gate{{Scorer: "sharpness", Min: new(0.2)}},
		Rights: art.Rights{Creator: "Acme", Credit: "Acme", Copyright: "© Acme", License: "https://example.com/licence"},
	}
}

// brief is one for that kit that nothing is wrong with.
func brief() art.Brief {
	return art.Brief{
		ID: "breakfast", Title: art.Text{"en": "Breakfast", "de": "Frühstück"}, Goal: art.Text{"en": "Clicks"}, KPI: art.KPI{Metric: "ctr", Target: 0.03},
		Brand: "acme", Channels: []string{"web", "shop"}, Languages: []string{"en", "de"}, Run: art.Production, Approval: art.ApprovalAuto,
		Prompt: art.Prompt{Subject: art.Part{Words: art.Text{"en": "apple"}}},
	}
}

func fields(all []*art.FieldError) string {
	var names []string
	for _, e := range all {
		names = append(names, e.Field)
	}
	return strings.Join(names, " ")
}

func TestAKitSaysEverythingThatIsWrongWithIt(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*brand.Kit)
		want   string
	}{
		"nothing":             {func(*brand.Kit) {}, ""},
		"names":               {func(k *brand.Kit) { k.Name, k.Owner = nil, brand.Owner{} }, "name owner.name owner.email"},
		"an address":          {func(k *brand.Kit) { k.Owner.Email = "ada" }, "owner.email"},
		"no colours":          {func(k *brand.Kit) { k.Colours = nil }, "colours"},
		"a short hex":         {func(k *brand.Kit) { k.Colours[0].Hex = "#fff" }, "colours[0].hex"},
		"a hex and more":      {func(k *brand.Kit) { k.Colours[0].Hex = "#ffd0b2\n" }, "colours[0].hex"},
		"a role":              {func(k *brand.Kit) { k.Colours[0].Role = "hero" }, "colours[0].role"},
		"a colour twice":      {func(k *brand.Kit) { k.Colours = append(k.Colours, k.Colours[0]) }, "colours[1].name"},
		"a logo elsewhere":    {func(k *brand.Kit) { k.Logo.File = "../logo.svg" }, "logo.file"},
		"a logo above":        {func(k *brand.Kit) { k.Logo.File = ".." }, "logo.file"},
		"room for the logo":   {func(k *brand.Kit) { k.Logo.ClearSpace, k.Logo.MinWidth = math.NaN(), -1 }, "logo.clear_space logo.min_width"},
		"a starter group":     {func(k *brand.Kit) { k.Negatives[0] = "@qualty" }, "negatives[0]"},
		"an empty no-go":      {func(k *brand.Kit) { k.NoGos[0] = " " }, "no_gos[0]"},
		"a mandatory":         {func(k *brand.Kit) { k.Mandatory[1] = "width" }, "mandatory[1]"},
		"defaults":            {func(k *brand.Kit) { k.Defaults.Steps, k.Defaults.Eta = new(0), new(math.Inf(1)) }, "defaults.steps defaults.eta"},
		"no channels":         {func(k *brand.Kit) { k.Channels = nil }, "channels"},
		"a channel's name":    {func(k *brand.Kit) { k.Channels[0].Name = "Web Site" }, "channels[0].name"},
		"a channel twice":     {func(k *brand.Kit) { k.Channels[1].Name = "web" }, "channels[1].name"},
		"a channel's title":   {func(k *brand.Kit) { k.Channels[0].Title = nil }, "channels[0].title"},
		"an aspect of 0":      {func(k *brand.Kit) { k.Channels[0].Aspect = "0:9" }, "channels[0].aspect"},
		"an aspect as number": {func(k *brand.Kit) { k.Channels[0].Aspect = "1.5" }, "channels[0].aspect"},
		"no widths":           {func(k *brand.Kit) { k.Channels[0].Widths = nil }, "channels[0].widths"},
		"widths that fall":    {func(k *brand.Kit) { k.Channels[0].Widths = []int{640, 640, 15, 99999} }, "channels[0].widths[1] channels[0].widths[2] channels[0].widths[3]"},
		"formats":             {func(k *brand.Kit) { k.Channels[0].Formats = []string{"gif", "avif", "avif"} }, "channels[0].formats[0] channels[0].formats[2]"},
		"no formats":          {func(k *brand.Kit) { k.Channels[0].Formats = nil }, "channels[0].formats"},
		"an archive":          {func(k *brand.Kit) { k.Finishing.Archive = &art.Archive{Format: "bmp", Profile: "adobe-rgb"} }, "finishing.archive.format finishing.archive.profile"},
		"a print channel": {func(k *brand.Kit) {
			k.Channels[0].Widths, k.Channels[0].Formats, k.Channels[0].Print = nil, nil, &art.Print{WidthMM: 105, HeightMM: 148}
		}, ""},
		"half a channel": {func(k *brand.Kit) {
			k.Channels[0].Formats, k.Channels[0].Print = nil, &art.Print{WidthMM: 105, HeightMM: 148}
		}, "channels[0].formats"},
		"a print of nothing": {func(k *brand.Kit) { k.Channels[0].Print = &art.Print{BleedMM: -1, MaxInk: 20, MinPPI: math.NaN()} }, "channels[0].print.width_mm channels[0].print.height_mm channels[0].print.bleed_mm channels[0].print.tac channels[0].print.min_ppi"},
		"a print of words": {func(k *brand.Kit) {
			k.Channels[0].Print = &art.Print{WidthMM: 105, HeightMM: 148, Intent: "vivid", Standard: "x-1a", Profile: "../own.icc"}
		}, "channels[0].print.intent channels[0].print.standard channels[0].print.profile"},
		"fewer than no bytes":  {func(k *brand.Kit) { k.Channels[0].MaxBytes = -1 }, "channels[0].max_bytes"},
		"no gate":              {func(k *brand.Kit) { k.Rubric = nil }, "rubric"},
		"a gate without ends":  {func(k *brand.Kit) { k.Rubric[0].Min = nil }, "rubric[0]"},
		"a gate upside down":   {func(k *brand.Kit) { k.Rubric[0].Max = new(0.1) }, "rubric[0].min"},
		"a gate of NaN":        {func(k *brand.Kit) { k.Rubric[0] = art.Gate{Min: new(math.NaN()), Max: new(math.Inf(1)), Weight: -1} }, "rubric[0].scorer rubric[0].min rubric[0].max rubric[0].weight"},
		"a share":              {func(k *brand.Kit) { k.Select = art.Select{Share: 10, Count: -1} }, "select.share select.count"},
		"no rights":            {func(k *brand.Kit) { k.Rights = art.Rights{} }, "rights.creator rights.credit rights.copyright"},
		"a licence in words":   {func(k *brand.Kit) { k.Rights.License, k.Rights.AcquireURL = "all mine", "javascript:alert(1)" }, "rights.license rights.acquire_url"},
		"what files tell":      {func(k *brand.Kit) { k.PromptInFiles = "none" }, "prompt_in_files"},
		"a safe zone too wide": {func(k *brand.Kit) { k.Channels[0].SafeZone = &art.Region{X: 0.5, Width: 0.6, Height: 1} }, "channels[0].safe_zone"},
		"a product nowhere":    {func(k *brand.Kit) { k.Layout.Product = &art.Region{X: 0.5} }, "layout.product"},
	} {
		k := kit()
		c.change(&k)
		if got := fields(k.Check()); got != c.want {
			t.Errorf("%s: complaints about %q, want %q", name, got, c.want)
		}
	}
}

func TestABriefSaysEverythingThatIsWrongWithIt(t *testing.T) {
	axis := func(field string, values ...any) art.Axis { return art.Axis{Field: field, Values: values} }
	for name, c := range map[string]struct {
		change func(*art.Brief)
		want   string
	}{
		"nothing":            {func(*art.Brief) {}, ""},
		"everything":         {func(b *art.Brief) { *b = art.Brief{} }, "title goal kpi.metric kpi.target brand channels languages run approval prompt.subject"},
		"a target of NaN":    {func(b *art.Brief) { b.KPI.Target = math.NaN() }, "kpi.target"},
		"another brand":      {func(b *art.Brief) { b.Brand = "other" }, "brand"},
		"an unknown channel": {func(b *art.Brief) { b.Channels[1] = "shp" }, "channels[1]"},
		"a channel twice":    {func(b *art.Brief) { b.Channels[1] = "web" }, "channels[1]"},
		"a language":         {func(b *art.Brief) { b.Languages = []string{"en", "fr", "en"} }, "languages[1] languages[2]"},
		"no German title":    {func(b *art.Brief) { b.Title = art.Text{"en": "Breakfast"} }, "title"},
		"a kind of run":      {func(b *art.Brief) { b.Run = "test" }, "run"},
		"an approval":        {func(b *art.Brief) { b.Approval = "yes" }, "approval"},
		"only German words":  {func(b *art.Brief) { b.Prompt.Light = art.Part{Words: art.Text{"de": "Dämmerung"}} }, "prompt.light.words.en"},
		"a priority":         {func(b *art.Brief) { b.Prompt.Subject.Priority = "urgent" }, "prompt.subject.priority"},
		"a subject that varies": {func(b *art.Brief) {
			b.Prompt.Subject, b.Matrix = art.Part{}, []art.Axis{axis("prompt.subject", "pear")}
		}, ""},
		"an axis": {func(b *art.Brief) { b.Matrix = []art.Axis{axis(""), axis("seed", 1), axis("seed", 2)} }, "matrix[0].field matrix[0].values matrix[2].field"},
		"a share": {func(b *art.Brief) { b.Select.Share = -0.1 }, "select.share"},
		"sizes":   {func(b *art.Brief) { b.Parameters = art.Parameters{Width: new(0), Height: new(-5)} }, "parameters.width parameters.height"},
		"numbers": {func(b *art.Brief) {
			b.Parameters = art.Parameters{Steps: new(0), GuidanceScale: new(-1.0), Seed: new(art.Seed(-1))}
		}, "parameters.steps parameters.guidance_scale parameters.seed"},
		"a master":      {func(b *art.Brief) { b.Parameters = art.Parameters{Format: "jpeg", ColourProfile: "p3"} }, "parameters.format parameters.colour_profile"},
		"strange noise": {func(b *art.Brief) { b.Parameters.NoiseSource = "sea" }, "parameters.noise_source"},
	} {
		b := brief()
		c.change(&b)
		all := brand.CheckBrief(b, kit())
		if got := fields(all); got != c.want {
			t.Errorf("%s: complaints about %q, want %q", name, got, c.want)
		}
		if err := brand.Join(all); (err != nil) != (c.want != "") || err != nil && !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s: joined they are %v", name, err)
		}
	}
}

func TestWithoutItsKitABriefIsReadAlone(t *testing.T) {
	b := brief()
	b.Brand, b.Channels = "not-there-yet", []string{"nowhere"}
	if got := fields(brand.CheckBrief(b, brand.Kit{})); got != "" {
		t.Errorf("complaints about %q, want none", got)
	}
}

func TestAWrongNameComesWithTheNearestOne(t *testing.T) {
	for name, all := range map[string][]*art.FieldError{
		`did you mean "web"`:       brand.CheckBrief(func() art.Brief { b := brief(); b.Channels = []string{"wbe"}; return b }(), kit()),
		`did you mean "quality"`:   func() brand.Kit { k := kit(); k.Negatives = []string{"@qualty"}; return k }().Check(),
		`did you mean "steps"`:     func() brand.Kit { k := kit(); k.Mandatory = []string{"step"}; return k }().Check(),
		`did you mean "webp"`:      func() brand.Kit { k := kit(); k.Channels[0].Formats = []string{"wepb"}; return k }().Check(),
		`did you mean "materials"`: brand.Style{Version: 1, Title: art.Text{"en": "x"}, Parts: map[string]art.Part{"material": {}}}.Check(),
	} {
		if len(all) != 1 || !strings.Contains(all[0].Remedy, name) {
			t.Errorf("want one remedy with %s, got %v", name, brand.Join(all))
		}
	}
}

func TestAStyleTokenSaysWhatIsWrongWithIt(t *testing.T) {
	good := brand.Style{Version: 1, Title: art.Text{"en": "Pop"}, Parts: map[string]art.Part{"style": {Words: art.Text{"en": "pop art"}}}}
	for name, c := range map[string]struct {
		change func(*brand.Style)
		want   string
	}{
		"nothing":    {func(*brand.Style) {}, ""},
		"no version": {func(s *brand.Style) { s.Version, s.Title = 0, nil }, "version title"},
		"parts": {func(s *brand.Style) {
			s.Parts = map[string]art.Part{"text": {}, "light": {Words: art.Text{"de": "hell"}}, "lens": {Priority: "very"}}
		}, "parts.lens.priority parts.light.words.en parts.text"},
		"parameters": {func(s *brand.Style) { s.Parameters.Width = new(-1) }, "parameters.width"},
	} {
		s := good
		c.change(&s)
		if got := fields(s.Check()); got != c.want {
			t.Errorf("%s: complaints about %q, want %q", name, got, c.want)
		}
	}
}

func TestNegativesAreWrittenOutOnce(t *testing.T) {
	k := brand.Kit{Negatives: []string{"Letters", "@text", "ugly, logo"}}
	if d := cmp.Diff([]string{"Letters", "text", "watermark", "signature", "logo", "username", "ugly"}, k.NegativeWords()); d != "" {
		t.Error(d)
	}
}

func TestStyleNamesAreThoseOfListAndMatrix(t *testing.T) {
	b := art.Brief{Styles: []string{"pop@2", "flat"}, Matrix: []art.Axis{
		{Field: "seed", Values: []any{"no style"}}, {Field: brand.StylesAxis, Values: []any{"flat", []any{"ink", "", 3, "pop"}, 7}},
	}}
	if d := cmp.Diff([]string{"pop@2", "flat", "ink", "pop"}, brand.StyleNames(b)); d != "" {
		t.Error(d)
	}
	for ref, want := range map[string][2]string{"pop": {"pop", ""}, "pop@2": {"pop", "2"}, "pop@": {"pop", ""}, "@": {"", ""}, "a@b@c": {"a", "b@c"}} {
		if name, version := brand.SplitStyle(ref); name != want[0] || version != want[1] {
			t.Errorf("%q is %q in version %q", ref, name, version)
		}
	}
}

func TestChannelsComeInTheAskedOrder(t *testing.T) {
	got, err := kit().ChannelsNamed([]string{"shop", "web"})
	if err != nil || len(got) != 2 || got[0].Name != "shop" || got[1].Name != "web" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := kit().ChannelsNamed([]string{"a", "web", "b"}); !errors.Is(err, art.ErrInvalid) || strings.Count(err.Error(), "has no channel") != 2 {
		t.Errorf("two unknown channels: %v", err)
	}
}

// A valid name is safe as a file name and in an address, whatever it is made of.
func TestValidNamesAreSafe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9-]{0,70}`), rapid.StringMatching(`[a-z]{2}[./\\ A-Z\n]?[a-z]?`)).Draw(t, "name")
		plain := strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && s != "" && len(s) <= 63 && s[0] != '-'
		if brand.ValidName(s) != plain {
			t.Fatalf("%q counts as a name: %t", s, !plain)
		}
	})
}
