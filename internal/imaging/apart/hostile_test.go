package apart_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/imaging/apart"
)

// What a child of the tests is told to be.
const (
	dies  = "dies"
	hangs = "hangs"
	lies  = "lies"
)

func TestMain(m *testing.M) {
	switch os.Args[len(os.Args)-1] {
	case apart.Word:
		if err := apart.Serve(os.Stdin, os.Stdout); err != nil {
			os.Exit(3)
		}
		os.Exit(0)
	case dies:
		os.Exit(11)
	case hangs:
		time.Sleep(time.Minute)
	case lies:
		_, _ = os.Stdout.WriteString(`{"Width":2000000000,"Height":2000000000}` + "\n")
		os.Exit(0)
	}
	stop := imaging.Start(imaging.Options{Threads: 2})
	code := m.Run()
	stop()
	os.Exit(code)
}

func decoder(t testing.TB, word string) apart.Decoder {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return apart.Decoder{Program: program, Args: []string{"presswerk", word}}
}

func drawn(w, h int) *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			p.Set(x, y, color.NRGBA{uint8(255 * x / w), uint8(255 * y / h), 90, 255})
		}
	}
	return p
}

func encoded(t testing.TB, p image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func jpegOf(t testing.TB, p image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, p, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// chunk is one of a PNG, with its checksum.
func chunk(kind string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(append(out, kind...), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// bomb is a PNG whose header promises more pixels than anybody has room for.
func bomb(t testing.TB, side uint32) []byte {
	t.Helper()
	small := encoded(t, drawn(2, 2))
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, side), side)
	return slices.Concat(small[:8], chunk("IHDR", append(head, 8, 2, 0, 0, 0)), small[33:])
}

// segment is one of a JPEG, put behind its first two bytes.
func segment(file []byte, marker byte, body string) []byte {
	head := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2))
	return slices.Concat(file[:2], head, []byte(body), file[2:])
}

// turned says in EXIF that the picture lies on its side.
const turned = "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"

