package art

import "time"

// Outcome is what a paired comparison says about the new side.
type Outcome string

// The outcomes. Only better and equal let a production pin move.
const (
	Better Outcome = "better" // surely above the old side
	Equal  Outcome = "equal"  // surely within the margin
	Worse  Outcome = "worse"  // surely below the old side
	Unsure Outcome = "unsure" // too little is known
)

// Passes tells whether production may follow.
func (o Outcome) Passes() bool { return o == Better || o == Equal }

// Compared is one scorer's paired comparison of two sides.
type Compared struct {
	Scorer  string  `json:"scorer"`
	Unit    string  `json:"unit,omitempty"`
	Prompts int     `json:"prompts"` // with a score on both sides: the size of the sample
	Old     float64 `json:"old"`     // mean score of the old side
	New     float64 `json:"new"`     // mean score of the new side
	Gain    float64 `json:"gain"`    // mean difference, turned so that above 0 is better, in Unit
	Low     float64 `json:"low"`     // lower end of the gain's confidence interval
	High    float64 `json:"high"`    // upper end of it
	Margin  float64 `json:"margin"`  // differences below it don't matter, in Unit
	Outcome Outcome `json:"outcome"`
	Note    Text    `json:"note,omitempty"` // why, where the numbers don't tell
}

// Shot is one picture of a prompt set, with its scores.
type Shot struct {
	Recipe       string   `json:"recipe"`        // Recipe.ID
	Image        string   `json:"image"`         // SHA-256 in the blob store
	PixelsSHA256 string   `json:"pixels_sha256"` // of the decoded 8-bit pixels
	Width        int      `json:"width"`
	Height       int      `json:"height"`
	Print        string   `json:"print,omitempty"` // PDQ hash
	Scores       []Score  `json:"scores,omitempty"`
	Pass         bool     `json:"pass"`             // every gate of the brand's rubric
	Reused       bool     `json:"reused,omitempty"` // kept from an equal recipe
	Notes        []string `json:"notes,omitempty"`
}

// Side is what one half of a guard was rendered with.
type Side struct {
	Engine        string            `json:"engine"`
	EngineVersion string            `json:"engine_version"`
	Model         ModelRef          `json:"model"`
	LoRAs         []LoRA            `json:"loras,omitempty"`
	Fields        map[string]string `json:"fields,omitempty"` // what was said over the brand's defaults
}

// GuardPair is one prompt and seed on both sides.
type GuardPair struct {
	Prompt string `json:"prompt"` // name in the prompt set
	Words  string `json:"words"`  // as the engine got it
	Seed   Seed   `json:"seed"`
	Old    Shot   `json:"old"`
	New    Shot   `json:"new"`
}

// Guard is the record of one comparison: a brand's fixed prompt set with an old and a new recipe.
type Guard struct {
	ID         string      `json:"id"`
	Brand      string      `json:"brand"`
	Brief      string      `json:"brief,omitempty"` // whose parameters were the base, where it was not the kit
	Set        string      `json:"set"`             // SHA-256 of the prompt set
	Old        Side        `json:"old"`
	New        Side        `json:"new"`
	Changed    []string    `json:"changed"` // fields in which the sides' recipes differ, sorted
	Confidence float64     `json:"confidence"`
	Scorers    []Compared  `json:"scorers"`
	Outcome    Outcome     `json:"outcome"`
	Pairs      []GuardPair `json:"pairs"`
	By         string      `json:"by,omitempty"`
	At         time.Time   `json:"at"`
}

// ProbeShot is one picture of a probe.
type ProbeShot struct {
	Prompt string `json:"prompt"`
	Words  string `json:"words"`
	Seed   Seed   `json:"seed"`
	Repeat int    `json:"repeat,omitempty"` // of a baseline of an engine that doesn't promise equal pixels
	Shot
}

// Probe is the record of one fixed-prompt probe of an engine's model.
type Probe struct {
	ID            string      `json:"id"`
	Key           string      `json:"key"` // equal keys can be compared: brand, prompt set, engine and model with versions
	Brand         string      `json:"brand"`
	Engine        string      `json:"engine"`
	EngineVersion string      `json:"engine_version"`
	Model         ModelRef    `json:"model"`
	Deterministic bool        `json:"deterministic"` // the engine promises equal pixels
	Baseline      string      `json:"baseline"`      // the probe that this one was compared with; "" makes it a baseline itself
	Different     int         `json:"different"`     // pictures with other pixels than the baseline's
	Compared      []Compared  `json:"compared,omitempty"`
	Changed       bool        `json:"changed"`
	Reason        Text        `json:"reason,omitempty"`
	Shots         []ProbeShot `json:"shots"`
	At            time.Time   `json:"at"`
}

// Pause stops whatever depends on an engine's model until a person lifts it.
type Pause struct {
	ID     string    `json:"id"`
	Probe  string    `json:"probe"` // that noticed
	Engine string    `json:"engine"`
	Model  ModelRef  `json:"model"`
	Briefs []string  `json:"briefs,omitempty"` // of the workspace that depended on it then
	Reason Text      `json:"reason"`
	At     time.Time `json:"at"`
}

// Stops tells whether the pause is about this engine and model.
func (p Pause) Stops(engine string, m ModelRef) bool {
	return p.Engine == engine && p.Model.Name == m.Name && p.Model.Version == m.Version
}

// Resumption lifts a pause, by a person and for a reason.
type Resumption struct {
	Pause  string    `json:"pause"`
	Accept bool      `json:"accept"` // the pictures of the probe that noticed are the new baseline
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Kept is a picture that was rendered outside any run, under its recipe's identity.
type Kept struct {
	Recipe       string   `json:"recipe"`
	Image        string   `json:"image"`
	PixelsSHA256 string   `json:"pixels_sha256"`
	Width        int      `json:"width"`
	Height       int      `json:"height"`
	Notes        []string `json:"notes,omitempty"`
}

// Shutdown is the day on which a hosted model goes away.
type Shutdown struct {
	Engine string `json:"engine" yaml:"engine"`                     // as recipes call it
	Model  string `json:"model" yaml:"model"`                       // as the provider calls it
	Date   string `json:"date" yaml:"date"`                         // YYYY-MM-DD, from which on it counts as gone
	Source string `json:"source,omitempty" yaml:"source,omitempty"` // where that stands
	Read   string `json:"read,omitempty" yaml:"read,omitempty"`     // when that was read, YYYY-MM-DD
	// Instead is what the provider names in its place, in its own words; "" where it names nothing.
	Instead string `json:"instead,omitempty" yaml:"instead,omitempty"`
}
