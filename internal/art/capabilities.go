package art

// Capabilities is what an engine with one model can honour, as data.
type Capabilities struct {
	Engine            string            `json:"engine"`
	EngineVersion     string            `json:"engine_version"`
	Model             ModelRef          `json:"model"`
	ModelLicense      string            `json:"model_license"`
	Card              *ModelCard        `json:"card,omitempty"` // nil: nobody wrote one
	Modes             []string          `json:"modes"`
	Samplers          []string          `json:"samplers"`
	Schedulers        []string          `json:"schedulers"`
	MinSize           int               `json:"min_size"`  // pixels a side
	MaxSize           int               `json:"max_size"`  // pixels a side
	SizeStep          int               `json:"size_step"` // sides are multiples of this
	NativeWidth       int               `json:"native_width"`
	NativeHeight      int               `json:"native_height"`
	MaxSteps          int               `json:"max_steps"`
	Seeds             bool              `json:"seeds"`
	Negative          bool              `json:"negative_prompt"`
	Weights           bool              `json:"prompt_weights"`
	Promptless        bool              `json:"promptless,omitempty"` // a prompt may be left out
	Dialect           string            `json:"dialect"`              // how prompts are written out: "house", "plain", "a1111"
	Deterministic     bool              `json:"deterministic"`        // equal recipes give equal pixels on one machine
	SecondsPerPicture float64           `json:"seconds_per_picture"`  // measured at native size and 20 steps; 0 where nobody has
	PricePerPicture   float64           `json:"price_per_picture"`    // in Currency
	Currency          string            `json:"currency"`
	Vocabulary        *Vocabulary       `json:"vocabulary,omitempty"` // what a small model was trained on; nil means open
	Sizes             []Size            `json:"sizes,omitempty"`      // the only sizes there are; none means every one within the limits above
	Controls          []string          `json:"controls,omitempty"`   // kinds of control pictures, as in Control.Kind; none means no control
	MaxReferences     int               `json:"max_references"`       // pictures that may be referred to
	TakesLoRAs        bool              `json:"takes_loras"`
	LoRAs             []Adapter         `json:"loras,omitempty"`     // those that are here, whatever model they were made for
	Checkpoint        ModelRef          `json:"checkpoint,omitzero"` // what the model was converted from; LoRA trained on that fit
	Embeddings        bool              `json:"embeddings"`
	Hires             bool              `json:"hires"`
	Tiling            bool              `json:"tiling"`                // seamless patterns
	Refiner           bool              `json:"refiner"`               // a second model may take over
	MaxBatch          int               `json:"max_batch"`             // pictures of one call; 0 counts as 1
	Options           []string          `json:"options,omitempty"`     // names that Recipe.Options may have
	OnlyMasked        bool              `json:"only_masked,omitempty"` // what is inpainted may be rendered alone, at full size
	Clip              *ClipCapabilities `json:"clip,omitempty"`        // it makes clips, and no pictures
	Service           *Service          `json:"service,omitempty"`     // nil: the engine runs on this machine
}

// Size is a picture's, in pixels.
type Size struct {
	Width  int `json:"width"`
	Height int `json:"height"`
}

// Service says who runs a hosted engine and on what terms. All of it is what the operator said on the day it is dated.
type Service struct {
	Operator string `json:"operator"`
	Region   string `json:"region"`              // where requests are worked on: ISO 3166-1 codes, EU, or "unknown"
	DataUse  Text   `json:"data_use"`            // what becomes of prompts and pictures
	Safety   Text   `json:"safety"`              // what is filtered, and how a refusal shows
	License  Text   `json:"license"`             // of the pictures
	Pricing  string `json:"pricing"`             // what is charged for, such as "each picture, by size and quality"
	Dated    string `json:"dated"`               // YYYY-MM-DD
	SeedKept bool   `json:"seed_kept,omitempty"` // a seed is taken, though equal pixels aren't promised
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

// TakesSeed tells whether a seed may be handed over, be it that equal pixels are promised or not.
func (c Capabilities) TakesSeed() bool { return c.Seeds || c.Service != nil && c.Service.SeedKept }

// Walks tells whether pictures are made by a sampler that can be chosen, in steps that can be counted.
func (c Capabilities) Walks() bool { return len(c.Samplers) > 0 }

// DrawsNoise tells whether one may choose where the noise comes from. Services don't say.
func (c Capabilities) DrawsNoise() bool { return c.Walks() && c.Service == nil }

// Vocabulary lists the words that a small model was trained on. Others may be asked for, with a warning.
type Vocabulary struct {
	Subjects []string          `json:"subjects"`
	Styles   []string          `json:"styles"`
	Colours  map[string]string `json:"colours"` // name → "#rrggbb"
}
