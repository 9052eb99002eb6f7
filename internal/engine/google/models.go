package google

import (
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// model is what is known of a model's name.
type model struct {
	name       string
	shapes     []shape // at 1K
	tiers      []tier
	references int
	thinks     bool   // takes thinking_level
	shutdown   string // the day on which it went away
	instead    string // what the operator names in its place
}

// shape is a ratio and what a picture of 1K has with it.
type shape struct {
	ratio string
	size  art.Size
}

// tier is a word for a resolution; "" isn't sent.
type tier struct {
	name           string
	times, divided int // against 1K
}

// sized is a size and how it is asked for.
type sized struct {
	art.Size
	ratio, tier string
}

// models are those that make pictures, the preferred one first, and those that are gone.
func models() []model {
	k1, k2, k4 := tier{"1K", 1, 1}, tier{"2K", 2, 1}, tier{"4K", 4, 1}
	usual, all := shapes(), append(shapes(), extremes()...)
	imagen := model{shapes: old()[:1], tiers: []tier{{"", 1, 1}}, shutdown: "2026-08-17", instead: "gemini-3.1-flash-image"}
	return []model{
		{name: "gemini-3.1-flash-image", shapes: all, tiers: []tier{{"512", 1, 2}, k1, k2, k4}, references: 14, thinks: true},
		{name: "gemini-nano-banana-2.1", shapes: all, tiers: []tier{k1, k2, k4}, references: 14, thinks: true},
		{name: "gemini-3-pro-image", shapes: usual, tiers: []tier{k1, k2, k4}, references: 14},
		{name: "gemini-3.1-flash-lite-image", shapes: usual, tiers: []tier{k1}, references: 14},
		{name: "gemini-2.5-flash-image", shapes: old(), tiers: []tier{{"", 1, 1}}, references: 3, instead: "gemini-3.1-flash-image"},
		{name: "gemini-3.1-flash-image-preview", shapes: all, tiers: []tier{k1}, references: 14, shutdown: "2026-06-25", instead: "gemini-3.1-flash-image"},
		{name: "gemini-3-pro-image-preview", shapes: usual, tiers: []tier{k1}, references: 14, shutdown: "2026-06-25", instead: "gemini-3-pro-image"},
		imagen.called("imagen-4.0-generate-001", "gemini-3.1-flash-image with thinking_level HIGH"),
		imagen.called("imagen-4.0-fast-generate-001", "gemini-3.1-flash-image with thinking_level MINIMAL"),
		imagen.called("imagen-4.0-ultra-generate-001", "gemini-3-pro-image"),
		imagen.called("imagen-3.0-capability-001", "gemini-3.1-flash-image"),
	}
}

func (m model) called(name, instead string) model {
	m.name, m.instead = name, instead
	return m
}

func shapes() []shape {
	return []shape{
		{"1:1", art.Size{Width: 1024, Height: 1024}},
		{"2:3", art.Size{Width: 848, Height: 1264}},
		{"3:2", art.Size{Width: 1264, Height: 848}},
		{"3:4", art.Size{Width: 896, Height: 1200}},
		{"4:3", art.Size{Width: 1200, Height: 896}},
		{"4:5", art.Size{Width: 928, Height: 1152}},
		{"5:4", art.Size{Width: 1152, Height: 928}},
		{"9:16", art.Size{Width: 768, Height: 1376}},
		{"16:9", art.Size{Width: 1376, Height: 768}},
		{"21:9", art.Size{Width: 1584, Height: 672}},
	}
}

// extremes are the ratios that only the newer flash models know.
func extremes() []shape {
	return []shape{
		{"1:4", art.Size{Width: 512, Height: 2064}},
		{"4:1", art.Size{Width: 2064, Height: 512}},
		{"1:8", art.Size{Width: 352, Height: 2928}},
		{"8:1", art.Size{Width: 2928, Height: 352}},
	}
}

// old are the shapes of Gemini 2.5.
func old() []shape {
	return []shape{
		{"1:1", art.Size{Width: 1024, Height: 1024}},
		{"2:3", art.Size{Width: 832, Height: 1248}},
		{"3:2", art.Size{Width: 1248, Height: 832}},
		{"3:4", art.Size{Width: 864, Height: 1184}},
		{"4:3", art.Size{Width: 1184, Height: 864}},
		{"4:5", art.Size{Width: 896, Height: 1152}},
		{"5:4", art.Size{Width: 1152, Height: 896}},
		{"9:16", art.Size{Width: 768, Height: 1344}},
		{"16:9", art.Size{Width: 1344, Height: 768}},
		{"21:9", art.Size{Width: 1536, Height: 672}},
	}
}

// sizes are all that a model makes. Half of the wide shapes isn't what the models give at 512, so those are left out.
func (m model) sizes() (all []sized) {
	for _, t := range m.tiers {
		for _, s := range m.shapes {
			if t.divided > 1 && max(s.size.Width, s.size.Height) > 2*min(s.size.Width, s.size.Height) {
				continue
			}
			all = append(all, sized{art.Size{Width: s.size.Width * t.times / t.divided, Height: s.size.Height * t.times / t.divided}, s.ratio, t.name})
		}
	}
	return all
}

func capabilities(s wire.Service, m model) engine.Model {
	c := art.Capabilities{
		Engine: s.Name, EngineVersion: s.Version, Model: art.ModelRef{Name: m.name},
		Modes:   []string{art.ModeTextToImage, art.ModeImageToImage},
		Dialect: "plain", NativeWidth: 1024, NativeHeight: 1024, MaxReferences: m.references,
		Options: []string{"safety", "temperature"}, Service: terms(),
	}
	for _, size := range m.sizes() {
		c.Sizes = append(c.Sizes, size.Size)
		c.MaxSize = max(c.MaxSize, size.Width, size.Height)
	}
	c.MinSize, c.SizeStep = c.MaxSize, 1
	for _, size := range c.Sizes {
		c.MinSize = min(c.MinSize, size.Width, size.Height)
	}
	if m.thinks {
		c.Options = append(c.Options, "thinking_level")
	}
	return engine.Model{Capabilities: c, Shutdown: m.shutdown, Instead: m.instead}
}

func terms() *art.Service {
	return &art.Service{
		Operator: "Google", Region: "unknown", Dated: "2026-11-26", SeedKept: true,
		Pricing: "tokens, of which a picture has a fixed number for its resolution",
		DataUse: art.Text{
			"en": "With billing switched on, prompts and pictures don't improve Google's products and are kept for a limited time against abuse; without, they do, and people may read them.",
			"de": "Mit aktivierter Abrechnung verbessern Prompts und Bilder keine Google-Produkte und werden begrenzte Zeit gegen Missbrauch aufbewahrt; ohne sie schon, und Menschen dürfen sie lesen.",
		},
		Safety: art.Text{
			"en": "Prompts and pictures are filtered; a refusal names its reason, such as SAFETY or IMAGE_SAFETY. \"safety\" moves the threshold, some filters always hold.",
			"de": "Prompts und Bilder werden gefiltert; eine Ablehnung nennt ihren Grund, etwa SAFETY oder IMAGE_SAFETY. „safety“ verschiebt die Schwelle, manche Filter gelten immer.",
		},
		License: art.Text{
			"en": "Google claims no ownership of the output. Every picture carries the invisible watermark SynthID.",
			"de": "Google beansprucht kein Eigentum an der Ausgabe. Jedes Bild trägt das unsichtbare Wasserzeichen SynthID.",
		},
	}
}

// check refuses what the model can't honour, and what is gone.
func (e *Engine) check(r art.Recipe) (model, error) {
	at := slices.IndexFunc(e.models, func(m model) bool { return m.name == r.Model.Name })
	if at < 0 {
		_, err := e.info.Model(r.Model)
		return model{}, err
	}
	m := e.models[at]
	if err := wire.Retired(m.name, m.shutdown, m.instead, e.service.Now()); err != nil {
		return m, err
	}
	if err := engine.Check(capabilities(e.service, m).Capabilities, r); err != nil {
		return m, err
	}
	if err := wire.CheckPictures(r, m.references, true, false); err != nil {
		return m, err
	}
	if err := (wire.Takes{}).Fields(r); err != nil {
		return m, err
	}
	const maxSeed = 1<<32 - 1 // 32 bits, which go out with a sign
	if r.Seed > maxSeed {
		return m, art.Unsupported("seed", fmt.Sprintf("%d is too large", r.Seed), fmt.Sprintf("use at most %d", int64(maxSeed)))
	}
	return m, checkOptions(r.Options)
}

func checkOptions(options map[string]any) error {
	for name, words := range map[string][]string{"safety": thresholds(), "thinking_level": {"MINIMAL", "LOW", "MEDIUM", "HIGH"}} {
		if value, given := options[name]; given && !slices.Contains(words, fmt.Sprint(value)) {
			return art.Invalid("options."+name, fmt.Sprintf("%v is not known", value), "use "+strings.Join(words, ", "))
		}
	}
	return nil
}

func thresholds() []string {
	return []string{"BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"}
}
