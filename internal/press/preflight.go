package press

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/ledongthuc/pdf"

	"presswerk/internal/art"
	"presswerk/internal/icc"
)

// Want is what a file must be.
type Want struct {
	Page     Page
	Standard string  // X4 or X3
	MaxInk   float64 // percent
	MinPPI   float64
}

// Names of the checks, in their order.
const (
	CheckVersion    = "version"       // it calls itself PDF/X of the wanted kind
	CheckIntent     = "output-intent" // one, with the profile of a press for CMYK
	CheckBoxes      = "boxes"         // trim and bleed as asked, each inside the next
	CheckFonts      = "fonts"         // every font is in the file
	CheckColours    = "colours"       // pictures are in the inks of the press
	CheckResolution = "resolution"    // the coarsest picture is fine enough
	CheckInk        = "ink"           // no pixel has more than the limit
	CheckActive     = "active"        // nothing acts, nothing is locked
)

// nothing stands where a check finds nothing. What checks find and want is the same in every language.
const nothing = "–"

// CheckNames lists them.
func CheckNames() []string {
	return []string{CheckVersion, CheckIntent, CheckBoxes, CheckFonts, CheckColours, CheckResolution, CheckInk, CheckActive}
}

// Preflight reads a finished file back, by a reader that shares nothing with the writer, and says of each check whether it holds. Only the
// first page is looked at, and a file with more than one fails. What cannot be read as PDF gives art.ErrInvalid.
func Preflight(lib *icc.Library, file []byte, w Want) (checks []art.Check, err error) {
	defer func() { // the reader panics on what it does not understand
		if r := recover(); r != nil {
			checks, err = nil, fmt.Errorf("press: reading the PDF file back: %v: %w", r, art.ErrInvalid)
		}
	}()
	r, err := pdf.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, fmt.Errorf("press: reading the PDF file back: %w: %w", err, art.ErrInvalid)
	}
	f := &flight{lib: lib, want: w, trailer: r.Trailer(), page: r.Page(1).V, pages: r.NumPage()}
	if err := f.draw(); err != nil {
		return nil, err
	}
	for _, check := range []func() art.Check{f.version, f.intent, f.boxes, f.fonts, f.colours, f.resolution, f.ink, f.active} {
		checks = append(checks, check())
	}
	return checks, nil
}

// Passed tells whether every check holds; without any the answer is no.
func Passed(checks []art.Check) bool {
	for _, c := range checks {
		if !c.Passed {
			return false
		}
	}
	return len(checks) > 0
}

// drawn is a picture on the page.
type drawn struct {
	picture       pdf.Value
	width, height float64 // on paper, in points
}

// flight is a file under examination.
type flight struct {
	lib     *icc.Library
	want    Want
	trailer pdf.Value
	page    pdf.Value
	pages   int
	drawn   []drawn
}

type affine [6]float64

