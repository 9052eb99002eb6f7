package wire

import (
	"context"
	"errors"
	"fmt"
	"time"

	"presswerk/internal/art"
)

// Pauses are how long is waited between looks at a job: First, then twice as long each time up to Most. Sleep is the
// clock; it ends early with its context's error.
type Pauses struct {
	First, Most time.Duration
	Sleep       func(ctx context.Context, d time.Duration) error
}

// Sleep waits on the real clock.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// maxMisses is how often in a row a job may not be seen before watching it is given up.
const maxMisses = 8

// Poll calls look until it says done. Errors that wrap art.ErrUnavailable are waited out, as long as the service asks for,
// but not forever; all others end it.
func (p Pauses) Poll(ctx context.Context, look func(ctx context.Context) (done bool, err error)) error {
	pause, misses := p.First, 0
	for {
		done, err := look(ctx)
		switch {
		case err == nil && done:
			return nil
		case err == nil:
			misses = 0
		case !errors.Is(err, art.ErrUnavailable) || ctx.Err() != nil:
			return err
		default:
			if misses++; misses >= maxMisses {
				return fmt.Errorf("given up after %d looks: %w", misses, err)
			}
		}
		wait := pause
		if asked := (*Error)(nil); errors.As(err, &asked) {
			wait = max(wait, asked.Wait)
		}
		if err := p.Sleep(ctx, wait); err != nil {
			return fmt.Errorf("waiting for a job: %w", err)
		}
		pause = min(2*pause, p.Most)
	}
}
