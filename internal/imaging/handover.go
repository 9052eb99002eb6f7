package imaging

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"

	"github.com/davidbyttow/govips/v2/vips"

	"presswerk/internal/art"
)

// fromVips takes the pixels of a picture of three 8-bit bands.
func fromVips(ref *vips.ImageRef) (*RGB, error) {
	pix, err := ref.ToBytes()
	if err != nil {
		return nil, fmt.Errorf("imaging: decoding the pixels (%s): %w", oneLine(err), art.ErrInvalid)
	}
	p := &RGB{Width: ref.Width(), Height: ref.Height(), Pix: pix}
	if want := 3 * p.Width * p.Height; len(pix) != want {
		return nil, fmt.Errorf("imaging: %d bytes of pixels instead of %d: %w", len(pix), want, art.ErrInvalid)
	}
	return p, nil
}

// toVips hands a picture to libvips. govips has no call that takes pixels, so they travel as an uncompressed TIFF, which
// libvips reads at the speed of memory.
func toVips(p *RGB) (*vips.ImageRef, error) {
	ref, err := vips.NewImageFromBuffer(rawTIFF(p))
	if err != nil {
		return nil, fmt.Errorf("imaging: handing the picture to libvips: %s", oneLine(err))
	}
	return ref, nil
}

// stripRows is how many rows stand in one strip: libvips reads strips one after the other, and large ones by the row.
const stripRows = 64

// rawTIFF writes 8-bit RGB without compression.
func rawTIFF(p *RGB) []byte {
	row, strips := 3*p.Width, (p.Height+stripRows-1)/stripRows
	var offsets, sizes []byte
	for s := range strips {
		rows := min(stripRows, p.Height-s*stripRows)
		offsets = binary.LittleEndian.AppendUint32(offsets, uint32(tiffStart+s*stripRows*row))
		sizes = binary.LittleEndian.AppendUint32(sizes, uint32(rows*row))
	}
	return layTIFF(p.Pix, []tiffField{
		long(256, p.Width), long(257, p.Height), shorts(258, 8, 8, 8), shorts(259, 1), shorts(262, 2),
		{273, tiffLong, strips, offsets},
		shorts(277, 3), long(278, stripRows),
		{279, tiffLong, strips, sizes},
	})
}

// profileFor gives the sRGB profile that files of a format carry: the standard one of 3 kB where a
// file is a master or goes on, one of 0.4 kB where every byte is sent to a reader, and none in WebP, which means sRGB without. libvips writes it into one pixel, which
// costs a millisecond; writing it into a whole picture would send all pixels through a transform that changes nothing.
func profileFor(f Format) ([]byte, error) {
	find := vips.GetSRGBIEC6196621ICCProfilePath
	switch f {
	case WebP:
		return nil, nil
	case JPEG, AVIF:
		find = vips.GetSRGBV2MicroICCProfilePath
	}
	path, err := find()
	if err != nil {
		return nil, fmt.Errorf("imaging: reading the sRGB profile: %s", oneLine(err))
	}
	ref, err := toVips(&RGB{Width: 1, Height: 1, Pix: make([]byte, 3)})
	if err != nil {
		return nil, err
	}
	defer ref.Close()
	if err := ref.TransformICCProfileWithFallback(path, path); err != nil {
		return nil, fmt.Errorf("imaging: reading the sRGB profile: %s", oneLine(err))
	}
	return ref.GetICCProfile(), nil
}

func encodePNG(p *RGB, level png.CompressionLevel) ([]byte, error) {
	img := image.NewNRGBA(image.Rect(0, 0, p.Width, p.Height))
	for i, j := 0, 0; i < len(p.Pix); i, j = i+3, j+4 {
		copy(img.Pix[j:j+3], p.Pix[i:i+3])
		img.Pix[j+3] = 255
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: level}).Encode(&out, img); err != nil {
		return nil, fmt.Errorf("imaging: writing PNG: %w", err)
	}
	return out.Bytes(), nil
}
