package art

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Kinds of models. A checkpoint has to be converted before anything is rendered with it.
const (
	ModelPipeline   = "pipeline"   // a folder that the renderer opens
	ModelCheckpoint = "checkpoint" // weights as they were trained: a diffusers folder or one safetensors file
	ModelLoRA       = "lora"
	ModelEmbedding  = "embedding"
	ModelControl    = "control" // a control network or T2I-Adapter
	ModelNetwork    = "network" // whatever else looks at pictures or changes them
)

// ModelKinds lists the kinds of models.
func ModelKinds() []string {
	return []string{ModelPipeline, ModelCheckpoint, ModelLoRA, ModelEmbedding, ModelControl, ModelNetwork}
}

// ModelCard says what a model is, what it may be used for, what it was trained on and what is known to go wrong: model card
// and data sheet in one file, card.yaml beside the model, or models/cards/<name>.yaml in a workspace.
//
// Source: Mitchell et al. 2019, arXiv:1810.03993 (model cards); Gebru et al. 2018, arXiv:1803.09010 (data sheets).
type ModelCard struct {
	Model      string    `json:"model" yaml:"model"`                             // its name
	Version    string    `json:"version" yaml:"version"`                         // in quotes, such as "1.5"
	Draft      bool      `json:"draft,omitempty" yaml:"draft,omitempty"`         // nobody has read it yet: production does not take such a model
	Kind       string    `json:"kind" yaml:"kind"`                               // pipeline, checkpoint, lora, embedding, control or network
	Base       string    `json:"base,omitempty" yaml:"base,omitempty"`           // of an adapter: the family that it was made for, such as sd1 or sdxl
	Title      Text      `json:"title" yaml:"title"`                             // one sentence: what it is
	Makers     string    `json:"makers" yaml:"makers"`                           // who made it
	Contact    string    `json:"contact,omitempty" yaml:"contact,omitempty"`     // how they can be reached
	Date       string    `json:"date,omitempty" yaml:"date,omitempty"`           // of this version, such as "2026-11"
	License    License   `json:"license" yaml:"license"`                         // under which the weights were given
	Terms      Terms     `json:"terms" yaml:"terms"`                             // what may be done with it, as far as a plan can check that
	Triggers   []string  `json:"triggers,omitempty" yaml:"triggers,omitempty"`   // words of a prompt that an adapter was trained on
	Facts      []Fact    `json:"facts,omitempty" yaml:"facts,omitempty"`         // how it is built
	Usage      Text      `json:"usage,omitempty" yaml:"usage,omitempty"`         // how to use it: parameters, prompts
	Purpose    Text      `json:"purpose" yaml:"purpose"`                         // what it is meant for
	NotFor     Text      `json:"not_for" yaml:"not_for"`                         // what it is not meant for
	Strengths  Text      `json:"strengths,omitempty" yaml:"strengths,omitempty"` // what it does well
	Weaknesses []Text    `json:"weaknesses" yaml:"weaknesses"`                   // what is known to go wrong
	Risks      Text      `json:"risks,omitempty" yaml:"risks,omitempty"`         // what could do harm
	Measures   []Measure `json:"measures,omitempty" yaml:"measures,omitempty"`   // what was measured
	Pictures   []Plate   `json:"pictures,omitempty" yaml:"pictures,omitempty"`   // what it looks like: contact sheets, curves of the training
	Training   Text      `json:"training,omitempty" yaml:"training,omitempty"`   // how it was trained
	Data       DataSheet `json:"data" yaml:"data"`                               // what it was trained on
	AIAct      AIAct     `json:"ai_act" yaml:"ai_act"`                           // Regulation (EU) 2024/1689
	Folder     string    `json:"-" yaml:"-"`                                     // where the card was read, or empty
}

// License is a licence with what a person has to know of it.
type License struct {
	ID      string `json:"id" yaml:"id"`                               // SPDX where it has one, such as Apache-2.0
	Name    string `json:"name,omitempty" yaml:"name,omitempty"`       // as people call it
	URL     string `json:"url,omitempty" yaml:"url,omitempty"`         // where its text stands
	Summary Text   `json:"summary,omitempty" yaml:"summary,omitempty"` // what it asks, in short; the text counts
	Accept  bool   `json:"accept,omitempty" yaml:"accept,omitempty"`   // a person has to accept it once in each workspace
}

// Fact is one line of how a model is built.
type Fact struct {
	Name  Text `json:"name" yaml:"name"`
	Value Text `json:"value" yaml:"value"`
}

// Measure is one figure with how it was come by.
type Measure struct {
	Name  Text   `json:"name" yaml:"name"`
	Value string `json:"value" yaml:"value"` // with its unit, in quotes
	How   Text   `json:"how" yaml:"how"`     // who measured what
}

// Plate is a picture on a card.
type Plate struct {
	File  string `json:"file" yaml:"file"`   // PNG, JPEG or WebP beside the card
	Title Text   `json:"title" yaml:"title"` // one line that stands below it
	Alt   Text   `json:"alt" yaml:"alt"`     // what it shows, for who cannot see it
}

