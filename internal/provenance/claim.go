package provenance

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// The IPTC digital source types that Presswerk writes and reads.
//
// Source: cv.iptc.org/newscodes/digitalsourcetype.
const (
	sourceTypes = "http://cv.iptc.org/newscodes/digitalsourcetype/"

	// Generated: made by a model from words alone.
	Generated = sourceTypes + "trainedAlgorithmicMedia"
	// Composite: a model changed or extended a picture that was there before.
	Composite = sourceTypes + "compositeWithTrainedAlgorithmicMedia"
	// Enhanced: an algorithm made a picture sharper or larger.
	Enhanced = sourceTypes + "algorithmicallyEnhanced"
	// HumanEdits: people changed it with tools that generate nothing.
	HumanEdits = sourceTypes + "humanEdits"
	// Capture: taken by a digital camera.
	Capture = sourceTypes + "digitalCapture"
)

// Software is a program that took part.
type Software struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// Action is one thing that was done to the picture, in C2PA's words.
type Action struct {
	Action      string    // "c2pa.created", "c2pa.opened", "c2pa.resized.proportional" …
	When        time.Time // zero leaves it out
	SourceType  string    // a digital source type; required unless the action is not editorial
	Software    *Software
	Description string
	Parameters  map[string]any // under a reverse-domain key, except "ingredientIds"
	Ingredients []string       // labels of the Claim's ingredients
	Regions     []Region       // what of the picture was changed; none means all of it
}

// Region is a rectangle in percent of a picture's width and height, from its upper left corner.
type Region struct{ X, Y, Width, Height float64 }

// Ingredient is a picture that this one was made from.
type Ingredient struct {
	Label  string // how actions refer to it
	Title  string
	Parent bool // true: this picture is a later state of it; false: it was an input
	MIME   string
	Data   []byte // with its own manifest, if it has one
}

// Claim is what a manifest says. See Lint for the rules that it must keep.
type Claim struct {
	Title       string
	Generator   Software
	Actions     []Action
	Ingredients []Ingredient
	ModelName   string            // discloses that a model made the picture; "" leaves the disclosure out
	ModelID     string            // such as "sha256:…"
	Oversight   string            // human oversight in words of C2PA 2.4, such as "approved"
	NoMining    bool              // true: neither data mining nor training is allowed
	Metadata    map[string]string // IPTC fields with their prefixes, such as "photoshop:Credit"
	SoftBinding SoftBinding       // what finds this manifest again when it was stripped; without an algorithm there is none
	When        time.Time         // of signing; a certificate that has ended by then signs nothing. Zero doesn't ask
	Stamp       bool              // asks the identity's authority for a time stamp
}

// SoftBinding names what pixels carry: a watermark's number.
type SoftBinding struct{ Algorithm, Value string }

// specVersion is the C2PA specification that the library implements.
const specVersion = "2.3.0"

// definition writes the claim as c2pa-rs reads it.
func (c Claim) definition() (string, error) {
	if err := c.Lint(); err != nil {
		return "", err
	}
	type assertion struct {
		Label   string `json:"label"`
		Kind    string `json:"kind,omitempty"`
		Created bool   `json:"created,omitempty"`
		Data    any    `json:"data"`
	}
	actions := make([]map[string]any, len(c.Actions))
	for i, a := range c.Actions {
		actions[i] = a.fields()
	}
	assertions := []assertion{{
		Label: "c2pa.actions.v2", Created: true, Data: map[string]any{"actions": actions, "allActionsIncluded": true},
	}}
	if c.ModelName != "" {
		d := map[string]any{"modelType": "c2pa.types.model", "modelName": c.ModelName}
		if c.ModelID != "" {
			d["modelIdentifier"] = c.ModelID
		}
		if c.Oversight != "" {
			d["contentProfile"] = map[string]any{"humanOversightLevel": c.Oversight}
		}
		assertions = append(assertions, assertion{Label: "c2pa.ai-disclosure", Created: true, Data: d})
	}
	if c.SoftBinding.Algorithm != "" {
		assertions = append(assertions, assertion{Label: "c2pa.soft-binding", Created: true, Data: map[string]any{
			"alg": c.SoftBinding.Algorithm, "blocks": []map[string]any{{"scope": map[string]any{}, "value": c.SoftBinding.Value}},
		}})
	}
	if c.NoMining {
		entries := map[string]any{}
		for _, use := range []string{"cawg.ai_generative_training", "cawg.ai_training", "cawg.ai_inference", "cawg.data_mining"} {
			entries[use] = map[string]string{"use": "notAllowed"}
		}
		assertions = append(assertions, assertion{Label: "cawg.training-mining", Data: map[string]any{"entries": entries}})
	}
	if len(c.Metadata) > 0 {
		m := map[string]any{"@context": map[string]string{
			"Iptc4xmpExt": nsExt, "Iptc4xmpCore": nsCore, "dc": nsDC, "photoshop": nsPhotoshop, "xmpRights": nsRights, "plus": nsPlus,
		}}
		for k, v := range c.Metadata {
			if v != "" {
				m[k] = v
			}
		}
		assertions = append(assertions, assertion{Label: "cawg.metadata", Kind: "Json", Data: m})
	}
	def, err := json.Marshal(map[string]any{
		"claim_generator_info": c.Generator.info(),
		"title":                c.Title, "assertions": assertions,
	})
	if err != nil {
		return "", fmt.Errorf("provenance: writing the manifest: %w", err)
	}
	return string(def), nil
}

// info is a claim generator's entry, with the specification that it keeps to.
func (s Software) info() []map[string]string {
	return []map[string]string{{"name": s.Name, "version": s.Version, "specVersion": specVersion}}
}

func (a Action) fields() map[string]any {
	f := map[string]any{"action": a.Action}
	if !a.When.IsZero() {
		f["when"] = a.When.UTC().Format(time.RFC3339)
	}
	if a.SourceType != "" {
		f["digitalSourceType"] = a.SourceType
	}
	if a.Software != nil {
		f["softwareAgent"] = a.Software
	}
	if a.Description != "" {
		f["description"] = a.Description
	}
	if len(a.Regions) > 0 {
		f["changes"] = changes(a.Regions)
	}
	parameters := map[string]any{}
	maps.Copy(parameters, a.Parameters)
	if len(a.Ingredients) > 0 {
		parameters["ingredientIds"] = a.Ingredients
	}
	if len(parameters) > 0 {
		f["parameters"] = parameters
	}
	return f
}

// changes writes regions as C2PA's region map does.
func changes(regions []Region) []map[string]any {
	ranges := make([]map[string]any, len(regions))
	for i, r := range regions {
		ranges[i] = map[string]any{"type": "spatial", "shape": map[string]any{
			"type": "rectangle", "unit": "percent", "origin": map[string]float64{"x": r.X, "y": r.Y}, "width": r.Width, "height": r.Height,
		}}
	}
	return []map[string]any{{"region": ranges}}
}

// definition of an ingredient as c2pa-rs reads it.
func (i Ingredient) definition() (string, error) {
	relationship := "inputTo"
	if i.Parent {
		relationship = "parentOf"
	}
	def, err := json.Marshal(map[string]string{"title": i.Title, "relationship": relationship, "label": i.Label})
	if err != nil {
		return "", fmt.Errorf("provenance: describing the ingredient %q: %w", i.Title, err)
	}
	return string(def), nil
}
