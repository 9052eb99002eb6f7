package firefly

import (
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// place is what a service does with the picture that it is given.
type place int

const (
	nowhere place = iota // none is given, or it is looked at only
	masked               // a mask says what is made anew
	around               // it is put into the middle of the format
	larger               // it is enlarged
)

// model is a version of Firefly's networks, or one of the services beside them.
type model struct {
	name     string
	path     string // below /v3/images/
	version  string // header x-model-version, "" for none
	custom   string // customModelId
	modes    []string
	place    place
	sizes    []art.Size
	max      int // of sides
	negative bool
	guided   bool // takes a style and a structure reference
	styled   bool // takes a style reference
	wordless bool // a prompt may be left out, or isn't taken
	options  []string
	takes    wire.Takes
	shutdown string
	instead  string
}

// Kinds of pictures that steer.
const (
	kindStyle     = "style"
	kindStructure = "structure"
)

const maxPrompt = 1024 // characters

func sizes3() []art.Size {
	return []art.Size{
		{Width: 2048, Height: 2048},
		{Width: 1024, Height: 1024},
		{Width: 2304, Height: 1792},
		{Width: 1792, Height: 2304},
		{Width: 2688, Height: 1536},
		{Width: 1344, Height: 768},
		{Width: 1152, Height: 896},
		{Width: 896, Height: 1152},
	}
}

func sizes4() []art.Size {
	return []art.Size{
		{Width: 2048, Height: 2048}, {Width: 2304, Height: 1792}, {Width: 1792, Height: 2304}, {Width: 2688, Height: 1536}, {Width: 1440, Height: 2560},
	}
}

func generate(version string, sizes []art.Size) model {
	return model{
		name: version, path: "generate-async", version: version, modes: []string{art.ModeTextToImage}, sizes: sizes, negative: true, guided: true, styled: true,
		options: []string{"contentClass", "presets", "promptBiasingLocaleCode", "visualIntensity"},
		takes:   wire.Takes{Prompt: maxPrompt, References: []string{kindStyle}, Weights: true},
	}
}

// custom is a model that a customer trained: "image4_custom/ID", or the ID alone.
func custom(name string) model {
	version, id, found := strings.Cut(name, "/")
	if !found {
		version, id = "image4_custom", name
	}
	m := generate(version, sizes4())
	if version == "image3_custom" {
		m.sizes = append(sizes3(), art.Size{Width: 2688, Height: 1512}, art.Size{Width: 1344, Height: 756})
	} else {
		m.options = []string{"contentClass", "presets", "promptBiasingLocaleCode", "upsamplerType"}
	}
	m.name, m.custom, m.negative = version+"/"+id, id, false
	return m
}

func similar(version string) model {
	return model{
		name: version + "/similar", path: "generate-similar-async", version: version, modes: []string{art.ModeImageToImage}, sizes: sizes3(), wordless: true,
		takes: wire.Takes{Wordless: true},
	}
}

func (o Options) models() []model {
	image3 := generate("image3", append(sizes3(), art.Size{Width: 2688, Height: 1512}, art.Size{Width: 1344, Height: 756}))
	all := []model{generate("image4_standard", sizes4()), generate("image4_ultra", sizes4()), image3}
	for _, name := range o.Custom {
		all = append(all, custom(name))
	}
	all = append(all,
		similar("image4_standard"), similar("image4_ultra"), similar("image3"),
		model{
			name: "fill", path: "fill-async", modes: []string{art.ModeInpaint}, place: masked, sizes: sizes3(), negative: true, wordless: true,
			options: []string{"promptBiasingLocaleCode"}, takes: wire.Takes{Prompt: maxPrompt},
		},
		model{name: "expand", path: "expand-async", modes: []string{art.ModeOutpaint}, place: around, max: 3999, wordless: true, takes: wire.Takes{Prompt: maxPrompt}},
		model{
			name: "object-composite", path: "generate-object-composite-async", modes: []string{art.ModeOutpaint, art.ModeInpaint}, place: around, sizes: sizes3(), styled: true,
			options: []string{"contentClass", "presets"}, takes: wire.Takes{Prompt: maxPrompt, References: []string{kindStyle}, Weights: true},
		},
		model{
			name: "precise_upsampler_v1", path: "upscale", version: "precise_upsampler_v1", modes: []string{art.ModeUpscale}, place: larger, wordless: true,
			options: []string{"upscaleFactor"}, takes: wire.Takes{Wordless: true},
		},
		model{name: "image2", modes: []string{art.ModeTextToImage}, sizes: sizes3(), shutdown: "2025-09-10", instead: "image4_standard"},
	)
	for i, m := range all {
		for _, size := range m.sizes {
			all[i].max = max(all[i].max, size.Width, size.Height)
		}
	}
	return all
}

func (o Options) capabilities(m model) engine.Model {
	c := art.Capabilities{
		Engine: o.Name, EngineVersion: o.Version, Model: art.ModelRef{Name: m.name}, Modes: m.modes, Dialect: "plain",
		NativeWidth: 2048, NativeHeight: 2048, Sizes: m.sizes, MinSize: 1, MaxSize: m.max, Negative: m.negative, Promptless: m.wordless,
		Options: m.options, Service: terms(),
	}
	if m.styled {
		c.MaxReferences = 1
	}
	if m.guided {
		c.Controls = []string{kindStructure}
	}
	return engine.Model{Capabilities: c, Shutdown: m.shutdown, Instead: m.instead}
}

// terms is what Adobe says of itself.
func terms() *art.Service {
	return &art.Service{
		Operator: "Adobe", Region: "unknown", Dated: "2026-11-26", Pricing: "generative credits, by contract", SeedKept: true,
		DataUse: art.Text{
			"en": "Uploaded pictures are kept for seven days, links to results end after an hour. What else is kept, the contract says.",
			"de": "Hochgeladene Bilder werden sieben Tage aufbewahrt, Links auf Ergebnisse enden nach einer Stunde. Was sonst aufbewahrt wird, sagt der Vertrag.",
		},
		Safety: art.Text{
			"en": "Prompts and pictures are filtered: status 451, or a failed job with a code such as prompt_unsafe. Words that were left out of a prompt are noted.",
			"de": "Prompts und Bilder werden gefiltert: Status 451 oder ein gescheiterter Auftrag mit einem Code wie prompt_unsafe. Ausgelassene Wörter werden vermerkt.",
		},
		License: art.Text{"en": "By the contract with Adobe.", "de": "Nach dem Vertrag mit Adobe."},
	}
}

func (e *Engine) model(name string) (model, bool) {
	at := slices.IndexFunc(e.models, func(m model) bool { return m.name == name })
	if at < 0 {
		return model{}, false
	}
	return e.models[at], true
}
