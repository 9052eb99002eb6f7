package press

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/icc"
	"presswerk/internal/imaging"
)

// Job is a picture on its way to the press, with all that was measured.
type Job struct {
	Print      art.Print
	Page       Page
	Picture    *imaging.Deep // cut to the sheet, in its own colours
	Separation *Separation   // within the limit of ink
	Resolution Resolution
	Before     Ink // as the profile separates
	Ink        Ink // as it will be printed
	Limited    Limited
	Shift      *Shift
}

// Make cuts a picture to its page, separates it, keeps the limit of ink, and compares the print with the picture. A picture that is
// too coarse is made all the same: see Resolution, and the check in Preflight.
func (p *Press) Make(ctx context.Context, d *imaging.Deep, print art.Print) (*Job, error) {
	print = print.OrDefaults()
	j := &Job{Print: print}
	if !slices.Contains(art.PrintStandards(), print.Standard) {
		return nil, art.Invalid("print.standard", fmt.Sprintf("PDF/%s is not written", strings.ToUpper(print.Standard)), "use x-4 or x-3")
	}
	var err error
	if j.Page, err = PageOf(print); err != nil {
		return nil, err
	}
	if len(d.Profile) > 0 && d.Channels < 4 && j.Page.tooFine(d, print.MinPPI) { // it is resized, for which its tone curve must be known
		if d, err = Convert(ctx, p.lib, d, icc.DisplayP3(), icc.Options{Intent: icc.Relative}); err != nil {
			return nil, err
		}
	}
	if j.Picture, j.Resolution, err = j.Page.Fit(d, print.MinPPI); err != nil {
		return nil, err
	}
	if j.Separation, err = p.Separate(ctx, j.Picture, icc.Options{Intent: icc.Intent(print.Intent), BlackPoint: print.BlackPoint}); err != nil {
		return nil, err
	}
	j.Before = j.Separation.Ink(print.MaxInk)
	if j.Limited, err = p.Limit(ctx, j.Separation, print.MaxInk); err != nil {
		return nil, err
	}
	j.Ink = j.Separation.Ink(print.MaxInk)
	j.Shift, err = p.Shifted(ctx, j.Picture, j.Separation)
	return j, err
}

// Finish writes the job's file and reads it back.
func (p *Press) Finish(j *Job, d Document) (file []byte, checks []art.Check, err error) {
	d.Standard = j.Print.Standard
	if file, err = p.PDF(j.Separation, j.Page, d); err != nil {
		return nil, nil, err
	}
	checks, err = Preflight(p.lib, file, Want{Page: j.Page, Standard: d.Standard, MaxInk: j.Print.MaxInk, MinPPI: j.Print.MinPPI})
	return file, checks, err
}
