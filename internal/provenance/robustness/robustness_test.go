package robustness_test

import (
	"context"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance/robustness"
	"presswerk/internal/provenance/watermark"
)

func TestMain(m *testing.M) {
	stop := imaging.Start(imaging.Options{Threads: 2})
	code := m.Run()
	stop()
	os.Exit(code)
}

// pattern is the picture of trainer/reference/make_ssim.py; step is how much it was changed.
func pattern(step int) *imaging.RGB {
	p := &imaging.RGB{Width: 128, Height: 96, Pix: make([]uint8, 3*128*96)}
	for y := range 96 {
		for x := range 128 {
			v := (x*x/16 + 3*y) % 256
			if (x*7+y*11)%13 < 6 {
				v += step
			} else {
				v -= step
			}
			u := uint8(max(0, min(255, v)))
			p.Set(x, y, u, u, u)
		}
	}
	return p
}

func TestQualityIsThatOfScikitImage(t *testing.T) {
	for step, want := range map[int]struct{ psnr, ssim float64 }{5: {34.21480280747137, 0.9344076265622936}, 40: {16.586774652598795, 0.3547187481645289}} {
		a, b := pattern(0), pattern(step)
		if got := robustness.PSNR(a, b); math.Abs(got-want.psnr) > 1e-6 {
			t.Errorf("step %d: PSNR %.8f, want %.8f", step, got, want.psnr)
		}
		if got := robustness.SSIM(a, b); math.Abs(got-want.ssim) > 1e-3 {
			t.Errorf("step %d: SSIM %.6f, want %.6f", step, got, want.ssim)
		}
	}
	if got := robustness.SSIM(pattern(0), pattern(0)); math.Abs(got-1) > 1e-6 {
		t.Errorf("a picture is like itself to %v", got)
	}
}

func TestTheUpperBoundIsThatOfScipy(t *testing.T) {
	for _, c := range []struct {
		k, n int
		want float64
	}{{0, 2000, 0.0014967448951882837}, {1, 2000, 0.002369713367656843}, {3, 50, 0.14783717636418123}, {50, 50, 1}} {
		if got := robustness.UpperBound(c.k, c.n, 0.95); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%d of %d: %v, want %v", c.k, c.n, got, c.want)
		}
	}
	if got := robustness.UpperBound(0, 0, 0.95); got != 1 {
		t.Errorf("of nothing: %v", got)
	}
}

// strip is a picture that is wide and low, so that little has to be looked at.
func strip(seed uint64) robustness.Picture {
	return robustness.Picture{ID: string(rune('a' + seed)), Name: "strip", Open: func(context.Context) (*imaging.RGB, error) {
		return robustness.Scene(1024, 192, seed)
	}}
}

func TestARunFindsItsMarksAndNoneElsewhere(t *testing.T) {
	attacks, err := robustness.AttacksNamed([]string{"nothing", "jpeg-90", "brightness", "mirror", "greyscale"})
	if err != nil {
		t.Fatal(err)
	}
	mark := watermark.New([]byte("ours"))
	plan := robustness.Plan{
		Subjects: []robustness.Subject{{Scheme: robustness.Own{Mark: mark, PSNR: 42}}}, Attacks: attacks,
		Pictures: []robustness.Picture{strip(0), strip(1), strip(2)}, Side: 1024, Mark: mark, Crops: 2,
	}
	var records []robustness.Record
	if err := plan.Run(t.Context(), nil, func(r robustness.Record) error { records = append(records, r); return nil }); err != nil {
		t.Fatal(err)
	}
	keys := plan.Keys()
	if len(records) != len(keys) || len(keys) != 3*6+2 {
		t.Errorf("%d records, %d keys", len(records), len(keys))
	}
	for _, r := range records {
		if !keys[r.Key()] {
			t.Errorf("%s isn't planned", r.Key())
		}
	}
	report := robustness.NewReport(robustness.Settings{Side: 1024, PSNR: 42}, records, len(keys))
	own := report.Schemes[0]
	for _, a := range own.All {
		if a.Count != 3 || a.Wrong != 0 {
			t.Errorf("%s: %+v", a.Name, a)
		}
	}
	if own.PSNR.Least < 41.5 || own.SSIM.Least < 0.9 || report.Unmarked[0].Found != 0 || report.Unmarked[0].Looks != 4 {
		t.Errorf("%+v %+v", own, report.Unmarked)
	}
}

// known is a scheme that keeps its number in the first pixels, and has no check.
type known struct{ embedded int }

func (*known) Name() string  { return "known" }
func (*known) Bits() int     { return 8 }
func (*known) Checked() bool { return false }

func (k *known) Embed(_ context.Context, p *imaging.RGB, number uint64) (*imaging.RGB, time.Duration, error) {
	k.embedded++
	out := &imaging.RGB{Width: p.Width, Height: p.Height, Pix: append([]uint8(nil), p.Pix...)}
	out.Pix[0] = uint8(number)
	return out, time.Millisecond, nil
}

func (*known) Detect(_ context.Context, p *imaging.RGB) (robustness.Reading, error) {
	return robustness.Reading{Found: true, Number: uint64(p.Pix[0]), Took: time.Millisecond}, nil
}

// blank is a small black picture, where nobody looks at what is in it.
func blank(id string) robustness.Picture {
	return robustness.Picture{ID: id, Name: id, Open: func(context.Context) (*imaging.RGB, error) { return imaging.NewRGB(64, 32) }}
}

