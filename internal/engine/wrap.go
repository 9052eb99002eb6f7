package engine

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"sync"
	"time"

	"presswerk/internal/art"
)

// Around is what happens around one request to an engine. It calls ask once and gives back its error, or refuses before.
type Around func(ctx context.Context, e Engine, ask func(ctx context.Context) error) error

// Wrap puts things around all that an engine is asked to make, the first one outermost: pictures, also when somebody looks on
// or several are made at once, jobs that are started, and clips. Watching a job that runs, and every other power, stay the
// inner engine's. As finds powers with their surroundings.
func Wrap(e Engine, around ...Around) Engine { return &wrapped{e, around} }

type wrapped struct {
	Engine
	around []Around
}

func (w *wrapped) Unwrap() Engine { return w.Engine }

// do asks with everything around it.
func (w *wrapped) do(ctx context.Context, ask func(ctx context.Context) error) error {
	for _, a := range slices.Backward(w.around) {
		inner := ask
		ask = func(ctx context.Context) error { return a(ctx, w.Engine, inner) }
	}
	return ask(ctx)
}

// asked is do for what gives a value.
func asked[V any](ctx context.Context, w *wrapped, ask func(ctx context.Context) (V, error)) (v V, err error) {
	err = w.do(ctx, func(ctx context.Context) (err error) {
		v, err = ask(ctx)
		return err
	})
	return v, err
}

func (w *wrapped) Render(ctx context.Context, r art.Recipe, progress Progress) (Picture, error) {
	return asked(ctx, w, func(ctx context.Context) (Picture, error) { return w.Engine.Render(ctx, r, progress) })
}

// dress puts what is around an engine around a power of it that asks for something.
func dress[T any](w *wrapped, t T) T {
	switch p := any(&t).(type) {
	case *Jobber:
		*p = dressedJobber{*p, w}
	case *Previewer:
		*p = dressedPreviewer{*p, w}
	case *Batcher:
		*p = dressedBatcher{*p, w}
	case *Filmer:
		*p = dressedFilmer{*p, w}
	}
	return t
}

type dressedJobber struct {
	Jobber
	w *wrapped
}

func (d dressedJobber) Start(ctx context.Context, name string, r art.Recipe) (Ticket, error) {
	return asked(ctx, d.w, func(ctx context.Context) (Ticket, error) { return d.Jobber.Start(ctx, name, r) })
}

type dressedPreviewer struct {
	Previewer
	w *wrapped
}

func (d dressedPreviewer) RenderSeen(ctx context.Context, r art.Recipe, progress Progress, see func(image.Image)) (Picture, error) {
	return asked(ctx, d.w, func(ctx context.Context) (Picture, error) { return d.Previewer.RenderSeen(ctx, r, progress, see) })
}

type dressedBatcher struct {
	Batcher
	w *wrapped
}

func (d dressedBatcher) RenderBatch(ctx context.Context, recipes []art.Recipe, progress Progress) ([]Picture, error) {
	return asked(ctx, d.w, func(ctx context.Context) ([]Picture, error) { return d.Batcher.RenderBatch(ctx, recipes, progress) })
}

type dressedFilmer struct {
	Filmer
	w *wrapped
}

func (d dressedFilmer) Film(ctx context.Context, name string, s Shot) (Ticket, error) {
	return asked(ctx, d.w, func(ctx context.Context) (Ticket, error) { return d.Filmer.Film(ctx, name, s) })
}

// Break stops asking an engine that failed so many times in a row with art.ErrUnavailable: for the length of rest every
// request is refused at once, with an error that says when the engine is asked again, then one is let through as a trial. A
// service that only has too many requests is there. Now is the clock. What Break gives is for one engine.
func Break(failures int, rest time.Duration, now func() time.Time) Around {
	c := NewCircuit(failures, rest, now)
	return func(ctx context.Context, e Engine, ask func(context.Context) error) error {
		if err := c.Open(e.Info().Name); err != nil {
			return err
		}
		err := ask(ctx)
		c.Heard(ctx, err)
		return err
	}
}

