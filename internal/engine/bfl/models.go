package bfl

import (
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// shape is how a model is told the format.
type shape int

const (
	bySides   shape = iota // width and height
	byRatio                // their ratio; the service chooses a size
	byClass                // one of some ratios, and a class of resolution
	byPicture              // not at all: the picture keeps its size
	byRoom                 // what is added on each side
	byCanvas               // width and height, with the picture in the middle
)

// model is what is known of a model.
type model struct {
	name           string // its path below /v1/
	modes          []string
	shape          shape
	min, max, step int        // of sides
	pixels         int        // altogether; 0 is any number
	pictures       string     // what the first is called; "images" is a list, others count on
	most           int        // pictures, that to be changed included
	steps          [2]int     // from, to; none is 0
	guidance       [2]float64 // from, to; none is 0
	seedless       bool
	options        []string
	takes          wire.Takes
	price          float64 // USD for one megapixel
	gone           bool    // the description of 2026-04-23 has it no more
}

// ours is the longest side where the service states none.
const ours = 8192

// flux2Pixels is the four megapixels of FLUX.2's largest picture.
const flux2Pixels = 4_000_000

// flux2 are the models that draw and edit alike.
func flux2(name string, most int, price float64) model {
	return model{
		name: name, modes: []string{art.ModeTextToImage, art.ModeImageToImage}, min: 64, max: flux2Pixels / 64 / 16 * 16, step: 16, pixels: flux2Pixels,
		pictures: "input_image", most: most, options: []string{"output_format", "safety_tolerance"}, takes: wire.Takes{References: []string{""}}, price: price,
	}
}

func kontext(name string, price float64) model {
	m := flux2(name, 4, price)
	m.shape, m.max, m.step, m.pixels = byRatio, ours, 0, 0
	m.options = []string{"output_format", "prompt_upsampling", "safety_tolerance"}
	return m
}

// flux1 are the text-to-image models, which take one picture to be inspired by.
func flux1(name string, price float64) model {
	return model{
		name: name, modes: []string{art.ModeTextToImage}, min: 256, max: 1440, step: 32, pictures: "image_prompt", most: 1,
		options: []string{"output_format", "prompt_upsampling", "safety_tolerance"}, takes: wire.Takes{References: []string{""}}, price: price,
	}
}

func gone(name string) model {
	m := flux1(name, 0)
	m.gone = true
	return m
}

func models() []model {
	flex := flux2("flux-2-flex", 8, 0.05)
	flex.steps, flex.guidance, flex.options = [2]int{1, 50}, [2]float64{1.5, 10}, append(flex.options, "prompt_upsampling")
	dev := flux1("flux-dev", 0)
	dev.steps, dev.guidance = [2]int{1, 50}, [2]float64{1.5, 5}
	ultra := flux1("flux-pro-1.1-ultra", 0.06)
	ultra.shape, ultra.min, ultra.max, ultra.step, ultra.options, ultra.takes.Weights = byRatio, 64, ours, 0, append(ultra.options, "raw"), true
	tool := model{min: 1, max: ours, most: 1, options: []string{"output_format", "prompt_upsampling", "safety_tolerance"}, steps: [2]int{15, 50}, guidance: [2]float64{1.5, 100}, pictures: "image"}
	fill, expand, outpaint, erase := tool, tool, tool, tool
	fill.name, fill.modes, fill.shape, fill.price = "flux-pro-1.0-fill", []string{art.ModeInpaint}, byPicture, 0.05
	expand.name, expand.modes, expand.shape = "flux-pro-1.0-expand", []string{art.ModeOutpaint}, byRoom
	outpaint.name, outpaint.modes, outpaint.shape, outpaint.pictures = "flux-tools/outpainting-v1", []string{art.ModeOutpaint}, byCanvas, "input_image"
	outpaint.options, outpaint.steps, outpaint.guidance, outpaint.seedless = []string{"mode", "output_format", "safety_tolerance"}, [2]int{}, [2]float64{}, true
	erase.name, erase.modes, erase.shape, erase.takes.Wordless = "flux-tools/erase-v1", []string{art.ModeInpaint}, byPicture, true
	erase.options, erase.steps, erase.guidance = []string{"dilate_pixels", "output_format", "safety_tolerance"}, [2]int{}, [2]float64{}
	flux3 := model{
		name: "flux-3-image", modes: []string{art.ModeTextToImage, art.ModeImageToImage}, shape: byClass, min: 64, max: ours, pictures: "images", most: 10, seedless: true,
		options: []string{"grounding", "resolution", "safety_tolerance", "version"}, takes: wire.Takes{References: []string{""}}, price: 0.048,
	}
	all := []model{
		flux2("flux-2-pro", 8, 0.03), flux2("flux-2-max", 8, 0.07), flex, flux2("flux-2-pro-preview", 8, 0.03),
		flux2("flux-2-klein-9b", 4, 0.015), flux2("flux-2-klein-4b", 4, 0.014), flux2("flux-2-klein-9b-preview", 4, 0.015), flux3,
		kontext("flux-kontext-pro", 0.04), kontext("flux-kontext-max", 0.08), flux1("flux-pro-1.1", 0.04), ultra, dev, fill, expand, outpaint, erase,
		gone("flux-pro"),
		gone("flux-pro-1.0-canny"),
		gone("flux-pro-1.0-depth"),
	}
	for i := range all {
		all[i].takes.Guidance = all[i].guidance[1] > 0
	}
	return all
}

// described is the day of the description in which the models that are gone were missing.
const described = "2026-04-23"

// ratios are FLUX.3's.
func ratios() []string {
	return []string{"21:9", "2:1", "16:9", "3:2", "7:5", "4:3", "5:4", "1:1", "4:5", "3:4", "5:7", "2:3", "9:16", "1:2", "9:21"}
}

func (e *Engine) capabilities(m model) engine.Model {
	c := art.Capabilities{
		Engine: e.service.Name, EngineVersion: e.service.Version, Model: art.ModelRef{Name: m.name}, Modes: m.modes, Dialect: "plain",
		NativeWidth: 1024, NativeHeight: 1024, MinSize: m.min, MaxSize: m.max, SizeStep: m.step, MaxSteps: m.steps[1], Options: m.options,
		Promptless: m.takes.Wordless || m.shape == byRoom || m.shape == byCanvas, PricePerPicture: m.price, Service: e.terms(m),
	}
	if m.price > 0 {
		c.Currency = "USD"
	}
	if len(m.takes.References) > 0 {
		c.MaxReferences = m.most
	}
	known := engine.Model{Capabilities: c}
	if m.gone {
		known.Shutdown = described
	}
	return known
}

// terms is what Black Forest Labs says of itself.
func (e *Engine) terms(m model) *art.Service {
	return &art.Service{
		Operator: "Black Forest Labs", Region: e.region(), Dated: "2026-11-26", Pricing: "credits of 0.01 USD each, by model and megapixels; each job says its cost", SeedKept: !m.seedless,
		DataUse: art.Text{
			"en": "Pictures are sent to the region of the address; links to results end after ten minutes. What else is kept, its terms say.",
			"de": "Bilder gehen in die Region der Adresse; Links auf Ergebnisse enden nach zehn Minuten. Was sonst aufbewahrt wird, sagen die Bedingungen.",
		},
		Safety: art.Text{
			"en": "Requests and pictures are moderated; a refusal is the state Request Moderated or Content Moderated. safety_tolerance goes from 0, strict, upward.",
			"de": "Anfragen und Bilder werden geprüft; eine Ablehnung ist der Zustand Request Moderated oder Content Moderated. safety_tolerance reicht von 0, streng, aufwärts.",
		},
		License: art.Text{
			"en": "By the operator's API terms; read them before use.",
			"de": "Nach den API-Bedingungen des Betreibers; vor der Verwendung lesen.",
		},
	}
}

// region is said by the address: api.eu.bfl.ai and api.us.bfl.ai stay there, api.bfl.ai chooses.
func (e *Engine) region() string {
	for _, name := range []string{"eu", "us"} {
		if strings.Contains(e.service.Base, "//api."+name+".") {
			return strings.ToUpper(name)
		}
	}
	return "unknown"
}

func (e *Engine) model(name string) (model, bool) {
	at := slices.IndexFunc(e.models, func(m model) bool { return m.name == name })
	if at < 0 {
		return model{}, false
	}
	return e.models[at], true
}
