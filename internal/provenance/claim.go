package provenance

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
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
}

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
}

// SoftBinding names what pixels carry: a watermark's number.
type SoftBinding struct{ Algorithm, Value string }

// specVersion is the C2PA specification that the library implements.
const specVersion = "2.3.0"

// notEditorial lists the actions that carry no digital source type of their own.
//
// Source: C2PA 2.4 asset conformance rubric 0.2, as summarised in the project's reference notes.
func notEditorial() []string {
	return []string{
		"c2pa.opened", "c2pa.converted", "c2pa.published", "c2pa.repackaged", "c2pa.transcoded", "c2pa.resized.proportional",
		"c2pa.enhanced", "c2pa.edited.metadata", "c2pa.watermarked.bound", "c2pa.watermarked.unbound", "c2pa.redacted",
	}
}

// deprecated lists actions that the library signs silently although the specification has withdrawn them.
func deprecated() []string {
	return []string{"c2pa.watermarked", "c2pa.color_adjustments", "c2pa.saved", "c2pa.formatted", "c2pa.resized"}
}

// Lint checks the rules of a correct manifest for generated pictures, which the library itself does not all enforce: it
// begins with "created" and a digital source type, or with "opened" and a parent; every editorial action has a source
// type; no action is withdrawn; no prompt text stands in it. Breaking one gives art.ErrInvalid.
func (c Claim) Lint() error {
	bad := func(reason, remedy string) error { return art.Invalid("claim", reason, remedy) }
	if len(c.Actions) == 0 {
		return bad("it has no actions", "begin with c2pa.created or c2pa.opened")
	}
	first := c.Actions[0]
	hasParent := slices.ContainsFunc(c.Ingredients, func(i Ingredient) bool { return i.Parent })
	switch {
	case first.Action == "c2pa.created" && first.SourceType == "":
		return bad("c2pa.created has no digital source type", "say how the picture came to be")
	case first.Action == "c2pa.opened" && !hasParent:
		return bad("c2pa.opened has no parent ingredient", "add the picture that was opened")
	case first.Action != "c2pa.created" && first.Action != "c2pa.opened":
		return bad("the first action is "+first.Action, "begin with c2pa.created or c2pa.opened")
	}
	for _, a := range c.Actions {
		switch {
		case slices.Contains(deprecated(), a.Action):
			return bad(a.Action+" is withdrawn", "use its successor in C2PA 2.x")
		case a.Action == "c2pa.opened" && a.SourceType != "":
			return bad("c2pa.opened has a digital source type", "leave it to the ingredient")
		case a.SourceType == "" && !slices.Contains(notEditorial(), a.Action):
			return bad(a.Action+" has no digital source type", "say what kind of edit it was")
		}
		for key := range a.Parameters {
			if strings.EqualFold(key, "prompt") || strings.HasSuffix(strings.ToLower(key), ".prompt") {
				return bad("the parameter "+key+" would publish a prompt", "give its SHA-256")
			}
		}
	}
	return nil
}

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
		"claim_generator_info": []map[string]string{{"name": c.Generator.Name, "version": c.Generator.Version, "specVersion": specVersion}},
		"title":                c.Title, "assertions": assertions,
	})
	if err != nil {
		return "", fmt.Errorf("provenance: writing the manifest: %w", err)
	}
	return string(def), nil
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
