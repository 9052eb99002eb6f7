package art

import "time"

// EngineComparison is the record of one brief on several engines: pictures and figures side by side, on one day.
type EngineComparison struct {
	ID       string        `json:"id"`
	Brief    string        `json:"brief"`
	Title    Text          `json:"title"`
	Brand    string        `json:"brand"`
	Pictures []CompareCell `json:"pictures"` // what every engine was asked for
	Twice    bool          `json:"twice"`    // each request was sent a second time
	Cost     []CompareCost `json:"cost"`     // in all, a line for each currency
	Rows     []EngineRow   `json:"rows"`     // in the order in which the engines were named
	By       string        `json:"by,omitempty"`
	At       time.Time     `json:"at"`
}

// CompareRun is the run under which the books have the calls of a brief's comparisons on one day.
func CompareRun(brief string, at time.Time) string {
	return "compare-" + brief + "-" + at.UTC().Format(time.DateOnly)
}

// CompareCell is one picture of the brief: its words, or the number of the draw where the words are equal.
type CompareCell struct {
	Name string            `json:"name"`
	Cell map[string]string `json:"cell,omitempty"` // matrix field → value
	Seed Seed              `json:"seed"`           // of engines that take one
}

// RowState tells what became of one engine of a comparison.
type RowState string

// The states of a row.
const (
	RowMade    RowState = "made"    // all pictures were made
	RowPartly  RowState = "partly"  // some pictures were made before something failed
	RowRefused RowState = "refused" // the engine can't honour the brief
	RowFailed  RowState = "failed"  // the engine didn't answer, a budget said no, or nobody knows what became of a call
	RowAbsent  RowState = "absent"  // the engine isn't ready here
)

// EngineRow is what was found out about one engine.
type EngineRow struct {
	Engine        string         `json:"engine"`
	EngineVersion string         `json:"engine_version,omitempty"`
	Model         ModelRef       `json:"model,omitzero"`
	State         RowState       `json:"state"`
	Reason        string         `json:"reason,omitempty"`     // why there are no pictures, or not all
	Refused       []Refusal      `json:"refused"`              // fields of the brief that the engine refuses, as the brief stands
	Production    []Refusal      `json:"production,omitempty"` // what a production would be refused for besides
	Adapted       []Adaptation   `json:"adapted,omitempty"`    // settings that were taken out so that there are pictures
	Warnings      []Refusal      `json:"warnings,omitempty"`
	Pictures      []ComparedShot `json:"pictures,omitempty"`
	Figures       []Figure       `json:"figures"`          // prompt fit, text fidelity, brand fit, style range
	Scores        []Score        `json:"scores,omitempty"` // means of everything that was measured
	Repeat        Repeat         `json:"reproducibility"`
	Seconds       Seconds        `json:"seconds"`
	Cost          RowCost        `json:"cost"`
	Terms         RowTerms       `json:"terms"`
	Data          RowData        `json:"data"`
}

// Adaptation is a technical setting that an engine doesn't have, and what was taken instead.
type Adaptation struct {
	Field  string `json:"field"`
	Said   string `json:"said"`            // by brief, style or kit
	Taken  string `json:"taken,omitempty"` // "": nothing, the setting was left out
	Reason string `json:"reason"`
}

// ComparedShot is one picture of a comparison, with the same request sent a second time.
type ComparedShot struct {
	Cell int `json:"cell"` // place in EngineComparison.Pictures
	Sent
	Print  string    `json:"print,omitempty"` // PDQ hash
	Scores []Score   `json:"scores,omitempty"`
	Pass   bool      `json:"pass"` // every gate of the brand's rubric
	Again  *Again    `json:"again,omitempty"`
	Failed []Failure `json:"failures,omitempty"`
}

// Sent is a request and the picture that came of it.
type Sent struct {
	Recipe       Recipe   `json:"recipe"`
	Image        string   `json:"image"` // SHA-256 in the blob store
	MIME         string   `json:"mime"`
	Width        int      `json:"width"`
	Height       int      `json:"height"`
	PixelsSHA256 string   `json:"pixels_sha256"`
	Seconds      float64  `json:"seconds"` // from the request to the picture
	Notes        []string `json:"notes,omitempty"`
	Call         string   `json:"call,omitempty"`     // the Call that brought it, where it went through the books
	Charged      Amount   `json:"charged,omitempty"`  // what it cost
	Currency     string   `json:"currency,omitempty"` // of Charged
	Basis        string   `json:"basis,omitempty"`    // who says so: service, estimate or person
}

