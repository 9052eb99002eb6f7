// Package press takes a picture to the printing press: into the inks of a printing condition, onto a page, and past the checks
// that a printer makes.
//
// Its nouns: a Condition is a press with its paper, told by an ICC profile; a Separation is a picture in its four inks; ink, or total
// area coverage, is the sum of the four at one place, in percent; a proof is how the print will look, shown on a display; a Page has
// its trim, bleed and media box; preflight reads a finished PDF back and says what a printer would refuse.
//
//	p, err := press.New(lib, condition)
//	job, err := p.Make(ctx, picture, press.Order{Print: channel.Print, …}) // separation, page and reports
//	file, err := press.PDF(job.Separation, …)
//	checks, err := press.Preflight(file, …)
//
// PDF files are written here, one page with one picture and no font, as PDF/X-4 or PDF/X-3, and read back with a reader that has
// nothing to do with the writer. Spot colours, several pages and text on the page are not done here.
package press