func (m affine) times(n affine) affine {
	return affine{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3], m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// draw follows the page's content to find its pictures and how large they are.
func (f *flight) draw() error {
	here := affine{1, 0, 0, 1, 0, 0}
	var saved []affine
	pdf.Interpret(f.page.Key("Contents"), func(stack *pdf.Stack, op string) {
		args := make([]pdf.Value, stack.Len())
		for i := len(args) - 1; i >= 0; i-- {
			args[i] = stack.Pop()
		}
		switch {
		case op == "q":
			saved = append(saved, here)
		case op == "Q" && len(saved) > 0:
			here, saved = saved[len(saved)-1], saved[:len(saved)-1]
		case op == "cm" && len(args) == 6:
			var m affine
			for i, a := range args {
				m[i] = a.Float64()
			}
			here = m.times(here)
		case op == "Do" && len(args) == 1:
			x := f.page.Key("Resources").Key("XObject").Key(args[0].Name())
			f.drawn = append(f.drawn, drawn{x, math.Hypot(here[0], here[1]), math.Hypot(here[2], here[3])})
		}
	})
	if f.pages != 1 || len(f.drawn) == 0 {
		return fmt.Errorf("press: the PDF file has %d pages and %d pictures on the first one, not one page with a picture: %w", f.pages, len(f.drawn), art.ErrInvalid)
	}
	return nil
}

func (f *flight) version() art.Check {
	d := Document{Standard: f.want.Standard}
	c := art.Check{Name: CheckVersion, Wanted: d.version(), Found: f.trailer.Key("Info").Key("GTS_PDFXVersion").RawString()}
	if f.want.Standard == X4 {
		packet, err := io.ReadAll(f.trailer.Key("Root").Key("Metadata").Reader())
		if _, after, ok := strings.Cut(string(packet), `GTS_PDFXVersion="`); ok && err == nil {
			c.Found, _, _ = strings.Cut(after, `"`)
		}
	}
	c.Passed = c.Found == c.Wanted && f.trailer.Key("ID").Len() == 2 && f.trailer.Key("Info").Key("Trapped").Name() == "False"
	return c
}

func (f *flight) intent() art.Check {
	c := art.Check{Name: CheckIntent, Wanted: "GTS_PDFX, CMYK, ICC", Found: nothing}
	intents := f.trailer.Key("Root").Key("OutputIntents")
	if intents.Len() != 1 {
		return c
	}
	o := intents.Index(0)
	data, err := io.ReadAll(io.LimitReader(o.Key("DestOutputProfile").Reader(), icc.MaxProfile))
	if err != nil {
		c.Found = err.Error()
		return c
	}
	profile, err := f.lib.Read(data)
	if err != nil {
		c.Found = err.Error()
		return c
	}
	defer profile.Close()
	c.Found = fmt.Sprintf("%s: %s, %s", o.Key("OutputConditionIdentifier").Text(), profile.Name, profile.Space)
	c.Passed = o.Key("S").Name() == "GTS_PDFX" && profile.Space == icc.CMYK && profile.Output && o.Key("DestOutputProfile").Key("N").Int64() == 4
	return c
}

func (f *flight) boxes() art.Check {
	read := func(name string) (b box) {
		for i := range b {
			b[i] = f.page.Key(name).Index(i).Float64()
		}
		return b
	}
	const near = 0.01 // points
	inside := func(a, b box) bool {
		return a[0] >= b[0]-near && a[1] >= b[1]-near && a[2] <= b[2]+near && a[3] <= b[3]+near
	}
	mm := func(v float64) float64 { return math.Round(v*25.4/72*100) / 100 }
	media, bleed, trim := read("MediaBox"), read("BleedBox"), read("TrimBox")
	bled := min(trim[0]-bleed[0], trim[1]-bleed[1], bleed[2]-trim[2], bleed[3]-trim[3])
	p := f.want.Page
	c := art.Check{
		Name:   CheckBoxes,
		Found:  fmt.Sprintf("%g × %g mm + %g mm", mm(trim[2]-trim[0]), mm(trim[3]-trim[1]), mm(bled)),
		Wanted: fmt.Sprintf("%g × %g mm + %g mm", p.Width, p.Height, p.Bleed),
	}
	c.Passed = inside(trim, bleed) && inside(bleed, media) && bled >= points(p.Bleed)-near &&
		math.Abs(trim[2]-trim[0]-points(p.Width)) < near && math.Abs(trim[3]-trim[1]-points(p.Height)) < near
	for _, d := range f.drawn { // the picture reaches the bleed
		c.Passed = c.Passed && d.width >= bleed[2]-bleed[0]-near && d.height >= bleed[3]-bleed[1]-near
	}
	return c
}

func (f *flight) fonts() art.Check {
	c := art.Check{Name: CheckFonts, Wanted: nothing, Found: nothing, Passed: true}
	fonts := f.page.Key("Resources").Key("Font")
	for _, name := range fonts.Keys() {
		d := fonts.Key(name).Key("FontDescriptor")
		if d.Key("FontFile").IsNull() && d.Key("FontFile2").IsNull() && d.Key("FontFile3").IsNull() {
			c.Found, c.Passed = name, false
			return c
		}
	}
	return c
}

func (f *flight) colours() art.Check {
	c := art.Check{Name: CheckColours, Wanted: "DeviceCMYK, 8", Passed: true}
	for _, d := range f.drawn {
		c.Found = fmt.Sprintf("%s, %d", d.picture.Key("ColorSpace").Name(), d.picture.Key("BitsPerComponent").Int64())
		if c.Found != c.Wanted || !d.picture.Key("SMask").IsNull() {
			c.Passed = false
			return c
		}
	}
	return c
}

func (f *flight) resolution() art.Check {
	least := math.Inf(1)
	for _, d := range f.drawn {
		across := float64(d.picture.Key("Width").Int64()+1) / d.width * 72 // a pixel is lost by rounding when a picture is cut to shape
		down := float64(d.picture.Key("Height").Int64()+1) / d.height * 72
		least = min(least, across, down)
	}
	return art.Check{Name: CheckResolution, Found: fmt.Sprintf("%.0f ppi", math.Floor(least)), Wanted: fmt.Sprintf("≥ %g ppi", f.want.MinPPI), Passed: least >= f.want.MinPPI}
}

// ink counts the bytes of the pictures themselves.
func (f *flight) ink() art.Check {
	c := art.Check{Name: CheckInk, Wanted: fmt.Sprintf("≤ %g %%", f.want.MaxInk)}
	most := 0.0
	for _, d := range f.drawn {
		n := 4 * d.picture.Key("Width").Int64() * d.picture.Key("Height").Int64()
		pix, err := io.ReadAll(io.LimitReader(d.picture.Reader(), n+1))
		if err != nil || int64(len(pix)) != n {
			c.Found = fmt.Sprintf("%d of %d bytes of the picture", len(pix), n)
			return c
		}
		most = max(most, (&Separation{Pix: pix}).Ink(f.want.MaxInk).Max)
	}
	c.Found, c.Passed = fmt.Sprintf("%.1f %%", most), most <= f.want.MaxInk
	return c
}

func (f *flight) active() art.Check {
	root := f.trailer.Key("Root")
	c := art.Check{Name: CheckActive, Wanted: nothing, Found: nothing, Passed: true}
	for name, v := range map[string]pdf.Value{
		"Encrypt": f.trailer.Key("Encrypt"), "OpenAction": root.Key("OpenAction"), "AA": root.Key("AA"), "AcroForm": root.Key("AcroForm"),
		"JavaScript": root.Key("Names").Key("JavaScript"), "Annots": f.page.Key("Annots"), "page AA": f.page.Key("AA"),
	} {
		if !v.IsNull() {
			c.Found, c.Passed = name, false
		}
	}
	return c
}
