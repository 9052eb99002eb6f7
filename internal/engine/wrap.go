package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
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

// Wait is called between two attempts, with the number of the one that failed and its error; its own error ends the
// attempts.
type Wait func(ctx context.Context, attempt int, failed error) error

// Retry tries again when the engine says art.ErrUnavailable, up to attempts times in all. Where the outcome is unknown it
// never does: what may have been paid for must not be asked for again by itself.
func Retry(e Engine, attempts int, wait Wait) Engine {
	return &retried{Engine: e, attempts: attempts, wait: wait}
}

type retried struct {
	Engine
	attempts int
	wait     Wait
}

func (r *retried) Unwrap() Engine { return r.Engine }

func (r *retried) Render(ctx context.Context, recipe art.Recipe, progress Progress) (Picture, error) {
	for attempt := 1; ; attempt++ {
		picture, err := r.Engine.Render(ctx, recipe, progress)
		if err == nil || attempt >= r.attempts || !errors.Is(err, art.ErrUnavailable) || errors.Is(err, ErrUnknown) {
			return picture, err
		}
		if waiting := r.wait(ctx, attempt, err); waiting != nil {
			return Picture{}, fmt.Errorf("engine: %w, after: %w", waiting, err)
		}
	}
}

// Backoff waits first, then twice as long each time up to most, and as long as the service asks for where that is longer.
func Backoff(first, most time.Duration, sleep func(context.Context, time.Duration) error) Wait {
	return func(ctx context.Context, attempt int, failed error) error {
		pause := min(first<<min(attempt-1, 30), most)
		if asked := (interface{ RetryAfter() time.Duration })(nil); errors.As(failed, &asked) {
			pause = max(pause, asked.RetryAfter())
		}
		return sleep(ctx, pause)
	}
}

// Break stops asking an engine that failed so many times in a row with art.ErrUnavailable: for the length of rest every
// call fails at once, then one is let through as a trial. Now is the clock.
func Break(e Engine, failures int, rest time.Duration, now func() time.Time) Engine {
	return &broken{e, NewCircuit(failures, rest, now)}
}

type broken struct {
	Engine
	circuit *Circuit
}

func (b *broken) Unwrap() Engine { return b.Engine }

// Circuit remembers whether something is worth asking. It is safe for concurrent use.
type Circuit struct {
	failures int
	rest     time.Duration
	now      func() time.Time

	mu    sync.Mutex
	inRow int       // guarded by mu
	until time.Time // guarded by mu: no call before
	last  error     // guarded by mu
}

// NewCircuit makes a closed circuit: after so many failures in a row it is open for the length of rest, then one call is let
// through as a trial.
func NewCircuit(failures int, rest time.Duration, now func() time.Time) *Circuit {
	return &Circuit{failures: failures, rest: rest, now: now}
}

func (b *broken) Render(ctx context.Context, recipe art.Recipe, progress Progress) (Picture, error) {
	if err := b.circuit.Open(b.Info().Name); err != nil {
		return Picture{}, err
	}
	picture, err := b.Engine.Render(ctx, recipe, progress)
	b.circuit.Heard(err)
	return picture, err
}

// Heard takes note of how a call ended, and tells whether the circuit is open now. Only art.ErrUnavailable counts as a failure.
func (c *Circuit) Heard(err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !errors.Is(err, art.ErrUnavailable) {
		c.inRow = 0
		return false
	}
	if c.inRow++; c.inRow >= c.failures {
		c.until, c.last = c.now().Add(c.rest), err
	}
	return c.inRow >= c.failures
}

// Open gives the error of calls that aren't made, or nil where one may be made; the first call after the rest moves its end,
// so that others wait for what it finds. Name is whose circuit it is.
func (c *Circuit) Open(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if c.inRow < c.failures {
		return nil
	}
	if now.Before(c.until) {
		return fmt.Errorf("engine: %s failed %d times in a row and is left alone for %s: %w", name, c.inRow, c.until.Sub(now).Round(time.Second), c.last)
	}
	c.until = now.Add(c.rest)
	return nil
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
