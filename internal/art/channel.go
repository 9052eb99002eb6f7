package art

// Channel is a place where pictures are shown and what it needs.
type Channel struct {
	Name     string   `json:"name" yaml:"name"`                               // "web-hero"
	Title    Text     `json:"title" yaml:"title"`                             // as people read it
	Aspect   string   `json:"aspect" yaml:"aspect"`                           // "16:9", "1:1"; "" keeps the master's
	Widths   []int    `json:"widths" yaml:"widths"`                           // pixels, rising
	Formats  []string `json:"formats" yaml:"formats"`                         // of "avif", "webp", "jpeg", "png"; the last one is the fall-back of a picture element
	Sizes    string   `json:"sizes,omitempty" yaml:"sizes,omitempty"`         // HTML sizes attribute where the channel is a page
	MaxBytes int64    `json:"max_bytes,omitempty" yaml:"max_bytes,omitempty"` // per file; 0 means no limit
}

// Colour is a named colour of a brand.
type Colour struct {
	Name  string `json:"name" yaml:"name"`                       // as briefs and prompts say it
	Title Text   `json:"title,omitempty" yaml:"title,omitempty"` // as people read it; the name where nothing is said
	Hex   string `json:"hex" yaml:"hex"`                         // "#rrggbb", sRGB
	Role  string `json:"role,omitempty" yaml:"role,omitempty"`   // "primary", "accent", "background", "neutral"
}

// Called is the colour's name for people who read lang.
func (c Colour) Called(lang Language) string {
	if title := c.Title.In(lang); title != "" {
		return title
	}
	return c.Name
}

// Capabilities is what an engine with one model can honour, as data.
type Capabilities struct {
	Engine            string      `json:"engine"`
	EngineVersion     string      `json:"engine_version"`
	Model             ModelRef    `json:"model"`
	ModelLicense      string      `json:"model_license"`
	Card              *ModelCard  `json:"card,omitempty"` // nil: nobody wrote one
	Modes             []string    `json:"modes"`
	Samplers          []string    `json:"samplers"`
	Schedulers        []string    `json:"schedulers"`
	MinSize           int         `json:"min_size"`  // pixels a side
	MaxSize           int         `json:"max_size"`  // pixels a side
	SizeStep          int         `json:"size_step"` // sides are multiples of this
	NativeWidth       int         `json:"native_width"`
	NativeHeight      int         `json:"native_height"`
	MaxSteps          int         `json:"max_steps"`
	Seeds             bool        `json:"seeds"`
	Negative          bool        `json:"negative_prompt"`
	Weights           bool        `json:"prompt_weights"`
	Dialect           string      `json:"dialect"`             // how prompts are written out: "house", "plain", "a1111"
	Deterministic     bool        `json:"deterministic"`       // equal recipes give equal pixels on one machine
	SecondsPerPicture float64     `json:"seconds_per_picture"` // measured or estimated at native size and 20 steps
	PricePerPicture   float64     `json:"price_per_picture"`   // in Currency
	Currency          string      `json:"currency"`
	Vocabulary        *Vocabulary `json:"vocabulary,omitempty"` // what a small model was trained on; nil means open
	Checkpoint        ModelRef    `json:"checkpoint,omitzero"`  // what the model was converted from; LoRA trained on that fit
	LoRAs             []Adapter   `json:"loras,omitempty"`      // those that are here, whatever model they were made for
}

// Fits tells whether what was trained on a model goes with this one: the same bytes, or the checkpoint that it was converted
// from. Who doesn't say what it was trained on is taken at its word.
func (c Capabilities) Fits(base ModelRef) bool {
	return base.SHA256 == "" || base.SHA256 == c.Model.SHA256 || base.SHA256 == c.Checkpoint.SHA256
}

// Adapter is a LoRA that an engine has.
type Adapter struct {
	Name   string     `json:"name"` // "name@version" where it has a version
	SHA256 string     `json:"sha256"`
	Base   ModelRef   `json:"base,omitzero"`  // the one model that it was trained on; empty where the file doesn't say
	Card   *ModelCard `json:"card,omitempty"` // nil: nobody wrote one
}

// Vocabulary lists the words that a small model was trained on. Others may be asked for, with a warning.
type Vocabulary struct {
	Subjects []string          `json:"subjects"`
	Styles   []string          `json:"styles"`
	Colours  map[string]string `json:"colours"` // name → "#rrggbb"
}