// Again is the second answer to an equal request.
type Again struct {
	Sent
	Identical   bool    `json:"identical"`            // equal pixels
	MeanAbsDiff float64 `json:"mean_abs_diff"`        // of 8-bit values
	MaxAbsDiff  int     `json:"max_abs_diff"`         // of 8-bit values
	PDQ         int     `json:"pdq"`                  // bits of 256 in which the perceptual hashes differ
	Difference  string  `json:"difference,omitempty"` // SHA-256 of a picture of it, strengthened so that it can be seen
	Strength    float64 `json:"strength,omitempty"`   // by so much
}

// Figures of a row.
const (
	FigurePrompt = "prompt_fit"
	FigureText   = "text_fidelity"
	FigureBrand  = "brand_fit"
	FigureStyle  = "style_range"
)

// Figure is one number of a row, or the reason why there is none.
type Figure struct {
	Name      string    `json:"name"`
	Scorer    string    `json:"scorer,omitempty"` // who measured it
	Value     float64   `json:"value"`
	Unit      string    `json:"unit,omitempty"`
	Direction Direction `json:"direction,omitempty"`
	Passed    int       `json:"passed,omitempty"` // of brand_fit: pictures that pass every gate
	Of        int       `json:"of,omitempty"`     // how many pictures, or pairs, it is the mean of
	Available bool      `json:"available"`
	Reason    Text      `json:"reason,omitempty"` // why not available
}

// Repeat says what came of sending equal requests twice.
type Repeat struct {
	Available   bool    `json:"available"`
	Reason      Text    `json:"reason,omitempty"` // why nothing was measured
	Promised    bool    `json:"promised"`         // the engine promises equal pixels
	Pairs       int     `json:"pairs"`
	Identical   int     `json:"identical"`
	MeanAbsDiff float64 `json:"mean_abs_diff"` // of 8-bit values, over all pairs
	MaxAbsDiff  int     `json:"max_abs_diff"`
	PDQ         float64 `json:"pdq"` // mean, bits of 256
}

// Seconds says how long pictures took, from the request to the picture.
type Seconds struct {
	Requests int     `json:"requests"`
	Min      float64 `json:"min"`
	Median   float64 `json:"median"`
	Max      float64 `json:"max"`
}

// CompareCost is money in one currency.
type CompareCost struct {
	Currency string `json:"currency"`
	Estimate Amount `json:"estimate"` // before
	Paid     Amount `json:"paid"`     // after
}

// RowCost says what an engine's pictures cost, and whether that could be told before.
type RowCost struct {
	Quote     Quote    `json:"quote"`    // one picture
	Requests  int      `json:"requests"` // that were planned
	Estimate  Amount   `json:"estimate"` // all requests
	Paid      Amount   `json:"paid"`
	Currency  string   `json:"currency,omitempty"`
	Told      int      `json:"told"`                // requests of which the service said what it charged
	Answered  int      `json:"answered"`            // requests that brought a picture
	Low       Amount   `json:"low"`                 // the cheapest request
	High      Amount   `json:"high"`                // the dearest one
	Deviation *float64 `json:"deviation,omitempty"` // what was charged over the estimate of the same requests, less 1; nil where nobody said
}

// RowTerms says what the pictures may be used for.
type RowTerms struct {
	License    string   `json:"license,omitempty"`  // of the model
	Pictures   Text     `json:"pictures,omitempty"` // what the service says of them
	Card       string   `json:"card"`               // complete, draft or missing
	Commercial string   `json:"commercial,omitempty"`
	Excluded   []string `json:"excluded,omitempty"`
	Conditions Text     `json:"conditions,omitempty"`
	Forbids    string   `json:"forbids,omitempty"` // why the brief's usage isn't allowed
	Dated      string   `json:"dated,omitempty"`
}

// States of a model's card in RowTerms.
const (
	CardComplete = "complete"
	CardDraft    = "draft"
	CardMissing  = "missing"
)

// RowData says where requests go, and what becomes of them.
type RowData struct {
	Hosted   bool   `json:"hosted"` // false: on machines of your own
	Operator string `json:"operator,omitempty"`
	Region   string `json:"region,omitempty"`
	Use      Text   `json:"use,omitempty"` // retention, and training on it
	Safety   Text   `json:"safety,omitempty"`
	Dated    string `json:"dated,omitempty"`
}
