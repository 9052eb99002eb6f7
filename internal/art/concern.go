package art

import (
	"fmt"
	"slices"
	"time"
)

// Ruling is what a policy says about something that it found.
type Ruling string

// The rulings, from the strictest. Block refuses the brief; NeedsPerson lets no policy approve the picture; Pass lets it go.
const (
	Block       Ruling = "block"
	NeedsPerson Ruling = "person"
	Pass        Ruling = "pass"
)

// Stricter gives the stricter of two rulings; nobody's word counts as pass.
func Stricter(a, b Ruling) Ruling {
	order := []Ruling{Block, NeedsPerson, Pass, ""}
	return order[min(slices.Index(order, a), slices.Index(order, b))]
}

// Concern is something that a policy found in words.
type Concern struct {
	Rule    string `json:"rule"`              // the concept's name, such as "weapons-instructions"
	Policy  string `json:"policy"`            // name@version
	Ruling  Ruling `json:"ruling"`            // what the policy says
	Field   string `json:"field"`             // where, such as "prompt.subject.words.en"
	Match   string `json:"match"`             // the found words as they stand there
	Start   int    `json:"start"`             // bytes in the field's words
	End     int    `json:"end"`               // bytes in the field's words, behind the match
	Subject string `json:"subject,omitempty"` // whom or what it is about, where the rule has names: "Atomium"
	// Clearance is the kind of clearance that this needs, and Cleared the identity of the one that was found.
	Clearance string `json:"clearance,omitempty"`
	Cleared   string `json:"cleared,omitempty"`
	Reason    Text   `json:"reason"`           // what was found, and why it matters
	Remedy    Text   `json:"remedy"`           // what to do
	Source    string `json:"source,omitempty"` // law, case or rights holder behind it
}

// String names rule, subject and policy: "protected-places: Atomium (general@1)".
func (c Concern) String() string {
	if c.Subject != "" {
		return fmt.Sprintf("%s: %s (%s)", c.Rule, c.Subject, c.Policy)
	}
	return fmt.Sprintf("%s (%s)", c.Rule, c.Policy)
}

// Clearance kinds.
const (
	ModelRelease    = "model-release"    // a recognisable person, or who speaks for them
	PropertyRelease = "property-release" // a protected place or building
	MarkClearance   = "trademark"        // a name or sign of somebody else
	DesignClearance = "design"           // trade dress and characteristic designs
	LikenessCleared = "likeness"         // characters, works and styles that a picture resembles
)

// ClearanceKinds lists them.
func ClearanceKinds() []string {
	return []string{ModelRelease, PropertyRelease, MarkClearance, DesignClearance, LikenessCleared}
}

// Results of a clearance.
const (
	ClearanceGranted = "granted"
	ClearanceRefused = "refused"
	ClearanceRevoked = "revoked"
)

// Clearance is a stored answer of whoever holds a right. It is never overwritten: the newest record of a kind and subject
// counts.
type Clearance struct {
	ID       string   `json:"id" yaml:"id"`
	Kind     string   `json:"kind" yaml:"kind"`
	Subject  string   `json:"subject" yaml:"subject"`                       // as concerns name it
	Result   string   `json:"result" yaml:"result"`                         // granted, refused or revoked
	By       string   `json:"by" yaml:"by"`                                 // who has asked and read the answer
	Date     string   `json:"date" yaml:"date"`                             // YYYY-MM-DD, from which on it holds
	Until    string   `json:"until,omitempty" yaml:"until,omitempty"`       // YYYY-MM-DD, the last day; "" is without end
	Brands   []string `json:"brands,omitempty" yaml:"brands,omitempty"`     // for which it was given; none is all
	Evidence string   `json:"evidence" yaml:"evidence"`                     // file in the workspace
	SHA256   string   `json:"sha256" yaml:"sha256"`                         // of the evidence
	Note     string   `json:"note,omitempty" yaml:"note,omitempty"`         // conditions, such as the wording of a credit
	Holder   string   `json:"holder,omitempty" yaml:"holder,omitempty"`     // who has given it
	Channels []string `json:"channels,omitempty" yaml:"channels,omitempty"` // where pictures may be shown; none is everywhere
}

// Holds tells whether a clearance was granted and counts for a brand on a day.
func (c Clearance) Holds(brand string, on time.Time) bool {
	day := on.Format(time.DateOnly)
	return c.Result == ClearanceGranted && c.Date <= day && (c.Until == "" || day <= c.Until) && (len(c.Brands) == 0 || slices.Contains(c.Brands, brand))
}
