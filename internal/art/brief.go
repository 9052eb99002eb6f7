package art

import "time"

// RunKind tells how freely a run may vary.
type RunKind string

// Exploration may vary anything and can never be published; Production takes pinned models and complete
// parameters and varies only the fields that its matrix declares.
const (
	Exploration RunKind = "exploration"
	Production  RunKind = "production"
)

// Approval tells who decides about the selected candidates.
type Approval string

// ApprovalReview waits for a person. ApprovalAuto lets the policy approve what passed every gate and was selected.
const (
	ApprovalReview Approval = "review"
	ApprovalAuto   Approval = "auto"
)

// Brief is what somebody wants: a YAML file in a workspace, or the same from a form or a CMS.
type Brief struct {
	ID         string              `json:"id" yaml:"-"`                                  // the file's name without its extension
	Title      Text                `json:"title" yaml:"title"`                           // headline of the campaign
	Goal       Text                `json:"goal" yaml:"goal"`                             // what the pictures are for
	KPI        KPI                 `json:"kpi" yaml:"kpi"`                               // how success is counted
	Audience   Text                `json:"audience,omitempty" yaml:"audience,omitempty"` // who will see them
	Brand      string              `json:"brand" yaml:"brand"`                           // name of a brand kit of the workspace
	Channels   []string            `json:"channels" yaml:"channels"`                     // names of channels that the kit defines
	Languages  []Language          `json:"languages" yaml:"languages"`                   // of the published page; the first is the default
	Keywords   map[string][]string `json:"keywords,omitempty" yaml:"keywords,omitempty"` // target search words by language
	Run        RunKind             `json:"run" yaml:"run"`
	Approval   Approval            `json:"approval" yaml:"approval"`
	Styles     []string            `json:"styles,omitempty" yaml:"styles,omitempty"` // style tokens, "name" or "name@version"
	Prompt     Prompt              `json:"prompt" yaml:"prompt"`
	Parameters Parameters          `json:"parameters,omitempty" yaml:"parameters,omitempty"` // over the brand's defaults
	Clip       *ClipBrief          `json:"clip,omitempty" yaml:"clip,omitempty"`             // clips are wanted instead of pictures
	Identity   string              `json:"identity,omitempty" yaml:"identity,omitempty"`     // picture of the product or character that the series is to show, by its path in the workspace, or sha256:… of one that was made here; over the kit's
	Matrix     []Axis              `json:"matrix,omitempty" yaml:"matrix,omitempty"`
	Failover   []string            `json:"failover,omitempty" yaml:"failover,omitempty"` // engines that stand in for one that is down, the first one first, each as NAME or NAME/MODEL; over the kit's
	Select     Select              `json:"select,omitempty" yaml:"select,omitempty"`
	Repair     *Repair             `json:"repair,omitempty" yaml:"repair,omitempty"` // over the kit's; without scorers nothing is mended
	Legal      Legal               `json:"legal,omitempty" yaml:"legal,omitempty"`
	Disclosure *Stance             `json:"disclosure,omitempty" yaml:"disclosure,omitempty"` // whether its pictures could mislead, over the kit's
	Budgets    []Budget            `json:"budgets,omitempty" yaml:"budgets,omitempty"`       // what each run of the brief may cost; one for each currency
	Due        *time.Time          `json:"due,omitempty" yaml:"due,omitempty"`
}

// KPI is the number by which the pictures will be judged once they are live.
type KPI struct {
	Metric string  `json:"metric" yaml:"metric"` // such as "ctr" or "cvr"
	Target float64 `json:"target" yaml:"target"` // in the metric's own unit; a rate is a fraction of 1
}

// Legal lists what must not appear and what has to be said.
type Legal struct {
	NoGos []string `json:"no_gos,omitempty" yaml:"no_gos,omitempty"` // words or things that must not be asked for or shown
	Notes string   `json:"notes,omitempty" yaml:"notes,omitempty"`
	Usage Usage    `json:"usage,omitzero" yaml:"usage,omitempty"` // what the pictures are made for, over the kit's
}

// Select is how the best few per cent are picked.
type Select struct {
	Share float64 `json:"share,omitempty" yaml:"share,omitempty"` // how many of all judged candidates are selected, as a share, rounded up: 0 < share ≤ 1; 0 takes the kit's
	Count int     `json:"count,omitempty" yaml:"count,omitempty"` // at most this many; 0 means no limit
	// DistinctBy keeps at most one winner for each value of this matrix field, such as "prompt.subject".
	DistinctBy string `json:"distinct_by,omitempty" yaml:"distinct_by,omitempty"`
}

