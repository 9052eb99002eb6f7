package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"presswerk/internal/art"
)

// Limit lets at most n pictures be made at a time; others wait for their turn or the end of their context.
// N below 1 counts as 1.
func Limit(e Engine, n int) Engine {
	return &limited{Engine: e, slots: make(chan struct{}, max(n, 1))}
}

type limited struct {
	Engine
	slots chan struct{}
}

func (l *limited) Unwrap() Engine { return l.Engine }

func (l *limited) Render(ctx context.Context, r art.Recipe, progress Progress) (Picture, error) {
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return Picture{}, fmt.Errorf("engine: waiting for a turn: %w", ctx.Err())
	}
	defer func() { <-l.slots }()
	return l.Engine.Render(ctx, r, progress)
}

// Retry tries again when the engine says art.ErrUnavailable, up to attempts times in all. Wait is called between
// attempts, with 1, 2 …; its error ends the attempts. Wrap only engines for which a failed attempt costs nothing: what
// may have been paid for must never be asked again by itself.
func Retry(e Engine, attempts int, wait func(ctx context.Context, attempt int) error) Engine {
	return &retried{Engine: e, attempts: attempts, wait: wait}
}

type retried struct {
	Engine
	attempts int
	wait     func(ctx context.Context, attempt int) error
}

func (r *retried) Unwrap() Engine { return r.Engine }

func (r *retried) Render(ctx context.Context, recipe art.Recipe, progress Progress) (Picture, error) {
	for attempt := 1; ; attempt++ {
		picture, err := r.Engine.Render(ctx, recipe, progress)
		if err == nil || attempt >= r.attempts || !errors.Is(err, art.ErrUnavailable) {
			return picture, err
		}
		if waiting := r.wait(ctx, attempt); waiting != nil {
			return Picture{}, fmt.Errorf("engine: %w, after: %w", waiting, err)
		}
	}
}

// Event is one call of Render, for logs and metrics.
type Event struct {
	Engine  string
	Recipe  art.Recipe
	Elapsed time.Duration // of the call
	Err     error
}

// Record tells listen of every picture that was asked for. Now is the clock.
func Record(e Engine, now func() time.Time, listen func(Event)) Engine {
	return &recorded{Engine: e, now: now, listen: listen}
}

type recorded struct {
	Engine
	now    func() time.Time
	listen func(Event)
}

func (r *recorded) Unwrap() Engine { return r.Engine }

func (r *recorded) Render(ctx context.Context, recipe art.Recipe, progress Progress) (Picture, error) {
	start := r.now()
	picture, err := r.Engine.Render(ctx, recipe, progress)
	r.listen(Event{Engine: r.Info().Name, Recipe: recipe, Elapsed: r.now().Sub(start), Err: err})
	return picture, err
}
