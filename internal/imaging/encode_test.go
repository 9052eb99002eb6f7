package imaging

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"presswerk/internal/art"
)

// Pixels and profile go to libvips as a TIFF that is written here: whatever the size, they arrive as they are.
func TestPixelsAreHandedOverAsTheyAre(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w, h := rapid.IntRange(1, 300).Draw(rt, "width"), rapid.IntRange(1, 200).Draw(rt, "height")
		seed := rapid.Byte().Draw(rt, "seed")
		p := &RGB{Width: w, Height: h, Pix: make([]byte, 3*w*h)}
		for i := range p.Pix {
			p.Pix[i] = byte(i*i) ^ seed
		}
		packet := rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(rt, "packet")
		ref, err := toVips(p, []byte("odd"), packet)
		if err != nil {
			rt.Fatal(err)
		}
		defer ref.Close()
		back, err := fromVips(ref)
		if err != nil || !bytes.Equal(back.Pix, p.Pix) || !bytes.Equal(ref.GetICCProfile(), []byte("odd")) {
			rt.Fatalf("%d×%d came back otherwise: %v", w, h, err)
		}
	})
}

func TestLosslessFilesKeepEveryPixel(t *testing.T) {
	p := scene(t, 150, 90)
	for _, e := range []Encoding{{Format: PNG}, {Format: TIFF}, {Format: WebP, Lossless: true, Effort: 2}, {Format: JXL, Lossless: true, Effort: 3}} {
		data, err := Encode(p, e)
		if err != nil {
			t.Fatalf("%s: %v", e.Format, err)
		}
		back, err := Decode(t.Context(), data, Limits{})
		if err != nil || !bytes.Equal(back.Pix, p.Pix) {
			t.Errorf("%s changed pixels: %.1f dB, %v", e.Format, psnr(p, back), err)
		}
	}
}

// WebP means sRGB where it has no profile.
func TestEveryOtherFileCarriesTheProfile(t *testing.T) {
	p := scene(t, 32, 32)
	for _, format := range []Format{PNG, JPEG, AVIF, TIFF, JXL} {
		data, err := Encode(p, Encoding{Format: format, Quality: 80, Effort: 2})
		if err != nil {
			t.Fatal(err)
		}
		ref, _, err := open(data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if profile := ref.GetICCProfile(); len(profile) < 100 {
			t.Errorf("%s has a profile of %d bytes", format, len(profile))
		}
		ref.Close()
	}
}

func TestLessColourResolutionAndAPaletteSaveBytes(t *testing.T) {
	p := scene(t, 200, 120)
	for i := range p.Pix { // as many colours as a palette has room for
		p.Pix[i] &= 0xc0
	}
	for name, pair := range map[string][2]Encoding{
		"4:2:0":   {{Format: JPEG, Quality: 85}, {Format: JPEG, Quality: 85, Subsample: true}},
		"palette": {{Format: PNG}, {Format: PNG, Palette: true, Quality: 90}},
	} {
		whole, err := Encode(p, pair[0])
		if err != nil {
			t.Fatal(err)
		}
		less, err := Encode(p, pair[1])
		if err != nil || len(less) >= len(whole) {
			t.Errorf("%s: %d bytes after %d, %v", name, len(less), len(whole), err)
		}
	}
}

func TestNobodyWritesGIF(t *testing.T) {
	if _, err := Encode(scene(t, 8, 8), Encoding{Format: GIF}); !errors.Is(err, ErrFormat) || !errors.Is(err, art.ErrUnsupported) {
		t.Error(err)
	}
	if err := missing(JXL); !errors.Is(err, art.ErrUnavailable) {
		t.Error(err)
	}
}

func FuzzPacketOfJXL(f *testing.F) {
	f.Add(wrapJXL([]byte("\xff\x0a"), []byte("packet")))
	f.Add([]byte("\x00\x00\x00\x01xml \xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte("\x00\x00\x00\x00jxlc"))
	f.Fuzz(func(t *testing.T, data []byte) {
		packet := packetOfJXL(data)
		if len(packet) > len(data) {
			t.Error("there is more packet than file")
		}
		whole := slices.Concat(isoBox("free", data), isoBox("xml ", []byte("mine")))
		if got := packetOfJXL(whole); string(got) != "mine" {
			t.Errorf("the box behind another is %q", got)
		}
	})
}