// Axis is one field of the brief or its recipes and the values it takes in the variation matrix.
// Field is a path such as "seed", "guidance_scale", "sampler", "prompt.style".
type Axis struct {
	Field  string `json:"field" yaml:"field"`
	Values []any  `json:"values" yaml:"values"`
}

// Priority tells how much a part of the prompt matters; engines that know weights turn it into one.
type Priority string

// The priorities, in rising order. An empty priority is PriorityNormal.
const (
	PriorityLow    Priority = "low"
	PriorityNormal Priority = "normal"
	PriorityHigh   Priority = "high"
	PriorityMust   Priority = "must"
)

// Part is one part of a structured prompt. The English words go to engines; the other languages are for people.
// A bare string in YAML is English words of normal priority.
type Part struct {
	Words    Text     `json:"words,omitempty" yaml:"words,omitempty"`
	Priority Priority `json:"priority,omitempty" yaml:"priority,omitempty"`
}

// Empty tells whether the part says nothing.
func (p Part) Empty() bool { return len(p.Words) == 0 }

// Prompt is a picture in words, part by part, in the order in which the parts are written out.
type Prompt struct {
	Subject     Part     `json:"subject" yaml:"subject"`
	Context     Part     `json:"context,omitzero" yaml:"context,omitempty"`
	Composition Part     `json:"composition,omitzero" yaml:"composition,omitempty"`
	Light       Part     `json:"light,omitzero" yaml:"light,omitempty"`
	Style       Part     `json:"style,omitzero" yaml:"style,omitempty"`
	Materials   Part     `json:"materials,omitzero" yaml:"materials,omitempty"`
	Lens        Part     `json:"lens,omitzero" yaml:"lens,omitempty"`
	ColourSpace Part     `json:"colour_space,omitzero" yaml:"colour_space,omitempty"`
	Quality     Part     `json:"quality,omitzero" yaml:"quality,omitempty"`
	Technique   Part     `json:"technique,omitzero" yaml:"technique,omitempty"`
	References  Part     `json:"style_references,omitzero" yaml:"style_references,omitempty"`
	Lettering   string   `json:"text,omitempty" yaml:"text,omitempty"` // words that must stand in the picture
	Background  Part     `json:"background,omitzero" yaml:"background,omitempty"`
	Negatives   []string `json:"negatives,omitempty" yaml:"negatives,omitempty"`
}

// Parameters are the technical fields of a recipe that a brief or a brand kit may set. Nil and "" mean "not said".
type Parameters struct {
	Engine          string   `json:"engine,omitempty" yaml:"engine,omitempty"`
	Model           string   `json:"model,omitempty" yaml:"model,omitempty"`
	Width           *int     `json:"width,omitempty" yaml:"width,omitempty"`   // pixels as rendered, before upscaling
	Height          *int     `json:"height,omitempty" yaml:"height,omitempty"` // pixels as rendered, before upscaling
	Steps           *int     `json:"steps,omitempty" yaml:"steps,omitempty"`
	GuidanceScale   *float64 `json:"guidance_scale,omitempty" yaml:"guidance_scale,omitempty"`
	GuidanceRescale *float64 `json:"guidance_rescale,omitempty" yaml:"guidance_rescale,omitempty"`
	Sampler         string   `json:"sampler,omitempty" yaml:"sampler,omitempty"`
	Scheduler       string   `json:"scheduler,omitempty" yaml:"scheduler,omitempty"`
	Seed            *Seed    `json:"seed,omitempty" yaml:"seed,omitempty"`
	NoiseSource     string   `json:"noise_source,omitempty" yaml:"noise_source,omitempty"`
	ClipSkip        *int     `json:"clip_skip,omitempty" yaml:"clip_skip,omitempty"`
	Eta             *float64 `json:"eta,omitempty" yaml:"eta,omitempty"`
	LoRAs           []LoRA   `json:"loras,omitempty" yaml:"loras,omitempty"` // those of styles and brief add up; the same name again takes its place
	// Options are an engine's own, such as quality: high or stylize; presswerk engines lists them. Styles and brief add up.
	Options       map[string]any `json:"options,omitempty" yaml:"options,omitempty"`
	Format        string         `json:"format,omitempty" yaml:"format,omitempty"`                 // of the master: "png"
	ColourProfile string         `json:"colour_profile,omitempty" yaml:"colour_profile,omitempty"` // of the master: "srgb"
}
