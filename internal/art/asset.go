package art

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Candidate is a rendered picture nobody has approved yet.
type Candidate struct {
	ID           string          `json:"id"` // run and place in the plan: "<run>-007"
	Run          string          `json:"run"`
	Index        int             `json:"index"`            // place in the plan, from 0; what was made again follows
	Parent       string          `json:"parent,omitempty"` // the candidate that was sent back, or mended, for this one
	Planned      PlannedRecipe   `json:"planned"`
	Image        string          `json:"image,omitempty"`         // SHA-256 of the encoded bytes in the blob store; "" until rendered; of a clip, its poster
	Clip         *ClipFile       `json:"clip,omitempty"`          // the clip whose poster the picture is
	PixelsSHA256 string          `json:"pixels_sha256,omitempty"` // of the decoded 8-bit pixels as the engine made them; of a clip, of all its decoded frames
	Width        int             `json:"width,omitempty"`
	Height       int             `json:"height,omitempty"`
	RenderedAt   time.Time       `json:"rendered_at,omitzero"`
	Elapsed      time.Duration   `json:"elapsed_ns,omitempty"`
	Reused       bool            `json:"reused,omitempty"`  // an equal recipe had been rendered before
	Notes        []string        `json:"notes,omitempty"`   // what the engine had to say
	Call         string          `json:"call,omitempty"`    // the Call that brought it; "" where the engine is free and ends with us
	License      *PictureLicense `json:"license,omitempty"` // under which it came; nil where it was made here, from a recipe
}

// Asset is an approved, finished master with its provenance and lineage.
type Asset struct {
	ID           string          `json:"id"`
	Run          string          `json:"run"`
	Brief        string          `json:"brief"`
	Brand        string          `json:"brand"`
	Candidate    string          `json:"candidate"`
	Planned      PlannedRecipe   `json:"planned"`
	Slug         string          `json:"slug"` // for file names and page addresses
	Title        Text            `json:"title"`
	Alt          Text            `json:"alt"`
	Master       Rendition       `json:"master"`
	Renditions   []Rendition     `json:"renditions"`
	Clip         *ClipAsset      `json:"clip,omitempty"`        // the clip; master and renditions are its poster's
	Placeholder  string          `json:"placeholder,omitempty"` // data URI of a tiny preview
	ThumbHash    string          `json:"thumbhash,omitempty"`   // in base64, for clients that draw it themselves
	Rights       Rights          `json:"rights"`
	Sources      []Source        `json:"sources"` // models and what they were trained on
	Steps        []StepRecord    `json:"steps"`   // what finishing did, in order
	Approval     Decision        `json:"approval"`
	Image        string          `json:"image"`                // the candidate's blob
	PixelsSHA256 string          `json:"pixels_sha256"`        // the candidate's pixels
	License      *PictureLicense `json:"license,omitempty"`    // of a picture that was not made here, as it was when it was finished
	Disclosure   *Disclosure     `json:"disclosure,omitempty"` // whether it could mislead, as it was said when it was finished
	Labelling    *Labelling      `json:"labelling,omitempty"`  // what the rules wanted then
	CreatedAt    time.Time       `json:"created_at"`
}

// Rendition is one file of an asset.
type Rendition struct {
	Name        string  `json:"name"`              // file name, "red-apple-3f2a-640.avif"
	Channel     string  `json:"channel,omitempty"` // "" for the master
	Format      string  `json:"format"`            // png, avif, webp, jpeg, tiff, jxl; mp4, webm; pdf
	MIME        string  `json:"mime"`
	Width       int     `json:"width"`
	Height      int     `json:"height"`
	Bytes       int64   `json:"bytes"`
	SHA256      string  `json:"sha256"`               // in the blob store
	Quality     int     `json:"quality,omitempty"`    // as the encoder counts it; none where nothing is lost
	Coding      string  `json:"coding,omitempty"`     // "lossless", "palette"; of JPEG the colour resolution, "4:4:4" or "4:2:0"
	Metric      string  `json:"metric,omitempty"`     // what measured the loss, "ssimulacra2"
	Score       float64 `json:"score,omitempty"`      // by the metric; 100 is the picture itself
	ColourSpace string  `json:"colour_space"`         // "srgb", "display-p3", "bt709", or "cmyk" with the printing condition
	C2PA        string  `json:"c2pa"`                 // "signed", or "unsigned: why"
	TimeStamp   string  `json:"time_stamp,omitempty"` // of the signature: "stamped", or "owed: why"; "" where none is asked for

	Window *Window `json:"window,omitempty"` // the part of the master that it shows; nil is all of it
	Role   string  `json:"role,omitempty"`   // RolePrint, RoleProof or RoleArchive; "" for what is shown on screens
	Checks []Check `json:"checks,omitempty"` // what was found when the file was read back
}

