package imaging

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image/png"
	"math"
	"slices"

	"presswerk/internal/art"
)

// DeepEncoding tells how a picture of 16 bits is to be written.
type DeepEncoding struct {
	Format Format  // PNG for grey and RGB, TIFF for CMYK, too
	XMP    []byte  // packet to embed, or nil
	PPI    float64 // pixels an inch, for layout programs; 0 says nothing
	Eight  bool    // 8 bits a channel, rounded: TIFF only
}

// EncodeDeep writes a lossless file with the picture's profile in it.
func EncodeDeep(d *Deep, e DeepEncoding) ([]byte, error) {
	switch {
	case e.Format == TIFF:
		return encodeTIFF(d, e)
	case e.Format == PNG && d.Channels != 4 && !e.Eight:
		return encodeDeepPNG(d, e)
	default:
		return nil, fmt.Errorf("imaging: a picture of %d channels is not written as %q; use tiff: %w", d.Channels, e.Format, art.ErrUnsupported)
	}
}

func encodeDeepPNG(d *Deep, e DeepEncoding) ([]byte, error) {
	data, err := encodeDeep(d, png.DefaultCompression)
	if err != nil {
		return nil, err
	}
	var chunks []byte
	if len(d.Profile) > 0 {
		packed, err := deflate(d.Profile)
		if err != nil {
			return nil, err
		}
		chunks = append(chunks, pngChunk("iCCP", slices.Concat([]byte("ICC\x00\x00"), packed))...)
	}
	if e.PPI > 0 {
		perMetre := binary.BigEndian.AppendUint32(nil, uint32(math.Round(e.PPI/0.0254)))
		chunks = append(chunks, pngChunk("pHYs", slices.Concat(perMetre, perMetre, []byte{1}))...)
	}
	if len(e.XMP) > 0 {
		chunks = append(chunks, xmpChunk(e.XMP)...)
	}
	return slices.Concat(data[:pngHeader], chunks, data[pngHeader:]), nil
}

// pngHeader is the length of a PNG's signature and header chunk, after which other chunks may stand.
const pngHeader = 33

// xmpChunk wraps a packet into the text chunk that the XMP specification, part 3, names for PNG.
func xmpChunk(packet []byte) []byte {
	return pngChunk("iTXt", slices.Concat([]byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00"), packet))
}

// pngChunk is a piece of a PNG file.
func pngChunk(name string, body []byte) []byte {
	named := append([]byte(name), body...)
	c := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	return binary.BigEndian.AppendUint32(append(c, named...), crc32.ChecksumIEEE(named))
}

func deflate(data []byte) ([]byte, error) {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		return nil, fmt.Errorf("imaging: compressing: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("imaging: compressing: %w", err)
	}
	return out.Bytes(), nil
}

// Types of TIFF's fields.
const (
	tiffByte      = 1
	tiffShort     = 3
	tiffLong      = 4
	tiffRational  = 5
	tiffUndefined = 7
)

// tiffField is an entry of a TIFF directory; its value is in bytes, little-endian.
type tiffField struct {
	tag, kind uint16
	count     int
	value     []byte
}

func shorts(tag uint16, values ...uint16) tiffField {
	f := tiffField{tag: tag, kind: tiffShort, count: len(values)}
	for _, v := range values {
		f.value = binary.LittleEndian.AppendUint16(f.value, v)
	}
	return f
}

func long(tag uint16, v int) tiffField {
	return tiffField{tag, tiffLong, 1, binary.LittleEndian.AppendUint32(nil, uint32(v))}
}

// encodeTIFF writes one strip, compressed by Deflate.
//
// Source: TIFF 6.0, sections 4 to 6, 14 and 16; Adobe's TIFF technical notes for Deflate (8), the ICC profile (34675) and XMP (700).
func encodeTIFF(d *Deep, e DeepEncoding) ([]byte, error) {
	bits := uint16(16)
	if e.Eight {
		bits = 8
	}
	strip, err := deflate(d.samples(bits))
	if err != nil {
		return nil, err
	}
	photometric := map[int]uint16{1: 1, 3: 2, 4: 5}[d.Channels]
	ppi := e.PPI
	if ppi == 0 {
		ppi = 72
	}
	rational := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(math.Round(ppi*1000))), 1000)
	fields := []tiffField{
		long(256, d.Width), long(257, d.Height), shorts(258, slices.Repeat([]uint16{bits}, d.Channels)...), shorts(259, 8),
		shorts(262, photometric), long(273, tiffStart), shorts(277, uint16(d.Channels)), long(278, d.Height), long(279, len(strip)),
		{282, tiffRational, 1, rational},
		{283, tiffRational, 1, rational},
		shorts(284, 1), shorts(296, 2),
	}
	if d.Channels == 4 {
		fields = append(fields, shorts(332, 1)) // CMYK
	}
	if len(e.XMP) > 0 {
		fields = append(fields, tiffField{700, tiffByte, len(e.XMP), e.XMP})
	}
	if len(d.Profile) > 0 {
		fields = append(fields, tiffField{34675, tiffUndefined, len(d.Profile), d.Profile})
	}
	slices.SortFunc(fields, func(a, b tiffField) int { return int(a.tag) - int(b.tag) })
	return layTIFF(strip, fields), nil
}

// tiffStart is where pixels stand in a file: after its header.
const tiffStart = 8

// layTIFF puts header, pixels, long values and the directory one after the other; fields come in the order of their tags.
func layTIFF(pixels []byte, fields []tiffField) []byte {
	size := tiffStart + len(pixels) + 8
	for _, f := range fields {
		size += 14 + len(f.value)
	}
	out := append(append(make([]byte, 0, size), "II*\x00\x00\x00\x00\x00"...), pixels...)
	directory := binary.LittleEndian.AppendUint16(nil, uint16(len(fields)))
	for _, f := range fields {
		directory = binary.LittleEndian.AppendUint16(directory, f.tag)
		directory = binary.LittleEndian.AppendUint16(directory, f.kind)
		directory = binary.LittleEndian.AppendUint32(directory, uint32(f.count))
		if len(f.value) <= 4 { // a value so short stands in the entry itself
			directory = append(directory, append(slices.Clone(f.value), 0, 0, 0, 0)[:4]...)
			continue
		}
		out = append(out, make([]byte, len(out)&1)...) // offsets are even
		directory = binary.LittleEndian.AppendUint32(directory, uint32(len(out)))
		out = append(out, f.value...)
	}
	out = append(out, make([]byte, len(out)&1)...)
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)))
	return append(append(out, directory...), 0, 0, 0, 0)
}

// samples are the numbers as a file has them, little-endian.
func (d *Deep) samples(bits uint16) []byte {
	if bits == 8 {
		out := make([]byte, len(d.Pix))
		for i, v := range d.Pix {
			out[i] = uint8((uint32(v) + 128) / 257)
		}
		return out
	}
	out := make([]byte, 2*len(d.Pix))
	for i, v := range d.Pix {
		binary.LittleEndian.PutUint16(out[2*i:], v)
	}
	return out
}
