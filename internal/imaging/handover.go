package imaging

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"slices"

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
// libvips reads at the speed of memory. Profile and XMP packet go the same way: govips' SetBlob hands C a Go pointer to a
// Go pointer, which the runtime forbids.
func toVips(p *RGB, profile, xmp []byte) (*vips.ImageRef, error) {
	ref, err := vips.NewImageFromBuffer(rawTIFF(p, profile, xmp))
	if err != nil {
		return nil, fmt.Errorf("imaging: handing the picture to libvips: %s", oneLine(err))
	}
	return ref, nil
}

// Tags of TIFF 6.0, and the two that Adobe and the ICC added.
const (
	tagWidth, tagHeight, tagBits, tagCompression, tagPhotometric, tagStrips = 256, 257, 258, 259, 262, 273
	tagSamples, tagRows, tagStripBytes, tagXMP, tagICC                      = 277, 278, 279, 700, 34675
)

// stripRows is how many rows stand in one strip: libvips reads strips one after the other, and large ones by the row.
const stripRows = 64

// rawTIFF writes 8-bit RGB without compression.
func rawTIFF(p *RGB, profile, xmp []byte) []byte {
	row, strips := 3*p.Width, (p.Height+stripRows-1)/stripRows
	out := make([]byte, 8, 8+len(p.Pix)+len(profile)+len(xmp)+8*strips+256)
	copy(out, "II*\x00")
	out = append(out, p.Pix...)
	put := func(data []byte) uint32 {
		if len(data) <= 4 { // a value so short stands in the entry itself
			return binary.LittleEndian.Uint32(append(slices.Clone(data), 0, 0, 0, 0))
		}
		if len(out)%2 == 1 {
			out = append(out, 0) // offsets are even
		}
		at := uint32(len(out))
		out = append(out, data...)
		return at
	}
	var offsets, sizes []byte
	for s := range strips {
		rows := min(stripRows, p.Height-s*stripRows)
		offsets = binary.LittleEndian.AppendUint32(offsets, uint32(8+s*stripRows*row))
		sizes = binary.LittleEndian.AppendUint32(sizes, uint32(rows*row))
	}
	at, lengths := put(offsets), put(sizes)
	entries := [][4]uint32{
		{tagWidth, tiffLong, 1, uint32(p.Width)},
		{tagHeight, tiffLong, 1, uint32(p.Height)},
		{tagBits, tiffShort, 3, put([]byte{8, 0, 8, 0, 8, 0})},
		{tagCompression, tiffShort, 1, 1},
		{tagPhotometric, tiffShort, 1, 2},
		{tagStrips, tiffLong, uint32(strips), at},
		{tagSamples, tiffShort, 1, 3},
		{tagRows, tiffLong, 1, stripRows},
		{tagStripBytes, tiffLong, uint32(strips), lengths},
	}
	if len(xmp) > 0 {
		entries = append(entries, [4]uint32{tagXMP, tiffByte, uint32(len(xmp)), put(xmp)})
	}
	if len(profile) > 0 {
		entries = append(entries, [4]uint32{tagICC, tiffUndefined, uint32(len(profile)), put(profile)})
	}
	directory := binary.LittleEndian.AppendUint16(nil, uint16(len(entries)))
	for _, e := range entries {
		directory = binary.LittleEndian.AppendUint16(directory, uint16(e[0]))
		directory = binary.LittleEndian.AppendUint16(directory, uint16(e[1]))
		directory = binary.LittleEndian.AppendUint32(directory, e[2])
		directory = binary.LittleEndian.AppendUint32(directory, e[3])
	}
	directory = append(directory, 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(out[4:], put(directory))
	return out
}

// profileFor gives the sRGB profile that files of a format carry: the standard one of 3 kB where a
// file is a master or goes on, one of 0.4 kB where every byte is sent to a reader. libvips writes it into one pixel, which
// costs a millisecond; writing it into a whole picture would send all pixels through a transform that changes nothing.
func profileFor(f Format) ([]byte, error) {
	find := vips.GetSRGBIEC6196621ICCProfilePath
	if f == JPEG || f == WebP || f == AVIF {
		find = vips.GetSRGBV2MicroICCProfilePath
	}
	path, err := find()
	if err != nil {
		return nil, fmt.Errorf("imaging: reading the sRGB profile: %s", oneLine(err))
	}
	ref, err := toVips(&RGB{Width: 1, Height: 1, Pix: make([]byte, 3)}, nil, nil)
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