func animated(t testing.TB) []byte {
	t.Helper()
	g := gif.GIF{}
	for range 3 {
		g.Image = append(g.Image, image.NewPaletted(image.Rect(0, 0, 20, 10), color.Palette{color.Black, color.White}))
		g.Delay = append(g.Delay, 5)
	}
	var out bytes.Buffer
	if err := gif.EncodeAll(&out, &g); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWhateverAStrangerSendsIsReadOrRefused(t *testing.T) {
	plain, photo := encoded(t, drawn(40, 20)), jpegOf(t, drawn(40, 20))
	clear := drawn(40, 20)
	clear.SetNRGBA(3, 3, color.NRGBA{255, 0, 0, 10})
	deep := image.NewNRGBA64(image.Rect(0, 0, 40, 20))
	cmyk, err := os.ReadFile("testdata/cmyk_adobe.jpg")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file []byte
		size [2]int // 0×0: refused
	}{
		"a PNG":                         {plain, [2]int{40, 20}},
		"a picture with a clear part":   {encoded(t, clear), [2]int{40, 20}},
		"16 bits":                       {encoded(t, deep), [2]int{40, 20}},
		"a picture on its side":         {segment(photo, 0xe1, turned), [2]int{20, 40}},
		"an animation, its first frame": {animated(t), [2]int{20, 10}},
		"CMYK with Adobe's marker":      {cmyk, [2]int{24, 16}},
		"CMYK and a broken profile":     {segment(cmyk, 0xe2, "ICC_PROFILE\x00\x01\x01not a profile"), [2]int{24, 16}},
		"markers that mean nothing":     {segment(segment(photo, 0xef, "?"), 0xee, "Adobe\x00\x64"), [2]int{40, 20}},
		"a program behind a picture":    {slices.Concat(plain, []byte("PK\x03\x04<script>alert(1)</script>#!/bin/sh\n")), [2]int{40, 20}},
		"a page in a comment":           {segment(photo, 0xfe, "<?php system('id') ?><svg onload=alert(1)>"), [2]int{40, 20}},
		"a program before a picture":    {slices.Concat([]byte("#!/bin/sh\n"), plain), [2]int{}},
		"SVG":                           {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>`), [2]int{}},
		"PDF":                           {[]byte("%PDF-1.7\n1 0 obj<<>>endobj trailer<<>>"), [2]int{}},
		"50,000² pixels":                {bomb(t, 50_000), [2]int{}},
		"half of the largest number":    {bomb(t, 1<<31-1), [2]int{}},
		"a large header, no pixels":     {bomb(t, 8_000), [2]int{}},
		"half a PNG's header":           {plain[:20], [2]int{}},
		"a JPEG's first bytes":          {photo[:30], [2]int{}},
		"nothing":                       {nil, [2]int{}},
		"WebP's name and nothing":       {[]byte("RIFF\x00\x00\x00\x00WEBPVP8 "), [2]int{}},
		"AVIF's name and nothing":       {[]byte("\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf\xff\xff\xff\xffmeta"), [2]int{}},
		"JPEG XL's name and nothing":    {[]byte("\xff\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), [2]int{}},
		"a TIFF that points at itself":  {[]byte("II*\x00\x08\x00\x00\x00\x01\x00\x00\x01\x04\x00\x01\x00\x00\x00\x08\x00\x00\x00\x08\x00\x00\x00"), [2]int{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, info, err := decoder(t, apart.Word).Read(t.Context(), c.file, imaging.Limits{})
			switch {
			case c.size == [2]int{} && !errors.Is(err, art.ErrInvalid):
				t.Errorf("it was not refused: %+v, %v", info, err)
			case c.size != [2]int{} && (err != nil || p.Width != c.size[0] || p.Height != c.size[1]):
				t.Errorf("%+v, %v", info, err)
			}
		})
	}
}

func TestItIsTheSamePictureAsHere(t *testing.T) {
	file := jpegOf(t, drawn(70, 50))
	want, header, err := imaging.Here(t.Context(), file, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got, info, err := decoder(t, apart.Word).Read(t.Context(), file, imaging.Limits{})
	if err != nil || !bytes.Equal(got.Pix, want.Pix) || info.Format != header.Format || info.Width != header.Width {
		t.Errorf("%+v and %+v, %v", info, header, err)
	}
	if info, err = decoder(t, apart.Word).Probe(t.Context(), file, imaging.Limits{}); err != nil || info.Height != 50 {
		t.Errorf("%+v, %v", info, err)
	}
}

// A PNG that is cut off has a header that tells what it would be.
func TestADamagedFileKeepsItsHeader(t *testing.T) {
	file := encoded(t, drawn(300, 200))
	_, info, err := decoder(t, apart.Word).Read(t.Context(), file[:60], imaging.Limits{})
	if !errors.Is(err, art.ErrInvalid) || info.Width != 300 || info.Format != imaging.PNG {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestTooLittleMemoryIsNoCrash(t *testing.T) {
	file := encoded(t, image.NewNRGBA(image.Rect(0, 0, 7000, 7000))) // 147 MB of pixels in 200 kB
	d := decoder(t, apart.Word)
	d.Memory = 64 << 20
	if _, _, err := d.Read(t.Context(), file, imaging.Limits{}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("64 MiB were enough: %v", err)
	}
}

func TestAChildThatFailsIsTheFilesFault(t *testing.T) {
	file := encoded(t, drawn(4, 4))
	for _, word := range []string{dies, lies} {
		if _, _, err := decoder(t, word).Read(t.Context(), file, imaging.Limits{}); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s: %v", word, err)
		}
	}
	d := decoder(t, hangs)
	d.Time = 200 * time.Millisecond
	if _, _, err := d.Read(t.Context(), file, imaging.Limits{}); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "longer") {
		t.Errorf("hangs: %v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, _, err := d.Read(stopped, file, imaging.Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	if _, _, err := (apart.Decoder{Program: "/nowhere"}).Read(t.Context(), file, imaging.Limits{}); !errors.Is(err, art.ErrUnavailable) {
		t.Errorf("no program: %v", err)
	}
}
