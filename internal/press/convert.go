package press

import (
	"context"
	"fmt"

	"presswerk/internal/icc"
	"presswerk/internal/imaging"
)

// Convert turns a picture, of sRGB where it has no profile, into the colours of another RGB profile, which it then carries. All its bits are
// used, and the result has 16.
func Convert(ctx context.Context, lib *icc.Library, d *imaging.Deep, profile []byte, o icc.Options) (*imaging.Deep, error) {
	to, err := lib.Read(profile)
	if err != nil {
		return nil, fmt.Errorf("press: the profile to turn into: %w", err)
	}
	defer to.Close()
	from, done, err := source(lib, d)
	if err != nil {
		return nil, err
	}
	defer done()
	t, err := lib.Transform(from, to, o)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	n := to.Space.Channels()
	out := &imaging.Deep{Width: d.Width, Height: d.Height, Channels: n, Bits: 16, Profile: profile, Pix: make([]uint16, n*d.Width*d.Height)}
	err = inParts(ctx, d.Width*d.Height, func(from, to int) error {
		return t.Do(out.Pix[n*from:n*to], d.Pix[d.Channels*from:d.Channels*to])
	})
	if err != nil {
		return nil, fmt.Errorf("press: turning into %q: %w", to.Name, err)
	}
	return out, nil
}
