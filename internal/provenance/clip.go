package provenance

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// clipType tells the media type of a clip by its first bytes, "" where it is none. AVIF and its like begin as MP4 does and are
// pictures.
func clipType(data []byte) string {
	switch {
	case imaging.Sniff(data) != "":
		return ""
	case len(data) >= 12 && string(data[4:8]) == "ftyp" && !slices.Contains([]string{"avif", "avis", "heic", "heix", "heis", "mif1", "msf1"}, string(data[8:12])):
		return "video/mp4"
	case bytes.HasPrefix(data, []byte("\x1a\x45\xdf\xa3")):
		return "video/webm"
	}
	return ""
}

// xmpBox is the name of the box in which an MP4 file keeps an XMP packet, behind all others or before.
//
// Source: XMP Specification Part 3, section "MPEG-4": a top-level uuid box BE7ACFCB-97A9-42E8-9C71-999491E3AFAC.
func xmpBox() []byte {
	return []byte{0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8, 0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac}
}

// claimBox is the name of the box in which an MP4 file keeps its manifest.
//
// Source: C2PA 2.3, "Embedding manifests into BMFF-based assets": a top-level uuid box D8FEC3D6-1B0E-483C-9297-5828877EC481.
func claimBox() []byte {
	return []byte{0xd8, 0xfe, 0xc3, 0xd6, 0x1b, 0x0e, 0x48, 0x3c, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7e, 0xc4, 0x81}
}

// box is one box of an MP4 file.
type box struct {
	kind string
	uuid []byte // of kind "uuid"
	body []byte
}

// boxes lists the top-level boxes of an MP4 file. What doesn't add up gives art.ErrInvalid, with those before it.
func boxes(data []byte) (all []box, err error) {
	for at := 0; at < len(data); {
		rest := data[at:]
		if len(rest) < 8 {
			return all, art.Invalid("clip", fmt.Sprintf("a box at byte %d is cut", at), "fetch the file once more")
		}
		b, head, size := box{kind: string(rest[4:8])}, 8, uint64(binary.BigEndian.Uint32(rest))
		switch {
		case size == 0:
			size = uint64(len(rest))
		case size == 1 && len(rest) >= 16:
			head, size = 16, binary.BigEndian.Uint64(rest[8:])
		}
		if b.kind == "uuid" && len(rest) >= head+16 {
			b.uuid, head = rest[head:head+16], head+16
		}
		if size < uint64(head) || size > uint64(len(rest)) {
			return all, art.Invalid("clip", fmt.Sprintf("a box at byte %d is cut", at), "fetch the file once more")
		}
		b.body = rest[head:size]
		all = append(all, b)
		at += int(size) // at most what is there
	}
	return all, nil
}

// clipXMP is the XMP packet of a clip; nil where it has none.
func clipXMP(data []byte) []byte {
	if clipType(data) != "video/mp4" {
		return nil
	}
	all, _ := boxes(data) // a cut file may still say something
	for _, b := range all {
		if b.kind == "uuid" && bytes.Equal(b.uuid, xmpBox()) {
			return b.body
		}
	}
	return nil
}

// WithXMP puts an XMP packet behind an MP4 file, before it is signed. What is no MP4, or doesn't add up, gives art.ErrInvalid.
func WithXMP(mp4, packet []byte) ([]byte, error) {
	if clipType(mp4) != "video/mp4" {
		return nil, art.Invalid("clip", "is no MP4 file", "metadata is written into MP4 alone")
	}
	all, err := boxes(mp4)
	if err != nil {
		return nil, err
	}
	for _, b := range all {
		if b.kind == "uuid" && bytes.Equal(b.uuid, xmpBox()) {
			return nil, art.Invalid("clip", "has XMP already", "encode it without metadata first")
		}
	}
	size := 8 + 16 + len(packet)
	if size > math.MaxUint32 {
		return nil, art.Invalid("metadata", "is too long for one box", "shorten it")
	}
	out := make([]byte, 0, len(mp4)+size)
	out = append(out, mp4...)
	out = binary.BigEndian.AppendUint32(out, uint32(size)) // checked above
	out = append(out, "uuid"...)
	out = append(out, xmpBox()...)
	return append(out, packet...), nil
}
