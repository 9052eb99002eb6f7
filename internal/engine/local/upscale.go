package local

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Enlarger makes a picture larger by its own factor; vision.Upscaler does. It must be safe for concurrent use.
type Enlarger interface {
	Upscale(ctx context.Context, p *imaging.RGB, progress func(done, total int)) (*imaging.RGB, error)
}

// Upscaler is an enlarger that recipes may name, and the SHA-256 of its file.
type Upscaler struct {
	Enlarger
	Name   string
	SHA256 string
}

// maxPasses bounds how often a network is applied; a factor of 4 at a time, that is 256 in all.
const maxPasses = 4

// onlyEnlarged tells recipes that need no diffusion model.
func onlyEnlarged(r art.Recipe) bool { return r.Mode == art.ModeUpscale && strengthOf(r) == 0 }

// redrawn is a recipe for what comes after the enlargement.
func redrawn(r art.Recipe) art.Recipe {
	if r.Mode == art.ModeUpscale {
		strength := strengthOf(r)
		r.Mode, r.Strength, r.Upscaler = art.ModeImageToImage, &strength, art.ModelRef{}
	}
	return r
}

// checkUpscalers refuses upscalers that aren't here, and enlargements that can't be.
func (e *Engine) checkUpscalers(r art.Recipe) error {
	if h := r.Hires; h != nil && h.Upscaler != "" && !slices.Contains(hiresUpscalers(), h.Upscaler) {
		if _, err := e.upscaler("hires.upscaler", art.ModelRef{Name: h.Upscaler, SHA256: h.UpscalerSHA256}); err != nil {
			return err
		}
	} else if h != nil && h.UpscalerSHA256 != "" {
		return art.Unsupported("hires.upscaler_sha256", "this upscaler is no network", "take it out")
	}
	if r.Mode != art.ModeUpscale {
		if r.Upscaler != (art.ModelRef{}) {
			return art.Unsupported("upscaler", "goes with mode upscale only", "take it out; a second pass has hires.upscaler")
		}
		return nil
	}
	if _, err := e.upscaler("upscaler", r.Upscaler); err != nil {
		return err
	}
	if !onlyEnlarged(r) {
		return nil
	}
	switch {
	case r.Width < 1 || r.Height < 1 || r.Width > maxTiledSide || r.Height > maxTiledSide || r.Width*r.Height > maxTiledPixels:
		return art.Invalid("width", fmt.Sprintf("%d×%d is not in 1 … %d a side and %d pixels", r.Width, r.Height, maxTiledSide, maxTiledPixels), "choose a smaller size")
	case r.Batch < 0 || r.Batch > maxBatch:
		return art.Invalid("batch", fmt.Sprintf("%d is not in 1 … %d", r.Batch, maxBatch), "one picture is enough: all are alike")
	case r.Strength != nil && !(*r.Strength == 0):
		return art.Invalid("strength", fmt.Sprintf("%v is not in 0 … 1", *r.Strength), "choose a number in this range")
	case len(r.Controls)+len(r.References)+len(r.LoRAs)+len(r.Embeddings) > 0 || r.Refiner != nil || r.Hires != nil || r.Tiling || r.TiledDiffusion != nil || r.MaskImage != "":
		return art.Unsupported("strength", "0 only enlarges, and the recipe asks for more", "choose a strength above 0, or take the rest out")
	}
	return nil
}

// upscaler finds the one that a recipe names; where there is one only, it needs no name.
func (e *Engine) upscaler(field string, ref art.ModelRef) (Upscaler, error) {
	var names []string
	for _, u := range e.options.Upscalers {
		if ref.Name != u.Name {
			names = append(names, u.Name)
			continue
		}
		if ref.SHA256 != "" && ref.SHA256 != u.SHA256 {
			return Upscaler{}, &art.FieldError{
				Field: field, Reason: fmt.Sprintf("the recipe wants %s with SHA-256 %s, but here it has %s", ref.Name, ref.SHA256, or(u.SHA256, "(missing)")),
				Remedy: "fetch the network that the recipe names, or make a new recipe", Kind: art.ErrMismatch,
			}
		}
		return u, nil
	}
	if field == "hires.upscaler" {
		names = append(hiresUpscalers(), names...)
	}
	return Upscaler{}, art.Unsupported(field, fmt.Sprintf("%q is unknown, known are %s", ref.Name, strings.Join(names, ", ")), "choose one of them")
}

// enlargeTo enlarges until a picture is at least as large as wanted, and shrinks what is too much.
func (u Upscaler) enlargeTo(ctx context.Context, p *imaging.RGB, width, height int) (*imaging.RGB, error) {
	for pass := 0; p.Width < width || p.Height < height; pass++ {
		if pass == maxPasses {
			return nil, art.Invalid("width", fmt.Sprintf("%d×%d is too much for %s", width, height, u.Name), "choose a smaller size")
		}
		before := p
		var err error
		if p, err = u.Upscale(ctx, p, nil); err != nil {
			return nil, fmt.Errorf("local: enlarging with %s: %w", u.Name, err)
		}
		if p.Width <= before.Width {
			return nil, fmt.Errorf("local: %s doesn't enlarge: %w", u.Name, art.ErrUnsupported)
		}
	}
	p, err := imaging.Resize(p, width, height)
	if err != nil {
		return nil, fmt.Errorf("local: after enlarging: %w", err)
	}
	return p, nil
}

// enlargeFirst is mode upscale before its diffusion: the picture to begin with comes out as large as the recipe says.
func (e *Engine) enlargeFirst(ctx context.Context, r art.Recipe, p *imaging.RGB) (*imaging.RGB, error) {
	if p.Width >= r.Width && p.Height >= r.Height {
		return nil, art.Invalid("width", fmt.Sprintf("the picture of %d×%d is as large as %d×%d already", p.Width, p.Height, r.Width, r.Height), "choose a larger size, or mode image-to-image")
	}
	u, err := e.upscaler("upscaler", r.Upscaler)
	if err != nil {
		return nil, err
	}
	return u.enlargeTo(ctx, p, r.Width, r.Height)
}

// enlarged is n times a picture, as numbers.
func enlarged(p *imaging.RGB, n int) Result {
	a := Array{Shape: []int{n, p.Height, p.Width, 3}, Data: make([]float32, n*len(p.Pix))}
	for i := range a.Data {
		a.Data[i] = float32(p.Pix[i%len(p.Pix)]) / 255
	}
	return Result{Image: a, Latents: Array{Shape: []int{0}}}
}
