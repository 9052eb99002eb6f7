package robustness

import (
	"context"
	"time"

	"presswerk/internal/imaging"
	"presswerk/internal/provenance/watermark"
)

// Scheme hides numbers in pictures and finds them.
type Scheme interface {
	Name() string
	// Bits is how many bits a number has.
	Bits() int
	// Checked tells whether the scheme itself knows that what it read is no number. One that doesn't always reads something.
	Checked() bool
	Embed(ctx context.Context, p *imaging.RGB, number uint64) (*imaging.RGB, time.Duration, error)
	Detect(ctx context.Context, p *imaging.RGB) (Reading, error)
}

// Reading is what a scheme read in a picture.
type Reading struct {
	Found  bool
	Number uint64
	Took   time.Duration
}

// OwnName is how reports call the house's own scheme.
const OwnName = "presswerk"

// Own is the house's own scheme, and looks everywhere as presswerk verify does.
type Own struct {
	Mark *watermark.Mark
	PSNR float64 // decibels; 0 means the default
}

// Name is "presswerk".
func (o Own) Name() string { return OwnName }

// Bits is 48.
func (o Own) Bits() int { return 48 }

// Checked is true: numbers carry a checksum.
func (o Own) Checked() bool { return true }

// Embed marks a picture.
func (o Own) Embed(_ context.Context, p *imaging.RGB, number uint64) (*imaging.RGB, time.Duration, error) {
	begun := time.Now()
	out, err := o.Mark.Embed(p, number, watermark.Options{PSNR: o.PSNR})
	return out, time.Since(begun), err
}

// Detect looks at every scale, mirrored, and turned.
func (o Own) Detect(ctx context.Context, p *imaging.RGB) (Reading, error) {
	begun := time.Now()
	f := o.Mark.Detect(ctx, p, watermark.Everything())
	return Reading{Found: f.Found, Number: f.ID, Took: time.Since(begun)}, ctx.Err()
}
