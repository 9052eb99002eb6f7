package imaging

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"presswerk/internal/art"
)

// Text is a text that a file carries beside its pixels. Keys are PNG's keywords as they stand, "exif:" with the name of the
// tag, or "comment" for JPEG's.
type Text struct{ Key, Value string }

// What texts of one file may come to, unpacked.
const (
	maxTextBytes = 16 << 20 // each
	maxTextsSum  = 32 << 20
	maxTexts     = 1000
)

// Texts takes the texts out of a file: PNG's text chunks, compressed or not and wherever they stand, EXIF's descriptive
// tags, JPEG's comments. XMP is not among them (see Info). A file that breaks off, or texts over the limits (16 MiB each
// when unpacked), give art.ErrInvalid together with what was found before.
//
// libvips hands out PNG's texts, too, but does not say in which encoding, and EXIF's only cut to a thousand letters;
// that is why the bytes are read here.
func Texts(data []byte, l Limits) ([]Text, error) {
	l = l.orDefaults()
	if len(data) > l.MaxBytes {
		return nil, fmt.Errorf("imaging: a file of %d bytes is over the limit of %d: %w", len(data), l.MaxBytes, art.ErrInvalid)
	}
	if Sniff(data) == PNG {
		t := &texts{}
		err := t.png(data)
		return t.all, err
	}
	ref, format, err := open(data, l)
	if err != nil {
		return nil, err
	}
	defer ref.Close()
	t := &texts{}
	if format == JPEG {
		err = t.jpeg(data)
	}
	return t.all, errors.Join(t.exif(ref.GetBlob("exif-data")), err)
}

// texts gathers within the limits.
type texts struct {
	all []Text
	sum int
}

func (t *texts) add(key, value string) error {
	value = strings.Trim(value, "\x00")
	if value == "" {
		return nil
	}
	t.sum += len(value)
	if len(value) > maxTextBytes || t.sum > maxTextsSum || len(t.all) >= maxTexts {
		return fmt.Errorf("imaging: the text %q is over the limit of %d bytes: %w", clip(key), maxTextBytes, art.ErrInvalid)
	}
	t.all = append(t.all, Text{key, value})
	return nil
}

// clip shortens a stranger's word for a message.
func clip(s string) string {
	if len(s) > 79 {
		return strings.ToValidUTF8(s[:79], "") + "…"
	}
	return s
}

// pngSignature begins every PNG file.
const pngSignature = 8

// png walks the chunks. Their checksums are not looked at: a text with a wrong bit says more than none.
func (t *texts) png(data []byte) error {
	broken := fmt.Errorf("imaging: the PNG file breaks off; fetch it again: %w", art.ErrInvalid)
	for at := pngSignature; ; {
		if len(data)-at < 12 {
			return broken
		}
		length, kind := binary.BigEndian.Uint32(data[at:]), string(data[at+4:at+8])
		if uint64(length) > uint64(len(data)-at-12) {
			return broken
		}
		body := data[at+8 : at+8+int(length)]
		if err := t.pngChunk(kind, body); err != nil {
			return err
		}
		if kind == "IEND" {
			return nil
		}
		at += 12 + int(length)
	}
}

func (t *texts) pngChunk(kind string, body []byte) error {
	switch kind {
	case "tEXt", "zTXt", "iTXt":
	case "eXIf":
		return t.exif(body)
	default:
		return nil
	}
	key, rest, ok := bytes.Cut(body, []byte{0})
	if !ok || string(key) == "XML:com.adobe.xmp" {
		return nil
	}
	packed := kind == "zTXt"
	if packed && len(rest) > 0 {
		rest = rest[1:] // the one method of packing
	}
	if kind == "iTXt" {
		if len(rest) < 2 {
			return nil
		}
		packed = rest[0] == 1
		_, rest, _ = bytes.Cut(rest[2:], []byte{0}) // language
		_, rest, _ = bytes.Cut(rest, []byte{0})     // keyword in it
	}
	if packed {
		var err error
		if rest, err = inflate(rest); err != nil {
			return fmt.Errorf("imaging: the PNG text %q: %w", clip(latin1(key)), err)
		}
	}
	return t.add(latin1(key), latin1(rest))
}

// inflate unpacks no more than a text may have.
func inflate(packed []byte) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("it is not packed as it says (%w): %w", err, art.ErrInvalid)
	}
	defer z.Close()
	text, err := io.ReadAll(io.LimitReader(z, maxTextBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("it breaks off (%w): %w", err, art.ErrInvalid)
	case len(text) > maxTextBytes:
		return nil, fmt.Errorf("it unpacks to more than %d bytes: %w", maxTextBytes, art.ErrInvalid)
	default:
		return text, nil
	}
}

// latin1 reads bytes as UTF-8 where they are, because many write that, and as Latin-1 otherwise, which PNG's specification
// wants.
func latin1(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// jpeg walks the segments before the pixels for comments.
func (t *texts) jpeg(data []byte) error {
	const comment, scan = 0xFE, 0xDA
	for at := 2; at+4 <= len(data) && data[at] == 0xFF; {
		marker := data[at+1]
		if marker == 0xFF { // filling
			at++
			continue
		}
		length := int(binary.BigEndian.Uint16(data[at+2:]))
		if marker == scan || length < 2 {
			return nil
		}
		if at+2+length > len(data) {
			return fmt.Errorf("imaging: the JPEG file breaks off; fetch it again: %w", art.ErrInvalid)
		}
		if marker == comment {
			if err := t.add("comment", latin1(data[at+4:at+2+length])); err != nil {
				return err
			}
		}
		at += 2 + length
	}
	return nil
}
