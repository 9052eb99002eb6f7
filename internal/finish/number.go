package finish

import (
	"context"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance/watermark"
)

const (
	leastMarked = 400  // pixels of the longer side below which no quality keeps a number
	clearMark   = 10.0 // how clearly a number stands in a file as it was made; 6.5 is believed, 22 is untouched
	roughly     = 50   // quality of JPEG that a file is then encoded with once more, as others do with it
	roughMark   = 9.0  // how clearly it stands after that: of three quarters of each side, which a crop leaves, 6.5 is left
	markStep    = 10   // how much more quality is tried at once
	middle      = 1024 // pixels a side of a file's middle that are looked at: they tell as much as all of it
)

// hold is how firmly a number sits in a file.
type hold int

const (
	lost  hold = iota // it isn't found, or barely
	there             // it is clear in the file as it was made
	firm              // and after ordinary use
)

// keepNumber raises the quality of a file until the hidden number outlives ordinary use of it. The search for quality takes the number for
// what it is to the eye, grain that may be lost, so that on flat pictures it would be. Where no quality makes it firm, the lowest one of those
// that hold it best is taken.
func (w *work) keepNumber(ctx context.Context, o *order, t trial, data []byte) (trial, []byte, error) {
	type attempt struct {
		trial
		data []byte
		p    *imaging.RGB
		hold hold
	}
	var best *attempt
	for {
		p, err := imaging.Decode(ctx, data, imaging.Limits{})
		if err != nil {
			return t, nil, err
		}
		now := &attempt{trial: t, data: data, p: p}
		if now.hold, err = w.held(ctx, o, p); err != nil {
			return t, nil, err
		}
		if best == nil || now.hold > best.hold {
			best = now
		}
		if best.hold == firm || t.Quality >= ceiling(t.Format) {
			break
		}
		t.Quality = min(ceiling(t.Format), t.Quality+markStep)
		if data, err = imaging.Encode(o.canvas.picture, t.Encoding); err != nil {
			return t, nil, err
		}
	}
	var err error
	best.score, err = o.canvas.ruler.copied(best.p)
	return best.trial, best.data, err
}

// held looks for the number in a file's pixels, where it must be. Too small a file passes.
func (w *work) held(ctx context.Context, o *order, p *imaging.RGB) (hold, error) {
	if max(p.Width, p.Height) < leastMarked {
		return firm, nil
	}
	search := watermark.Search{Side: float64(o.marked) * float64(p.Width) / float64(o.cropped.Width)}
	clear := func(p *imaging.RGB, least float64) bool {
		found := w.f.o.Mark.Detect(ctx, p, search)
		return found.Found && found.ID == art.MarkID(w.AssetID) && found.Peak >= least
	}
	width, height := min(middle, p.Width), min(middle, p.Height)
	p, err := imaging.Crop(p, (p.Width-width)/2, (p.Height-height)/2, width, height)
	if err != nil {
		return lost, err
	}
	data, err := imaging.Encode(p, imaging.Encoding{Format: imaging.JPEG, Quality: roughly, Subsample: true})
	if err != nil {
		return lost, err
	}
	rough, err := imaging.Decode(ctx, data, imaging.Limits{})
	switch {
	case err != nil:
		return lost, err
	case clear(rough, roughMark): // then it is there before, too
		return firm, nil
	case clear(p, clearMark):
		return there, nil
	default:
		return lost, nil
	}
}
