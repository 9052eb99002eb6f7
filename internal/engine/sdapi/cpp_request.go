package sdapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/infotext"
)

// cppRequest is the body of stable-diffusion.cpp's own API. All that its command line could have set otherwise is said.
type cppRequest struct {
	Prompt    string    `json:"prompt"`
	Negative  string    `json:"negative_prompt"`
	ClipSkip  int       `json:"clip_skip"` // -1 is the model's own
	Width     int       `json:"width"`
	Height    int       `json:"height"`
	Seed      art.Seed  `json:"seed"`
	Batch     int       `json:"batch_count"`
	Strength  float64   `json:"strength"`
	Init      *string   `json:"init_image"`
	Mask      *string   `json:"mask_image"`
	Control   *string   `json:"control_image"`
	LoRAs     []cppLoRA `json:"lora"`
	Sample    cppSample `json:"sample_params"`
	Hires     cppHires  `json:"hires"`
	VAETiling struct {
		Enabled bool `json:"enabled"`
	} `json:"vae_tiling_params"`
	Format   string `json:"output_format"`
	Metadata bool   `json:"embed_image_metadata"`
}

type cppLoRA struct {
	Path   string  `json:"path"`
	Weight float64 `json:"multiplier"`
}

type cppSample struct {
	Method    string   `json:"sample_method"`
	Scheduler string   `json:"scheduler,omitempty"`
	Steps     int      `json:"sample_steps"`
	Eta       *float64 `json:"eta,omitempty"`
	Guidance  struct {
		Text float64 `json:"txt_cfg"`
	} `json:"guidance"`
}

type cppHires struct {
	Enabled  bool    `json:"enabled"`
	Upscaler string  `json:"upscaler,omitempty"`
	Scale    float64 `json:"scale,omitempty"`
	Width    int     `json:"target_width"`
	Height   int     `json:"target_height"`
	Steps    int     `json:"steps"`
	Strength float64 `json:"denoising_strength,omitempty"`
}

// request writes a recipe down for the server; first and mask are pictures in base64, "" for none.
func (c *cppServer) request(r art.Recipe, first, mask string) (cppRequest, error) {
	positive, negative, err := prompts(r)
	if err != nil {
		return cppRequest{}, err
	}
	if r.Seed > maxExact {
		return cppRequest{}, art.Unsupported("seed", fmt.Sprintf("%d is above %d, which the server may round", r.Seed, maxExact), "choose a smaller one")
	}
	_, steps := offered(infotext.SamplerNames(), cpp, c.said.Samplers)
	_, levels := offered(infotext.CurveNames(), cpp, c.said.Curves)
	q := cppRequest{
		Prompt: positive, Negative: negative, ClipSkip: -1, Width: r.Width, Height: r.Height, Seed: r.Seed, Batch: 1,
		Strength: strengthOf(r), Init: some(first), Mask: some(mask), LoRAs: []cppLoRA{}, Format: "png", Metadata: true,
		Sample: cppSample{Method: steps[r.Sampler], Scheduler: levels[r.Scheduler], Steps: r.Steps},
	}
	q.Sample.Guidance.Text = r.GuidanceScale
	q.VAETiling.Enabled = r.VAETiling
	if r.ClipSkip != nil {
		q.ClipSkip = *r.ClipSkip
	}
	if r.Sampler == "tcd" {
		q.Sample.Eta = &r.Eta
	}
	for i, l := range r.LoRAs {
		path, err := c.lora(i, l.Name)
		if err != nil {
			return cppRequest{}, err
		}
		q.LoRAs = append(q.LoRAs, cppLoRA{path, l.Weight})
	}
	q.Hires, err = c.hires(r.Hires)
	return q, err
}

// maxExact is the largest whole number that every JSON reader keeps (2^53 − 1).
const maxExact = 1<<53 - 1

func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (c *cppServer) lora(i int, name string) (string, error) {
	for _, l := range c.said.LoRAs {
		if l.Name == name || l.Path == name {
			return l.Path, nil
		}
	}
	return "", absent(fmt.Sprintf("loras[%d].name", i), name, c.loras())
}

func (c *cppServer) hires(h *art.Hires) (cppHires, error) {
	if h == nil {
		return cppHires{}, nil
	}
	var listed []string
	for _, u := range c.said.Upscalers {
		listed = append(listed, u.Name)
	}
	listed = slices.DeleteFunc(listed, func(u string) bool { return u == "None" })
	ours := h.Upscaler
	if ours == "" {
		ours = "latent"
	}
	theirs, ok := upscaler(ours, cpp, listed)
	if !ok {
		return cppHires{}, absent("hires.upscaler", ours, listed)
	}
	return cppHires{Enabled: true, Upscaler: theirs, Scale: h.Scale, Strength: h.Strength}, nil
}

// maxPixels is what a picture of a recipe may have.
const maxPixels = 100 << 20

// picture gives a picture of a recipe as a PNG of three channels: the server refuses grey ones and reads no WebP.
func (c *cppServer) picture(ctx context.Context, field, name string) (string, error) {
	text, err := c.e.picture(ctx, field, name)
	if err != nil {
		return "", err
	}
	config, _, err := image.DecodeConfig(base64.NewDecoder(base64.StdEncoding, strings.NewReader(text)))
	if err == nil && (config.Width < 1 || config.Height < 1 || config.Width > maxPixels/config.Height) {
		err = fmt.Errorf("%d×%d pixels are too many", config.Width, config.Height)
	}
	if err != nil {
		return "", art.Invalid(field, fmt.Sprintf("%s can't be read: %v", name, err), "name a PNG, JPEG, WebP or GIF")
	}
	m, _, err := image.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(text)))
	if err != nil {
		return "", art.Invalid(field, fmt.Sprintf("%s can't be read: %v", name, err), "name a PNG, JPEG, WebP or GIF")
	}
	plain := image.NewNRGBA(image.Rect(0, 0, config.Width, config.Height))
	draw.Draw(plain, plain.Bounds(), m, m.Bounds().Min, draw.Src)
	for i := 3; i < len(plain.Pix); i += 4 {
		plain.Pix[i] = 255
	}
	var file bytes.Buffer
	if err := png.Encode(&file, plain); err != nil {
		return "", fmt.Errorf("%s: writing %s: %w", c.e.o.Name, field, err)
	}
	return base64.StdEncoding.EncodeToString(file.Bytes()), nil
}
