package imaging

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"testing"

	"pgregory.net/rapid"

	"presswerk/internal/art"
)

func TestMain(m *testing.M) {
	stop := Start(Options{Threads: 2})
	code := m.Run()
	stop()
	os.Exit(code)
}

// scene is a picture with an edge, a gradient and a flat part.
func scene(t testing.TB, w, h int) *RGB {
	t.Helper()
	p, err := NewRGB(w, h)
	if err != nil {
		t.Fatal(err)
	}
	for y := range h {
		for x := range w {
			switch {
			case x < w/3:
				p.Set(x, y, 255, 208, 178)
			case (x-w/2)*(x-w/2)+(y-h/2)*(y-h/2) < w*w/16:
				p.Set(x, y, 200, 30, 40)
			default:
				p.Set(x, y, uint8(255*x/w), uint8(255*y/h), 120)
			}
		}
	}
	return p
}

func psnr(a, b *RGB) float64 {
	sum := 0.0
	for i := range a.Pix {
		d := float64(a.Pix[i]) - float64(b.Pix[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a.Pix))/max(sum, 1e-9))
}

func TestEveryFormatComesBackAsItWentIn(t *testing.T) {
	p, ctx := scene(t, 200, 120), context.Background()
	packet := []byte(`<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"/><?xpacket end="w"?>`)
	for _, c := range []struct {
		format Format
		floor  float64 // dB, what quality 85 must at least keep of this scene
	}{{PNG, 99}, {JPEG, 30}, {WebP, 30}, {AVIF, 30}, {TIFF, 99}, {JXL, 30}} {
		data, err := Encode(p, Encoding{Format: c.format, Quality: 85, Effort: 2, XMP: packet})
		if err != nil {
			t.Fatalf("%s: %v", c.format, err)
		}
		info, err := Probe(data, Limits{})
		if err != nil || info.Format != c.format || info.Width != 200 || info.Height != 120 {
			t.Errorf("%s: probe says %+v, %v", c.format, info, err)
		}
		if !bytes.Contains(info.XMP, []byte("xmpmeta")) {
			t.Errorf("%s: the XMP packet is lost", c.format)
		}
		back, err := Decode(ctx, data, Limits{})
		if err != nil {
			t.Fatalf("%s: %v", c.format, err)
		}
		if got := psnr(p, back); got < c.floor {
			t.Errorf("%s: %.1f dB, want at least %.0f", c.format, got, c.floor)
		}
	}
}

func TestWhatIsNoPictureIsRefusedBeforeDecoding(t *testing.T) {
	ctx := context.Background()
	whole, err := Encode(scene(t, 64, 64), Encoding{Format: PNG})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data   []byte
		limits Limits
	}{
		"nothing":         {nil, Limits{}},
		"a letter":        {[]byte("Dear aunt, this is no picture at all."), Limits{}},
		"cut off":         {whole[:len(whole)/2], Limits{}},
		"only a header":   {whole[:40], Limits{}},
		"too many pixels": {whole, Limits{MaxPixels: 100}},
		"too many bytes":  {whole, Limits{MaxBytes: 10}},
	} {
		if p, err := Decode(ctx, c.data, c.limits); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s: got %v, %v; want ErrInvalid", name, p, err)
		}
	}
	if _, err := Encode(scene(t, 8, 8), Encoding{Format: "bmp"}); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("bmp: %v", err)
	}
}

func TestResizeKeepsFlatColourAndLinearBrightness(t *testing.T) {
	flat, err := NewRGB(100, 80)
	if err != nil {
		t.Fatal(err)
	}
	board, err := NewRGB(256, 256)
	if err != nil {
		t.Fatal(err)
	}
	for i := range flat.Pix {
		flat.Pix[i] = []uint8{255, 208, 178}[i%3]
	}
	for y := range 256 {
		for x := range 256 {
			v := uint8(255 * ((x + y) % 2))
			board.Set(x, y, v, v, v)
		}
	}
	small, err := Resize(flat, 37, 21)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range small.Pix {
		if want := int([]uint8{255, 208, 178}[i%3]); int(v) < want-1 || int(v) > want+1 {
			t.Fatalf("flat colour became %d, want %d", v, want)
		}
	}
	grey, err := Resize(board, 16, 16)
	if err != nil {
		t.Fatal(err)
	}
	// Half of the light of white is sRGB 188, not 128.
	if r, _, _ := grey.At(8, 8); r < 184 || r > 192 {
		t.Errorf("a checkerboard became %d, want about 188", r)
	}
}

