package art

import (
	"encoding/json"
	"time"
)

// RunState tells where a run stands.
type RunState string

// The states of a run, in order. Review waits for a person; Empty means that nothing passed; Failed needs a look.
const (
	RunWorking   RunState = "working"
	RunReview    RunState = "review"
	RunPublished RunState = "published"
	RunEmpty     RunState = "empty"
	RunFailed    RunState = "failed"
	// RunExplored ends an exploration: its pictures can be looked at and never published.
	RunExplored RunState = "explored"
)

// Commit is the state of the workspace's Git folder when a run was planned.
type Commit struct {
	Hash       string `json:"hash,omitempty"`        // "" outside Git
	Dirty      bool   `json:"dirty,omitempty"`       // there were uncommitted changes
	DiffSHA256 string `json:"diff_sha256,omitempty"` // of the diff and the untracked files, when dirty
}

// Run is one brief going down the line.
type Run struct {
	ID        string          `json:"id"`
	Brief     Brief           `json:"brief"`
	BrandID   string          `json:"brand"`
	BrandKit  json.RawMessage `json:"brand_kit"` // the kit as it was when the run was planned
	Kind      RunKind         `json:"kind"`
	Commit    Commit          `json:"commit"`
	Plan      Plan            `json:"plan"`
	State     RunState        `json:"state"`
	Failure   string          `json:"failure,omitempty"`
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
}

// Progress counts what has happened to a run's candidates.
type Progress struct {
	Candidates int `json:"candidates"`
	Rendered   int `json:"rendered"`
	Reused     int `json:"reused"`
	Judged     int `json:"judged"`
	Failed     int `json:"failed"` // could not be rendered
	Selected   int `json:"selected"`
	Approved   int `json:"approved"`
	Rejected   int `json:"rejected"`
	Assets     int `json:"assets"`
	Published  int `json:"published"`
}

// CandidateView is a candidate with all that was said about it: one tile of a contact sheet.
type CandidateView struct {
	Candidate
	Verdict    *Verdict    `json:"verdict,omitempty"`
	Selection  *Selection  `json:"selection,omitempty"`
	Decision   *Decision   `json:"decision,omitempty"`   // the newest one
	Disclosure *Disclosure `json:"disclosure,omitempty"` // the newest one
	AssetID    string      `json:"asset_id,omitempty"`
	Failure    string      `json:"failure,omitempty"` // why it could not be rendered
}

// NeedsPerson lists what a policy wants a person's word on: in the words that were asked for, and in those that stand in the
// picture. What is blocked in a picture needs a person, too, who will hardly approve it.
func (c CandidateView) NeedsPerson() []Concern {
	all := c.Planned.NeedsPerson()
	if c.Verdict != nil {
		for _, o := range c.Verdict.Concerns {
			if o.Ruling != Pass {
				all = append(all, o)
			}
		}
	}
	return all
}

// RunView is a run with its figures: one line of the list of runs.
type RunView struct {
	Run
	Progress    Progress     `json:"progress"`
	Publication *Publication `json:"publication,omitempty"`
	Cover       string       `json:"cover,omitempty"`    // blob of the best picture so far
	Spending    []Spending   `json:"spending,omitempty"` // what its calls cost, by engine, day and currency
}

// Event tells that something of a run has changed. It carries identities, never content.
type Event struct {
	Kind      string    `json:"kind"` // "run", "candidate", "asset", "publication", "step"
	Run       string    `json:"run"`
	Candidate string    `json:"candidate,omitempty"`
	Asset     string    `json:"asset,omitempty"`
	Step      int       `json:"step,omitempty"`    // with "step": denoising step done
	Steps     int       `json:"steps,omitempty"`   // with "step": of so many
	Preview   []byte    `json:"preview,omitempty"` // with "step": a small PNG of what is coming, from engines that show it
	At        time.Time `json:"at"`
}

// Comparison is the answer to "make it again".
type Comparison struct {
	Asset        string   `json:"asset"`
	Identical    bool     `json:"identical"`
	MaxAbsDiff   int      `json:"max_abs_diff"`  // of 8-bit values
	MeanAbsDiff  float64  `json:"mean_abs_diff"` // of 8-bit values
	PixelsSHA256 string   `json:"pixels_sha256"`
	Expected     string   `json:"expected_pixels_sha256"`
	Missing      []string `json:"missing,omitempty"` // what is needed and is not there
	Engine       string   `json:"engine"`
	Call         string   `json:"call,omitempty"` // the Call that brought the new picture
}
