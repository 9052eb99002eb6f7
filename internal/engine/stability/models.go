package stability

import (
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// shape is how a service is told the format.
type shape int

const (
	byRatio   shape = iota // aspect_ratio; the service chooses a size
	byPicture              // not at all: the picture keeps its size
	byRoom                 // what is added on each side
	larger                 // not at all: the picture is enlarged
)

// model is one service of the API, or one of the networks behind it.
type model struct {
	name     string
	path     string // below /v2beta/stable-image/
	modes    []string
	shape    shape
	picture  string // kind of the control picture that it works on, "" for the one to be changed
	weight   string // what the weight of that picture is called
	fixed    string // value of the field "model"
	negative bool
	seedless bool
	styles   bool // knows style_preset
	async    bool // gives a job
	options  []string
	takes    wire.Takes
	credits  float64
	shutdown string
	instead  string
}

// Kinds of control pictures and references.
const (
	kindSketch    = "sketch"
	kindStructure = "structure"
	kindStyle     = "style"
)

const (
	maxPrompt = 10000     // characters
	maxPixels = 9_437_184 // of a picture that is worked on
	ours      = 8192      // the longest side where the service states none
)

func models() []model {
	draw := []string{art.ModeTextToImage, art.ModeImageToImage}
	paint, control, upscale := []string{art.ModeInpaint}, []string{art.ModeTextToImage}, []string{art.ModeUpscale}
	words := wire.Takes{Prompt: maxPrompt, Strength: true}
	sd := func(name string, credits float64) model {
		guided := words
		guided.Guidance = true
		return model{name: name, path: "generate/sd3", modes: draw, fixed: name, negative: true, styles: true, takes: guided, credits: credits}
	}
	gone := func(name, shutdown, instead string) model {
		return model{name: name, modes: draw, shutdown: shutdown, instead: instead}
	}
	const rerouted = "2025-04-17"
	all := []model{
		{name: "stable-image-ultra", path: "generate/ultra", modes: draw, negative: true, styles: true, takes: words, credits: 8},
		{name: "stable-image-core", path: "generate/core", modes: []string{art.ModeTextToImage}, negative: true, styles: true, takes: words, credits: 3},
		sd("sd3.5-large", 6.5), sd("sd3.5-large-turbo", 4), sd("sd3.5-medium", 3.5), sd("sd3.5-flash", 2.5),
		{name: "inpaint", path: "edit/inpaint", modes: paint, shape: byPicture, negative: true, styles: true, options: []string{"grow_mask"}, takes: wire.Takes{Prompt: maxPrompt}, credits: 5},
		{name: "erase", path: "edit/erase", modes: paint, shape: byPicture, options: []string{"grow_mask"}, takes: wire.Takes{Wordless: true}, credits: 5},
		{name: "outpaint", path: "edit/outpaint", modes: []string{art.ModeOutpaint}, shape: byRoom, styles: true, options: []string{"creativity"}, takes: wire.Takes{Prompt: maxPrompt}, credits: 4},
		{name: "sketch", path: "control/sketch", modes: control, shape: byPicture, picture: kindSketch, weight: "control_strength", negative: true, styles: true, takes: wire.Takes{Prompt: maxPrompt, Weights: true}, credits: 5},
		{name: "structure", path: "control/structure", modes: control, shape: byPicture, picture: kindStructure, weight: "control_strength", negative: true, styles: true, takes: wire.Takes{Prompt: maxPrompt, Weights: true}, credits: 5},
		{name: "style", path: "control/style", modes: control, picture: kindStyle, weight: "fidelity", negative: true, styles: true, takes: wire.Takes{Prompt: maxPrompt, Weights: true, References: []string{kindStyle}}, credits: 5},
		{name: "upscale-fast", path: "upscale/fast", modes: upscale, shape: larger, seedless: true, takes: wire.Takes{Wordless: true}, credits: 2},
		{name: "upscale-conservative", path: "upscale/conservative", modes: upscale, shape: larger, negative: true, options: []string{"creativity"}, takes: wire.Takes{Prompt: maxPrompt}, credits: 40},
		{name: "upscale-creative", path: "upscale/creative", modes: upscale, shape: larger, negative: true, styles: true, async: true, options: []string{"creativity"}, takes: wire.Takes{Prompt: maxPrompt}, credits: 60},
		gone("sd3-large", rerouted, "sd3.5-large"), gone("sd3-large-turbo", rerouted, "sd3.5-large-turbo"), gone("sd3-medium", rerouted, "sd3.5-medium"),
	}
	for i := range all {
		all[i].options = append(all[i].options, "output_format")
		if all[i].styles {
			all[i].options = append(all[i].options, "style_preset")
		}
	}
	return all
}

// sizes are one megapixel at each ratio that the API knows, as Stable Diffusion has them.
func sizes() map[art.Size]string {
	return map[art.Size]string{
		{Width: 1024, Height: 1024}: "1:1", {Width: 1344, Height: 768}: "16:9", {Width: 768, Height: 1344}: "9:16", {Width: 1536, Height: 640}: "21:9",
		{Width: 640, Height: 1536}: "9:21", {Width: 1216, Height: 832}: "3:2", {Width: 832, Height: 1216}: "2:3", {Width: 1088, Height: 896}: "5:4", {Width: 896, Height: 1088}: "4:5",
	}
}

func (e *Engine) capabilities(m model) engine.Model {
	c := art.Capabilities{
		Engine: e.service.Name, EngineVersion: e.service.Version, Model: art.ModelRef{Name: m.name}, Modes: m.modes, Dialect: "plain",
		NativeWidth: 1024, NativeHeight: 1024, MinSize: 64, MaxSize: ours, Negative: m.negative, Options: m.options,
		Promptless: m.takes.Wordless || m.shape == byRoom, PricePerPicture: m.credits / 100, Service: terms(m),
	}
	if m.credits > 0 {
		c.Currency = "USD"
	}
	if m.shape == byRatio {
		for size := range sizes() {
			c.Sizes = append(c.Sizes, size)
		}
		slices.SortFunc(c.Sizes, func(a, b art.Size) int { return a.Width - b.Width })
	}
	switch m.picture {
	case kindStyle:
		c.MaxReferences = 1
	case kindSketch, kindStructure:
		c.Controls = []string{m.picture}
	}
	return engine.Model{Capabilities: c, Shutdown: m.shutdown, Instead: m.instead}
}

// terms is what Stability AI says of itself.
func terms(m model) *art.Service {
	return &art.Service{
		Operator: "Stability AI", Region: "unknown", Dated: "2026-11-26", Pricing: "credits of 0.01 USD each, so many a picture by service; failures are free", SeedKept: !m.seedless,
		DataUse: art.Text{
			"en": "Results of jobs are kept for 24 hours. What else is kept, the platform's terms say.",
			"de": "Ergebnisse von Aufträgen werden 24 Stunden aufbewahrt. Was sonst aufbewahrt wird, sagen die Bedingungen der Plattform.",
		},
		Safety: art.Text{
			"en": "Requests are moderated (status 403, content_moderation); a picture that breaks the rules comes blurred, is charged and counts as refused here.",
			"de": "Anfragen werden geprüft (Status 403, content_moderation); ein Bild, das die Regeln bricht, kommt unscharf, wird berechnet und gilt hier als abgelehnt.",
		},
		License: art.Text{"en": "By the platform's terms; read them before use.", "de": "Nach den Bedingungen der Plattform; vor der Verwendung lesen."},
	}
}
