package engine

import (
	"fmt"
	"strings"

	"presswerk/internal/art"
)

// Info is what an engine says about itself.
type Info struct {
	Name    string  `json:"name"`
	Version string  `json:"version"`
	Ready   bool    `json:"ready"`
	Reason  string  `json:"reason,omitempty"` // why not ready, and what to do
	Models  []Model `json:"models,omitempty"`
}

// Model is one network that an engine can use: what it honours, and what its card recommends.
type Model struct {
	art.Capabilities
	Defaults Defaults `json:"defaults,omitzero"`
	Shutdown string   `json:"shutdown,omitempty"` // the day a hosted model goes away, YYYY-MM-DD
	Instead  string   `json:"instead,omitempty"`  // what its operator names in its place then, in its own words
}

// Defaults are the parameters that a model's card recommends.
type Defaults struct {
	Sampler       string  `json:"sampler,omitempty"`
	Scheduler     string  `json:"scheduler,omitempty"`
	Steps         int     `json:"steps,omitempty"`
	GuidanceScale float64 `json:"guidance_scale,omitempty"`
}

// Model finds the model that ref names: by SHA-256 when ref has one, else by name and, when given, version.
// Nothing found gives art.ErrNotFound with the names that exist.
func (i Info) Model(ref art.ModelRef) (Model, error) {
	var names []string
	for _, m := range i.Models {
		known := m.Capabilities.Model
		names = append(names, known.Name)
		if ref.SHA256 != "" && ref.SHA256 == known.SHA256 {
			return m, nil
		}
		if ref.SHA256 == "" && ref.Name == known.Name && (ref.Version == "" || ref.Version == known.Version) {
			return m, nil
		}
	}
	return Model{}, &art.FieldError{
		Field: "model", Reason: fmt.Sprintf("engine %s has no model %q version %q sha256 %q", i.Name, ref.Name, ref.Version, ref.SHA256),
		Remedy: "choose one of: " + strings.Join(names, ", "), Kind: art.ErrNotFound,
	}
}
