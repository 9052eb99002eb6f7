package provenance

import (
	"bytes"
	"encoding/binary"
	"slices"

	"presswerk/internal/imaging"
)

// Claimed tells whether a file has a manifest, whatever it says: a JPEG, PNG, WebP, AVIF or MP4 file. Of other kinds it knows nothing.
//
// Source: C2PA 2.3, appendix A, "Embedding manifests": JPEG's APP11 with a JUMBF box, PNG's caBX chunk, RIFF's C2PA chunk, and the box
// of BMFF.
func Claimed(data []byte) bool {
	switch imaging.Sniff(data) {
	case imaging.JPEG:
		return claimedJPEG(data)
	case imaging.PNG:
		return hasChunk(data, 8, 4, 8, binary.BigEndian, "caBX")
	case imaging.WebP:
		return hasChunk(data, 12, 0, 0, binary.LittleEndian, "C2PA")
	case imaging.AVIF, "":
		all, _ := boxes(data) // a cut file has what comes before
		return slices.ContainsFunc(all, func(b box) bool { return bytes.Equal(b.uuid, claimBox()) })
	}
	return false
}

func claimedJPEG(data []byte) bool {
	for at := 2; at+4 <= len(data) && data[at] == 0xff && data[at+1] != 0xda; {
		size := int(binary.BigEndian.Uint16(data[at+2:]))
		end := at + 2 + size
		if size < 2 || end > len(data) {
			return false
		}
		// ISO 19566-5: "JP", a number and a packet's, then the box "jumb" with its description, whose type for C2PA begins with "c2pa".
		if data[at+1] == 0xeb && bytes.HasPrefix(data[at+4:end], []byte("JP")) && bytes.Contains(data[at+4:end], []byte("jumdc2pa")) {
			return true
		}
		at = end
	}
	return false
}

// hasChunk walks chunks of a length and a name of four bytes each: PNG has the length first and four bytes of sum behind the body, RIFF
// has the name first and pads odd bodies.
func hasChunk(data []byte, at, name, around int, order binary.ByteOrder, wanted string) bool {
	for at+8 <= len(data) {
		size := uint64(order.Uint32(data[at+4-name:]))
		if string(data[at+name:at+name+4]) == wanted {
			return true
		}
		next := uint64(at) + 8 + size + uint64(around)/2
		if around == 0 {
			next += size % 2
		}
		if next > uint64(len(data)) {
			return false
		}
		at = int(next)
	}
	return false
}
