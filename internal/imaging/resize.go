package imaging

import (
	"fmt"
	"math"

	"github.com/davidbyttow/govips/v2/vips"

	"presswerk/internal/art"
)

// Resize scales to exactly width × height, in linear light so that fine patterns keep their brightness. Shrinking uses
// Lanczos 3, enlarging Mitchell, which does not ring on flat illustration.
func Resize(p *RGB, width, height int) (*RGB, error) {
	if width < 1 || height < 1 {
		return nil, art.Invalid("size", fmt.Sprintf("%d×%d has no pixels", width, height), "ask for at least 1×1")
	}
	if width == p.Width && height == p.Height {
		return p, nil
	}
	ref, err := toVips(p)
	if err != nil {
		return nil, err
	}
	defer ref.Close()
	kernel := vips.KernelLanczos3
	if width > p.Width {
		kernel = vips.KernelMitchell
	}
	for _, step := range []func() error{
		func() error { return ref.ToColorSpace(vips.InterpretationScRGB) },
		func() error {
			return ref.ResizeWithVScale(float64(width)/float64(p.Width), float64(height)/float64(p.Height), kernel)
		},
		func() error { return ref.ToColorSpace(vips.InterpretationSRGB) },
	} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("imaging: resizing %d×%d to %d×%d: %w", p.Width, p.Height, width, height, err)
		}
	}
	return fromVips(ref)
}

// Crop cuts a rectangle out; it must lie inside the picture.
func Crop(p *RGB, x, y, width, height int) (*RGB, error) {
	if x < 0 || y < 0 || width < 1 || height < 1 || x+width > p.Width || y+height > p.Height {
		return nil, art.Invalid("crop", fmt.Sprintf("%d×%d at %d,%d does not lie inside %d×%d", width, height, x, y, p.Width, p.Height), "choose a rectangle inside the picture")
	}
	out, err := NewRGB(width, height)
	if err != nil {
		return nil, err
	}
	for row := range height {
		from := 3 * ((y+row)*p.Width + x)
		copy(out.Pix[3*row*width:3*(row+1)*width], p.Pix[from:])
	}
	return out, nil
}

// CoverCrop cuts the largest rectangle of the asked aspect (width over height) out of the middle.
func CoverCrop(p *RGB, aspect float64) (*RGB, error) {
	if !(aspect > 0) || math.IsInf(aspect, 0) {
		return nil, art.Invalid("aspect", fmt.Sprintf("%v is no ratio of width to height", aspect), "write it as 16:9")
	}
	w, h := p.Width, p.Height
	if float64(w) > aspect*float64(h) {
		w = max(1, int(math.Round(aspect*float64(h))))
	} else {
		h = max(1, int(math.Round(float64(w)/aspect)))
	}
	return Crop(p, (p.Width-w)/2, (p.Height-h)/2, w, h)
}
