package art

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/gowebpki/jcs"
)

// maxExactInt is the largest integer that every JSON reader keeps exactly (2^53 − 1).
const maxExactInt = 1<<53 - 1

// Seed starts the noise. It is never negative. Above 2^53 − 1 it is written as a decimal string, because
// JSON numbers are doubles to most readers.
type Seed int64

// MarshalJSON writes a number, or a decimal string above 2^53 − 1.
func (s Seed) MarshalJSON() ([]byte, error) {
	text := strconv.FormatInt(int64(s), 10)
	if s > maxExactInt {
		return []byte(`"` + text + `"`), nil
	}
	return []byte(text), nil
}

// UnmarshalJSON reads a whole number or a decimal string in 0 … 2^63 − 1.
func (s *Seed) UnmarshalJSON(data []byte) error {
	text := string(bytes.Trim(data, `"`))
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return Invalid("seed", fmt.Sprintf("%s is no whole number from 0 to 9223372036854775807", data), "write a number, or a decimal string above 9007199254740991")
	}
	*s = Seed(n)
	return nil
}

// ModelRef names a model. Name and Version are for people; SHA256 decides. A folder's SHA256 is the digest over
// its files' names and SHA-256. Dir is a place on disk for the render command and never part of a planned recipe.
type ModelRef struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
	SHA256  string `json:"sha256,omitempty"`
	Dir     string `json:"dir,omitempty"`
}

// Told names a model for people: its name, and the beginning of its SHA-256.
func (m ModelRef) Told() string {
	name := m.Name
	if m.Version != "" {
		name += "@" + m.Version
	}
	return strings.TrimSpace(fmt.Sprintf("%s (SHA-256 %s…)", name, m.SHA256[:min(len(m.SHA256), 12)]))
}

// Refiner is a second model that takes over at a fraction of the steps.
type Refiner struct {
	ModelRef
	Start float64 `json:"start"` // 0..1
}

// LoRA is a low-rank change of the model's weights.
type LoRA struct {
	Name   string  `json:"name" yaml:"name"`                         // of a file that the engine has, "name" or "name@version"
	SHA256 string  `json:"sha256,omitempty" yaml:"sha256,omitempty"` // of its bytes; a plan fills it in
	Weight float64 `json:"weight" yaml:"weight"`                     // 1 is the strength that it was trained with
}

// Control is a picture that steers the layout through a control network.
type Control struct {
	Kind      string   `json:"kind"`
	Model     ModelRef `json:"model,omitzero"`
	Image     string   `json:"image"` // "sha256:…"
	Weight    float64  `json:"weight"`
	Start     float64  `json:"start"`
	End       float64  `json:"end"`
	GuessMode bool     `json:"guess_mode,omitempty"` // the control sees the positive prompt only, so that it may lead without one
}

// Hires renders at the model's native size and enlarges.
type Hires struct {
	Scale    float64 `json:"scale"`
	Strength float64 `json:"strength"`
	Upscaler string  `json:"upscaler,omitempty"`
	// UpscalerSHA256 pins an upscaler that is a network.
	UpscalerSHA256 string `json:"upscaler_sha256,omitempty"`
}

// TiledDiffusion denoises in windows that overlap, so that a picture may be larger than what the model was made for.
type TiledDiffusion struct {
	Tile    int  `json:"tile,omitempty"`    // side of a window in pixels; 0 is the model's own size
	Overlap *int `json:"overlap,omitempty"` // of neighbouring windows in pixels; nil is a quarter of the tile
}

// Modes of a recipe.
const (
	ModeTextToImage  = "text-to-image"
	ModeImageToImage = "image-to-image"
	ModeInpaint      = "inpaint"
	ModeOutpaint     = "outpaint"
	ModeUpscale      = "upscale"
	ModeTextToVideo  = "text-to-video"
	ModeImageToVideo = "image-to-video"
)

