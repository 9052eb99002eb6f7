package art

// Consent says who has agreed that one engine may stand in for another in a brand's pictures. The look changes, so a person
// has to, once for each brand and pair.
type Consent struct {
	Brand string `json:"brand" yaml:"brand"` // name of a brand kit
	From  string `json:"from" yaml:"from"`   // the engine that may be down
	To    string `json:"to" yaml:"to"`       // the engine that may stand in
	By    string `json:"by" yaml:"by"`       // who agreed
	Date  string `json:"date" yaml:"date"`   // YYYY-MM-DD
}

// ConsentTo finds the consent to a brand's fail-over.
func (p ModelPolicy) ConsentTo(brand, from, to string) (Consent, bool) {
	for _, c := range p.Consents {
		if c.Brand == brand && c.From == from && c.To == to {
			return c, true
		}
	}
	return Consent{}, false
}

// StandIn is a planned recipe's picture on another engine, for when the planned one is down.
type StandIn struct {
	Recipe

	ID      string       `json:"id"`                // Recipe.ID
	Source  Prompt       `json:"source"`            // as PlannedRecipe.Source
	Adapted []Adaptation `json:"adapted,omitempty"` // settings that this engine doesn't have
}

// FailedOver says that another engine than the planned one has made a picture, and on whose word.
type FailedOver struct {
	From    string       `json:"from"`             // the engine that was planned
	To      string       `json:"to"`               // the engine that stood in
	Recipe  string       `json:"recipe,omitempty"` // identity of the recipe that was planned; "" where its engine was down already then
	Reason  string       `json:"reason"`           // what the planned engine said
	Adapted []Adaptation `json:"adapted,omitempty"`
	By      string       `json:"by"`   // who had consented
	Date    string       `json:"date"` // when they had, YYYY-MM-DD
}
