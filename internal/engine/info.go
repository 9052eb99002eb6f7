package engine

// Info is what an engine says about itself.
type Info struct {
	Name          string       `json:"name"`
	Version       string       `json:"version"`
	Ready         bool         `json:"ready"`
	Reason        string       `json:"reason,omitempty"` // why not ready, and what to do
	Deterministic bool         `json:"deterministic"`    // the same recipe gives the same bits on the same machine
	Capabilities  Capabilities `json:"capabilities"`
	Models        []Model      `json:"models,omitempty"`
	Price         Price        `json:"price"`
}

// Capabilities is what an engine can honour of a recipe.
type Capabilities struct {
	Modes          []string `json:"modes"`
	Samplers       []string `json:"samplers,omitempty"`
	Schedulers     []string `json:"schedulers,omitempty"`
	Syntaxes       []string `json:"syntaxes,omitempty"`
	NoiseSources   []string `json:"noise_sources,omitempty"`
	Seed           bool     `json:"seed"`
	NegativePrompt bool     `json:"negative_prompt"`
	Controls       []string `json:"controls,omitempty"`
	LoRA           bool     `json:"lora"`
	MaxBatch       int      `json:"max_batch"`
	SizeStep       int      `json:"size_step"` // width and height are multiples of it
	MinSize        int      `json:"min_size"`  // pixels, each side
	MaxSize        int      `json:"max_size"`  // pixels, each side
}

// Price is what one picture costs. The zero value is free.
type Price struct {
	Currency   string  `json:"currency,omitempty"` // ISO 4217
	PerPicture float64 `json:"per_picture"`
	Dated      string  `json:"dated,omitempty"` // the day the price was read, YYYY-MM-DD
}

// Model is one network that an engine can use.
type Model struct {
	Name     string     `json:"name"`
	Version  string     `json:"version,omitempty"`
	SHA256   string     `json:"sha256,omitempty"`
	License  string     `json:"license,omitempty"`  // SPDX expression
	Shutdown string     `json:"shutdown,omitempty"` // the day a hosted model goes away, YYYY-MM-DD
	Width    int        `json:"width,omitempty"`    // native size in pixels
	Height   int        `json:"height,omitempty"`
	Defaults Defaults   `json:"defaults,omitzero"`
	Words    Vocabulary `json:"words,omitzero"`
	// SecondsPerPicture is a rough expectation on this machine for the defaults; 0 when unknown.
	SecondsPerPicture float64 `json:"seconds_per_picture,omitempty"`
}

// Defaults are the parameters that a model's card recommends.
type Defaults struct {
	Sampler       string  `json:"sampler,omitempty"`
	Scheduler     string  `json:"scheduler,omitempty"`
	Steps         int     `json:"steps,omitempty"`
	GuidanceScale float64 `json:"guidance_scale,omitempty"`
}

// Vocabulary lists what a small model was trained to draw, so that the planner can warn of anything else.
// Empty lists mean: unknown, no warning.
type Vocabulary struct {
	Subjects    []string `json:"subjects,omitempty"`
	Styles      []string `json:"styles,omitempty"`
	Backgrounds []string `json:"backgrounds,omitempty"`
}
