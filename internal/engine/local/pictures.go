package local

import (
	"context"
	"fmt"
	"math"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// pictures brings in what a recipe names by hash, and everything to the recipe's size.
func (e *Engine) pictures(ctx context.Context, r art.Recipe, in Inputs) (Inputs, error) {
	var err error
	if in.Init, err = e.picture(ctx, "init_image", r.InitImage, in.Init); err != nil {
		return in, err
	}
	if in.Mask, err = e.picture(ctx, "mask_image", r.MaskImage, in.Mask); err != nil {
		return in, err
	}
	if len(in.Controls) == 0 {
		for i, c := range r.Controls {
			p, err := e.picture(ctx, fmt.Sprintf("controls[%d].image", i), c.Image, nil)
			if err != nil {
				return in, err
			}
			in.Controls = append(in.Controls, p)
		}
	}
	if len(in.References) == 0 {
		for i, c := range r.References {
			p, err := e.picture(ctx, fmt.Sprintf("references[%d].image", i), c.Image, nil)
			if err != nil {
				return in, err
			}
			in.References = append(in.References, p)
		}
	}
	if err := needed(r, in); err != nil {
		return in, err
	}
	if r.Mode == art.ModeUpscale {
		if in.Init, err = e.enlargeFirst(ctx, r, in.Init); err != nil {
			return in, err
		}
	}
	return fitted(r, in)
}

// needed refuses modes without their pictures.
func needed(r art.Recipe, in Inputs) error {
	for i, p := range in.Controls {
		if p == nil {
			return art.Invalid(fmt.Sprintf("controls[%d].image", i), "a control needs a picture", "name one by its hash, or give it with --control")
		}
	}
	if onlyEnlarged(r) && len(in.Controls) > 0 {
		return art.Unsupported("controls", "nothing is steered where a picture is only enlarged", "choose a strength above 0, or take them out")
	}
	if len(in.References) != len(r.References) {
		return art.Invalid("references", fmt.Sprintf("there are %d, and %d pictures for them", len(r.References), len(in.References)), "give one picture for each reference")
	}
	for i, p := range in.References {
		if p == nil {
			return art.Invalid(fmt.Sprintf("references[%d].image", i), "a reference needs a picture", "name one by its hash, or give it with --reference")
		}
	}
	masked := r.Mode == art.ModeInpaint || r.Mode == art.ModeOutpaint
	switch {
	case r.Mode != art.ModeTextToImage && in.Init == nil:
		return art.Invalid("init_image", fmt.Sprintf("mode %s begins with a picture", r.Mode), "name one by its hash, or give it with --init")
	case r.Mode == art.ModeInpaint && in.Mask == nil:
		return art.Invalid("mask_image", "inpainting needs a mask; white is made anew", "name one by its hash, or give it with --mask")
	case r.Mode == art.ModeTextToImage && in.Init != nil:
		return art.Invalid("mode", "text-to-image begins with no picture", "use image-to-image, inpaint or outpaint")
	case !masked && in.Mask != nil:
		return art.Invalid("mask_image", fmt.Sprintf("mode %s has no mask", r.Mode), "use inpaint or outpaint")
	}
	return nil
}

// picture gives the picture from outside, else the kept one that the recipe names, else nil.
func (e *Engine) picture(ctx context.Context, field, name string, given *imaging.RGB) (*imaging.RGB, error) {
	if given != nil || name == "" {
		return given, nil
	}
	sum, ok := strings.CutPrefix(name, "sha256:")
	if !ok {
		return nil, art.Invalid(field, fmt.Sprintf("%q is no hash", name), `write it as "sha256:…"`)
	}
	if e.options.Open == nil {
		return nil, art.Unsupported(field, "pictures can't be found by hash here", "give it as a file")
	}
	data, err := e.options.Open(ctx, sum)
	if err != nil {
		return nil, fmt.Errorf("local: %s: %w", field, err)
	}
	if got := art.Digest(data); got != sum {
		return nil, fmt.Errorf("local: %s has SHA-256 %s and not %s: %w", field, got, sum, art.ErrMismatch)
	}
	p, err := imaging.Decode(ctx, data, imaging.Limits{})
	if err != nil {
		return nil, fmt.Errorf("local: %s: %w", field, err)
	}
	return p, nil
}

// fitted brings all pictures to the recipe's size.
func fitted(r art.Recipe, in Inputs) (Inputs, error) {
	fit := func(p *imaging.RGB) (*imaging.RGB, error) {
		if p == nil || p.Width == r.Width && p.Height == r.Height {
			return p, nil
		}
		return imaging.Resize(p, r.Width, r.Height)
	}
	if r.Mode == art.ModeOutpaint {
		if err := outpaint(r, &in); err != nil {
			return in, err
		}
	}
	if err := onlyMasked(r, &in); err != nil {
		return in, err
	}
	var err error
	if in.Init, err = fit(in.Init); err != nil {
		return in, err
	}
	if in.Mask, err = fit(in.Mask); err != nil {
		return in, err
	}
	in.given = in.Controls
	controls := make([]*imaging.RGB, len(in.Controls))
	for i, p := range in.Controls {
		if controls[i], err = fit(p); err != nil {
			return in, err
		}
	}
	in.Controls = controls
	return in, nil
}

// outpaint puts the picture into the middle of the recipe's format and masks what is around it. The edge is drawn
// outward into the new room, so that the network has colours to go on with. A mask_blur lets the picture fade: what is made
// anew reaches twice the blur into it, and the rest is put back as it was.
func outpaint(r art.Recipe, in *Inputs) error {
	p := in.Init
	if p.Width > r.Width || p.Height > r.Height {
		return art.Invalid("width", fmt.Sprintf("the picture of %d×%d doesn't fit into %d×%d", p.Width, p.Height, r.Width, r.Height), "choose a larger format")
	}
	whole, err := imaging.NewRGB(r.Width, r.Height)
	if err != nil {
		return fmt.Errorf("local: outpaint: %w", err)
	}
	mask, err := imaging.NewRGB(r.Width, r.Height)
	if err != nil {
		return fmt.Errorf("local: outpaint: %w", err)
	}
	left, top := (r.Width-p.Width)/2, (r.Height-p.Height)/2
	reach := int(math.Ceil(2 * r.MaskBlur))
	kept := region{0, 0, r.Width, r.Height}
	if p.Width < r.Width {
		kept.left, kept.right = left+reach, left+p.Width-reach
	}
	if p.Height < r.Height {
		kept.top, kept.bottom = top+reach, top+p.Height-reach
	}
	for y := range r.Height {
		for x := range r.Width {
			px, py := x-left, y-top
			cx, cy := min(max(px, 0), p.Width-1), min(max(py, 0), p.Height-1)
			red, green, blue := p.At(cx, cy)
			whole.Set(x, y, red, green, blue)
			if x < kept.left || x >= kept.right || y < kept.top || y >= kept.bottom {
				mask.Set(x, y, 255, 255, 255)
			}
		}
	}
	in.Init = whole
	switch {
	case in.Mask == nil:
		in.Mask = mask
	case r.MaskBlur > 0 && (in.Mask.Width != r.Width || in.Mask.Height != r.Height):
		return art.Invalid("mask_image", fmt.Sprintf("is %d×%d, and the new format %d×%d", in.Mask.Width, in.Mask.Height, r.Width, r.Height), "draw the mask at the new format's size")
	}
	if r.MaskBlur > 0 {
		in.over = &paste{whole: whole, mask: feather(in.Mask, r.MaskBlur), region: region{0, 0, r.Width, r.Height}}
	}
	return nil
}
