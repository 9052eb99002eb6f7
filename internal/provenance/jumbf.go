package provenance

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"presswerk/internal/art"
)

// Manifest is a C2PA manifest store as bytes, apart from its file. Nothing of it has been validated: see Library.ReadDetached.
type Manifest struct {
	Label string // of the active manifest, such as "urn:c2pa:…"
	Data  []byte // JUMBF, as files of media type application/c2pa have it
}

// ManifestMIME is the media type of a manifest store apart from its file.
const ManifestMIME = "application/c2pa"

// maxBoxes bounds the boxes of one level: a store has one for each manifest, a manifest one for each assertion.
const maxBoxes = 4096

// ParseManifest reads the label of the active manifest, which is the last one in its store. What is no manifest store gives
// art.ErrInvalid.
//
// Source: C2PA 2.3, "Use of JUMBF"; the boxes are those of ISO/IEC 19566-5.
func ParseManifest(data []byte) (Manifest, error) {
	wrong := fmt.Errorf("provenance: these %d bytes are no C2PA manifest store: %w", len(data), art.ErrInvalid)
	roots, ok := jumbfBoxes(data)
	if !ok || len(roots) == 0 || roots[0].label() != "c2pa" {
		return Manifest{}, wrong
	}
	manifests := roots[0].children()
	if len(manifests) == 0 {
		return Manifest{}, wrong
	}
	label := manifests[len(manifests)-1].label()
	if label == "" {
		return Manifest{}, wrong
	}
	return Manifest{Label: label, Data: roots[0].whole}, nil
}

// ActiveOnly is a store with the active manifest alone, as the Soft Binding Resolution API gives on request. What its ingredients
// refer to is not in it.
func (m Manifest) ActiveOnly() (Manifest, error) {
	roots, ok := jumbfBoxes(m.Data)
	if !ok || len(roots) == 0 {
		return Manifest{}, fmt.Errorf("provenance: taking a manifest out of its store: %w", art.ErrInvalid)
	}
	all := roots[0].inside()
	if len(all) < 2 {
		return Manifest{}, fmt.Errorf("provenance: taking a manifest out of its store: %w", art.ErrInvalid)
	}
	description, active := all[0].whole, all[len(all)-1].whole
	out := binary.BigEndian.AppendUint32(nil, uint32(8+len(description)+len(active)))
	out = append(out, "jumb"...)
	return Manifest{m.Label, append(append(out, description...), active...)}, nil
}

// resource finds embedded bytes, such as a thumbnail, by their JUMBF URI: "self#jumbf=/c2pa/<manifest>/c2pa.assertions/<name>", or
// without the first two names, within the manifest that says so.
func (m Manifest) resource(uri, manifest string) (mime string, data []byte) {
	path, ok := strings.CutPrefix(uri, "self#jumbf=")
	if !ok {
		return "", nil
	}
	if rest, absolute := strings.CutPrefix(path, "/c2pa/"); absolute {
		path = rest
	} else {
		path = manifest + "/" + path
	}
	roots, ok := jumbfBoxes(m.Data)
	if !ok || len(roots) == 0 {
		return "", nil
	}
	at := roots[0]
	for name := range strings.SplitSeq(path, "/") {
		found := false
		for _, child := range at.children() {
			if child.label() == name {
				at, found = child, true
				break
			}
		}
		if !found {
			return "", nil
		}
	}
	for _, b := range at.children() {
		switch b.kind {
		case "bfdb":
			if len(b.body) > 1 {
				mime, _, _ = strings.Cut(string(b.body[1:]), "\x00")
			}
		case "bidb":
			data = b.body
		}
	}
	return mime, data
}

// jumbfBox is one box; whole has its header.
type jumbfBox struct {
	kind        string
	body, whole []byte
}

// jumbfBoxes lists boxes that lie one behind the other. What doesn't add up gives false, with those before it.
func jumbfBoxes(data []byte) (all []jumbfBox, ok bool) {
	for len(data) > 0 {
		if len(data) < 8 || len(all) == maxBoxes {
			return all, false
		}
		size, head := uint64(binary.BigEndian.Uint32(data)), uint64(8)
		switch size {
		case 0:
			size = uint64(len(data))
		case 1:
			if len(data) < 16 {
				return all, false
			}
			size, head = binary.BigEndian.Uint64(data[8:]), 16
		}
		if size < head || size > uint64(len(data)) {
			return all, false
		}
		all = append(all, jumbfBox{string(data[4:8]), data[head:size], data[:size]})
		data = data[size:]
	}
	return all, true
}

// inside lists the boxes of a superbox, its description first.
func (b jumbfBox) inside() []jumbfBox {
	if b.kind != "jumb" {
		return nil
	}
	all, _ := jumbfBoxes(b.body)
	return all
}

// children lists the boxes of a superbox without its description.
func (b jumbfBox) children() []jumbfBox {
	if all := b.inside(); len(all) > 0 {
		return all[1:]
	}
	return nil
}

// label is what a superbox's description calls it; "" where it has no name.
func (b jumbfBox) label() string {
	const labelled = 2 // the bit of the toggles that says so
	all := b.inside()
	if len(all) == 0 || all[0].kind != "jumd" || len(all[0].body) < 18 || all[0].body[16]&labelled == 0 {
		return ""
	}
	name, _, ended := bytes.Cut(all[0].body[17:], []byte{0})
	if !ended {
		return ""
	}
	return string(name)
}