// Window is a part of a master, in its pixels.
type Window struct {
	X      int     `json:"x"`
	Y      int     `json:"y"`
	Width  int     `json:"width"`
	Height int     `json:"height"`
	Kept   float64 `json:"kept"`  // 0..1, of what draws the eye: what is seen in it, where neither words nor what covers the place's edges hide it
	Faces  int     `json:"faces"` // that are whole in it
	Why    Text    `json:"why"`   // it and no other
}

// Roles of files that are no pictures for screens.
const (
	RolePrint   = "print"   // a page for the press
	RoleProof   = "proof"   // how that page will look
	RoleArchive = "archive" // without loss, 16 bits a channel unless it is JPEG XL
)

// Rights says whose the picture is and what may be done with it.
type Rights struct {
	Creator    string `json:"creator" yaml:"creator"`
	Credit     string `json:"credit" yaml:"credit"`
	Copyright  string `json:"copyright" yaml:"copyright"`
	License    string `json:"license" yaml:"license"`         // URL of the licence text
	AcquireURL string `json:"acquire_url" yaml:"acquire_url"` // where a licence can be had
	DataMining string `json:"data_mining" yaml:"data_mining"` // PLUS data mining code, such as "DMI-PROHIBITED-AIMLTRAINING"
}

// Finishing says how a brand's approved pictures are cleaned before they are enlarged. The zero value changes nothing.
type Finishing struct {
	Smooth         float64 `json:"smooth,omitempty" yaml:"smooth,omitempty"`                   // levels of 255 up to which neighbours are taken for one flat area; 0 leaves all as it is, 18 suits drawings of the house model
	EvenBackground bool    `json:"even_background,omitempty" yaml:"even_background,omitempty"` // a plain background becomes one colour
	// Watermark hides the asset's number in the pixels of a master and hence of all its files; in decibels, 38 to 50. 0 hides none;
	// 44 is hardly seen.
	Watermark float64 `json:"watermark,omitempty" yaml:"watermark,omitempty"`
	// Score is how near to the master lossy files stay, by SSIMULACRA 2: 65 to 95; 0 means 82, which nobody tells apart at 1:1.
	Score float64 `json:"score,omitempty" yaml:"score,omitempty"`
	// Archive keeps a second master with 16 bits a channel; without it there is none.
	Archive *Archive `json:"archive,omitempty" yaml:"archive,omitempty"`
}

// Archive is a master with 16 bits a channel, without loss and with its profile. It has more than the master of 8 bits where the
// picture came with more, or with a wider profile, and no network changed it; else what resizing puts between the steps.
type Archive struct {
	Format  string `json:"format,omitempty" yaml:"format,omitempty"`   // "png" (where nothing is said) or "tiff"; "jxl" is the master of 8 bits in fewer bytes
	Profile string `json:"profile,omitempty" yaml:"profile,omitempty"` // "srgb" (where nothing is said) or "display-p3"
}

// ArchiveFormats are the file formats of archives, the usual one first.
func ArchiveFormats() []string { return []string{"png", "tiff", "jxl"} }

// ArchiveProfiles are the colour spaces of archives, the usual one first.
func ArchiveProfiles() []string { return []string{"srgb", "display-p3"} }

// MarkID is the number of an asset that a watermark carries: the first 48 bits of its identity's SHA-256.
func MarkID(asset string) uint64 {
	sum := sha256.Sum256([]byte(asset))
	return binary.BigEndian.Uint64(sum[:8]) >> 16
}

// Source is something a picture was made from, with its licence.
type Source struct {
	Kind    string `json:"kind"` // "model", "upscaler", "frame"
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	SHA256  string `json:"sha256,omitempty"`
	License string `json:"license,omitempty"`
	Note    string `json:"note,omitempty"`
}

// StepRecord is one finishing step with what it was told.
type StepRecord struct {
	Name       string         `json:"name"`
	Parameters map[string]any `json:"parameters,omitempty"`
	Elapsed    time.Duration  `json:"elapsed_ns,omitempty"`
}

// Publication is a rendition set at a target.
type Publication struct {
	ID     string    `json:"id"`
	Run    string    `json:"run"`
	Target string    `json:"target"` // "files"
	Path   string    `json:"path"`   // folder of the site
	Assets []string  `json:"assets"`
	At     time.Time `json:"at"`
}