// DataSheet says what a model was trained on.
type DataSheet struct {
	Summary     Text         `json:"summary" yaml:"summary"`                             // what is in it
	Why         Text         `json:"why,omitempty" yaml:"why,omitempty"`                 // why it was put together
	Sources     []DataSource `json:"sources,omitempty" yaml:"sources,omitempty"`         // where it comes from
	LeftOut     Text         `json:"left_out,omitempty" yaml:"left_out,omitempty"`       // what was left out
	Preparation Text         `json:"preparation,omitempty" yaml:"preparation,omitempty"` // what was done to it
	OptOut      Text         `json:"opt_out" yaml:"opt_out"`                             // consent of the authors, and reservations under Art. 4(3) of Directive (EU) 2019/790
	Personal    Text         `json:"personal" yaml:"personal"`                           // personal data in it
	Others      Text         `json:"others,omitempty" yaml:"others,omitempty"`           // parts of the model that somebody else trained, on what
	Upkeep      Text         `json:"upkeep,omitempty" yaml:"upkeep,omitempty"`           // what happens to it later
}

// DataSource is one part of the training data.
type DataSource struct {
	Name    string `json:"name" yaml:"name"`
	License string `json:"license" yaml:"license"`
	Author  string `json:"author,omitempty" yaml:"author,omitempty"`
	Note    Text   `json:"note,omitempty" yaml:"note,omitempty"`
}

// AIAct is what the European Union's AI Act asks about a model.
type AIAct struct {
	GPAI        string `json:"gpai" yaml:"gpai"`                                             // yes, no or unknown: a general-purpose AI model (Art. 3(63))?
	OpenWeights bool   `json:"open_weights" yaml:"open_weights"`                             // weights and architecture are public under a free licence (Art. 53(2))
	Role        string `json:"role" yaml:"role"`                                             // of whoever runs it here: provider, deployer, or both
	Summary     string `json:"training_summary,omitempty" yaml:"training_summary,omitempty"` // where the summary of the training content stands (Art. 53(1)(d))
	Risk        Text   `json:"risk,omitempty" yaml:"risk,omitempty"`                         // risk class for the purposes above
	Marking     Text   `json:"marking" yaml:"marking"`                                       // how its pictures are marked as made by AI (Art. 50)
}

// Words of a card.
const (
	TermYes     = "yes"
	TermNo      = "no"
	TermUnknown = "unknown"
)

// Check finds everything that is wrong with a card, in the order of its fields. A draft may leave anything but its name
// open.
func (c ModelCard) Check() []*FieldError {
	var all []*FieldError
	add := func(wrong bool, field, reason, remedy string) {
		if wrong {
			all = append(all, &FieldError{Field: field, Reason: reason, Remedy: remedy, Kind: ErrInvalid})
		}
	}
	text := func(t Text, field, remedy string) {
		add(t.In(English) == "" && !c.Draft, field, "is missing", remedy)
	}
	add(c.Model == "", "model", "is missing", "write the model's name")
	add(c.Version == "" && !c.Draft, "version", "is missing", `write the version, in quotes: "1"`)
	add(!slices.Contains(ModelKinds(), c.Kind), "kind", fmt.Sprintf("nobody knows the kind %q", c.Kind), "use "+strings.Join(ModelKinds(), ", "))
	text(c.Title, "title", "say in a sentence what it is")
	add(c.Makers == "" && !c.Draft, "makers", "is missing", "say who made it")
	add(c.License.ID == "" && !c.Draft, "license.id", "is missing", "write the licence's SPDX identifier, or its name")
	all = append(all, c.Terms.check(c.Draft)...)
	text(c.Purpose, "purpose", "say what it is meant for")
	text(c.NotFor, "not_for", "say what it is not meant for")
	add(len(c.Weaknesses) == 0 && !c.Draft, "weaknesses", "is missing", "say what is known to go wrong; every model has weaknesses")
	for i, p := range c.Pictures {
		field := fmt.Sprintf("pictures[%d]", i)
		add(!fs.ValidPath(p.File) || p.File == ".", field+".file", fmt.Sprintf("%q is no file beside the card", p.File), "write a name such as sheet.png")
		text(p.Title, field+".title", "say in a line what it is")
		text(p.Alt, field+".alt", "describe what it shows, for who cannot see it")
	}
	text(c.Data.Summary, "data.summary", "say what it was trained on, or that this is not known")
	text(c.Data.OptOut, "data.opt_out", "say whether the authors agreed and whether reservations were honoured, or that this is not known")
	text(c.Data.Personal, "data.personal", "say whether there is personal data in it, or that this is not known")
	add(!slices.Contains([]string{TermYes, TermNo, TermUnknown}, c.AIAct.GPAI) && !c.Draft, "ai_act.gpai", fmt.Sprintf("%q is no answer", c.AIAct.GPAI), "write yes, no or unknown")
	add(!slices.Contains([]string{"provider", "deployer", "both"}, c.AIAct.Role) && !c.Draft, "ai_act.role", fmt.Sprintf("%q is no role", c.AIAct.Role), "write provider, deployer or both")
	text(c.AIAct.Marking, "ai_act.marking", "say how its pictures are marked as made by AI")
	return all
}
