package art

import "time"

// Direction tells which values of a score are good.
type Direction string

// The directions of a score. In a band neither end is good.
const (
	HigherIsBetter Direction = "higher"
	LowerIsBetter  Direction = "lower"
	BandIsBest     Direction = "band"
)

// Score is one number about a picture with the evidence for it.
type Score struct {
	Scorer      string        `json:"scorer"`
	Version     string        `json:"version"`
	ModelSHA256 string        `json:"model_sha256,omitempty"`
	Value       float64       `json:"value"`
	Unit        string        `json:"unit,omitempty"`
	Low         float64       `json:"low"`  // lower end of the range
	High        float64       `json:"high"` // upper end of the range
	Direction   Direction     `json:"direction"`
	Available   bool          `json:"available"`
	Reason      string        `json:"reason,omitempty"` // why not available
	Meaning     Text          `json:"meaning,omitempty"`
	Evidence    *Evidence     `json:"evidence,omitempty"`
	Elapsed     time.Duration `json:"elapsed_ns,omitempty"`
}

// Evidence is what a person can check a score against.
type Evidence struct {
	Text    string         `json:"text,omitempty"`
	Boxes   []Box          `json:"boxes,omitempty"`
	Colours []ColourShare  `json:"colours,omitempty"`
	Heat    *Heat          `json:"heat,omitempty"`
	Match   string         `json:"match,omitempty"`   // identity of the candidate it resembles
	Details map[string]any `json:"details,omitempty"` // more numbers by name
}

// Heat is a coarse map that lies over the whole picture: where something is, or how much of it.
type Heat struct {
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Values []byte `json:"values"` // row by row, 0 nothing to 255 most; base64 in JSON
}

// Box is a rectangle in pixels of the picture.
type Box struct {
	X      int     `json:"x"`
	Y      int     `json:"y"`
	Width  int     `json:"width"`
	Height int     `json:"height"`
	Label  string  `json:"label,omitempty"`
	Value  float64 `json:"value,omitempty"`
}

// ColourShare is a colour, how much of the picture it covers, and the brand colour next to it.
type ColourShare struct {
	Hex     string  `json:"hex"`               // "#rrggbb"
	Share   float64 `json:"share"`             // 0..1 of the picture's area
	Nearest string  `json:"nearest,omitempty"` // name of the nearest brand colour
	DeltaE  float64 `json:"delta_e"`           // CIEDE2000 to it
}

// Gate is one rule of a rubric: a score must lie in [Min, Max]. A gate whose score is missing fails.
type Gate struct {
	Scorer string   `json:"scorer" yaml:"scorer"`
	Min    *float64 `json:"min,omitempty" yaml:"min,omitempty"`
	Max    *float64 `json:"max,omitempty" yaml:"max,omitempty"`
	Weight float64  `json:"weight,omitempty" yaml:"weight,omitempty"` // share in the overall figure; 0 counts as 1
	Why    Text     `json:"why,omitempty" yaml:"why,omitempty"`       // what the threshold protects
}

// Failure is a gate that said no.
type Failure struct {
	Scorer string `json:"scorer"`
	Reason Text   `json:"reason"`
}

// Verdict is what a rubric says about a candidate.
type Verdict struct {
	Candidate string    `json:"candidate,omitempty"`
	Pass      bool      `json:"pass"`
	Overall   float64   `json:"overall"` // 0..1, weighted mean of the gated scores on their ranges
	Scores    []Score   `json:"scores"`
	Failures  []Failure `json:"failures,omitempty"`
	Concerns  []Concern `json:"concerns,omitempty"` // what the policy found in the words that stand in the picture
	At        time.Time `json:"at,omitzero"`
}

// Selection is the word of the pre-selection on one candidate, with the reason.
type Selection struct {
	Candidate string `json:"candidate"`
	Selected  bool   `json:"selected"`
	Rank      int    `json:"rank"` // 1 is best; 0 when the candidate failed a gate
	Reason    Text   `json:"reason"`
}