func TestAnInterruptedRunGoesOn(t *testing.T) {
	attacks, err := robustness.AttacksNamed([]string{"nothing", "crop-10", "template"})
	if err != nil {
		t.Fatal(err)
	}
	scheme := &known{}
	plan := robustness.Plan{Subjects: []robustness.Subject{{Scheme: scheme, Pictures: 2}}, Attacks: attacks, Pictures: []robustness.Picture{blank("a"), blank("b"), blank("c")}, Side: 64}
	var records []robustness.Record
	enough, full := map[string]bool{}, errors.New("full")
	keep := func(r robustness.Record) error {
		if len(records) == 4 && len(enough) == 0 {
			return full
		}
		records = append(records, r)
		return nil
	}
	if err := plan.Run(t.Context(), nil, keep); !errors.Is(err, full) {
		t.Fatal(err)
	}
	for _, r := range records {
		enough[r.Key()] = true
	}
	scheme.embedded = 0
	if err := plan.Run(t.Context(), enough, keep); err != nil {
		t.Fatal(err)
	}
	// The house's own adversaries are left out: a mark, nothing and a crop for each of two pictures.
	if len(records) != 6 || scheme.embedded != 1 {
		t.Errorf("%d records, embedded again %d times", len(records), scheme.embedded)
	}
	all := robustness.NewReport(robustness.Settings{}, records, 6).Schemes[0].All
	if all[0].Count != 2 || all[0].BitsRight != 1 || all[1].Name != "crop-10" || all[1].Tried != 2 {
		t.Errorf("%+v", all)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := plan.Run(stopped, nil, keep); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that was stopped says %v", err)
	}
}

func TestReportsCountGroupsApartAndSchemesOnTheSamePictures(t *testing.T) {
	hit := func(scheme, picture string, group robustness.Group, found bool) robustness.Record {
		return robustness.Record{Kind: robustness.OfAttack, Scheme: scheme, Picture: picture, Group: group, Attack: "jpeg-75", Found: found, Milliseconds: 3}
	}
	records := []robustness.Record{
		{Kind: robustness.OfMark, Scheme: "presswerk", Picture: "a", Group: robustness.Photo, PSNR: 44, SSIM: 0.98},
		hit("presswerk", "a", robustness.Photo, true), hit("presswerk", "b", robustness.Flat, false), hit("presswerk", "c", robustness.Flat, true),
		hit("dwtDctSvd", "b", robustness.Flat, true),
		{Kind: robustness.OfCrop, Picture: "a", Group: robustness.Photo, Peak: 4, Looks: 2},
		{Kind: robustness.OfSearch, Picture: "a", Group: robustness.Photo, Index: 1, Peak: 7, Looks: 134, Found: true},
	}
	r := robustness.NewReport(robustness.Settings{Side: 1024, PSNR: 44}, records, 9)
	own := r.Schemes[0]
	if g := own.Groups; len(g) != 2 || g[0].Attacks[0].Count != 1 || g[1].Attacks[0].Tried != 2 || g[1].Attacks[0].Count != 1 {
		t.Errorf("groups: %+v", g)
	}
	if b := r.Beside; len(b) != 1 || b[0].Pictures != 1 || b[0].Theirs[0].Count != 1 || b[0].Own[0].Tried != 1 || b[0].Own[0].Count != 0 {
		t.Errorf("beside: %+v", b)
	}
	if u := r.Unmarked; len(u) != 2 || u[0].Found != 0 || u[1].Found != 1 || u[1].Looks != 134 || r.Wrong() != 1 {
		t.Errorf("unmarked: %+v", u)
	}
	for lang, parts := range map[art.Language][]string{
		"en": {"Not finished: 7 of 9", "Flat pictures", "1 / 2", "Beside dwtDctSvd", "7.00"},
		"de": {"Nicht fertig: 7 von 9", "Flache Bilder", "Neben dwtDctSvd", "Ausschnitte ohne Zeichen"},
	} {
		page, err := r.Page(lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range parts {
			if !strings.Contains(string(page), part) {
				t.Errorf("%s lacks %q", lang, part)
			}
		}
	}
}

func TestEveryAttackLeavesAPictureAndIsTheSameAgain(t *testing.T) {
	p, err := robustness.Scene(144, 96, 1)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, a := range robustness.Attacks() {
		if seen[a.ID] || a.Name["en"] == "" || a.Name["de"] == "" {
			t.Errorf("%q comes twice or has no name", a.ID)
		}
		seen[a.ID] = true
		if a.ID == "over" || a.ID == "copy" {
			continue // too small to be marked
		}
		one, err := a.Do(t.Context(), p)
		if err != nil {
			t.Errorf("%s: %v", a.ID, err)
			continue
		}
		two, err := a.Do(t.Context(), p)
		if err != nil || robustness.NumberOf(one) != robustness.NumberOf(two) {
			t.Errorf("%s gives something else the second time: %v", a.ID, err)
		}
		if same := robustness.NumberOf(one) == robustness.NumberOf(p); same != (a.ID == "nothing") {
			t.Errorf("%s: unchanged is %v", a.ID, same)
		}
	}
	if _, err := robustness.AttacksNamed([]string{"jpeg-75", "no such"}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("an unknown attack: %v", err)
	}
}

func TestFlatPicturesAreToldFromPhotographs(t *testing.T) {
	scene, err := robustness.Scene(300, 200, 3)
	if err != nil {
		t.Fatal(err)
	}
	flat, err := imaging.NewRGB(300, 200)
	if err != nil {
		t.Fatal(err)
	}
	for y := range 200 {
		for x := range 300 {
			if x/50%2 == y/50%2 {
				flat.Set(x, y, 200, 30, 30)
			}
		}
	}
	if robustness.GroupOf(scene) != robustness.Photo || robustness.GroupOf(flat) != robustness.Flat {
		t.Errorf("quiet: %.2f and %.2f", robustness.Quiet(scene), robustness.Quiet(flat))
	}
}
