package art

// Ending is a model that goes away, or has gone, and what of a workspace depends on it.
type Ending struct {
	Shutdown
	Days  int   `json:"days"`  // left from today on; 0 and below: it has gone
	Gone  bool  `json:"gone"`  // it has
	Hits  []Hit `json:"hits"`  // what of the workspace depends on it
	Ready bool  `json:"ready"` // its engine is set up here
	// Also are those of the models named in Instead that go away as well.
	Also []Shutdown `json:"also,omitempty"`
	// Lasting is the engine's first model that makes pictures of words and has no known end; "" where there is none, and for
	// models that the engine doesn't list.
	Lasting string `json:"lasting,omitempty"`
}

// What a Hit may be.
const (
	HitBrief  = "brief"  // its pictures would be asked of the model
	HitKit    = "kit"    // a brand's defaults name it
	HitSet    = "set"    // a brand's prompt set is rendered or probed with it
	HitPin    = "pin"    // a brand's production is pinned to it
	HitCanary = "canary" // it takes a share of a brand's production
)

// Hit is something of a workspace that depends on a model.
type Hit struct {
	Kind string `json:"kind"`
	Name string `json:"name"`           // a brief's, or a brand's
	File string `json:"file,omitempty"` // of the workspace, where the model is named or its name comes from
}

// Radar is what is about to go away, the soonest first, and what has changed by itself.
type Radar struct {
	Endings []Ending  `json:"endings"`
	Pauses  []Pause   `json:"pauses,omitempty"` // of engines that a probe found changed
	Unread  []Refusal `json:"unread,omitempty"` // files of which nobody knows what they depend on, and why
}

// Ahead lists the endings that hit something and come within so many days, or have come.
func (r Radar) Ahead(days int) []Ending {
	var all []Ending
	for _, e := range r.Endings {
		if len(e.Hits) > 0 && e.Days <= days {
			all = append(all, e)
		}
	}
	return all
}