// Circuit remembers whether something is worth asking. It is safe for concurrent use.
type Circuit struct {
	failures int
	rest     time.Duration
	now      func() time.Time

	mu    sync.Mutex
	inRow int       // guarded by mu
	until time.Time // guarded by mu: no request before
	last  error     // guarded by mu
}

// NewCircuit makes a closed circuit: after so many failures in a row it is open for the length of rest, then one request is
// let through as a trial.
func NewCircuit(failures int, rest time.Duration, now func() time.Time) *Circuit {
	return &Circuit{failures: failures, rest: rest, now: now}
}

// Heard counts what became of a request, and tells whether the circuit is open now. Only art.ErrUnavailable counts as a
// failure, unless it only says that there are too many requests.
func (c *Circuit) Heard(ctx context.Context, err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case ctx.Err() != nil || errors.Is(err, ErrNotSetUp): // which says nothing about the engine
	case !errors.Is(err, art.ErrUnavailable) || Busy(err):
		c.inRow = 0
	default:
		if c.inRow++; c.inRow >= c.failures {
			c.until, c.last = c.now().Add(c.rest), err
		}
	}
	return c.inRow >= c.failures
}

// Open gives the error of requests that aren't made, or nil where one may be made; the first one after the rest moves its
// end, so that others wait for what it finds. Name is whose circuit it is.
func (c *Circuit) Open(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if c.inRow < c.failures {
		return nil
	}
	if now.Before(c.until) {
		return &restError{name: name, failures: c.inRow, until: c.until, wait: c.until.Sub(now), last: c.last}
	}
	c.until = now.Add(c.rest)
	return nil
}

// restError says that an engine is left alone, why, and until when. Nothing was asked.
type restError struct {
	name     string
	failures int
	until    time.Time
	wait     time.Duration
	last     error
}

func (r *restError) Error() string {
	return fmt.Sprintf("engine: %s failed %d times in a row and is asked again at %s, in %s; the last time: %v",
		r.name, r.failures, r.until.UTC().Format(time.RFC3339), r.wait.Round(time.Second), r.last)
}

// Unwrap gives art.ErrUnavailable alone: what the last failure left open concerns another request.
func (*restError) Unwrap() error { return art.ErrUnavailable }

// RetryAfter is how long the engine is left alone.
func (r *restError) RetryAfter() time.Duration { return r.wait }

// Event is one request to an engine, for logs and figures.
type Event struct {
	Engine  string
	At      time.Time     // when it ended
	Elapsed time.Duration // of the request; jobs go on behind it
	Err     error
}

// Record tells listen of every request. Now is the clock.
func Record(now func() time.Time, listen func(Event)) Around {
	return func(ctx context.Context, e Engine, ask func(context.Context) error) error {
		start := now()
		err := ask(ctx)
		end := now()
		listen(Event{Engine: e.Info().Name, At: end, Elapsed: end.Sub(start), Err: err})
		return err
	}
}

// Tally counts requests by engine. The zero value is ready, and safe for concurrent use.
type Tally struct {
	mu   sync.Mutex
	seen map[string]Figures // guarded by mu
}

// Figures are what became of the requests to one engine since the program started.
type Figures struct {
	Requests  int       `json:"requests"`
	Failed    int       `json:"failed"`
	LastError string    `json:"last_error,omitempty"`
	FailedAt  time.Time `json:"failed_at,omitzero"`
}

// Listen is for Record.
func (t *Tally) Listen(e Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seen == nil {
		t.seen = map[string]Figures{}
	}
	f := t.seen[e.Engine]
	f.Requests++
	if e.Err != nil {
		f.Failed++
		f.LastError, f.FailedAt = e.Err.Error(), e.At
	}
	t.seen[e.Engine] = f
}

// Of gives an engine's figures.
func (t *Tally) Of(name string) Figures {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.seen[name]
}
