package art

import (
	"encoding/json"
	"slices"
	"time"
)

// CallState tells where a call stands.
type CallState string

// The states of a call, see Call.
const (
	CallRequested CallState = "requested" // written down; the request may have left, or not
	CallAccepted  CallState = "accepted"  // the service has taken the job, and its ticket is kept
	CallRunning   CallState = "running"   // the service works on it
	CallDone      CallState = "done"      // the picture is kept
	CallFailed    CallState = "failed"    // a definite no, and nothing was charged
	CallUnknown   CallState = "unknown"   // nobody knows whether it was carried out
	CallLost      CallState = "lost"      // it was charged, and no picture will come
)

// Follows tells whether a call in this state may come to another one. A picture that is kept stays for ever; a picture
// that comes late is taken from any other state. Unknown comes only from what was open.
func (s CallState) Follows(from CallState) bool {
	before := map[CallState][]CallState{
		CallAccepted: {CallRequested, CallUnknown, CallFailed, CallLost},
		CallRunning:  {CallRequested, CallAccepted, CallUnknown, CallFailed, CallLost},
		CallDone:     {CallRequested, CallAccepted, CallRunning, CallFailed, CallUnknown, CallLost},
		CallFailed:   {CallRequested, CallAccepted, CallRunning, CallUnknown, CallLost},
		CallUnknown:  {CallRequested, CallAccepted, CallRunning},
		CallLost:     {CallRequested, CallAccepted, CallRunning, CallFailed, CallUnknown},
	}
	return slices.Contains(before[s], from)
}

// Open tells that an answer is still to come.
func (s CallState) Open() bool {
	return s == CallRequested || s == CallAccepted || s == CallRunning
}

// Call is one picture that was asked for from an engine that is paid, or that goes on without us. It is written down before
// the request leaves, so that whatever happens afterwards can be found out.
type Call struct {
	ID        string    `json:"id"`  // the name under which the engine was asked: new for each call
	Key       string    `json:"key"` // what it is for; calls of one key are attempts at the same thing
	Attempt   int       `json:"attempt"`
	Run       string    `json:"run,omitempty"`
	Candidate string    `json:"candidate,omitempty"`
	Brand     string    `json:"brand,omitempty"`
	Engine    string    `json:"engine"`
	Model     string    `json:"model"`
	Recipe    Recipe    `json:"recipe"` // what was asked for
	Quote     Quote     `json:"quote"`  // what it was thought to cost
	At        time.Time `json:"at"`     // when it was written down; this day's budget counts
	CallOutcome
}

// CallOutcome is what has become of a call. Fields that a later one leaves empty keep what an earlier one said.
type CallOutcome struct {
	State    CallState       `json:"state"`
	Ticket   json.RawMessage `json:"ticket,omitempty"`   // the engine's, to come back to the job
	Charged  *Amount         `json:"charged,omitempty"`  // nil: nobody has said yet
	Currency string          `json:"currency,omitempty"` // of Charged
	Basis    string          `json:"basis,omitempty"`    // who says what was charged: service, estimate or person
	Answer   string          `json:"answer,omitempty"`   // SHA-256 of the raw answer without secrets, in the blob store
	Picture  *CallPicture    `json:"picture,omitempty"`
	Reason   string          `json:"reason,omitempty"` // why it failed, or why nobody knows
	By       string          `json:"by,omitempty"`     // the person who said so; "" where the service did
	Changed  time.Time       `json:"changed"`
}

// Who says what was charged.
const (
	BasisService  = "service"
	BasisEstimate = "estimate"
	BasisPerson   = "person"
)

// CallPicture is the picture that a call brought, its bytes as they came.
type CallPicture struct {
	Image        string        `json:"image"` // SHA-256 in the blob store
	MIME         string        `json:"mime"`
	Width        int           `json:"width"`
	Height       int           `json:"height"`
	PixelsSHA256 string        `json:"pixels_sha256"`
	Notes        []string      `json:"notes,omitempty"`
	Elapsed      time.Duration `json:"elapsed_ns,omitempty"`
}

// Cost is what the call counts for in budgets: what was charged where that is known, nothing where it failed, else what
// it was thought to cost.
func (c Call) Cost() (Amount, string) {
	switch {
	case c.Charged != nil:
		return *c.Charged, c.Currency
	case c.State == CallFailed:
		return 0, c.Quote.Currency
	}
	return c.Quote.Amount, c.Quote.Currency
}

// With lays a later outcome over the call.
func (c Call) With(o CallOutcome) Call {
	last := c.CallOutcome
	c.CallOutcome = o
	if o.Ticket == nil {
		c.Ticket = last.Ticket
	}
	if o.Charged == nil {
		c.Charged, c.Currency, c.Basis = last.Charged, last.Currency, last.Basis
	}
	if o.Answer == "" {
		c.Answer = last.Answer
	}
	if o.Picture == nil {
		c.Picture = last.Picture
	}
	return c
}

// Spending is what was spent for one brand and run with one engine on one day in one currency.
type Spending struct {
	Brand    string `json:"brand"`
	Run      string `json:"run"`
	Engine   string `json:"engine"`
	Day      string `json:"day"` // YYYY-MM-DD, UTC
	Currency string `json:"currency"`
	Calls    int    `json:"calls"`
	Amount   Amount `json:"amount"`
	Open     Amount `json:"open"` // of it, what was promised and not answered yet
}
