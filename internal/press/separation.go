package press

import (
	"context"
	"fmt"
	"math"

	"presswerk/internal/icc"
	"presswerk/internal/imaging"
)

// Separation is a picture in four inks, row-major: cyan, magenta, yellow and black of each pixel, 255 for full ink.
// len(Pix) is always 4*Width*Height.
type Separation struct {
	Width, Height int
	Pix           []uint8
}

// Separate turns a picture into the inks of the press. How much ink lies at one place is then what the profile's own tables say:
// see Limit.
func (p *Press) Separate(ctx context.Context, d *imaging.Deep, o icc.Options) (*Separation, error) {
	from, done, err := source(p.lib, d)
	if err != nil {
		return nil, err
	}
	defer done()
	t, err := p.lib.Transform(from, p.profile, o)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	s := &Separation{Width: d.Width, Height: d.Height, Pix: make([]uint8, 4*d.Width*d.Height)}
	err = inParts(ctx, d.Width*d.Height, func(from, to int) error {
		inks := make([]uint16, 4*(to-from))
		if err := t.Do(inks, d.Pix[d.Channels*from:d.Channels*to]); err != nil {
			return err
		}
		for i, v := range inks {
			s.Pix[4*from+i] = uint8((uint32(v) + 128) / 257)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("press: separating: %w", err)
	}
	return s, nil
}

// wide is a part of the separation with 16 bits a channel, as transforms want it.
func (s *Separation) wide(from, to int) []uint16 {
	out := make([]uint16, 4*(to-from))
	for i, v := range s.Pix[4*from : 4*to] {
		out[i] = uint16(v) * 257
	}
	return out
}

// Deep is the separation for a file: see imaging.EncodeDeep.
func (p *Press) Deep(s *Separation) *imaging.Deep {
	return &imaging.Deep{Width: s.Width, Height: s.Height, Channels: 4, Bits: 8, Pix: s.wide(0, s.Width*s.Height), Profile: p.Profile}
}

// Proof shows on a display of sRGB how the print will look. With paper the white is the paper's and black is as deep as its ink;
// without, paper counts as white, which is what an eye makes of it after a while.
func (p *Press) Proof(ctx context.Context, s *Separation, paper bool) (*imaging.RGB, error) {
	intent := icc.Relative
	if paper {
		intent = icc.Absolute
	}
	t, err := p.lib.Transform(p.profile, p.srgb, icc.Options{Intent: intent})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	out, err := imaging.NewRGB(s.Width, s.Height)
	if err != nil {
		return nil, err
	}
	err = inParts(ctx, s.Width*s.Height, func(from, to int) error {
		light := make([]uint16, 3*(to-from))
		if err := t.Do(light, s.wide(from, to)); err != nil {
			return err
		}
		for i, v := range light {
			out.Pix[3*from+i] = uint8((uint32(v) + 128) / 257)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("press: proofing: %w", err)
	}
	return out, nil
}

// Shift says by how much colours move between a picture and its print, in CIEDE2000, paper counting as white.
type Shift struct {
	Mean  float64 `json:"mean"`
	Max   float64 `json:"max"`
	P95   float64 `json:"p95"`    // what 95 of 100 pixels stay below
	Over2 float64 `json:"over_2"` // share of pixels, 0..1, that move visibly
	Over5 float64 `json:"over_5"` // share of pixels that become other colours

	Width, Height int       `json:"-"`
	Moved         []float32 `json:"-"` // of each pixel
}

// Shifted compares a picture with its separation.
func (p *Press) Shifted(ctx context.Context, d *imaging.Deep, s *Separation) (*Shift, error) {
	from, done, err := source(p.lib, d)
	if err != nil {
		return nil, err
	}
	defer done()
	asked, err := p.lib.ToLab(from, icc.Relative)
	if err != nil {
		return nil, err
	}
	defer asked.Close()
	printed, err := p.lib.ToLab(p.profile, icc.Relative)
	if err != nil {
		return nil, err
	}
	defer printed.Close()
	if d.Width != s.Width || d.Height != s.Height {
		return nil, fmt.Errorf("press: a picture of %d×%d is compared with a separation of %d×%d", d.Width, d.Height, s.Width, s.Height)
	}
	shift := &Shift{Width: d.Width, Height: d.Height, Moved: make([]float32, d.Width*d.Height)}
	err = inParts(ctx, len(shift.Moved), func(from, to int) error {
		a, b := make([]float64, 3*(to-from)), make([]float64, 3*(to-from))
		if err := asked.Lab(a, d.Pix[d.Channels*from:d.Channels*to]); err != nil {
			return err
		}
		if err := printed.Lab(b, s.wide(from, to)); err != nil {
			return err
		}
		for i := range to - from {
			shift.Moved[from+i] = float32(imaging.DeltaE(lab(a[3*i:]), lab(b[3*i:])))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("press: comparing with the print: %w", err)
	}
	shift.count()
	return shift, nil
}

func lab(v []float64) imaging.Lab { return imaging.Lab{L: v[0], A: v[1], B: v[2]} }

// count fills in the figures from the pixels.
func (s *Shift) count() {
	const steps = 100 // a unit
	n := float64(len(s.Moved))
	var bins [200 * steps]int
	for _, v := range s.Moved {
		e := float64(v)
		s.Mean += e / n
		s.Max = max(s.Max, e)
		if e > 2 {
			s.Over2 += 1 / n
		}
		if e > 5 {
			s.Over5 += 1 / n
		}
		bins[min(int(e*steps), len(bins)-1)]++
	}
	below := 0
	for i, k := range bins {
		if below += k; float64(below) >= 0.95*n {
			s.P95 = float64(i+1) / steps
			break
		}
	}
	for _, v := range []*float64{&s.Mean, &s.Max, &s.P95} {
		*v = math.Round(*v*100) / 100
	}
}
