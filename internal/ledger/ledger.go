package ledger

import (
	"context"
	"errors"
	"fmt"
	"image"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// Book is where calls are written down. Each method commits before it returns.
type Book interface {
	// CallsFor lists the attempts at one thing, the oldest first.
	CallsFor(ctx context.Context, key string) ([]art.Call, error)
	// Intend writes down a call that keeps to the limits; else art.ErrRefused. An attempt that was begun gives art.ErrConflict.
	Intend(ctx context.Context, c art.Call, limits []art.Limit) error
	// Settle writes what has become of a call and gives it as it is now; what can't follow gives art.ErrConflict.
	Settle(ctx context.Context, id string, o art.CallOutcome) (art.Call, error)
}

// Blobs keeps pictures and raw answers.
type Blobs interface {
	Put(ctx context.Context, data []byte) (string, error)
	Get(ctx context.Context, sum string) ([]byte, error)
}

// Options are the parts of a ledger. All but Settling are needed. Prices and budgets are asked for before each call, so that a
// change counts at once.
type Options struct {
	Book    Book
	Blobs   Blobs
	Prices  func() (art.Prices, error)
	Budgets func(brand string) (art.Budgets, error) // of the workspace and the brand
	NewID   func() string                           // a name that nobody has used, in any workspace
	Now     func() time.Time
	Sleep   func(ctx context.Context, d time.Duration) error
	// Settling is how long a request whose answer got lost may still be on its way. Before that has passed, an engine that
	// finds nothing is asked once more.
	Settling time.Duration
	Patience Patience // with engines that turn requests away; the zero value asks once
}

// Patience says how often a request is made again that an engine has turned away (engine.ErrNotTaken), which costs nothing
// twice. An engine that wants to be left alone for longer than Most is not waited for.
type Patience struct {
	Attempts    int           // in all
	First, Most time.Duration // before the second attempt; doubled each time up to Most, or as long as the engine asks for
}

// pause is how long to wait after an attempt, and whether to.
func (p Patience) pause(attempt int, failed error) (time.Duration, bool) {
	if attempt >= p.Attempts || !errors.Is(failed, engine.ErrNotTaken) || errors.Is(failed, engine.ErrUnknown) {
		return 0, false
	}
	pause := min(p.First<<min(attempt-1, 30), p.Most)
	if asks := (interface{ RetryAfter() time.Duration })(nil); errors.As(failed, &asks) {
		pause = max(pause, asks.RetryAfter())
	}
	return pause, pause <= p.Most
}

// Ledger is safe for concurrent use.
type Ledger struct {
	Options
	opened time.Time // no request of an earlier process left after this
	turns  turns
}

// New makes a ledger of its parts.
func New(o Options) *Ledger { return &Ledger{Options: o, opened: o.Now()} }

// Order is a picture that somebody wants.
type Order struct {
	Key       string // what it is for: orders of one key are the same thing
	Recipe    art.Recipe
	Run       string
	Candidate string
	Brand     string
	Budgets   []art.Budget      // of the brief
	Fresh     bool              // a picture that was brought earlier won't do
	See       func(image.Image) // shown what is coming, where the engine can show it; nil: nobody looks
}

// Quote is what a picture will probably cost.
func (l *Ledger) Quote(e engine.Engine, r art.Recipe) (art.Quote, error) {
	prices, err := l.Prices()
	if err != nil {
		return art.Quote{}, fmt.Errorf("ledger: reading prices: %w", err)
	}
	c := art.Capabilities{Engine: r.Engine, Model: r.Model} // a model that the engine doesn't list: tables may know it
	if m, err := e.Info().Model(r.Model); err == nil {
		c = m.Capabilities
	}
	return prices.Quote(c, r), nil
}

// Takes tells whether pictures of the engine go through the ledger: those that cost something, and those whose jobs outlive
// the process. Pictures that are free and end with the process need no record.
func Takes(e engine.Engine, q art.Quote) bool {
	_, outlives := engine.As[engine.Jobber](e)
	return outlives || !q.Free()
}

// errAnew says that the next attempt may begin.
var errAnew = fmt.Errorf("ledger: the engine lost the job and may be asked anew: %w", art.ErrUnavailable)

// Render gives the picture of an order, and the call that brought it. A budget that would be exceeded, a price that nobody
// knows where there are budgets, and an unknown outcome give art.ErrRefused; the last of these also engine.ErrUnknown.
// When ctx ends the job goes on, and the next Render of the same key comes back to it. What an engine has turned away is asked
// for again, as Patience says, each time as an attempt of its own.
func (l *Ledger) Render(ctx context.Context, e engine.Engine, o Order, progress engine.Progress) (engine.Picture, art.Call, error) {
	done, err := l.turns.take(ctx, o.Key)
	if err != nil {
		return engine.Picture{}, art.Call{}, fmt.Errorf("ledger: waiting for a turn: %w", err)
	}
	defer done()
	w := &walk{Ledger: l, engine: e, order: o, progress: progress}
	if w.jobber, err = jobberOf(e, progress); err != nil {
		return engine.Picture{}, art.Call{}, err
	}
	turnedAway := 0
	for tries := 0; ; tries++ {
		picture, call, err := w.attempt(ctx)
		if errors.Is(err, engine.ErrNotTaken) {
			turnedAway++
		}
		pause, patient := l.Patience.pause(turnedAway, err)
		switch {
		case err == nil || ctx.Err() != nil:
			return picture, call, err
		case patient:
			if waiting := l.Sleep(ctx, pause); waiting != nil {
				return picture, call, fmt.Errorf("ledger: %w, after: %w", waiting, err)
			}
		case tries < 2 && (errors.Is(err, errAnew) || errors.Is(err, art.ErrConflict) && call.ID == ""): // somebody else began it
		default:
			return picture, call, err
		}
	}
}

// Promised tells whether the newest call of a key may bring a picture that is paid for, or has: then nothing else may be asked
// for the same thing. What is free may be.
func (l *Ledger) Promised(ctx context.Context, key string) (bool, error) {
	calls, err := l.Book.CallsFor(ctx, key)
	if err != nil || len(calls) == 0 {
		return false, err
	}
	last := calls[len(calls)-1]
	return last.State == art.CallDone || (last.State.Open() || last.State == art.CallUnknown) && !last.Quote.Free(), nil
}

// walk is one order on its way.
type walk struct {
	*Ledger
	engine   engine.Engine
	jobber   engine.Jobber
	order    Order
	progress engine.Progress
}

// attempt goes on with the newest attempt, or begins the next one.
func (w *walk) attempt(ctx context.Context) (engine.Picture, art.Call, error) {
	calls, err := w.Book.CallsFor(ctx, w.order.Key)
	if err != nil {
		return engine.Picture{}, art.Call{}, err
	}
	if len(calls) > 0 {
		last := calls[len(calls)-1]
		if last.State.Open() || last.State == art.CallUnknown || last.State == art.CallDone && !w.order.Fresh {
			picture, call, err := w.resume(ctx, last)
			return picture, call, err
		}
	}
	call, err := w.intend(ctx, len(calls)+1)
	if err != nil {
		return engine.Picture{}, art.Call{}, err
	}
	return w.ask(ctx, call)
}

// resume goes on with a call of which an earlier process, or another order, knows more than we do.
func (w *walk) resume(ctx context.Context, c art.Call) (engine.Picture, art.Call, error) {
	switch {
	case c.State == art.CallDone:
		p, err := w.stored(ctx, c)
		return p, c, err
	case c.State == art.CallAccepted || c.State == art.CallRunning:
		return w.wait(ctx, c)
	case c.Ticket != nil: // unknown, and the service has lost the job that it had accepted
		return engine.Picture{}, c, refuse(c)
	}
	since := w.opened
	if c.At.After(since) {
		since = c.At
	}
	return w.find(ctx, c, since, errors.New("the process ended before an answer came"))
}

// intend writes the next attempt down, within the budgets.
func (w *walk) intend(ctx context.Context, attempt int) (art.Call, error) {
	o, now := w.order, w.Now()
	q, err := w.Quote(w.engine, o.Recipe)
	if err != nil {
		return art.Call{}, err
	}
	budgets, err := w.Budgets(o.Brand)
	if err != nil {
		return art.Call{}, fmt.Errorf("ledger: reading the budgets of %s: %w", o.Brand, err)
	}
	budgets.Brief = o.Budgets
	limits, err := limitsOf(budgets, o, q, now)
	if err != nil {
		return art.Call{}, err
	}
	c := art.Call{
		ID: w.NewID(), Key: o.Key, Attempt: attempt, Run: o.Run, Candidate: o.Candidate, Brand: o.Brand,
		Engine: o.Recipe.Engine, Model: o.Recipe.Model.Name, Recipe: o.Recipe, Quote: q, At: now,
		CallOutcome: art.CallOutcome{State: art.CallRequested, Changed: now},
	}
	if err := w.Book.Intend(ctx, c, limits); err != nil {
		return art.Call{}, fmt.Errorf("ledger: asking %s for a picture: %w", c.Engine, err)
	}
	return c, nil
}

// limitsOf lists what a call has to keep to. What costs nothing has no limits.
func limitsOf(b art.Budgets, o Order, q art.Quote, now time.Time) ([]art.Limit, error) {
	if !q.Known && len(b.Workspace)+len(b.Brand)+len(b.Brief) > 0 {
		return nil, &art.FieldError{
			Field:  "prices",
			Reason: fmt.Sprintf("nobody knows what a picture of %s with model %s costs, and there are budgets to keep", o.Recipe.Engine, o.Recipe.Model.Name),
			Remedy: "write its price into prices.yaml of the workspace", Kind: art.ErrRefused,
		}
	}
	if q.Amount == 0 {
		return nil, nil
	}
	return b.Limits(o.Brand, o.Run, q.Currency, now)
}

// refuse says that nothing happens until a person has found out what did.
func refuse(c art.Call) error {
	return errors.Join(&art.FieldError{
		Field:  "call",
		Reason: fmt.Sprintf("nobody knows whether %s carried out call %s of %s, which may have been paid for: %s", c.Engine, c.ID, c.At.UTC().Format(time.RFC3339), c.Reason),
		Remedy: fmt.Sprintf("look into the account there, then write: presswerk cost resolve %s --charged (with --picture FILE where there is one) or --not-charged, and --by NAME", c.ID),
		Kind:   art.ErrRefused,
	}, engine.ErrUnknown)
}
