package press

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"presswerk/internal/art"
	"presswerk/internal/icc"
	"presswerk/internal/imaging"
)

// Condition is a press with its paper and ink.
type Condition struct {
	Name    string // in the registry of the ICC, "FOGRA39"; "" where it stands in none
	Profile []byte // ICC, of an output device for CMYK
}

// Press turns pictures into the inks of one condition. It is safe for concurrent use. Close it.
type Press struct {
	Condition
	Title   string // what the profile calls itself
	lib     *icc.Library
	profile *icc.Profile
	srgb    *icc.Profile
	once    sync.Once
	table   *inkTable // what the inks give: filled on first use
	tableOf error
}

// New makes a press. A profile that is none for CMYK gives art.ErrInvalid.
func New(lib *icc.Library, c Condition) (*Press, error) {
	profile, err := lib.Read(c.Profile)
	if err != nil {
		return nil, fmt.Errorf("press: the profile of the printing condition: %w", err)
	}
	if profile.Space != icc.CMYK || !profile.Output {
		profile.Close()
		return nil, art.Invalid("profile", fmt.Sprintf("%q is a profile for %s and not that of a press", profile.Name, profile.Space), "name the ICC profile of a printing condition in CMYK")
	}
	srgb, err := lib.Read(icc.SRGB())
	if err != nil {
		profile.Close()
		return nil, err
	}
	return &Press{Condition: c, Title: profile.Name, lib: lib, profile: profile, srgb: srgb}, nil
}

// Close frees the profiles.
func (p *Press) Close() {
	p.profile.Close()
	p.srgb.Close()
}

// source is the profile of a picture, sRGB where it has none. done frees it.
func source(lib *icc.Library, d *imaging.Deep) (from *icc.Profile, done func(), err error) {
	data := d.Profile
	if len(data) == 0 {
		if d.Channels != 3 {
			return nil, nil, art.Invalid("picture", fmt.Sprintf("it has %d channels and no profile that says what they mean", d.Channels), "embed the ICC profile, or give an RGB picture")
		}
		data = icc.SRGB()
	}
	from, err = lib.Read(data)
	if err != nil {
		return nil, nil, fmt.Errorf("press: the picture's profile: %w", err)
	}
	if from.Space.Channels() != d.Channels {
		from.Close()
		return nil, nil, art.Invalid("picture", fmt.Sprintf("it has %d channels and a profile for %s", d.Channels, from.Space), "embed the right profile")
	}
	return from, from.Close, nil
}

// inParts does n pixels in parts at the same time, so that a page needs no minutes.
func inParts(ctx context.Context, n int, do func(from, to int) error) error {
	const part = 1 << 10
	workers := runtime.GOMAXPROCS(0)
	var group sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		group.Go(func() {
			for from := w * part; from < n; from += workers * part {
				if err := errors.Join(ctx.Err(), do(from, min(from+part, n))); err != nil {
					errs[w] = err
					return
				}
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}