func TestCropsStayInside(t *testing.T) {
	p := scene(t, 90, 60)
	rapid.Check(t, func(t *rapid.T) {
		aspect := rapid.Float64Range(0.05, 20).Draw(t, "aspect")
		c, err := CoverCrop(p, aspect)
		if err != nil {
			t.Fatal(err)
		}
		if c.Width > 90 || c.Height > 60 || (c.Width != 90 && c.Height != 60) {
			t.Fatalf("%d×%d is not the largest crop", c.Width, c.Height)
		}
	})
	for _, aspect := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := CoverCrop(p, aspect); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("aspect %v: %v", aspect, err)
		}
	}
	if _, err := Crop(p, 80, 0, 20, 10); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("a crop over the edge: %v", err)
	}
}

// Pairs of Sharma, Wu, Dalal 2005, table 1: L a b, L a b, ΔE00.
func TestDeltaEIsThatOfSharma(t *testing.T) {
	for _, c := range [][7]float64{
		{50, 2.6772, -79.7751, 50, 0, -82.7485, 2.0425},
		{50, 3.1571, -77.2803, 50, 0, -82.7485, 2.8615},
		{50, 2.8361, -74.0200, 50, 0, -82.7485, 3.4412},
		{50, -1.3802, -84.2814, 50, 0, -82.7485, 1.0000},
		{50, -1.1848, -84.8006, 50, 0, -82.7485, 1.0000},
		{50, -0.9009, -85.5211, 50, 0, -82.7485, 1.0000},
		{50, 0, 0, 50, -1, 2, 2.3669},
		{50, -1, 2, 50, 0, 0, 2.3669},
		{50, 2.4900, -0.0010, 50, -2.4900, 0.0009, 7.1792},
		{50, 2.4900, -0.0010, 50, -2.4900, 0.0010, 7.1792},
		{50, 2.4900, -0.0010, 50, -2.4900, 0.0011, 7.2195},
		{50, 2.4900, -0.0010, 50, -2.4900, 0.0012, 7.2195},
		{50, -0.0010, 2.4900, 50, 0.0009, -2.4900, 4.8045},
		{50, -0.0010, 2.4900, 50, 0.0010, -2.4900, 4.8045},
		{50, -0.0010, 2.4900, 50, 0.0011, -2.4900, 4.7461},
		{50, 2.5, 0, 50, 0, -2.5, 4.3065},
		{50, 2.5, 0, 73, 25, -18, 27.1492},
		{50, 2.5, 0, 61, -5, 29, 22.8977},
		{50, 2.5, 0, 56, -27, -3, 31.9030},
		{50, 2.5, 0, 58, 24, 15, 19.4535},
		{50, 2.5, 0, 50, 3.1736, 0.5854, 1.0000},
		{50, 2.5, 0, 50, 3.2972, 0, 1.0000},
		{50, 2.5, 0, 50, 1.8634, 0.5757, 1.0000},
		{50, 2.5, 0, 50, 3.2592, 0.3350, 1.0000},
		{60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644},
		{63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630},
		{61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731},
		{35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645},
		{22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373},
		{36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146},
		{90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441},
		{90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381},
		{6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377},
		{2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082},
	} {
		p, q := Lab{c[0], c[1], c[2]}, Lab{c[3], c[4], c[5]}
		if got := DeltaE(p, q); math.Abs(got-c[6]) > 1e-4 {
			t.Errorf("ΔE of %v and %v is %.4f, want %.4f", p, q, got, c[6])
		}
	}
}

func TestLabOfKnownColours(t *testing.T) {
	// Values of the sRGB primaries under D65 as published by Lindbloom's calculator.
	for _, c := range []struct {
		r, g, b uint8
		want    Lab
	}{
		{255, 255, 255, Lab{100, 0, 0}},
		{255, 0, 0, Lab{53.2408, 80.0925, 67.2032}},
		{0, 255, 0, Lab{87.7347, -86.1827, 83.1793}},
		{0, 0, 255, Lab{32.2970, 79.1875, -107.8602}},
		{0, 0, 0, Lab{}},
	} {
		got := ToLab(c.r, c.g, c.b)
		if math.Abs(got.L-c.want.L) > 0.02 || math.Abs(got.A-c.want.A) > 0.02 || math.Abs(got.B-c.want.B) > 0.02 {
			t.Errorf("Lab of %d %d %d is %.4f, want %.4f", c.r, c.g, c.b, got, c.want)
		}
	}
}

