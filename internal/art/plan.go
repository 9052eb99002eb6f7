package art

// Plan is a brief worked out: recipes in a fixed order, what was refused and why, and what it will cost.
type Plan struct {
	Brief    string          `json:"brief"`
	Kind     RunKind         `json:"kind"`
	Recipes  []PlannedRecipe `json:"recipes"`
	Refused  []Refusal       `json:"refused"`
	Warnings []Refusal       `json:"warnings,omitempty"`
	Cost     Cost            `json:"cost"`
	// Policy is the one for words that the brief was planned by, as name@version; "" where there was none.
	Policy string `json:"policy,omitempty"`
	// NeedsPerson tells that no policy may approve a picture, because the sector wants a person's word on each.
	NeedsPerson bool      `json:"needs_person,omitempty"`
	Concerns    []Concern `json:"concerns,omitempty"` // all that the policy found, the strictest first
	Dropped     int       `json:"duplicates_dropped"` // equal recipes that the matrix gave more than once
}

// PlannedRecipe is a recipe with the matrix cell it came from and the structured prompt behind its words.
type PlannedRecipe struct {
	Recipe
	ID     string            `json:"id"`               // Recipe.ID
	Cell   map[string]string `json:"cell,omitempty"`   // matrix field → the value, as a person reads it
	Source Prompt            `json:"source"`           // the structured prompt: alt text and file names come from it
	Canary bool              `json:"canary,omitempty"` // made by the canary of the brand's pin
	// Concerns are what the policy found in this picture's words and in the brief's. One that needs a person keeps
	// policies from approving the picture.
	Concerns []Concern `json:"concerns,omitempty"`
	// StandIns are what other engines make of it when its own is down, in the order in which they are asked.
	StandIns   []StandIn   `json:"stand_ins,omitempty"`
	FailedOver *FailedOver `json:"failed_over,omitempty"` // another engine than the planned one makes it
	Retouch    *Retouch    `json:"retouch,omitempty"`     // it makes a part of another candidate anew
}

// NeedsPerson lists the concerns on which a person has to say a word.
func (p PlannedRecipe) NeedsPerson() []Concern {
	var all []Concern
	for _, c := range p.Concerns {
		if c.Ruling != Pass {
			all = append(all, c)
		}
	}
	return all
}

// Refusal is a field that cannot be honoured, with the reason.
type Refusal struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
	Remedy string `json:"remedy,omitempty"`
}

// Measured is how long an engine's model took for its newest pictures.
type Measured struct {
	Engine  string  `json:"engine"`
	Model   string  `json:"model"`
	Seconds float64 `json:"seconds"` // median
	Calls   int     `json:"calls"`   // that it was taken of
}

// Cost is an estimate made before anything is rendered.
type Cost struct {
	Pictures int     `json:"pictures"`
	Seconds  float64 `json:"seconds"`  // time of the pictures whose time is known, one after the other, without queues
	Untimed  int     `json:"untimed"`  // pictures of which nobody knows how long they take
	Money    float64 `json:"money"`    // in Currency
	Currency string  `json:"currency"` // ISO 4217
	// Repairs are pictures that the repair rule makes at most besides, with their time and money as above.
	Repairs       int     `json:"repairs,omitempty"`
	RepairSeconds float64 `json:"repair_seconds,omitempty"`
	RepairMoney   float64 `json:"repair_money,omitempty"`
	Basis         string  `json:"basis"` // where the figures come from, such as "measured: 12 pictures in run …"
}
