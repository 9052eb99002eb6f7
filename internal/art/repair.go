package art

// MaxRounds is how many times in a row a picture may be mended by itself. What is no better by then is not worth more.
const MaxRounds = 4

// Repair is a rule by which pictures are mended without anybody's word: one that failed gates of these scorers only, each with
// places as evidence, is made anew in those places and judged again.
type Repair struct {
	Scorers  []string `json:"scorers" yaml:"scorers"`                       // whose gates a picture may have failed, such as hands or unwanted_text
	Rounds   int      `json:"rounds,omitempty" yaml:"rounds,omitempty"`     // in a row at most, 1 to 4; 0 counts as 1
	Strength float64  `json:"strength,omitempty" yaml:"strength,omitempty"` // how far the place may leave what was there, above 0 to 1; 0 takes the usual
}

// Most is how many times in a row a picture is mended at most.
func (r *Repair) Most() int {
	switch {
	case r == nil || len(r.Scorers) == 0:
		return 0
	case r.Rounds == 0:
		return 1
	}
	return r.Rounds
}

// How the region of a retouch was named.
const (
	RegionMask     = "mask"     // a picture that somebody drew
	RegionBoxes    = "boxes"    // rectangles in pixels
	RegionEvidence = "evidence" // the places that a scorer has named
	RegionWords    = "words"    // a word for what is seen there
)

// Retouch says how a part of a candidate was made anew. What the part is made of stands in the recipe: it inpaints the
// candidate's picture through a mask, both named by their hash, with its own seed and strength.
type Retouch struct {
	From    string       `json:"from"`              // the candidate whose part it is
	Region  string       `json:"region"`            // RegionMask, RegionBoxes, RegionEvidence or RegionWords
	Named   string       `json:"named,omitempty"`   // the scorer, or the words
	Boxes   []Box        `json:"boxes,omitempty"`   // as they were named, in pixels
	Grow    int          `json:"grow"`              // pixels by which the region was widened
	Feather float64      `json:"feather"`           // standard deviation in pixels of its soft edge
	Share   float64      `json:"share"`             // of the picture that is made anew, 0..1
	Round   int          `json:"round,omitempty"`   // of the repair by rule, from 1; 0: a person wanted it
	By      string       `json:"by"`                // who wanted it, or PolicyRepair
	Adapted []Adaptation `json:"adapted,omitempty"` // settings of the candidate's recipe that the engine doesn't have
}

// PolicyRepair is the name under which a brief's or kit's repair rule wants something mended.
const PolicyRepair = "policy:repair"
