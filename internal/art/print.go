package art

// Print is what a channel on paper needs. Its size is that of the trimmed sheet.
type Print struct {
	WidthMM  float64 `json:"width_mm" yaml:"width_mm"`                     // of the trimmed page
	HeightMM float64 `json:"height_mm" yaml:"height_mm"`                   // of the trimmed page
	BleedMM  float64 `json:"bleed_mm,omitempty" yaml:"bleed_mm,omitempty"` // picture beyond the edge, on every side; 3 is usual
	Profile  string  `json:"profile,omitempty" yaml:"profile,omitempty"`   // printing condition: "fogra39", which counts where nothing is said, or the path of an ICC profile in the workspace
	Intent   string  `json:"intent,omitempty" yaml:"intent,omitempty"`     // rendering intent: "perceptual" (where nothing is said), "relative", "saturation" or "absolute"
	MaxInk   float64 `json:"tac,omitempty" yaml:"tac,omitempty"`           // total area coverage in percent that no place may exceed; 0 means 300
	MinPPI   float64 `json:"min_ppi,omitempty" yaml:"min_ppi,omitempty"`   // pixels an inch that the picture must have on paper; 0 means 300
	Standard string  `json:"standard,omitempty" yaml:"standard,omitempty"` // "x-4" (where nothing is said) or "x-3"
	Marks    bool    `json:"marks,omitempty" yaml:"marks,omitempty"`       // crop marks around the page
	// BlackPoint makes the darkest of the picture the darkest of the press where the intent is relative or perceptual.
	BlackPoint bool `json:"black_point,omitempty" yaml:"black_point,omitempty"`
}

// PrintIntents are the rendering intents of ICC.1, the usual one first.
func PrintIntents() []string { return []string{"perceptual", "relative", "saturation", "absolute"} }

// PrintStandards are the kinds of PDF/X that are written, the usual one first.
func PrintStandards() []string { return []string{"x-4", "x-3"} }

// Limits of a page in millimetres, and of ink in percent: black alone must remain possible, and four full inks are all there is.
const (
	LeastPageMM = 10
	MostPageMM  = 2000
	MostBleedMM = 20
	LeastInk    = 110
	MostInk     = 400
)

// OrDefaults fills in what is usual where nothing is said.
func (p Print) OrDefaults() Print {
	if p.Profile == "" {
		p.Profile = "fogra39"
	}
	if p.Intent == "" {
		p.Intent = "perceptual"
	}
	if p.MaxInk == 0 {
		p.MaxInk = 300
	}
	if p.MinPPI == 0 {
		p.MinPPI = 300
	}
	if p.Standard == "" {
		p.Standard = "x-4"
	}
	return p
}

// Check is one thing that was looked for in a finished file.
type Check struct {
	Name   string `json:"name"` // "output-intent", "boxes", "fonts", "resolution", "ink" …
	Passed bool   `json:"passed"`
	Found  string `json:"found"`
	Wanted string `json:"wanted,omitempty"`
}
