package press_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/icc"
	"presswerk/internal/imaging"
	"presswerk/internal/press"
	"presswerk/internal/testkit"
)

func TestMain(m *testing.M) {
	stop := imaging.Start(imaging.Options{Threads: 2})
	code := m.Run()
	stop()
	os.Exit(code)
}

func library(t testing.TB) *icc.Library {
	t.Helper()
	lib, err := icc.Open("")
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// fogra39 is the press of the profile that make setup builds.
func fogra39(t testing.TB) *press.Press {
	t.Helper()
	data, err := os.ReadFile(testkit.Native(t, "icc/fogra39.icc"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := press.New(library(t), press.Condition{Name: "FOGRA39", Profile: data})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// deep is a picture of one row.
func deep(rgb ...[3]uint8) *imaging.Deep {
	p := &imaging.RGB{Width: len(rgb), Height: 1}
	for _, c := range rgb {
		p.Pix = append(p.Pix, c[:]...)
	}
	return imaging.Deepen(p)
}

// scene has all hues, from dark to light, and a black corner.
func scene(t testing.TB, width, height int) *imaging.Deep {
	t.Helper()
	p, err := imaging.NewRGB(width, height)
	if err != nil {
		t.Fatal(err)
	}
	for y := range height {
		for x := range width {
			hue, light := 2*math.Pi*float64(x)/float64(width), float64(y)/float64(height)
			level := func(phase float64) uint8 {
				return uint8(255 * min(1, max(0, light*1.4-0.2+0.35*math.Cos(hue+phase))))
			}
			p.Set(x, y, level(0), level(2.1), level(4.2))
		}
	}
	return imaging.Deepen(p)
}

type golden struct {
	Separated []struct {
		Intent     icc.Intent `json:"intent"`
		BlackPoint bool       `json:"black_point"`
		RGB        [3]uint8   `json:"rgb"`
		CMYK       [4]float64 `json:"cmyk"`
	} `json:"separated"`
	Printed []struct {
		CMYK     [4]float64 `json:"cmyk"`
		Absolute bool       `json:"absolute"`
		Lab      [3]float64 `json:"lab"`
	} `json:"printed"`
}

func goldens(t *testing.T) (g golden) {
	t.Helper()
	text, err := os.ReadFile("testdata/fogra39.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// TestInksAreThoseOfTransicc, with every intent and with and without compensation of the black point. The numbers are from
// trainer/reference/make_press.py; half a percent allows for bytes (0.2) and for a profile built on another processor.
func TestInksAreThoseOfTransicc(t *testing.T) {
	p := fogra39(t)
	for _, c := range goldens(t).Separated {
		s, err := p.Separate(t.Context(), deep(c.RGB), icc.Options{Intent: c.Intent, BlackPoint: c.BlackPoint})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range c.CMYK {
			if got := float64(s.Pix[i]) / 2.55; math.Abs(got-want) > 0.5 {
				t.Errorf("%s (black point: %v) of %v: ink %d is %.2f %% instead of %.2f %%", c.Intent, c.BlackPoint, c.RGB, i, got, want)
			}
		}
	}
}

// TestInksLookAsArgyllSays compares what inks look like with another reader of profiles than the one that is used here.
func TestInksLookAsArgyllSays(t *testing.T) {
	lib := library(t)
	profile, err := lib.Read(fogra39(t).Profile)
	if err != nil {
		t.Fatal(err)
	}
	defer profile.Close()
	for _, c := range goldens(t).Printed {
		intent := icc.Relative
		if c.Absolute {
			intent = icc.Absolute
		}
		looks(t, lib, profile, intent, c.CMYK, c.Lab, 0.5)
	}
}

func looks(t *testing.T, lib *icc.Library, profile *icc.Profile, intent icc.Intent, cmyk [4]float64, want [3]float64, most float64) float64 {
	t.Helper()
	tr, err := lib.ToLab(profile, intent)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	src, got := make([]uint16, 4), make([]float64, 3)
	for i, v := range cmyk {
		src[i] = uint16(math.Round(v * 655.35))
	}
	if err := tr.Lab(got, src); err != nil {
		t.Fatal(err)
	}
	e := imaging.DeltaE(imaging.Lab{L: got[0], A: got[1], B: got[2]}, imaging.Lab{L: want[0], A: want[1], B: want[2]})
	if e > most {
		t.Errorf("%s: %v looks like %.2f instead of %.2f: ΔE2000 %.2f", intent, cmyk, got, want, e)
	}
	return e
}

// TestTheProfileTellsWhatFograMeasured compares it with the data that it was made from: 1617 patches.
func TestTheProfileTellsWhatFograMeasured(t *testing.T) {
	const data = "/usr/share/color/icc/FOGRA39L.ti3"
	text, err := os.ReadFile(data)
	testkit.Need(t, err == nil, data+" (Debian's icc-profiles-free)")
	lib := library(t)
	profile, err := lib.Read(fogra39(t).Profile)
	if err != nil {
		t.Fatal(err)
	}
	defer profile.Close()
	n, sum := 0, 0.0
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) != 11 || f[0] == "SAMPLE_ID" {
			continue
		}
		var v [11]float64
		for i := range v {
			if v[i], err = strconv.ParseFloat(f[i], 64); err != nil {
				t.Fatal(err)
			}
		}
		sum += looks(t, lib, profile, icc.Absolute, [4]float64(v[1:5]), [3]float64(v[8:11]), 1.5)
		n++
	}
	if mean := sum / float64(n); n != 1617 || mean > 0.3 {
		t.Errorf("%d patches are off by %.3f on the average", n, mean)
	}
}

// dense is every mixture of inks in steps of a sixth.
func dense() *press.Separation {
	s := &press.Separation{Height: 1}
	for i := range 7 * 7 * 7 * 7 {
		for _, place := range []int{343, 49, 7, 1} {
			s.Pix = append(s.Pix, uint8(i/place%7*255/6))
		}
		s.Width++
	}
	return s
}

func TestALimitOfInkKeepsColours(t *testing.T) {
	p := fogra39(t)
	for _, limit := range []float64{300, 280, 240} {
		s := dense()
		before := slices.Clone(s.Pix)
		l, err := p.Limit(t.Context(), s, limit)
		if err != nil {
			t.Fatal(err)
		}
		if k := s.Ink(limit); k.Max > limit || k.Over != 0 || k.Max < limit-2 {
			t.Errorf("%g %%: the ink is %+v", limit, k)
		}
		for i := 0; i < len(before); i += 4 {
			sum := int(before[i]) + int(before[i+1]) + int(before[i+2]) + int(before[i+3])
			if same := slices.Equal(before[i:i+4], s.Pix[i:i+4]); float64(sum)/2.55 <= limit && !same {
				t.Fatalf("%g %%: %v had too little ink to be changed into %v", limit, before[i:i+4], s.Pix[i:i+4])
			}
			if s.Pix[i+3] < before[i+3] {
				t.Fatalf("%g %%: black was taken from %v", limit, before[i:i+4])
			}
		}
		if most := map[float64][2]float64{300: {0.4, 1.5}, 280: {0.4, 3}, 240: {0.7, 6}}[limit]; l.Mean > most[0] || l.Max > most[1] {
			t.Errorf("%g %%: colours move by %.2f on the average and by %.2f at the most", limit, l.Mean, l.Max)
		}
		again, err := p.Limit(t.Context(), s, limit)
		if err != nil || again.Share != 0 {
			t.Errorf("%g %%: a second time changes %+v, %v", limit, again, err)
		}
	}
	for _, limit := range []float64{0, 100, 401, math.NaN()} {
		if _, err := p.Limit(t.Context(), dense(), limit); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("a limit of %g: %v", limit, err)
		}
	}
}

// TestALimitOfInkKeepsRampsSmooth: a seam in a shadow would be seen.
func TestALimitOfInkKeepsRampsSmooth(t *testing.T) {
	p := fogra39(t)
	for _, direction := range [][4]float64{{1, 0.9, 0.8, 1}, {1, 1, 1, 0.4}, {0.9, 0.6, 1, 0.9}} {
		s := &press.Separation{Width: 256, Height: 1}
		for i := range 256 {
			for _, d := range direction {
				s.Pix = append(s.Pix, uint8(d*float64(i)))
			}
		}
		if _, err := p.Limit(t.Context(), s, 250); err != nil {
			t.Fatal(err)
		}
		proof, err := p.Proof(t.Context(), s, false)
		if err != nil {
			t.Fatal(err)
		}
		for x := 1; x < s.Width; x++ {
			a, b := imaging.ToLab(proof.At(x-1, 0)), imaging.ToLab(proof.At(x, 0))
			if e := imaging.DeltaE(a, b); e > 2.3 {
				t.Errorf("%v: a step of %.2f at %d, from %v to %v", direction, e, x, s.Pix[4*x-4:4*x], s.Pix[4*x:4*x+4])
			}
		}
	}
}

func TestProofsShowPaperWhereTheyShould(t *testing.T) {
	p := fogra39(t)
	s := &press.Separation{Width: 2, Height: 1, Pix: []uint8{0, 0, 0, 0, 0, 0, 0, 255}}
	white, err := p.Proof(t.Context(), s, false)
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b := white.At(0, 0); min(r, g, b) < 254 {
		t.Errorf("without paper its white is %d %d %d", r, g, b)
	}
	paper, err := p.Proof(t.Context(), s, true)
	if err != nil {
		t.Fatal(err)
	}
	// FOGRA39's paper is Lab 95, 0, −2.
	if got := imaging.ToLab(paper.At(0, 0)); imaging.DeltaE(got, imaging.Lab{L: 95, B: -2}) > 0.7 {
		t.Errorf("the paper is %.1f", got)
	}
	if r, g, b := paper.At(1, 0); max(r, g, b) > 60 || min(r, g, b) < 20 {
		t.Errorf("black ink alone is %d %d %d: a dark grey was expected", r, g, b)
	}
}

func TestShiftsAreLargeWhereThePressLacksColours(t *testing.T) {
	p := fogra39(t)
	d := deep([3]uint8{128, 128, 128}, [3]uint8{0, 0, 255}, [3]uint8{180, 90, 60}, [3]uint8{0, 255, 0})
	s, err := p.Separate(t.Context(), d, icc.Options{Intent: icc.Relative})
	if err != nil {
		t.Fatal(err)
	}
	shift, err := p.Shifted(t.Context(), d, s)
	if err != nil {
		t.Fatal(err)
	}
	if m := shift.Moved; m[0] > 1.2 || m[2] > 1.2 || m[1] < 8 || m[3] < 8 || shift.Over5 != 0.5 || float32(shift.Max) < m[1]-0.01 {
		t.Errorf("moved by %v: %+v", m, shift)
	}
}

func TestResolutionSaysWhatToDo(t *testing.T) {
	page := press.Page{Width: 105, Height: 148, Bleed: 3}
	r := page.Resolution(1024, 1024, 300)
	// 154 mm at 300 an inch are 1819 pixels; 1024 pixels are 1024 / (154 / 25.4) = 168.9 an inch.
	if r.Enough || r.PPI != 168.8 && r.PPI != 168.9 || r.NeedWidth != 1312 || r.NeedHeight != 1819 || math.Abs(r.Scale-1.78) > 0.011 || r.LargestHeight != 80 {
		t.Errorf("a coarse picture: %+v", r)
	}
	if r := page.Resolution(2000, 1819, 300); !r.Enough || r.Scale != 0 {
		t.Errorf("a picture that just suffices: %+v", r)
	}
}

// order is a small page that tests can afford.
func order() art.Print {
	return art.Print{WidthMM: 40, HeightMM: 30, BleedMM: 3, Marks: true, MinPPI: 150}
}

func document() press.Document {
	return press.Document{Title: "Möwe (am Meer)", Producer: "Presswerk test", Made: time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)}
}
