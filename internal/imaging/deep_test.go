package imaging_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
	"presswerk/internal/icc"
	"presswerk/internal/imaging"
)

// ramp is a picture whose numbers need all 16 bits.
func ramp(width, height, channels int) *imaging.Deep {
	d := &imaging.Deep{Width: width, Height: height, Channels: channels, Bits: 16, Pix: make([]uint16, width*height*channels)}
	for i := range d.Pix {
		d.Pix[i] = uint16(i*1237 + i*i)
	}
	return d
}

// grey has every number three times.
func grey(d *imaging.Deep) *imaging.Deep {
	out := *d
	out.Channels, out.Pix = 3, nil
	for _, v := range d.Pix {
		out.Pix = append(out.Pix, v, v, v)
	}
	return &out
}

func TestDeepFilesKeepEveryBitAndTheProfile(t *testing.T) {
	xmp := []byte(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>`)
	for name, c := range map[string]struct {
		channels int
		format   imaging.Format
	}{
		"RGB as PNG": {3, imaging.PNG}, "RGB as TIFF": {3, imaging.TIFF}, "grey as PNG": {1, imaging.PNG}, "grey as TIFF": {1, imaging.TIFF}, "CMYK as TIFF": {4, imaging.TIFF},
	} {
		t.Run(name, func(t *testing.T) {
			want := ramp(37, 23, c.channels)
			if c.channels == 3 { // the PNG library takes only profiles for the picture's colours
				want.Profile = icc.DisplayP3()
			}
			data, err := imaging.EncodeDeep(want, imaging.DeepEncoding{Format: c.format, XMP: xmp, PPI: 300})
			if err != nil {
				t.Fatal(err)
			}
			got, err := imaging.DecodeDeep(t.Context(), data, imaging.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if c.channels == 1 { // there is no profile that says what grey it is
				want = grey(want)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("read back with differences: %.500s", d)
			}
			info, err := imaging.Probe(data, imaging.Limits{})
			if err != nil || !bytes.Equal(info.XMP, xmp) {
				t.Errorf("XMP %q, %v", info.XMP, err)
			}
		})
	}
	if _, err := imaging.EncodeDeep(ramp(2, 2, 4), imaging.DeepEncoding{Format: imaging.PNG}); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("CMYK as PNG: %v", err)
	}
}

func TestResizeDeepIsResizeWithMoreBits(t *testing.T) {
	p, err := imaging.NewRGB(64, 48)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Pix {
		p.Pix[i] = uint8(i * i >> 5)
	}
	want, err := imaging.Resize(p, 40, 30)
	if err != nil {
		t.Fatal(err)
	}
	deep, err := imaging.ResizeDeep(imaging.Deepen(p), 40, 30)
	if err != nil {
		t.Fatal(err)
	}
	got, err := deep.Flat()
	if err != nil {
		t.Fatal(err)
	}
	between := 0
	for i := range want.Pix {
		if d := int(want.Pix[i]) - int(got.Pix[i]); d < -1 || d > 1 {
			t.Fatalf("value %d is %d with 8 bits and %d with 16", i, want.Pix[i], got.Pix[i])
		}
		if deep.Pix[i]%257 != 0 {
			between++
		}
	}
	if between < len(want.Pix)/2 {
		t.Errorf("only %d of %d values lie between those of 8 bits", between, len(want.Pix))
	}
}

func TestDeepenAndFlatAreInverse(t *testing.T) {
	p, err := imaging.NewRGB(16, 16)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Pix {
		p.Pix[i] = uint8(i)
	}
	got, err := imaging.Deepen(p).Flat()
	if err != nil || !bytes.Equal(got.Pix, p.Pix) {
		t.Errorf("%v", err)
	}
}
