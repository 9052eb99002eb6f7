package provenance

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// ManifestOf takes the manifest store out of a JPEG, PNG, WebP, AVIF or MP4 file. A file without one, or of another format, gives
// art.ErrNotFound; one that is torn gives art.ErrInvalid. It validates nothing.
//
// Source: C2PA 2.3, "Embedding manifests into various file formats".
func ManifestOf(file []byte) (Manifest, error) {
	var found []byte
	switch imaging.Sniff(file) {
	case imaging.JPEG:
		found = jpegManifest(file)
	case imaging.PNG:
		found = pngManifest(file)
	case imaging.WebP:
		found = webpManifest(file)
	case imaging.AVIF:
		found = bmffManifest(file)
	case "":
		if clipType(file) == "video/mp4" {
			found = bmffManifest(file)
		}
	}
	if len(found) == 0 {
		return Manifest{}, fmt.Errorf("provenance: the file has no manifest: %w", art.ErrNotFound)
	}
	return ParseManifest(found)
}

// jpegManifest puts together the APP11 segments with JUMBF: behind "JP" come the number of the box, the place of the piece, and the
// box's header, which every piece repeats.
func jpegManifest(file []byte) []byte {
	const app11, scan, header = 0xeb, 0xda, 8
	pieces := map[uint16][]byte{}
	var order []uint16
	for at := 2; at+4 <= len(file) && file[at] == 0xff && file[at+1] != scan; {
		size := int(binary.BigEndian.Uint16(file[at+2:]))
		if size < 2 || at+2+size > len(file) {
			break
		}
		body := file[at+4 : at+2+size]
		if file[at+1] == app11 && len(body) >= 8+header && string(body[:2]) == "JP" {
			number := binary.BigEndian.Uint16(body[2:])
			box := body[8:]
			if _, begun := pieces[number]; begun {
				box = box[header:]
			} else {
				order = append(order, number)
			}
			pieces[number] = append(pieces[number], box...)
		}
		at += 2 + size
	}
	for _, number := range order {
		if roots, _ := jumbfBoxes(pieces[number]); len(roots) > 0 && roots[0].label() == "c2pa" {
			return pieces[number]
		}
	}
	return nil
}

// pngManifest is the chunk "caBX".
func pngManifest(file []byte) []byte {
	for at := 8; at+12 <= len(file); {
		size := int(binary.BigEndian.Uint32(file[at:]))
		if size < 0 || size > len(file)-at-12 {
			return nil
		}
		if string(file[at+4:at+8]) == "caBX" {
			return file[at+8 : at+8+size]
		}
		at += 12 + size
	}
	return nil
}

// webpManifest is the chunk "C2PA".
func webpManifest(file []byte) []byte {
	for at := 12; at+8 <= len(file); {
		size := int(binary.LittleEndian.Uint32(file[at+4:]))
		if size < 0 || size > len(file)-at-8 {
			return nil
		}
		if string(file[at:at+4]) == "C2PA" {
			return file[at+8 : at+8+size]
		}
		at += 8 + size + size%2
	}
	return nil
}

// bmffManifest is the uuid box of manifests: behind version and flags come the purpose, ended by a zero, and the place of a Merkle tree.
func bmffManifest(file []byte) []byte {
	all, _ := boxes(file) // a cut file has what comes before
	for _, b := range all {
		if !bytes.Equal(b.uuid, claimBox()) || len(b.body) < 4 {
			continue
		}
		purpose, rest, ended := bytes.Cut(b.body[4:], []byte{0})
		if ended && string(purpose) == "manifest" && len(rest) > 8 {
			return rest[8:]
		}
	}
	return nil
}
