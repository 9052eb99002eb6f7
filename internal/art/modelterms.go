package art

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Terms say what a model may be used for. Whatever is not said is not allowed.
type Terms struct {
	Commercial string   `json:"commercial" yaml:"commercial"`                 // yes or no: may its pictures be used commercially? unknown counts as no
	Excluded   []string `json:"excluded,omitempty" yaml:"excluded,omitempty"` // territories where it must not be used: ISO 3166-1 codes of two letters, or EU
	Conditions Text     `json:"conditions,omitempty" yaml:"conditions,omitempty"`
}

func (t Terms) check(draft bool) []*FieldError {
	var all []*FieldError
	if known := []string{TermYes, TermNo, TermUnknown}; !slices.Contains(known, t.Commercial) && !draft {
		all = append(all, &FieldError{Field: "terms.commercial", Reason: fmt.Sprintf("%q is no answer", t.Commercial), Remedy: "write yes, no or unknown", Kind: ErrInvalid})
	}
	return append(all, CheckTerritories("terms.excluded", t.Excluded)...)
}

var territoryPattern = regexp.MustCompile(`^[A-Z]{2}$`)

// CheckTerritories finds what is no code of a territory: two capital letters of ISO 3166-1, or EU.
func CheckTerritories(field string, codes []string) []*FieldError {
	var all []*FieldError
	for i, code := range codes {
		if !territoryPattern.MatchString(code) {
			all = append(all, &FieldError{Field: fmt.Sprintf("%s[%d]", field, i), Reason: fmt.Sprintf("%q is no territory", code), Remedy: "write ISO 3166-1 codes such as DE, or EU", Kind: ErrInvalid})
		}
	}
	return all
}

// Usage says what pictures are made for, in the words that licences of models ask about.
type Usage struct {
	Purpose     string   `json:"purpose,omitempty" yaml:"purpose,omitempty"`         // commercial (default) or non-commercial
	Territories []string `json:"territories,omitempty" yaml:"territories,omitempty"` // where they are shown: ISO 3166-1 codes of two letters, or EU; none means everywhere
}

// Purposes of a Usage.
const (
	Commercial    = "commercial"
	NonCommercial = "non-commercial"
)

// Over lays what a brief says over what its kit says.
func (u Usage) Over(base Usage) Usage {
	if u.Purpose == "" {
		u.Purpose = base.Purpose
	}
	if u.Purpose == "" {
		u.Purpose = Commercial
	}
	if len(u.Territories) == 0 {
		u.Territories = base.Territories
	}
	return u
}

// Names tells whether a territory is among those that are named, by itself, as a member of the EU, or as the EU of a member.
func (u Usage) Names(territory string) bool {
	return slices.ContainsFunc(u.Territories, func(code string) bool {
		return code == territory || territory == unionCode && slices.Contains(union(), code) || code == unionCode && slices.Contains(union(), territory)
	})
}

// Check finds what is wrong with a usage that stands at field.
func (u Usage) Check(field string) []*FieldError {
	var all []*FieldError
	if u.Purpose != "" && u.Purpose != Commercial && u.Purpose != NonCommercial {
		all = append(all, &FieldError{Field: field + ".purpose", Reason: fmt.Sprintf("nobody knows the purpose %q", u.Purpose), Remedy: "write commercial or non-commercial", Kind: ErrInvalid})
	}
	return append(all, CheckTerritories(field+".territories", u.Territories)...)
}

// Forbids says why the terms do not allow a usage, as the field that is in the way and the reason; both are "" where they
// allow it.
func (t Terms) Forbids(u Usage) (field, reason string) {
	if u.Purpose != NonCommercial && t.Commercial != TermYes {
		if t.Commercial == TermNo {
			return "usage.purpose", "its licence does not allow commercial use"
		}
		return "usage.purpose", "its card does not say that commercial use is allowed"
	}
	if len(t.Excluded) == 0 {
		return "", ""
	}
	if len(u.Territories) == 0 {
		return "usage.territories", "it must not be used in " + strings.Join(t.Excluded, ", ") + ", and no territories are named, which means everywhere"
	}
	for _, code := range u.Territories {
		for _, out := range t.Excluded {
			if code == out || code == unionCode && slices.Contains(union(), out) || out == unionCode && slices.Contains(union(), code) {
				return "usage.territories", "it must not be used in " + code
			}
		}
	}
	return "", ""
}

const unionCode = "EU"

// union lists the members of the European Union.
func union() []string {
	return strings.Fields("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")
}

