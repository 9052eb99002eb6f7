package icc_test

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/icc"
)

func library(t testing.TB) *icc.Library {
	t.Helper()
	lib, err := icc.Open("")
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func read(t testing.TB, lib *icc.Library, data []byte) *icc.Profile {
	t.Helper()
	p, err := lib.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// tag finds an element of a profile and reads its numbers behind the type as s15Fixed16.
func tag(t *testing.T, data []byte, name string) []float64 {
	t.Helper()
	for i := range int(binary.BigEndian.Uint32(data[128:])) {
		e := data[132+12*i:]
		if string(e[:4]) != name {
			continue
		}
		at, n := binary.BigEndian.Uint32(e[4:]), binary.BigEndian.Uint32(e[8:])
		var v []float64
		for b := data[at+8 : at+n]; len(b) >= 4; b = b[4:] {
			v = append(v, float64(int32(binary.BigEndian.Uint32(b)))/65536)
		}
		return v
	}
	t.Fatalf("there is no %s", name)
	return nil
}

// TestDisplaysHaveTheirPublishedColorants. The numbers are those of the profiles that Apple (Display P3) and the ICC (sRGB) publish.
func TestDisplaysHaveTheirPublishedColorants(t *testing.T) {
	for name, c := range map[string]struct {
		data             []byte
		red, green, blue []float64
	}{
		"Display P3": {icc.DisplayP3(), []float64{0.51512, 0.24120, -0.00105}, []float64{0.29198, 0.69225, 0.04189}, []float64{0.15710, 0.06657, 0.78407}},
		"sRGB":       {icc.SRGB(), []float64{0.43607, 0.22249, 0.01392}, []float64{0.38515, 0.71687, 0.09708}, []float64{0.14307, 0.06061, 0.71410}},
	} {
		p := read(t, library(t), c.data)
		if p.Name != name || p.Space != icc.RGB || p.Output {
			t.Errorf("%s is read as %q for %s", name, p.Name, p.Space)
		}
		for tagName, want := range map[string][]float64{"rXYZ": c.red, "gXYZ": c.green, "bXYZ": c.blue} {
			for i, got := range tag(t, c.data, tagName) {
				if math.Abs(got-want[i]) > 0.0003 {
					t.Errorf("%s %s[%d] is %.5f instead of %.5f", name, tagName, i, got, want[i])
				}
			}
		}
	}
}

func TestTransformsKeepWhatBothSpacesHave(t *testing.T) {
	lib := library(t)
	srgb, p3 := read(t, lib, icc.SRGB()), read(t, lib, icc.DisplayP3())
	wide, err := lib.Transform(srgb, p3, icc.Options{Intent: icc.Relative})
	if err != nil {
		t.Fatal(err)
	}
	defer wide.Close()
	back, err := lib.Transform(p3, srgb, icc.Options{Intent: icc.Relative})
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	var src []uint16
	for r := range 9 {
		for g := range 9 {
			for b := range 9 {
				src = append(src, uint16(r*8191), uint16(g*8191), uint16(b*8191))
			}
		}
	}
	mid, got := make([]uint16, len(src)), make([]uint16, len(src))
	if err := errors.Join(wide.Do(mid, src), back.Do(got, mid)); err != nil {
		t.Fatal(err)
	}
	for i := range src {
		if d := int(src[i]) - int(got[i]); d < -128 || d > 128 { // half a step of 8 bits
			t.Fatalf("number %d comes back as %d instead of %d", i, got[i], src[i])
		}
	}
	// The red of sRGB in Display P3: CSS Color 4 gives 0.9175, 0.2003, 0.1386.
	red := make([]uint16, 3)
	if err := wide.Do(red, []uint16{65535, 0, 0}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.9175, 0.2003, 0.1386} {
		if got := float64(red[i]) / 65535; math.Abs(got-want) > 0.002 {
			t.Errorf("channel %d of red is %.4f instead of %.4f", i, got, want)
		}
	}
}

// TestLabIsThatOfD50: white, a mid grey and the red of sRGB as CSS Color 4 gives it for D50: 54.29, 80.80, 69.89.
func TestLabIsThatOfD50(t *testing.T) {
	lib := library(t)
	lab, err := lib.ToLab(read(t, lib, icc.SRGB()), icc.Relative)
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	got := make([]float64, 6)
	if err := lab.Lab(got, []uint16{65535, 65535, 65535, 65535, 0, 0}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{100, 0, 0, 54.29, 80.80, 69.89} {
		if math.Abs(got[i]-want) > 0.1 {
			t.Errorf("number %d is %.2f instead of %.2f", i, got[i], want)
		}
	}
}

func TestWhatIsWrongIsRefused(t *testing.T) {
	lib := library(t)
	good := icc.SRGB()
	lab := slices.Clone(good)
	copy(lab[16:], "Luv ")
	for name, c := range map[string]struct {
		data []byte
		err  error
	}{
		"nothing": {nil, art.ErrInvalid}, "words": {make([]byte, 500), art.ErrInvalid}, "half a profile": {good[:200], art.ErrInvalid}, "other colours": {lab, art.ErrUnsupported},
	} {
		if _, err := lib.Read(c.data); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := read(t, lib, good)
	if _, err := lib.Transform(p, p, icc.Options{Intent: "nice"}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("an unknown intent: %v", err)
	}
	tr, err := lib.Transform(p, p, icc.Options{Intent: icc.Relative})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	for _, n := range [][2]int{{3, 6}, {6, 3}, {4, 4}} {
		if err := tr.Do(make([]uint16, n[0]), make([]uint16, n[1])); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%d numbers of %d: %v", n[0], n[1], err)
		}
	}
	if err := tr.Lab(make([]float64, 3), make([]uint16, 3)); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("Lab of a transform to RGB: %v", err)
	}
	if _, err := icc.Open("/nowhere/liblcms2.so"); !errors.Is(err, art.ErrUnavailable) {
		t.Errorf("a missing library: %v", err)
	}
}

// FuzzRead: pictures bring profiles of strangers. Whatever they hold, there is an error or a profile that can be used.
func FuzzRead(f *testing.F) {
	for _, data := range [][]byte{icc.SRGB(), icc.DisplayP3(), icc.SRGB()[:300], {}} {
		f.Add(data)
	}
	lib := library(f)
	srgb := read(f, lib, icc.SRGB())
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := lib.Read(data)
		if err != nil {
			if !errors.Is(err, art.ErrInvalid) && !errors.Is(err, art.ErrUnsupported) {
				t.Fatal(err)
			}
			return
		}
		defer p.Close()
		tr, err := lib.Transform(p, srgb, icc.Options{Intent: icc.Perceptual, BlackPoint: true})
		if err != nil {
			return
		}
		defer tr.Close()
		if err := tr.Do(make([]uint16, 3), make([]uint16, p.Space.Channels())); err != nil {
			t.Fatal(err)
		}
	})
}
