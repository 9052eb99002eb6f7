package engine

import (
	"context"
	"image"
	"slices"
	"time"

	"presswerk/internal/art"
)

// Engine makes pictures. Implementations are safe for concurrent use.
type Engine interface {
	// Info tells what the engine can do. It does no I/O.
	Info() Info

	// Render makes one picture and returns the encoded bytes unchanged.
	// It stops soon after ctx ends and then returns ctx.Err(), wrapped.
	// It never guesses: a field it can't honour gives art.ErrUnsupported. Progress may be nil; it is called from
	// one goroutine at a time with step in 1..steps.
	Render(ctx context.Context, r art.Recipe, progress Progress) (Picture, error)

	Close() error
}

// Progress hears that step of steps is done.
type Progress func(step, steps int)

// Picture is what an engine made.
type Picture struct {
	Bytes        []byte        // the encoded file, exactly as the engine gave it
	MIME         string        // "image/png" …
	Width        int           // pixels
	Height       int           // pixels
	PixelsSHA256 string        // SHA-256 of the 8-bit RGB pixels, row by row, in lower-case hex
	Notes        []string      // what a person should know, such as a prompt that was cut
	Elapsed      time.Duration // wall-clock time of this picture; pictures of a batch may overlap
	Answer       []byte        // the service's raw answer, without secrets and without the picture itself; nil where there is none
	Price        float64       // what the service says that it charged; 0 where it says nothing
	Currency     string        // of Price, ISO 4217, or a unit of the service's own such as "credits"
}

// Batcher is the power to make several pictures at once, faster than one after the other.
type Batcher interface {
	// RenderBatch makes one picture per recipe, in their order. Each is bit-identical to what Render makes of the
	// same recipe. It fails as a whole. Progress counts steps over the whole batch.
	RenderBatch(ctx context.Context, recipes []art.Recipe, progress Progress) ([]Picture, error)
}

// Previewer is the power to show a picture in the making.
type Previewer interface {
	// RenderSeen is Render that also gives, after each step, a small picture of what is coming. See is called from one
	// goroutine at a time and doesn't change what is made.
	RenderSeen(ctx context.Context, r art.Recipe, progress Progress, see func(image.Image)) (Picture, error)
}

// Warmer is the power to load a model before the first picture is asked for.
type Warmer interface {
	Warm(ctx context.Context, model art.ModelRef) error
}

// Unwrapper is what a wrapper around an engine implements, so that the powers of the inner one aren't lost.
type Unwrapper interface{ Unwrap() Engine }

// As finds the power T on e or on what e wraps. What was put around e with Wrap is around the power, too.
func As[T any](e Engine) (T, bool) {
	var around []*wrapped
	for e != nil {
		if t, ok := e.(T); ok {
			for _, w := range slices.Backward(around) {
				t = dress(w, t)
			}
			return t, true
		}
		if w, ok := e.(*wrapped); ok {
			around = append(around, w)
		}
		u, ok := e.(Unwrapper)
		if !ok {
			break
		}
		e = u.Unwrap()
	}
	var none T
	return none, false
}
