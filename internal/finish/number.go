package finish

import (
	"context"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance/watermark"
)

const (
	leastMarked = 400  // pixels of the longer side below which no quality keeps a number
	clearMark   = 10.0 // how clearly a number stands in a file that may be encoded again; 6.5 is believed, 22 is untouched
	markStep    = 10   // how much more quality is tried at once
	middle      = 1024 // pixels a side of a file's middle that are looked at: they tell as much as all of it
)

// keepNumber raises the quality of a file until the hidden number is clearly in it. The search for quality takes the number for what it is to the
// eye, grain that may be lost, so that on flat pictures it would be. Where no quality keeps it, the file stays as it was.
func (w *work) keepNumber(ctx context.Context, o *order, t trial, data []byte) (trial, []byte, error) {
	type attempt struct {
		trial
		data []byte
		p    *imaging.RGB
	}
	var first *attempt
	for {
		p, err := imaging.Decode(ctx, data, imaging.Limits{})
		if err != nil {
			return t, nil, err
		}
		if first == nil {
			first = &attempt{t, data, p}
		}
		kept, err := w.clearlyIn(ctx, o, p)
		if err != nil {
			return t, nil, err
		}
		if !kept && t.Quality < ceiling(t.Format) {
			t.Quality = min(ceiling(t.Format), t.Quality+markStep)
			if data, err = imaging.Encode(o.canvas.picture, t.Encoding); err != nil {
				return t, nil, err
			}
			continue
		}
		if !kept {
			t, data, p = first.trial, first.data, first.p
		}
		t.score, err = o.canvas.ruler.copied(p)
		return t, data, err
	}
}

// clearlyIn looks for the number in a file's pixels, where it must be. Too small a file passes.
func (w *work) clearlyIn(ctx context.Context, o *order, p *imaging.RGB) (bool, error) {
	if max(p.Width, p.Height) < leastMarked {
		return true, nil
	}
	side := float64(o.marked) * float64(p.Width) / float64(o.cropped.Width)
	width, height := min(middle, p.Width), min(middle, p.Height)
	p, err := imaging.Crop(p, (p.Width-width)/2, (p.Height-height)/2, width, height)
	if err != nil {
		return false, err
	}
	found := w.f.o.Mark.Detect(ctx, p, watermark.Search{Side: side})
	return found.Found && found.ID == art.MarkID(w.AssetID) && found.Peak >= clearMark, nil
}