func TestPaletteFindsTheFlatColours(t *testing.T) {
	p, err := NewRGB(100, 100)
	if err != nil {
		t.Fatal(err)
	}
	for y := range 100 {
		for x := range 100 {
			if x < 70 {
				p.Set(x, y, 255, 208, 178)
			} else {
				p.Set(x, y, 20, 40, 110)
			}
		}
	}
	got := Palette(p, 5)
	if len(got) != 2 || got[0].Hex() != "#ffd0b2" || math.Abs(got[0].Share-0.7) > 1e-9 || got[1].Hex() != "#14286e" {
		t.Errorf("palette is %+v", got)
	}
}

// turnedBack turns and mirrors a picture and finds the original by one of the hashes that PDQTurned gives, by name.
func turnedBack(t *testing.T, p *RGB) {
	t.Helper()
	want, _, err := PDQ(p)
	if err != nil {
		t.Fatal(err)
	}
	w, h := p.Width, p.Height
	from := [8]func(x, y int) (int, int){ // where in the original the pixel of the turned one comes from
		func(x, y int) (int, int) { return x, y },
		func(x, y int) (int, int) { return w - 1 - x, y },
		func(x, y int) (int, int) { return x, h - 1 - y },
		func(x, y int) (int, int) { return w - 1 - x, h - 1 - y },
		func(x, y int) (int, int) { return y, x },
		func(x, y int) (int, int) { return y, h - 1 - x },
		func(x, y int) (int, int) { return w - 1 - y, x },
		func(x, y int) (int, int) { return w - 1 - y, h - 1 - x },
	}
	for n, at := range from {
		q, err := NewRGB(w, h)
		if n >= 4 {
			q, err = NewRGB(h, w)
		}
		if err != nil {
			t.Fatal(err)
		}
		for y := range q.Height {
			for x := range q.Width {
				fx, fy := at(x, y)
				r, g, b := p.At(fx, fy)
				q.Set(x, y, r, g, b)
			}
		}
		all, _, err := PDQTurned(q)
		if err != nil {
			t.Fatal(err)
		}
		for k, back := range all {
			if d := want.Distance(back); (d <= 31) != (k == n) {
				t.Errorf("%s: the hash for %q is %d bits away", Turns()[n], Turns()[k], d)
			}
		}
	}
}

func TestPDQHardlyChangesUnderOrdinaryUse(t *testing.T) {
	p, ctx := scene(t, 512, 384), context.Background()
	want, quality, err := PDQ(p)
	if err != nil || quality < 20 {
		t.Fatalf("quality %d, %v", quality, err)
	}
	back, err := ParseHash(want.String())
	if err != nil || back != want {
		t.Errorf("hash does not read back: %v", err)
	}
	small, err := Resize(p, 256, 192)
	if err != nil {
		t.Fatal(err)
	}
	data, err := Encode(p, Encoding{Format: JPEG, Quality: 50})
	if err != nil {
		t.Fatal(err)
	}
	jpeg, err := Decode(ctx, data, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for name, q := range map[string]*RGB{"half the size": small, "JPEG 50": jpeg} {
		h, _, err := PDQ(q)
		if err != nil {
			t.Fatal(err)
		}
		if d := want.Distance(h); d > 16 {
			t.Errorf("%s: distance %d, want at most 16", name, d)
		}
	}
	turnedBack(t, p)
	mirrored, err := NewRGB(512, 384)
	if err != nil {
		t.Fatal(err)
	}
	for y := range 384 {
		for x := range 512 {
			r, g, b := p.At(511-x, y)
			mirrored.Set(x, y, r, g, b)
		}
	}
	h, _, err := PDQ(mirrored)
	if err != nil {
		t.Fatal(err)
	}
	if d := want.Distance(h); d < 60 {
		t.Errorf("the mirrored picture is only %d bits away", d)
	}
}