// ModelPolicy is what a workspace has settled about models.
type ModelPolicy struct {
	Pins     []Pin        `json:"pins,omitempty" yaml:"pins,omitempty"`
	Accepted []Acceptance `json:"accepted,omitempty" yaml:"accepted,omitempty"`
	Consents []Consent    `json:"consents,omitempty" yaml:"consents,omitempty"`
	// History is every move of every pin, the oldest first. Lines are added and never changed.
	History []PinMove `json:"history,omitempty" yaml:"history,omitempty"`
	// Pauses stop models that a probe found changed; they come from the records.
	Pauses []Pause `json:"pauses,omitempty" yaml:"-"`
	// Shutdowns stand over the dates that Presswerk knows itself.
	Shutdowns []Shutdown `json:"shutdowns,omitempty" yaml:"shutdowns,omitempty"`
}

// Pin ties a brand's production to one exact model.
type Pin struct {
	Brand    string  `json:"brand" yaml:"brand"`                           // name of a brand kit
	Model    string  `json:"model" yaml:"model"`                           // name of a model
	Version  string  `json:"version" yaml:"version"`                       // in quotes
	SHA256   string  `json:"sha256" yaml:"sha256"`                         // of the model's folder or file
	By       string  `json:"by" yaml:"by"`                                 // who pinned it
	Date     string  `json:"date" yaml:"date"`                             // YYYY-MM-DD
	Reason   string  `json:"reason,omitempty" yaml:"reason,omitempty"`     // why
	Guard    string  `json:"guard,omitempty" yaml:"guard,omitempty"`       // identity of the guard that passed
	Override bool    `json:"override,omitempty" yaml:"override,omitempty"` // a person moved it without one, and the reason says why
	Canary   *Canary `json:"canary,omitempty" yaml:"canary,omitempty"`     // takes a share of the candidates
}

// Canary is a version that makes a share of a brand's production candidates beside the pinned one.
type Canary struct {
	Version  string  `json:"version" yaml:"version"`
	SHA256   string  `json:"sha256" yaml:"sha256"`
	Share    float64 `json:"share" yaml:"share"` // 0 < share < 1 of a run's candidates, rounded up
	By       string  `json:"by" yaml:"by"`
	Date     string  `json:"date" yaml:"date"` // YYYY-MM-DD
	Reason   string  `json:"reason,omitempty" yaml:"reason,omitempty"`
	Guard    string  `json:"guard,omitempty" yaml:"guard,omitempty"`       // identity of the guard that passed
	Override bool    `json:"override,omitempty" yaml:"override,omitempty"` // a person moved it without one, and the reason says why
}

// Actions of a pin's history.
const (
	PinSet      = "pin"      // all of production takes the version
	PinCanary   = "canary"   // a share of the candidates takes it
	PinPromote  = "promote"  // the canary takes all
	PinRollback = "rollback" // back to the version before, or the canary is taken out
	PinRemove   = "remove"   // the brand has no pin of this model any more
)

// PinMove is one line of a pin's history.
type PinMove struct {
	Action   string  `json:"action" yaml:"action"`
	Brand    string  `json:"brand" yaml:"brand"`
	Model    string  `json:"model" yaml:"model"`
	Version  string  `json:"version" yaml:"version"`                       // it moved to; of a removal, the version that was let go
	SHA256   string  `json:"sha256" yaml:"sha256"`                         // likewise
	From     string  `json:"from,omitempty" yaml:"from,omitempty"`         // SHA-256 that it moved from
	Share    float64 `json:"share,omitempty" yaml:"share,omitempty"`       // of a canary
	By       string  `json:"by" yaml:"by"`                                 // who did it
	Date     string  `json:"date" yaml:"date"`                             // YYYY-MM-DD
	Reason   string  `json:"reason,omitempty" yaml:"reason,omitempty"`     // why
	Guard    string  `json:"guard,omitempty" yaml:"guard,omitempty"`       // identity of the guard that passed
	Override bool    `json:"override,omitempty" yaml:"override,omitempty"` // a person moved it without one, and the reason says why
}

// Acceptance says who has accepted a licence for a workspace.
type Acceptance struct {
	License string `json:"license" yaml:"license"` // the licence's ID
	Model   string `json:"model" yaml:"model"`     // for which it was shown
	SHA256  string `json:"sha256" yaml:"sha256"`   // of what was shown
	By      string `json:"by" yaml:"by"`           // who accepted it
	Date    string `json:"date" yaml:"date"`       // YYYY-MM-DD
}

// Accepts tells whether somebody has accepted the licence.
func (p ModelPolicy) Accepts(license string) bool {
	return slices.ContainsFunc(p.Accepted, func(a Acceptance) bool { return a.License == license })
}

// PinOf finds a brand's pin of a model.
func (p ModelPolicy) PinOf(brand, model string) (Pin, bool) {
	for _, pin := range p.Pins {
		if pin.Brand == brand && pin.Model == model {
			return pin, true
		}
	}
	return Pin{}, false
}
