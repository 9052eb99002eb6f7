package imaging

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
)

// chunk makes a PNG chunk.
func chunk(kind string, body ...string) string {
	data := kind + strings.Join(body, "")
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)-4))
	return string(binary.BigEndian.AppendUint32(append(b, data...), crc32.ChecksumIEEE([]byte(data))))
}

func packed(text string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.String()
}

// dot is a PNG of one pixel, cut before its last chunk.
func dot(t testing.TB) (head, end string) {
	t.Helper()
	p, err := NewRGB(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	data, err := encodePNG(p, 0)
	if err != nil {
		t.Fatal(err)
	}
	return string(data[:len(data)-12]), string(data[len(data)-12:])
}

// TestTextsOfPNG: all three kinds of chunks, also behind the pixels, Latin-1 or UTF-8.
func TestTextsOfPNG(t *testing.T) {
	head, end := dot(t)
	file := head[:33] + chunk("tEXt", "parameters\x00a h\xfct") + head[33:] +
		chunk("zTXt", "long\x00\x00", packed("again ")) + chunk("iTXt", "prompt\x00\x00\x00de\x00Aufforderung\x00", "a hütte") +
		chunk("iTXt", "packed\x00\x01\x00\x00\x00", packed("small")) + chunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00<x/>") +
		chunk("tEXt", "utf8\x00日") + chunk("eXIf", exifWith(binary.LittleEndian, "ASCII\x00\x00\x00by exif")) + end
	got, err := Texts([]byte(file), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Text{{"parameters", "a hüt"}, {"long", "again "}, {"prompt", "a hütte"}, {"packed", "small"}, {"utf8", "日"}, {"exif:UserComment", "by exif"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// exifWith is an EXIF block whose sub-folder has a user comment of more than four bytes.
func exifWith(order binary.ByteOrder, comment string) string {
	b := []byte("II*\x00")
	if order == binary.ByteOrder(binary.BigEndian) {
		b = []byte("MM\x00*")
	}
	put16 := func(v uint16) { b = append(b, 0, 0); order.PutUint16(b[len(b)-2:], v) }
	put32 := func(v uint32) { b = append(b, 0, 0, 0, 0); order.PutUint32(b[len(b)-4:], v) }
	put32(8)
	put16(1) // one entry: the sub-folder
	put16(tagSubFolder)
	put16(4)
	put32(1)
	put32(26)
	put32(0)
	put16(1)
	put16(tagUserComment)
	put16(7)
	put32(uint32(len(comment)))
	put32(44)
	put32(0)
	return string(b) + comment
}

func utf16of(order binary.ByteOrder, text string) string {
	var b []byte
	for _, r := range text {
		b = append(b, 0, 0)
		order.PutUint16(b[len(b)-2:], uint16(r))
	}
	return string(b)
}

// TestUserComments: libraries disagree about the order of UTF-16's bytes, whatever the block's own is.
func TestUserComments(t *testing.T) {
	big, little := binary.ByteOrder(binary.BigEndian), binary.ByteOrder(binary.LittleEndian)
	for name, block := range map[string]string{
		"big in big":       exifWith(big, "UNICODE\x00"+utf16of(big, "a hüt")),
		"little in big":    exifWith(big, "UNICODE\x00"+utf16of(little, "a hüt")),
		"big in little":    exifWith(little, "UNICODE\x00"+utf16of(big, "a hüt")),
		"little in little": exifWith(little, "UNICODE\x00"+utf16of(little, "a hüt")),
		"mark":             exifWith(big, "UNICODE\x00\xff\xfe"+utf16of(little, "a hüt")),
		"UTF-8 as ASCII":   exifWith(big, "ASCII\x00\x00\x00a hüt"),
		"undefined":        exifWith(little, "\x00\x00\x00\x00\x00\x00\x00\x00a hüt\x00\x00"),
		"with its prefix":  "Exif\x00\x00" + exifWith(big, "ASCII\x00\x00\x00a hüt"),
	} {
		texts := &texts{}
		if err := texts.exif([]byte(block)); err != nil || !slices.Equal(texts.all, []Text{{"exif:UserComment", "a hüt"}}) {
			t.Errorf("%s: %q, %v", name, texts.all, err)
		}
	}
}

// TestTextsOfPillow: files that Pillow 13 wrote with a user comment as A1111 (UTF-16, big first) and SwarmUI (little first)
// write it, and ComfyUI's Make and Model; made by testdata/texts.py.
func TestTextsOfPillow(t *testing.T) {
	for file, want := range map[string][]Text{
		"texts.jpg":  {{"comment", "a comment"}, {"exif:UserComment", "a hut, snö\nSteps: 20"}},
		"texts.webp": {{"exif:UserComment", "a hut, snö\nSteps: 20"}},
		"comfy.webp": {{"exif:Make", "workflow:{}"}, {"exif:Model", `prompt:{"1": {}}`}},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Texts(data, Limits{})
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%s: %v (-want +got):\n%s", file, err, d)
		}
	}
}

// TestHostileTexts: what is too long, packed wrongly or cut off is refused, and what stood before is given all the same.
func TestHostileTexts(t *testing.T) {
	head, end := dot(t)
	first := chunk("tEXt", "a\x00b")
	for name, tail := range map[string]string{
		"a bomb":          chunk("zTXt", "big\x00\x00", packed(strings.Repeat("a", maxTextBytes+1))) + end,
		"not packed":      chunk("zTXt", "big\x00\x00hello") + end,
		"packed, cut":     chunk("zTXt", "big\x00\x00", packed("hello")[:6]) + end,
		"no end":          "",
		"half a chunk":    chunk("tEXt", "c\x00d")[:11],
		"a huge length":   "\xff\xff\xff\xfftEXtc\x00d" + end,
		"too many of all": strings.Repeat(chunk("tEXt", "a\x00b"), maxTexts) + end,
	} {
		got, err := Texts([]byte(head+first+tail), Limits{})
		if !errors.Is(err, art.ErrInvalid) || len(got) == 0 || got[0] != (Text{"a", "b"}) {
			t.Errorf("%s: %d texts, %v", name, len(got), err)
		}
	}
	if _, err := Texts([]byte("hello"), Limits{}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("no picture: %v", err)
	}
	if _, err := Texts([]byte(head+end), Limits{MaxBytes: 10}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("over the limit: %v", err)
	}
}

// FuzzTexts: chunks, segments and EXIF blocks of strangers.
func FuzzTexts(f *testing.F) {
	head, end := dot(f)
	f.Add([]byte(head + chunk("iTXt", "a\x00\x01\x00\x00\x00", packed("b")) + end))
	f.Add([]byte("\xff\xd8\xff\xfe\x00\x05abc\xff\xda"))
	f.Add([]byte(exifWith(binary.BigEndian, "UNICODE\x00\x00a")))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_ = (&texts{}).png(append([]byte("\x89PNG\r\n\x1a\n"), data...))
		_ = (&texts{}).jpeg(data)
		_ = (&texts{}).exif(data)
	})
}
