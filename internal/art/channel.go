package art

// Channel is a place where pictures are shown and what it needs.
type Channel struct {
	Name      string   `json:"name" yaml:"name"`                               // "web-hero"
	Title     Text     `json:"title" yaml:"title"`                             // as people read it
	Aspect    string   `json:"aspect" yaml:"aspect"`                           // "16:9", "1:1"; "" keeps the master's
	Widths    []int    `json:"widths" yaml:"widths"`                           // pixels, rising
	Formats   []string `json:"formats" yaml:"formats"`                         // of "avif", "webp", "jpeg", "png", and for downloads "tiff" and "jxl"; the last one is the fall-back of a picture element
	Sizes     string   `json:"sizes,omitempty" yaml:"sizes,omitempty"`         // HTML sizes attribute where the channel is a page
	SafeZone  *Region  `json:"safe_zone,omitempty" yaml:"safe_zone,omitempty"` // the part of the file that the place's own buttons and captions don't cover; nil is all of it
	Platform  string   `json:"platform,omitempty" yaml:"platform,omitempty"`   // google-merchant, meta, tiktok or youtube: whose rules hold besides the law
	MaxBytes  int64    `json:"max_bytes,omitempty" yaml:"max_bytes,omitempty"` // per file; 0 means no limit
	Rubric    []Gate   `json:"rubric,omitempty" yaml:"rubric,omitempty"`       // what a picture for this channel must reach besides the brand's rubric
	Checklist []Text   `json:"checklist,omitempty" yaml:"checklist,omitempty"` // what people look at before they approve a picture for this channel
	Print     *Print   `json:"print,omitempty" yaml:"print,omitempty"`         // the page, where the channel is on paper; widths and formats may then be left out
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
