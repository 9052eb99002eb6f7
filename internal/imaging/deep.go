package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"

	"github.com/davidbyttow/govips/v2/vips"

	"presswerk/internal/art"
)

// Deep is a picture with 16 bits a channel, in the colour space that its profile says: row-major, no padding. Grey has one
// channel, RGB three, CMYK four; 65535 is full light or full ink. len(Pix) is always Channels*Width*Height.
type Deep struct {
	Width, Height, Channels int
	Pix                     []uint16
	Profile                 []byte // ICC; nil where the file names none: sRGB then
	Bits                    int    // a channel had in the file, 8 or 16; 16 where arithmetic made the numbers
}

// Deepen is a picture with 16 bits a channel, its numbers unchanged: v becomes 257·v.
func Deepen(p *RGB) *Deep {
	d := &Deep{Width: p.Width, Height: p.Height, Channels: 3, Bits: 8, Pix: make([]uint16, len(p.Pix))}
	for i, v := range p.Pix {
		d.Pix[i] = uint16(v) * 257
	}
	return d
}

// Flat is an RGB picture with 8 bits a channel, rounded. Its numbers are not turned into another colour space.
func (d *Deep) Flat() (*RGB, error) {
	if d.Channels != 3 {
		return nil, fmt.Errorf("imaging: a picture of %d channels is not RGB: %w", d.Channels, art.ErrInvalid)
	}
	p := &RGB{Width: d.Width, Height: d.Height, Pix: make([]uint8, len(d.Pix))}
	for i, v := range d.Pix {
		p.Pix[i] = uint8((uint32(v) + 128) / 257)
	}
	return p, nil
}

// Cut is a rectangle of the picture; it must lie inside.
func (d *Deep) Cut(x, y, width, height int) (*Deep, error) {
	if x < 0 || y < 0 || width < 1 || height < 1 || x+width > d.Width || y+height > d.Height {
		return nil, art.Invalid("crop", fmt.Sprintf("%d×%d at %d,%d does not lie inside %d×%d", width, height, x, y, d.Width, d.Height), "choose a rectangle inside the picture")
	}
	out := *d
	out.Width, out.Height, out.Pix = width, height, make([]uint16, 0, d.Channels*width*height)
	for row := y; row < y+height; row++ {
		out.Pix = append(out.Pix, d.Pix[d.Channels*(row*d.Width+x):d.Channels*(row*d.Width+x+width)]...)
	}
	return &out, nil
}

// DecodeDeep reads a picture as it is: in its own colour space, with all its bits, and with its profile. It is turned as its EXIF
// data say, transparency is laid on white, or on paper without ink, and grey without a profile becomes RGB. What is no picture, damaged or over the limits gives
// art.ErrInvalid; numbers that are no 8 or 16 bits give art.ErrUnsupported.
func DecodeDeep(ctx context.Context, data []byte, l Limits) (*Deep, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("imaging: decoding: %w", err)
	}
	ref, format, err := open(data, l)
	if err != nil {
		return nil, err
	}
	defer ref.Close()
	if err := ref.AutoRotate(); err != nil {
		return nil, fmt.Errorf("imaging: turning the %s picture (%s): %w", format, oneLine(err), art.ErrInvalid)
	}
	d := &Deep{Width: ref.Width(), Height: ref.Height(), Channels: ref.Bands(), Bits: 8}
	if ref.HasICCProfile() {
		d.Profile = slices.Clone(ref.GetICCProfile())
	}
	alpha := ref.HasAlpha()
	pix, err := ref.ToBytes()
	if err != nil {
		return nil, fmt.Errorf("imaging: decoding the pixels (%s): %w", oneLine(err), art.ErrInvalid)
	}
	switch ref.BandFormat() {
	case vips.BandFormatUchar:
		d.Pix = make([]uint16, len(pix))
		for i, v := range pix {
			d.Pix[i] = uint16(v) * 257
		}
	case vips.BandFormatUshort:
		d.Bits, d.Pix = 16, make([]uint16, len(pix)/2)
		for i := range d.Pix {
			d.Pix[i] = binary.NativeEndian.Uint16(pix[2*i:])
		}
	default:
		return nil, fmt.Errorf("imaging: the %s picture has neither 8 nor 16 bits a channel: %w", format, art.ErrUnsupported)
	}
	if alpha {
		d.flatten()
	}
	if d.Channels == 1 && d.Profile == nil {
		d.colour()
	}
	if d.Channels != 1 && d.Channels != 3 && d.Channels != 4 || len(d.Pix) != d.Channels*d.Width*d.Height {
		return nil, fmt.Errorf("imaging: the %s picture has %d channels; only grey, RGB and CMYK are understood: %w", format, d.Channels, art.ErrUnsupported)
	}
	return d, nil
}

