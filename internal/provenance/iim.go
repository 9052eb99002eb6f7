package provenance

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// iimField is a data set of IIM's record 2, with the most bytes that it may have.
type iimField struct {
	number byte
	most   int
	values []string
}

// iim lists what old readers look for. Of words in several languages there is room for one.
//
// Source: IPTC-NAA Information Interchange Model 4.2, chapter 6.
func (m Metadata) iim() []iimField {
	return []iimField{
		{5, 64, []string{m.Title.In(art.English)}},
		{25, 64, m.Keywords},
		{80, 32, []string{m.Creator}},
		{110, 32, []string{m.Credit}},
		{116, 128, []string{m.Copyright}},
		{120, 2000, []string{m.Description.In(art.English)}},
	}
}

// WithIIM puts the fields that readers before XMP know into a JPEG file, behind its other heads and before it is signed. What is no JPEG
// gives art.ErrInvalid; without anything to say the file stays as it is.
//
// Source: Adobe's Photoshop file formats specification, "Image resource blocks", for the resource 0x0404 in JPEG's APP13.
func WithIIM(jpeg []byte, m Metadata) ([]byte, error) {
	if imaging.Sniff(jpeg) != imaging.JPEG {
		return nil, art.Invalid("metadata", "the file is no JPEG", "other formats carry XMP alone")
	}
	records := m.records()
	if len(records) == 0 {
		return jpeg, nil
	}
	if len(records)%2 == 1 {
		records = append(records, 0)
	}
	body := append([]byte("Photoshop 3.0\x008BIM\x04\x04\x00\x00"), binary.BigEndian.AppendUint32(nil, uint32(len(records)))...)
	body = append(body, records...)
	if len(body)+2 > 0xffff {
		return nil, art.Invalid("metadata", "has more keywords than a JPEG has room for", "use fewer")
	}
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xed}, uint16(len(body)+2)) // checked above
	segment = append(segment, body...)
	at := afterHeads(jpeg)
	return bytes.Join([][]byte{jpeg[:at], segment, jpeg[at:]}, nil), nil
}

// records writes the data sets, with a first one that says that they are UTF-8.
func (m Metadata) records() []byte {
	var b []byte
	for _, f := range m.iim() {
		for _, v := range f.values {
			if v = cut(v, f.most); v != "" {
				b = append(b, 0x1c, 2, f.number)
				b = binary.BigEndian.AppendUint16(b, uint16(len(v))) // at most 2000
				b = append(b, v...)
			}
		}
	}
	if len(b) == 0 {
		return nil
	}
	return append([]byte{0x1c, 1, 90, 0, 3, 0x1b, '%', 'G', 0x1c, 2, 0, 0, 2, 0, 4}, b...)
}

// cut shortens text to so many bytes of whole letters.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// afterHeads is where a JPEG's first APP0 and APP1 segments end: readers expect those first.
func afterHeads(jpeg []byte) int {
	at := 2
	for at+4 <= len(jpeg) && jpeg[at] == 0xff && (jpeg[at+1] == 0xe0 || jpeg[at+1] == 0xe1) {
		next := at + 2 + int(binary.BigEndian.Uint16(jpeg[at+2:]))
		if next > len(jpeg) {
			break
		}
		at = next
	}
	return at
}
