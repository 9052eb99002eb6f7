package imaging

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

// EXIF tags with texts for people.
const (
	tagDescription = 0x010e
	tagMake        = 0x010f
	tagModel       = 0x0110
	tagSoftware    = 0x0131
	tagArtist      = 0x013b
	tagSubFolder   = 0x8769
	tagUserComment = 0x9286
	tagXPTitle     = 0x9c9b
	tagXPComment   = 0x9c9c
	tagXPSubject   = 0x9c9f
)

// exifName is a tag's name, "" for one that is no text.
func exifName(tag uint16) string {
	return map[uint16]string{
		tagDescription: "exif:ImageDescription", tagMake: "exif:Make", tagModel: "exif:Model", tagSoftware: "exif:Software", tagArtist: "exif:Artist",
		tagUserComment: "exif:UserComment", tagXPTitle: "exif:XPTitle", tagXPComment: "exif:XPComment", tagXPSubject: "exif:XPSubject",
	}[tag]
}

// maxTags bounds the entries of one EXIF folder.
const maxTags = 500

// exif reads the texts of an EXIF block, with "Exif\0\0" before it or without. What is no EXIF, or points outside, is
// skipped: cameras and editors write much that is not right.
//
// Source: CIPA DC-008 (Exif 2.32), section 4.6.
func (t *texts) exif(block []byte) error {
	block = bytes.TrimPrefix(block, []byte("Exif\x00\x00"))
	if len(block) < 8 {
		return nil
	}
	var order binary.ByteOrder
	switch string(block[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return nil
	}
	e := exifBlock{block, order, t}
	sub, err := e.folder(order.Uint32(block[4:]))
	if err == nil && sub != 0 {
		_, err = e.folder(sub)
	}
	return err
}

type exifBlock struct {
	data  []byte
	order binary.ByteOrder
	texts *texts
}

// folder reads one folder and says where its sub-folder is, 0 when there is none.
func (e exifBlock) folder(at uint32) (sub uint32, err error) {
	if uint64(at)+2 > uint64(len(e.data)) {
		return 0, nil
	}
	count := min(int(e.order.Uint16(e.data[at:])), maxTags)
	for entry := e.data[at+2:]; count > 0 && len(entry) >= 12; count, entry = count-1, entry[12:] {
		tag := e.order.Uint16(entry)
		if tag == tagSubFolder {
			sub = e.order.Uint32(entry[8:])
			continue
		}
		name := exifName(tag)
		value, ok := e.value(entry)
		if name == "" || !ok {
			continue
		}
		if err := e.texts.add(name, e.text(tag, value)); err != nil {
			return 0, err
		}
	}
	return sub, nil
}

// value gives the bytes of an entry of single bytes: BYTE, ASCII or UNDEFINED.
func (e exifBlock) value(entry []byte) ([]byte, bool) {
	kind, count := e.order.Uint16(entry[2:]), uint64(e.order.Uint32(entry[4:]))
	if kind != 1 && kind != 2 && kind != 7 {
		return nil, false
	}
	if count <= 4 {
		return entry[8 : 8+count], true
	}
	from := uint64(e.order.Uint32(entry[8:]))
	if from+count > uint64(len(e.data)) {
		return nil, false
	}
	return e.data[from : from+count], true
}

// text reads a value. A user comment says its encoding in its first eight bytes.
func (e exifBlock) text(tag uint16, value []byte) string {
	switch {
	case tag == tagXPTitle || tag == tagXPComment || tag == tagXPSubject:
		return utf16Text(value, binary.LittleEndian)
	case tag != tagUserComment || len(value) < 8:
		return latin1(value)
	case string(value[:8]) == "UNICODE\x00":
		return utf16Text(value[8:], e.order)
	case string(value[:8]) == "ASCII\x00\x00\x00" || string(value[:8]) == "\x00\x00\x00\x00\x00\x00\x00\x00":
		return latin1(value[8:])
	default:
		return latin1(value)
	}
}

// utf16Text reads UTF-16. Which byte comes first, the specification leaves to the block, but libraries differ: a byte order
// mark counts, then where the zeros of Latin letters stand, then the block.
func utf16Text(b []byte, order binary.ByteOrder) string {
	even, odd := 0, 0
	for i, c := range b {
		switch {
		case c == 0 && i%2 == 0:
			even++
		case c == 0:
			odd++
		}
	}
	switch {
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		order, b = binary.BigEndian, b[2:]
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		order, b = binary.LittleEndian, b[2:]
	case even > odd:
		order = binary.BigEndian
	case odd > even:
		order = binary.LittleEndian
	}
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	return string(utf16.Decode(units))
}
