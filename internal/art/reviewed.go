package art

import (
	"slices"
	"time"
)

// ReviewReport says what people's decisions tell about the judge, and about themselves.
type ReviewReport struct {
	Brand       string        `json:"brand"`
	At          time.Time     `json:"at"`
	Judged      int           `json:"judged"`   // pictures with a verdict
	Decided     int           `json:"decided"`  // of them, those that a person has approved, rejected or sent back
	Approved    int           `json:"approved"` // of the decided ones
	Runs        int           `json:"runs"`     // with decided pictures
	People      int           `json:"people"`   // who have decided
	Agreement   Agreement     `json:"agreement"`
	Calibration *Calibrated   `json:"calibration,omitempty"`
	Reason      string        `json:"reason,omitempty"` // why there is no calibration
	Scores      []ScoreRecord `json:"scores"`
}

// Moved tells whether any score has moved beyond what matters and chance.
func (r ReviewReport) Moved() bool {
	return slices.ContainsFunc(r.Scores, func(s ScoreRecord) bool { return s.Alarm })
}

// Agreement is Krippendorff's α over what several people said of the same pictures; nil where nobody did, or all said the same.
type Agreement struct {
	Alpha    *float64 `json:"alpha"` // ordinal: rejected, sent back, approved
	Pictures int      `json:"pictures"`
}

// Calibrated turns a verdict's overall figure into the probability that people approve. All figures come from pictures of
// runs that weren't learnt from.
type Calibrated struct {
	Method    string           `json:"method"` // isotonic or logistic
	Folds     int              `json:"folds"`
	Brier     float64          `json:"brier"`
	BaseBrier float64          `json:"base_brier"` // of always saying the share of approvals
	ECE       float64          `json:"ece"`        // expected calibration error
	AUC       float64          `json:"auc"`
	Bins      []ReliabilityBin `json:"bins"`
	Look      float64          `json:"look"` // cost of a look at a picture
	Miss      float64          `json:"miss"` // cost of a good picture that isn't shown
	Show      float64          `json:"show"` // the probability from which a picture is worth a look
	From      *float64         `json:"from"` // the overall figure that reaches it; nil where none does
	Shown     float64          `json:"shown"`
	Found     float64          `json:"found"` // share of approved pictures among those shown
	Saved     float64          `json:"saved"` // share of the cost of looking at everything; below 0 it costs more
}

// ReliabilityBin compares what was foretold with what people said.
type ReliabilityBin struct {
	Foretold float64 `json:"foretold"`
	Approved float64 `json:"approved"`
	Low      float64 `json:"low"` // 95 % interval
	High     float64 `json:"high"`
	Count    int     `json:"count"`
}

// ScoreRecord is what is known of one scorer from decided pictures, and whether its values have moved of late.
type ScoreRecord struct {
	Scorer  string   `json:"scorer"`
	Cases   int      `json:"cases"`
	AUC     *float64 `json:"auc"` // how well it alone orders pictures as people do; nil without decisions of both kinds
	Earlier *float64 `json:"earlier,omitempty"`
	Late    *float64 `json:"late,omitempty"` // medians
	PSI     *float64 `json:"psi,omitempty"`
	Alarm   bool     `json:"alarm,omitempty"`
	Meaning Text     `json:"meaning,omitempty"`
	Unit    string   `json:"unit,omitempty"`
}