// Recipe is one picture, exactly. Its identity is ID. The field names are the command line's contract.
type Recipe struct {
	Mode            string   `json:"mode"`
	Engine          string   `json:"engine"`
	EngineVersion   string   `json:"engine_version,omitempty"`
	Model           ModelRef `json:"model"`
	Refiner         *Refiner `json:"refiner,omitempty"`
	Prompt          string   `json:"prompt"`
	NegativePrompt  string   `json:"negative_prompt"`
	Prompt2         string   `json:"prompt_2,omitempty"`
	Syntax          string   `json:"syntax,omitempty"` // "plain" (default) or "a1111"
	ClipSkip        *int     `json:"clip_skip,omitempty"`
	Width           int      `json:"width"`
	Height          int      `json:"height"`
	Steps           int      `json:"steps"`
	GuidanceScale   float64  `json:"guidance_scale"`
	GuidanceRescale float64  `json:"guidance_rescale,omitempty"`
	GuidanceStart   float64  `json:"guidance_start,omitempty"` // share of the walk before which there is no guidance
	GuidanceEnd     *float64 `json:"guidance_end,omitempty"`   // share of the walk after which there is none; nil is 1
	Sampler         string   `json:"sampler"`
	Scheduler       string   `json:"scheduler,omitempty"`
	Prediction      string   `json:"prediction,omitempty"`
	Seed            Seed     `json:"seed"`
	NoiseSource     string   `json:"noise_source,omitempty"` // "cpu" (default) or "cuda"
	VariationSeed   Seed     `json:"variation_seed,omitempty"`
	// VariationStrength turns the starting noise towards VariationSeed's, as A1111's web UI does: 0 is the seed's own,
	// 1 the other one's. Pictures of a batch then share Seed, and VariationSeed counts up.
	VariationStrength float64         `json:"variation_strength,omitempty"`
	Batch             int             `json:"batch,omitempty"` // a hint outside the identity
	Strength          *float64        `json:"strength,omitempty"`
	Eta               float64         `json:"eta,omitempty"`
	InitImage         string          `json:"init_image,omitempty"`   // "sha256:…"
	MaskImage         string          `json:"mask_image,omitempty"`   // "sha256:…"
	MaskPadding       *int            `json:"mask_padding,omitempty"` // only the masked part is rendered, with so many pixels around it
	MaskBlur          float64         `json:"mask_blur,omitempty"`    // standard deviation in pixels of the edge with which it is put back
	LoRAs             []LoRA          `json:"loras,omitempty"`
	Embeddings        []ModelRef      `json:"embeddings,omitempty"`
	Controls          []Control       `json:"controls,omitempty"`
	References        []Control       `json:"references,omitempty"`
	Tiling            bool            `json:"tiling,omitempty"`
	Hires             *Hires          `json:"hires,omitempty"`
	Upscaler          ModelRef        `json:"upscaler,omitzero"`    // the network of mode upscale
	VAETiling         bool            `json:"vae_tiling,omitempty"` // pixels and latents are turned into each other in tiles; always so in large pictures
	TiledDiffusion    *TiledDiffusion `json:"tiled_diffusion,omitempty"`
	SchedulerConfig   map[string]any  `json:"scheduler_config,omitempty"`
	OriginalSize      []int           `json:"original_size,omitempty"`         // [h, w]
	CropsTopLeft      []int           `json:"crops_coords_top_left,omitempty"` // [y, x]
	TargetSize        []int           `json:"target_size,omitempty"`           // [h, w]
	Draw              Seed            `json:"draw,omitempty"`                  // tells equal requests to an engine apart that takes no seed
	Clip              *ClipRecipe     `json:"clip,omitempty"`                  // of ModeTextToVideo and ModeImageToVideo
	Options           map[string]any  `json:"options,omitempty"`               // what only this engine knows, such as a hosted model's quality
}

// Canonical returns the recipe's canonical JSON (RFC 8785) without the batch hint and without the model's place
// on disk. It fails when a number is not finite.
func (r Recipe) Canonical() ([]byte, error) {
	r.Batch = 0
	r.Model.Dir = ""
	if r.GuidanceEnd != nil && *r.GuidanceEnd == 1 {
		r.GuidanceEnd = nil
	}
	return CanonicalJSON(r)
}

// ID is the SHA-256 of the canonical JSON in lower-case hex.
func (r Recipe) ID() (string, error) {
	c, err := r.Canonical()
	if err != nil {
		return "", err
	}
	return Digest(c), nil
}

// CanonicalJSON writes any JSON value in the one form of RFC 8785: sorted keys, ECMAScript numbers, no space.
func CanonicalJSON(v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("art: writing JSON: %w", err)
	}
	canonical, err := jcs.Transform(plain)
	if err != nil {
		return nil, fmt.Errorf("art: making JSON canonical: %w", err)
	}
	return canonical, nil
}

// Digest is the SHA-256 of data in lower-case hex.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