// colour makes RGB of grey that no profile explains: it means the greys of sRGB.
func (d *Deep) colour() {
	out := make([]uint16, 0, 3*len(d.Pix))
	for _, v := range d.Pix {
		out = append(out, v, v, v)
	}
	d.Channels, d.Pix = 3, out
}

// flatten takes the last channel for opacity and lays the others on what is blank.
func (d *Deep) flatten() {
	n := d.Channels - 1
	blank := uint32(65535)
	if n == 4 {
		blank = 0
	}
	out := make([]uint16, 0, n*d.Width*d.Height)
	for i := 0; i+n < len(d.Pix); i += n + 1 {
		a := uint32(d.Pix[i+n])
		for _, v := range d.Pix[i : i+n] {
			out = append(out, uint16((uint64(v)*uint64(a)+uint64(blank)*uint64(65535-a)+32767)/65535))
		}
	}
	d.Channels, d.Pix = n, out
}

// ResizeDeep scales an RGB picture whose tone curve is that of sRGB, as Display P3's is, to exactly width × height: in linear light,
// with the filters of Resize and without rounding to 8 bits.
func ResizeDeep(d *Deep, width, height int) (*Deep, error) {
	if d.Channels != 3 || width < 1 || height < 1 {
		return nil, art.Invalid("size", fmt.Sprintf("%d channels at %d×%d cannot be resized", d.Channels, width, height), "give an RGB picture and at least 1×1")
	}
	if width == d.Width && height == d.Height {
		return d, nil
	}
	data, err := encodeDeep(d, png.NoCompression)
	if err != nil {
		return nil, err
	}
	ref, err := vips.NewImageFromBuffer(data)
	if err != nil {
		return nil, fmt.Errorf("imaging: handing the picture to libvips: %w", err)
	}
	defer ref.Close()
	kernel := vips.KernelLanczos3
	if width > d.Width {
		kernel = vips.KernelMitchell
	}
	for _, step := range []func() error{
		func() error { return ref.ToColorSpace(vips.InterpretationScRGB) },
		func() error {
			return ref.ResizeWithVScale(float64(width)/float64(d.Width), float64(height)/float64(d.Height), kernel)
		},
		func() error { return ref.ToColorSpace(vips.InterpretationRGB16) },
	} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("imaging: resizing %d×%d to %d×%d: %w", d.Width, d.Height, width, height, err)
		}
	}
	pix, err := ref.ToBytes()
	if err != nil {
		return nil, fmt.Errorf("imaging: resizing: %w", err)
	}
	out := &Deep{Width: width, Height: height, Channels: 3, Profile: d.Profile, Bits: 16, Pix: make([]uint16, 3*width*height)}
	if len(pix) != 2*len(out.Pix) {
		return nil, fmt.Errorf("imaging: %d bytes of pixels instead of %d: %w", len(pix), 2*len(out.Pix), art.ErrInvalid)
	}
	for i := range out.Pix {
		out.Pix[i] = binary.NativeEndian.Uint16(pix[2*i:])
	}
	return out, nil
}

// deepImage lets the PNG encoder of the standard library see a picture.
type deepImage struct{ *Deep }

// ColorModel implements image.Image.
func (d deepImage) ColorModel() color.Model {
	if d.Channels == 1 {
		return color.Gray16Model
	}
	return color.RGBA64Model
}

// Bounds implements image.Image.
func (d deepImage) Bounds() image.Rectangle { return image.Rect(0, 0, d.Width, d.Height) }

// Opaque tells the encoder to write no transparency.
func (d deepImage) Opaque() bool { return true }

// At implements image.Image.
func (d deepImage) At(x, y int) color.Color {
	i := d.Channels * (y*d.Width + x)
	if d.Channels == 1 {
		return color.Gray16{Y: d.Pix[i]}
	}
	return color.RGBA64{R: d.Pix[i], G: d.Pix[i+1], B: d.Pix[i+2], A: 65535}
}

func encodeDeep(d *Deep, level png.CompressionLevel) ([]byte, error) {
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: level}).Encode(&out, deepImage{d}); err != nil {
		return nil, fmt.Errorf("imaging: writing PNG: %w", err)
	}
	return out.Bytes(), nil
}
