package imaging

import (
	"context"
	"fmt"

	"github.com/davidbyttow/govips/v2/vips"

	"presswerk/internal/art"
)

// Layer is a picture with its transparency, as logos are.
type Layer struct {
	RGB
	Alpha []uint8 // one for each pixel: 0 is clear, 255 covers
}

// maxDrawing is how large a drawing in SVG may be, in bytes, and maxLayer how long a layer's side, in pixels.
const (
	maxDrawing = 4 << 20
	maxLayer   = 4096
)

// DecodeLayer reads a picture, or draws one from SVG, so that its longer side is as many pixels as asked. What is no picture,
// damaged or too large gives art.ErrInvalid. Text in a drawing is set in the type faces of this machine, and others where it
// lacks them: logos should hold outlines.
func DecodeLayer(ctx context.Context, data []byte, side int, l Limits) (*Layer, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("imaging: decoding: %w", err)
	}
	if side < 1 || side > maxLayer {
		return nil, art.Invalid("side", fmt.Sprintf("%d pixels are out of range", side), fmt.Sprintf("ask for 1 to %d", maxLayer))
	}
	ref, err := openLayer(data, side, l)
	if err != nil {
		return nil, err
	}
	defer ref.Close()
	if err := toLayer(ref, side); err != nil {
		return nil, fmt.Errorf("imaging: reading a layer (%s): %w", oneLine(err), art.ErrInvalid)
	}
	pix, err := ref.ToBytes()
	if w, h := ref.Width(), ref.Height(); err != nil || len(pix) != 4*w*h {
		return nil, fmt.Errorf("imaging: a layer has %d bytes of pixels instead of %d × %d of four: %w", len(pix), w, h, art.ErrInvalid)
	}
	out := &Layer{RGB: RGB{Width: ref.Width(), Height: ref.Height(), Pix: make([]uint8, 0, len(pix)/4*3)}, Alpha: make([]uint8, 0, len(pix)/4)}
	for i := 0; i < len(pix); i += 4 {
		out.Pix, out.Alpha = append(out.Pix, pix[i:i+3]...), append(out.Alpha, pix[i+3])
	}
	return out, nil
}

// openLayer opens a picture, or draws SVG at the asked size.
func openLayer(data []byte, side int, l Limits) (*vips.ImageRef, error) {
	if vips.DetermineImageType(data) != vips.ImageTypeSVG {
		ref, _, err := open(data, l)
		return ref, err
	}
	if len(data) > maxDrawing {
		return nil, fmt.Errorf("imaging: a drawing of %d bytes is over the limit of %d: %w", len(data), maxDrawing, art.ErrInvalid)
	}
	damaged := func(err error) error {
		return fmt.Errorf("imaging: the SVG drawing is damaged (%s): %w", oneLine(err), art.ErrInvalid)
	}
	ref, err := vips.NewImageFromBuffer(data)
	if err != nil {
		return nil, damaged(err)
	}
	own := max(ref.Width(), ref.Height())
	ref.Close()
	if own < 1 || own > 1<<20 {
		return nil, damaged(fmt.Errorf("its side is %d", own))
	}
	const usual = 72 // dots an inch, at which a drawing has its own size
	p := vips.NewImportParams()
	p.Density.Set(max(1, usual*side/own))
	if ref, err = vips.LoadImageFromBuffer(data, p); err != nil {
		return nil, damaged(err)
	}
	return ref, nil
}

// toLayer brings what was opened to 8-bit sRGB with transparency, at its size.
func toLayer(ref *vips.ImageRef, side int) error {
	steps := []func() error{ref.AutoRotate, func() error { return toSRGB(ref) }}
	if !ref.HasAlpha() {
		steps = append(steps, ref.AddAlpha)
	}
	steps = append(steps, ref.PremultiplyAlpha, func() error {
		return ref.Resize(float64(side)/float64(max(ref.Width(), ref.Height())), vips.KernelLanczos3)
	}, ref.UnpremultiplyAlpha, func() error { return ref.Cast(vips.BandFormatUchar) })
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
