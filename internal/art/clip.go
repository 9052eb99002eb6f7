package art

// ClipBrief is what a brief says that wants clips instead of pictures.
type ClipBrief struct {
	Seconds     int            `json:"seconds" yaml:"seconds"`                             // length that the model is asked for
	First       string         `json:"first,omitempty" yaml:"first,omitempty"`             // picture that it begins with: a file of the workspace, or "sha256:…" of something made here
	Last        string         `json:"last,omitempty" yaml:"last,omitempty"`               // picture that it ends with, likewise
	FPS         int            `json:"fps,omitempty" yaml:"fps,omitempty"`                 // frames a second of the finished files; 0 keeps the clip's own
	Loop        bool           `json:"loop,omitempty" yaml:"loop,omitempty"`               // it ends where it begins: the model is given the first picture as last one where it takes one; what still jumps is faded over
	Sound       bool           `json:"sound,omitempty" yaml:"sound,omitempty"`             // keep the clip's sound, which needs captions; else it is taken out
	Description Text           `json:"description,omitempty" yaml:"description,omitempty"` // what happens in it, for people who do not see it; the alt text where nothing is said
	Captions    []Cue          `json:"captions,omitempty" yaml:"captions,omitempty"`       // what is heard, in the order in which it is
	Options     map[string]any `json:"options,omitempty" yaml:"options,omitempty"`         // what only the model knows, such as "audio"
}

// Cue is one caption with its time.
type Cue struct {
	From float64 `json:"from" yaml:"from"` // seconds
	To   float64 `json:"to" yaml:"to"`     // seconds, after From
	Text Text    `json:"text" yaml:"text"`
}

// ClipRecipe is what a recipe of ModeTextToVideo and ModeImageToVideo says beside words, size and seed. How the files are
// finished is no part of it: other captions make no other clip.
type ClipRecipe struct {
	Seconds int    `json:"seconds"`
	First   string `json:"first,omitempty"` // "sha256:…"
	Last    string `json:"last,omitempty"`  // "sha256:…"
}

// ClipFile is a clip as it came, and what was found in it.
type ClipFile struct {
	Blob    string  `json:"blob"` // SHA-256 of its bytes, as the engine gave them, in the blob store
	MIME    string  `json:"mime"` // "video/mp4" or "video/webm"
	Bytes   int64   `json:"bytes"`
	Codec   string  `json:"codec"` // of the pictures, in ffmpeg's words: "h264", "vp9", …
	Width   int     `json:"width"`
	Height  int     `json:"height"`
	FPS     float64 `json:"fps"`
	Frames  int     `json:"frames"` // that could be decoded
	Seconds float64 `json:"seconds"`
	Sound   bool    `json:"sound,omitempty"`
}

// ClipAsset is what an asset has beside its poster: the finished clip.
type ClipAsset struct {
	Source  ClipFile    `json:"source"` // the candidate's
	Seconds float64     `json:"seconds"`
	FPS     float64     `json:"fps"`
	Loop    bool        `json:"loop,omitempty"`
	Sound   bool        `json:"sound,omitempty"`
	Files   []Rendition `json:"files"` // the preferred one first; what every browser plays is the last
	Tracks  []Track     `json:"tracks"`
}

// Track is a WebVTT file beside a clip.
type Track struct {
	Name     string   `json:"name"` // file name
	Kind     string   `json:"kind"` // "captions" or "descriptions", as in HTML
	Language Language `json:"language"`
	SHA256   string   `json:"sha256"` // in the blob store
	Bytes    int64    `json:"bytes"`
}

// Kinds of tracks.
const (
	TrackCaptions     = "captions"
	TrackDescriptions = "descriptions"
)

// ClipCapabilities is what a model that makes clips honours.
type ClipCapabilities struct {
	Seconds     []int  `json:"seconds"` // the only lengths
	First       Frame  `json:"first,omitempty"`
	Last        Frame  `json:"last,omitempty"`
	OfWords     []Size `json:"of_words,omitempty"`      // the only sizes of clips that begin with no picture; none means those of the model
	ShapeOfLead bool   `json:"shape_of_lead,omitempty"` // its shape is the first picture's, only the resolution is the size's
}

// Frame says whether a clip takes a picture to begin or to end with.
type Frame string

// A model has no place for a frame, may be given one, or can't do without.
const (
	FrameNone Frame = ""
	FrameMay  Frame = "may"
	FrameMust Frame = "must"
)
