package art

import "time"

// Action is what a person or a named policy says about a candidate.
type Action string

// The actions. Fix sends a picture back to be made again with a note.
const (
	Approve  Action = "approve"
	Reject   Action = "reject"
	Fix      Action = "fix"
	Escalate Action = "escalate"
)

// PolicyAuto is the name under which a brief with approval "auto" decides.
const PolicyAuto = "policy:auto"

// Decision is a person's word, or a named policy's. It is never overwritten: the newest one counts.
type Decision struct {
	ID        string    `json:"id"`
	Run       string    `json:"run"`
	Candidate string    `json:"candidate"`
	Action    Action    `json:"action"`
	By        string    `json:"by"` // a person's name, or "policy:…"
	Reason    string    `json:"reason,omitempty"`
	Concerns  []string  `json:"concerns,omitempty"` // what the policy had found in the picture's words, as Concern.String writes it
	At        time.Time `json:"at"`
}
