package press

import (
	"fmt"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// The crop marks around a page, in millimetres.
const (
	markLength = 5.0
	markGap    = 3.0 // from the trimmed edge at the least, beyond the bleed where that is wider
	markSlug   = 1.0 // blank beyond the marks
)

// Page is a sheet with one picture that fills it to the bleed. Lengths are in millimetres.
type Page struct {
	Width, Height float64 // trimmed
	Bleed         float64 // on every side
	Marks         bool
}

// PageOf is the page that a channel asks for. Sizes out of range give art.ErrInvalid.
func PageOf(p art.Print) (Page, error) {
	if !(p.WidthMM >= art.LeastPageMM && p.WidthMM <= art.MostPageMM && p.HeightMM >= art.LeastPageMM && p.HeightMM <= art.MostPageMM) {
		return Page{}, art.Invalid("print.width_mm", fmt.Sprintf("a page of %g × %g mm is not printed", p.WidthMM, p.HeightMM), fmt.Sprintf("use %d to %d mm for both sides", art.LeastPageMM, art.MostPageMM))
	}
	if !(p.BleedMM >= 0 && p.BleedMM <= art.MostBleedMM) {
		return Page{}, art.Invalid("print.bleed_mm", fmt.Sprintf("a bleed of %g mm is out of range", p.BleedMM), fmt.Sprintf("use 0 to %d; 3 is usual", art.MostBleedMM))
	}
	return Page{Width: p.WidthMM, Height: p.HeightMM, Bleed: p.BleedMM, Marks: p.Marks}, nil
}

// sheet is the size of the picture with its bleed.
func (p Page) sheet() (width, height float64) { return p.Width + 2*p.Bleed, p.Height + 2*p.Bleed }

// gap is the distance from the trimmed edge to the beginning of a mark.
func (p Page) gap() float64 { return max(p.Bleed, markGap) }

// margin is the distance from the edge of the medium to the trimmed edge.
func (p Page) margin() float64 {
	if p.Marks {
		return p.gap() + markLength + markSlug
	}
	return p.Bleed
}

// box is a rectangle in PDF's points: left, bottom, right, top.
type box [4]float64

// points turns millimetres into a 72nd of an inch.
func points(mm float64) float64 { return mm * 72 / 25.4 }

func (p Page) boxes() (media, bleed, trim box) {
	m, b := p.margin(), p.margin()-p.Bleed
	at := func(from, width, height float64) box {
		return box{points(from), points(from), points(from + width), points(from + height)}
	}
	w, h := p.sheet()
	return box{0, 0, points(p.Width + 2*m), points(p.Height + 2*m)}, at(b, w, h), at(m, p.Width, p.Height)
}

// Resolution says how fine a picture is on paper.
type Resolution struct {
	PPI           float64 `json:"ppi"`             // pixels an inch that the picture has
	Wanted        float64 `json:"wanted"`          // pixels an inch that it must have
	Width, Height int     `json:"-"`               // pixels of the part that fills the sheet
	NeedWidth     int     `json:"need_width"`      // pixels that the sheet needs
	NeedHeight    int     `json:"need_height"`     //
	LargestWidth  float64 `json:"largest_width"`   // millimetres of the trimmed page up to which the picture is fine enough
	LargestHeight float64 `json:"largest_height"`  //
	Enough        bool    `json:"enough"`          //
	Scale         float64 `json:"scale,omitempty"` // by which the picture must be enlarged; 0 where it is large enough
}

// Resolution checks a picture of so many pixels that is cropped to the page.
func (p Page) Resolution(width, height int, wanted float64) Resolution {
	_, _, w, h := p.crop(width, height)
	sheetW, sheetH := p.sheet()
	r := Resolution{
		Width: w, Height: h, Wanted: wanted, PPI: math.Floor(10*min(float64(w)/sheetW, float64(h)/sheetH)*25.4) / 10,
		NeedWidth: int(math.Ceil(sheetW / 25.4 * wanted)), NeedHeight: int(math.Ceil(sheetH / 25.4 * wanted)),
	}
	share := min(float64(w)/float64(r.NeedWidth), float64(h)/float64(r.NeedHeight))
	r.Enough = w >= r.NeedWidth-1 && h >= r.NeedHeight-1
	r.LargestWidth, r.LargestHeight = math.Floor(share*sheetW-2*p.Bleed), math.Floor(share*sheetH-2*p.Bleed)
	if !r.Enough {
		r.Scale = math.Ceil(100/share) / 100
	}
	return r
}

// Scale is by how much a picture must be enlarged so that the part of it that fills the sheet has the wanted pixels an inch; below 1 it
// is larger than that.
func (p Page) Scale(width, height int, wanted float64) float64 {
	sheetW, sheetH := p.sheet()
	return max(math.Ceil(sheetW/25.4*wanted)/float64(width), math.Ceil(sheetH/25.4*wanted)/float64(height))
}

// crop is the largest rectangle in the middle of a picture that has the shape of the sheet.
func (p Page) crop(width, height int) (x, y, w, h int) {
	sheetW, sheetH := p.sheet()
	aspect := sheetW / sheetH
	w, h = width, height
	if float64(w) > aspect*float64(h) {
		w = max(1, int(math.Round(aspect*float64(h))))
	} else {
		h = max(1, int(math.Round(float64(w)/aspect)))
	}
	return (width - w) / 2, (height - h) / 2, w, h
}

// fineEnough is the multiple of the wanted resolution above which pixels only make the file larger.
const fineEnough = 1.5

func (p Page) tooFine(d *imaging.Deep, wanted float64) bool {
	return p.Resolution(d.Width, d.Height, wanted).PPI > fineEnough*wanted
}

// Fit cuts an RGB picture with the tone curve of sRGB to the page. What is finer than paper shows is made smaller; nothing is enlarged
// here.
func (p Page) Fit(d *imaging.Deep, wanted float64) (*imaging.Deep, Resolution, error) {
	x, y, w, h := p.crop(d.Width, d.Height)
	out, err := d.Cut(x, y, w, h)
	if err != nil {
		return nil, Resolution{}, err
	}
	r := p.Resolution(d.Width, d.Height, wanted)
	if d.Channels == 3 && p.tooFine(d, wanted) {
		if out, err = imaging.ResizeDeep(out, r.NeedWidth, r.NeedHeight); err != nil {
			return nil, Resolution{}, err
		}
		r = p.Resolution(r.NeedWidth, r.NeedHeight, wanted)
	}
	return out, r, nil
}
