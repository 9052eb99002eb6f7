package press_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/press"
	"presswerk/internal/testkit"
)

// made is a finished file with its job.
func made(t testing.TB, p *press.Press, print art.Print) (*press.Job, []byte, []art.Check) {
	t.Helper()
	j, err := p.Make(t.Context(), scene(t, 280, 215), print)
	if err != nil {
		t.Fatal(err)
	}
	file, checks, err := p.Finish(j, document())
	if err != nil {
		t.Fatal(err)
	}
	return j, file, checks
}

// said runs a program of Debian on the file and gives what it says.
func said(t *testing.T, file []byte, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	testkit.Need(t, err == nil, name+" (run 'make tools')")
	dir := t.TempDir()
	at := filepath.Join(dir, "page.pdf")
	if err := os.WriteFile(at, file, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "FILE", at)
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

func TestFilesPassTheirOwnChecksAndThoseOfOthers(t *testing.T) {
	p := fogra39(t)
	for _, standard := range art.PrintStandards() {
		print := order()
		print.Standard = standard
		_, file, checks := made(t, p, print)
		if !press.Passed(checks) || len(checks) != len(press.CheckNames()) {
			t.Errorf("%s: %+v", standard, checks)
		}
		if out := said(t, file, "qpdf", "--check", "FILE"); !strings.Contains(out, "No syntax or stream encoding errors found") {
			t.Errorf("%s: qpdf says %s", standard, out)
		}
		info := said(t, file, "pdfinfo", "-box", "FILE")
		subtype := map[string]string{press.X4: "PDF/X-4", press.X3: "PDF/X-3:2003"}[standard]
		for field, want := range map[string]string{
			"Title": "Möwe (am Meer)", "Pages": "1", "Encrypted": "no", "JavaScript": "no", "PDF subtype": subtype,
			"PDF version": map[string]string{press.X4: "1.6", press.X3: "1.4"}[standard],
			// trim 40 × 30 mm; 3 mm bleed; marks begin 3 mm out, are 5 mm long and have 1 mm of paper around them
			"MediaBox": "0.00 0.00 164.41 136.06", "BleedBox": "17.01 17.01 147.40 119.06", "TrimBox": "25.51 25.51 138.90 110.55",
		} {
			got := regexp.MustCompile(`(?m)^` + field + `:\s+(.*)$`).FindStringSubmatch(info)
			if field == "PDF subtype" && got == nil && standard == press.X4 {
				continue // poppler looks for it in the information dictionary only, where X-4 has none
			}
			if got == nil || strings.Join(strings.Fields(got[1]), " ") != want {
				t.Errorf("%s: pdfinfo reads %s as %q instead of %q", standard, field, got, want)
			}
		}
		if fonts := said(t, file, "pdffonts", "FILE"); strings.Count(fonts, "\n") != 2 {
			t.Errorf("%s: there are fonts:\n%s", standard, fonts)
		}
	}
}

// TestGhostscriptCountsTheSameInk separates the page once more, by another program, and counts its plates.
func TestGhostscriptCountsTheSameInk(t *testing.T) {
	gs, err := exec.LookPath("gs")
	testkit.Need(t, err == nil, "gs (run 'make tools')")
	print := order()
	print.Marks, print.MaxInk = false, 260 // marks have all inks
	j, file, _ := made(t, fogra39(t), print)
	if j.Before.Max <= 260 {
		t.Fatalf("the scene has nothing to limit: %+v", j.Before)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "page.pdf")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), gs, "-q", "-dBATCH", "-dNOPAUSE", "-dSAFER", "-sDEVICE=tiffsep", "-r150", "-sOutputFile="+filepath.Join(dir, "p.tif"), path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var sums []float64
	for _, ink := range []string{"Cyan", "Magenta", "Yellow", "Black"} {
		data, err := os.ReadFile(filepath.Join(dir, "p("+ink+").tif"))
		if err != nil {
			t.Fatal(err)
		}
		plate, err := imaging.DecodeDeep(t.Context(), data, imaging.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if sums == nil {
			sums = make([]float64, plate.Width*plate.Height)
		}
		for i := range sums {
			sums[i] += 100 - float64(plate.Pix[i*plate.Channels])/655.35
		}
	}
	most, mean := 0.0, 0.0
	for _, v := range sums {
		most, mean = max(most, v), mean+v/float64(len(sums))
	}
	if math.Abs(most-j.Ink.Max) > 0.5 || math.Abs(mean-j.Ink.Mean) > 0.5 || most > 260.01 {
		t.Errorf("Ghostscript counts %.2f %% at the most and %.2f %% on the average, not %+v", most, mean, j.Ink)
	}
}

func TestPreflightFindsWhatAPrinterWouldRefuse(t *testing.T) {
	p, lib := fogra39(t), library(t)
	j, file, _ := made(t, p, order())
	good := press.Want{Page: j.Page, Standard: press.X4, MaxInk: 300, MinPPI: 150}
	larger := good
	larger.Page.Width += 0.1
	bled := good
	bled.Page.Bleed = 4
	less := good
	less.MaxInk = 200
	finer := good
	finer.MinPPI = 160
	older := good
	older.Standard = press.X3
	change := func(from, to string) []byte {
		if len(from) < len(to) || !bytes.Contains(file, []byte(from)) {
			t.Fatalf("%q does not become %q", from, to)
		}
		return bytes.Replace(file, []byte(from), fmt.Appendf(nil, "%-*s", len(from), to), 1) // the table of objects stays right
	}
	for name, c := range map[string]struct {
		file  []byte
		want  press.Want
		fails string
	}{
		"as it should be":    {file, good, ""},
		"another size":       {file, larger, press.CheckBoxes},
		"more bleed":         {file, bled, press.CheckBoxes},
		"less ink":           {file, less, press.CheckInk},
		"a finer picture":    {file, finer, press.CheckResolution},
		"another standard":   {file, older, press.CheckVersion},
		"no output intent":   {change("/OutputIntents", "/Intents"), good, press.CheckIntent},
		"pictures in light":  {change("/ColorSpace/DeviceCMYK", "/ColorSpace/DeviceRGB"), good, press.CheckColours},
		"a font by its name": {change("/ColorSpace<</All[/Separation/All/DeviceCMYK<</FunctionType 2/Domain[0 1]/C0[0 0 0 0]/C1[1 1 1 1]/N 1>>]>>", "/Font<</F<</Type/Font>>>>"), good, press.CheckFonts},
		"a script":           {change("/Type/Catalog/Pages 2 0 R/Metadata 7 0 R", "/Pages 2 0 R/AA<<>>/Metadata 7 0 R"), good, press.CheckActive},
	} {
		t.Run(name, func(t *testing.T) {
			checks, err := press.Preflight(lib, c.file, c.want)
			if err != nil {
				t.Fatal(err)
			}
			for _, check := range checks {
				if check.Passed == (check.Name == c.fails) {
					t.Errorf("%+v", check)
				}
			}
		})
	}
	for name, data := range map[string][]byte{"nothing": nil, "words": []byte("words"), "half": file[:len(file)/2]} {
		if _, err := press.Preflight(lib, data, good); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEqualJobsGiveEqualFiles(t *testing.T) {
	p := fogra39(t)
	_, a, _ := made(t, p, order())
	_, b, _ := made(t, p, order())
	if !bytes.Equal(a, b) {
		t.Error("two files of the same picture differ")
	}
}

func TestOrdersThatCannotBePrintedAreRefused(t *testing.T) {
	p := fogra39(t)
	d := scene(t, 64, 48)
	grey := &imaging.Deep{Width: 1, Height: 1, Channels: 4, Pix: make([]uint16, 4)}
	for name, c := range map[string]struct {
		picture *imaging.Deep
		change  func(*art.Print)
		field   string
	}{
		"no size":            {d, func(p *art.Print) { p.WidthMM = 0 }, "width_mm"},
		"not a number":       {d, func(p *art.Print) { p.HeightMM = math.NaN() }, "width_mm"},
		"too much bleed":     {d, func(p *art.Print) { p.BleedMM = 30 }, "bleed_mm"},
		"an unknown intent":  {d, func(p *art.Print) { p.Intent = "vivid" }, "intent"},
		"another standard":   {d, func(p *art.Print) { p.Standard = "x-1a" }, "standard"},
		"hardly any ink":     {d, func(p *art.Print) { p.MaxInk = 50 }, "tac"},
		"inks of no meaning": {grey, func(*art.Print) {}, "profile"},
	} {
		print := order()
		c.change(&print)
		if _, err := p.Make(t.Context(), c.picture, print); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), c.field) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzPreflight: a file from elsewhere is answered or refused.
func FuzzPreflight(f *testing.F) {
	p, lib := fogra39(f), library(f)
	j, err := p.Make(f.Context(), scene(f, 46, 36), order())
	if err != nil {
		f.Fatal(err)
	}
	file, _, err := p.Finish(j, document())
	if err != nil {
		f.Fatal(err)
	}
	cut := bytes.Index(file, []byte("6 0 obj"))
	f.Add(file[:cut])
	f.Add(file[len(file)-3000:])
	f.Add([]byte("%PDF-1.4\n" + strconv.Itoa(cut)))
	f.Fuzz(func(t *testing.T, data []byte) {
		checks, err := press.Preflight(lib, data, press.Want{Page: j.Page, Standard: press.X4, MaxInk: 300, MinPPI: 300})
		if err != nil && !errors.Is(err, art.ErrInvalid) {
			t.Fatal(err)
		}
		if err == nil && len(checks) != len(press.CheckNames()) {
			t.Fatal("a check is missing")
		}
	})
}
