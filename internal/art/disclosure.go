package art

import (
	"fmt"
	"slices"
	"time"
)

// Stance answers whether somebody could take a picture for real: it resembles persons, objects, places, entities or events that
// exist, and would falsely appear authentic or truthful. That is a deep fake in the words of Regulation (EU) 2024/1689, Art. 3(60).
type Stance struct {
	CouldMislead *bool    `json:"could_mislead" yaml:"could_mislead"`                     // nil is no answer
	Shows        []string `json:"shows,omitempty" yaml:"shows,omitempty"`                 // what exists and is resembled: person, object, place, entity, event
	Artistic     bool     `json:"artistic,omitempty" yaml:"artistic,omitempty"`           // part of an evidently artistic, creative, satirical or fictional work
	StandardEdit bool     `json:"standard_edit,omitempty" yaml:"standard_edit,omitempty"` // a model only did standard editing, or didn't change much; never of what was made from words
	Reason       string   `json:"reason" yaml:"reason"`                                   // why, for the record
	Note         Text     `json:"note,omitempty" yaml:"note,omitempty"`                   // editorial note that stands beside the picture, such as "Symbolic picture"
}

// Misleads tells whether the answer is yes. No answer is no yes; rules ask for one.
func (s Stance) Misleads() bool { return s.CouldMislead != nil && *s.CouldMislead }

// Shown lists what a picture may resemble.
func Shown() []string { return []string{"person", "object", "place", "entity", "event"} }

// Check finds what an answer at field lacks or gets wrong.
func (s Stance) Check(field string) []*FieldError {
	var all []*FieldError
	bad := func(name, reason, remedy string) {
		all = append(all, &FieldError{Field: field + "." + name, Reason: reason, Remedy: remedy, Kind: ErrInvalid})
	}
	if s.CouldMislead == nil {
		bad("could_mislead", "is missing", "write true where somebody could take the picture for real, else false")
	}
	if s.Reason == "" {
		bad("reason", "is missing", "say why, in a sentence that still convinces in a year")
	}
	for _, what := range s.Shows {
		if !slices.Contains(Shown(), what) {
			bad("shows", fmt.Sprintf("nobody knows %q here", what), "use person, object, place, entity or event")
		}
	}
	if s.Artistic && !s.Misleads() {
		bad("artistic", "what misleads nobody needs no exception", "leave it out, or write could_mislead: true")
	}
	return all
}

// Disclosure is somebody's Stance on one candidate. It is never overwritten: the newest one counts.
type Disclosure struct {
	ID        string `json:"id"`
	Run       string `json:"run"`
	Candidate string `json:"candidate"`
	Stance
	By string    `json:"by"` // a person's name, or "brief:…" and "kit:…" for what holds for all of their pictures
	At time.Time `json:"at"`
}

// Layers in which a file says by itself how it came to be.
const (
	MarkC2PA      = "c2pa"      // a signed manifest
	MarkWatermark = "watermark" // hidden in the pixels
	MarkMetadata  = "metadata"  // IPTC digital source type
	MarkAIGC      = "aigc"      // the field that China's GB 45438-2025 asks for
)

// Labelling is what the rules want of the files and pages of one picture, for one use.
type Labelling struct {
	Dated   string        `json:"dated"`              // of the table of rules, YYYY-MM-DD
	Rules   []string      `json:"rules,omitempty"`    // those that apply
	Decide  []string      `json:"decide,omitempty"`   // rules that ask for a person's word whether it could mislead
	Marks   []string      `json:"marks,omitempty"`    // layers that every file has to carry
	AnyMark []string      `json:"any_mark,omitempty"` // of these layers, one at least
	Label   *VisibleLabel `json:"label,omitempty"`    // nil: none is wanted
	Page    Text          `json:"page,omitempty"`     // the sentence beside the picture
}

// VisibleLabel is what people see on a picture.
type VisibleLabel struct {
	Words  Text     `json:"words"`            // capitals such as AI, by language; what is drawn is one of them
	Share  float64  `json:"share"`            // least height of its capitals, of the picture's shorter side
	Corner string   `json:"corner,omitempty"` // top-right and so on; "" leaves it to the picture, and prefers the top right
	Beside bool     `json:"beside,omitempty"` // beside the picture instead of on it
	Embed  bool     `json:"embed,omitempty"`  // in every file: a page's own label over the picture is not enough
	Keep   []Region `json:"keep,omitempty"`   // parts of the picture that it must not cover where another corner is free
}

// Corners are the places of a visible label, the usual one first.
func Corners() []string { return []string{"top-right", "top-left", "bottom-right", "bottom-left"} }

// Platforms are those whose rules for generated pictures are known, for Channel.Platform.
func Platforms() []string { return []string{"google-merchant", "meta", "tiktok", "youtube"} }

// LabelPolicy is a brand's own word on labels.
type LabelPolicy struct {
	// Codes are voluntary codes that the brand keeps to, such as eu-code-of-practice. Their rules then bind as laws do.
	Codes  []string `json:"codes,omitempty" yaml:"codes,omitempty"`
	Corner string   `json:"corner,omitempty" yaml:"corner,omitempty"` // of visible labels; left out, the calmest, at the top right where that is calm enough
}
