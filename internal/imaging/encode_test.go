package imaging

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"presswerk/internal/art"
)

// Pixels go to libvips as a TIFF that is written here: whatever the size, they arrive as they are.
func TestPixelsAreHandedOverAsTheyAre(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w, h := rapid.IntRange(1, 300).Draw(rt, "width"), rapid.IntRange(1, 200).Draw(rt, "height")
		seed := rapid.Byte().Draw(rt, "seed")
		p := &RGB{Width: w, Height: h, Pix: make([]byte, 3*w*h)}
		for i := range p.Pix {
			p.Pix[i] = byte(i*i) ^ seed
		}
		ref, err := toVips(p)
		if err != nil {
			rt.Fatal(err)
		}
		defer ref.Close()
		back, err := fromVips(ref)
		if err != nil || !bytes.Equal(back.Pix, p.Pix) {
			rt.Fatalf("%d×%d came back otherwise: %v", w, h, err)
		}
	})
}

// What is told to libvips in words must mean what it says: a packet of any bytes comes back from every format, and sizes down to a
// pixel are written.
func TestEveryFormatTakesEverySizeAndAPacket(t *testing.T) {
	packet := []byte("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"/>")
	for _, size := range [][2]int{{1, 1}, {1, 70}, {33, 2}, {257, 130}} {
		for _, format := range []Format{PNG, JPEG, WebP, AVIF, TIFF, JXL} {
			data, err := Encode(scene(t, size[0], size[1]), Encoding{Format: format, Quality: 80, Effort: 2, XMP: packet})
			if err != nil {
				t.Fatalf("%s of %v: %v", format, size, err)
			}
			info, err := Probe(data, Limits{})
			if err != nil || info.Width != size[0] || info.Height != size[1] || !bytes.Contains(info.XMP, packet) {
				t.Errorf("%s of %v came back as %+v, %v", format, size, info, err)
			}
		}
	}
}

// Half the colour resolution turns a thin red line on blue into mud: AVIF keeps all of it.
func TestAVIFKeepsColourEdges(t *testing.T) {
	p := &RGB{Width: 64, Height: 64, Pix: make([]byte, 3*64*64)}
	for i := range 64 * 64 {
		copy(p.Pix[3*i:], []byte{20, 40, 200})
		if i%64 == 31 {
			copy(p.Pix[3*i:], []byte{230, 20, 20})
		}
	}
	data, err := Encode(p, Encoding{Format: AVIF, Quality: 80, Effort: 3})
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(t.Context(), data, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if at := back.Pix[3*(64*32+31):]; at[0] < 200 || at[2] > 60 {
		t.Errorf("the red line is %v", at[:3])
	}
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
