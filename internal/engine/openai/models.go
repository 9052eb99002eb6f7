package openai

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
	name     string
	free     bool   // any size by sixteens up to 3840×2160, not wider than 3:1; else three sizes
	fidelity bool   // takes input_fidelity
	shutdown string // the day on which it went away or will
	instead  string // what the operator names in its place
}

// models are those of the API's description, the preferred one first, and those that are gone, so that an old recipe is
// told what replaced them. Shut down on 2026-05-12, announced on 2025-11-14: platform.openai.com/docs/deprecations.
func models() []model {
	return []model{
		{name: "gpt-image-2", free: true},
		{name: "gpt-image-2-2026-04-21", free: true},
		{name: "gpt-image-1.5", fidelity: true},
		{name: "gpt-image-1", fidelity: true},
		{name: "gpt-image-1-mini"},
		{name: "dall-e-3", shutdown: "2026-05-12", instead: "gpt-image-1 or gpt-image-1-mini"},
		{name: "dall-e-2", shutdown: "2026-05-12", instead: "gpt-image-1 or gpt-image-1-mini"},
	}
}

// Limits of the API's description.
const (
	maxReferences = 16    // pictures
	maxPrompt     = 32000 // characters
)

// names of the recipe's options that go to the service as they are.
func optionNames() []string {
	return []string{"background", "input_fidelity", "moderation", "output_compression", "output_format", "quality", "user"}
}

// capabilities says what a model honours.
func (o Options) capabilities(m model) engine.Model {
	c := art.Capabilities{
		Engine: o.Name, EngineVersion: o.Version, Model: art.ModelRef{Name: m.name},
		Modes:   []string{art.ModeTextToImage, art.ModeImageToImage, art.ModeInpaint},
		Dialect: "plain", NativeWidth: 1024, NativeHeight: 1024, MaxReferences: maxReferences - 1, Options: optionNames(),
		Service: o.service(),
	}
	if m.free {
		c.MinSize, c.MaxSize, c.SizeStep = 256, 3840, 16
	} else {
		c.Sizes = []art.Size{{Width: 1024, Height: 1024}, {Width: 1536, Height: 1024}, {Width: 1024, Height: 1536}}
		c.MinSize, c.MaxSize, c.SizeStep = 1024, 1536, 1
	}
	if !m.fidelity {
		c.Options = slices.DeleteFunc(c.Options, func(name string) bool { return name == "input_fidelity" })
	}
	return engine.Model{Capabilities: c, Shutdown: m.shutdown, Instead: m.instead}
}

// service is what OpenAI says of itself. Other servers say nothing that is known here.
func (o Options) service() *art.Service {
	if !strings.Contains(o.Base, "openai.com") {
		return &art.Service{Operator: host(o.Base), Region: "unknown", Dated: "2026-11-26", Pricing: "whatever its operator says"}
	}
	return &art.Service{
		Operator: "OpenAI", Region: "US", Dated: "2026-11-26", Pricing: "tokens, which grow with size and quality",
		DataUse: art.Text{
			"en": "Inputs and outputs of the API are not used for training unless the customer agrees; they may be kept for up to 30 days against abuse.",
			"de": "Ein- und Ausgaben der API dienen ohne Zustimmung nicht zum Trainieren; gegen Missbrauch dürfen sie bis zu 30 Tage aufbewahrt werden.",
		},
		Safety: art.Text{
			"en": "Prompts and pictures are filtered; a refusal is an error with code moderation_blocked. \"moderation\" may be set to low.",
			"de": "Prompts und Bilder werden gefiltert; eine Ablehnung ist ein Fehler mit dem Code moderation_blocked. „moderation“ lässt sich auf low stellen.",
		},
		License: art.Text{"en": "The customer owns the output.", "de": "Die Ausgabe gehört dem Kunden."},
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
	if err := wire.Retired(m.name, m.shutdown, m.instead, e.options.Now()); err != nil {
		return m, err
	}
	if err := engine.Check(e.options.capabilities(m).Capabilities, r); err != nil {
		return m, err
	}
	takes := wire.Takes{Prompt: maxPrompt, References: []string{""}}
	if err := takes.Check(r); err != nil {
		return m, err
	}
	_, moderated := r.Options["moderation"]
	switch {
	case m.free && (r.Width > 3*r.Height || r.Height > 3*r.Width):
		return m, art.Unsupported("width", fmt.Sprintf("%d×%d is wider or higher than three to one", r.Width, r.Height), "use at most 3:1")
	case m.free && (max(r.Width, r.Height) > 3840 || min(r.Width, r.Height) > 2160):
		return m, art.Unsupported("width", fmt.Sprintf("%d×%d is larger than 3840×2160", r.Width, r.Height), "make it smaller, and enlarge afterwards")
	case moderated && (r.Mode != art.ModeTextToImage || len(r.References) > 0):
		return m, art.Unsupported("options.moderation", "is known for texts alone", "take it out")
	case len(r.References) > 0 && r.Mode == art.ModeInpaint:
		return m, art.Unsupported("references", "a mask counts for the first of several pictures only", "take the references out")
	}
	return m, nil
}
