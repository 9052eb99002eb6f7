package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// settle writes an outcome even when ctx has ended meanwhile: what was paid for must not be forgotten because somebody is in
// a hurry.
func (l *Ledger) settle(ctx context.Context, c art.Call, o art.CallOutcome) (art.Call, error) {
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer stop()
	o.Changed = l.Now()
	now, err := l.Book.Settle(last, c.ID, o)
	if err != nil {
		return now, fmt.Errorf("ledger: call %s to %s: %w", c.ID, c.Engine, err)
	}
	return now, nil
}

// end settles a call that brought no picture, and gives the reason.
func (w *walk) end(ctx context.Context, c art.Call, state art.CallState, cause error) (art.Call, error) {
	o := art.CallOutcome{State: state, Reason: cause.Error()}
	if state == art.CallFailed {
		o.Charged, o.Currency, o.Basis = new(art.Amount), c.Quote.Currency, art.BasisService
	}
	return w.settle(ctx, c, o)
}

// ask sends the request of a call that was just written down.
func (w *walk) ask(ctx context.Context, c art.Call) (engine.Picture, art.Call, error) {
	ticket, err := w.jobber.Start(ctx, c.ID, c.Recipe)
	switch {
	case err == nil:
		return w.accept(ctx, c, ticket)
	case errors.Is(err, engine.ErrUnknown):
		return w.find(ctx, c, w.Now(), err)
	}
	c, failed := w.end(ctx, c, art.CallFailed, err)
	return engine.Picture{}, c, errors.Join(err, failed)
}

// find looks for the job of a call whose ticket nobody has. The request may still be on its way until some time after since.
func (w *walk) find(ctx context.Context, c art.Call, since time.Time, cause error) (engine.Picture, art.Call, error) {
	ticket, err := w.jobber.Find(ctx, c.ID)
	if rest := since.Add(w.Settling).Sub(w.Now()); errors.Is(err, art.ErrNotFound) && rest > 0 {
		if err := w.Sleep(ctx, rest); err != nil {
			return engine.Picture{}, c, fmt.Errorf("ledger: waiting for call %s to show: %w", c.ID, err)
		}
		ticket, err = w.jobber.Find(ctx, c.ID)
	}
	switch {
	case err == nil:
		return w.accept(ctx, c, ticket)
	case errors.Is(err, art.ErrNotFound):
		return w.anew(ctx, c, fmt.Errorf("%s has no job of this name: the request never arrived", c.Engine))
	case !errors.Is(err, art.ErrUnsupported):
		return engine.Picture{}, c, fmt.Errorf("ledger: looking for call %s at %s: %w", c.ID, c.Engine, err)
	case c.Quote.Free():
		return w.anew(ctx, c, cause)
	}
	return w.doubt(ctx, c, cause)
}

// anew ends a call so that the next attempt may begin.
func (w *walk) anew(ctx context.Context, c art.Call, cause error) (engine.Picture, art.Call, error) {
	c, err := w.end(ctx, c, art.CallFailed, cause)
	if err != nil {
		return engine.Picture{}, c, err
	}
	return engine.Picture{}, c, errAnew
}

// doubt ends a call of which nobody knows what happened. It is refused from now on.
func (w *walk) doubt(ctx context.Context, c art.Call, cause error) (engine.Picture, art.Call, error) {
	if c.State == art.CallUnknown {
		return engine.Picture{}, c, refuse(c)
	}
	now, err := w.end(ctx, c, art.CallUnknown, cause)
	if errors.Is(err, art.ErrConflict) && now.State == art.CallDone { // its answer came by another way
		p, err := w.stored(ctx, now)
		return p, now, err
	}
	if err != nil {
		return engine.Picture{}, now, err
	}
	return engine.Picture{}, now, refuse(now)
}

// accept keeps the ticket, and waits for the picture unless it came along.
func (w *walk) accept(ctx context.Context, c art.Call, t engine.Ticket) (engine.Picture, art.Call, error) {
	if t.Picture != nil {
		return w.keep(ctx, c, t, *t.Picture)
	}
	kept, err := json.Marshal(t)
	if err != nil {
		return engine.Picture{}, c, fmt.Errorf("ledger: writing the ticket of call %s: %w", c.ID, err)
	}
	o := art.CallOutcome{State: art.CallAccepted, Ticket: kept}
	if amount, ok := said(c.Quote, t.Price, t.Currency); ok {
		o.Charged, o.Currency, o.Basis = &amount, t.Currency, art.BasisService
	}
	now, err := w.settle(ctx, c, o)
	if errors.Is(err, art.ErrConflict) && now.State == art.CallDone { // its answer came by another way
		p, err := w.stored(ctx, now)
		return p, now, err
	}
	if err != nil {
		return engine.Picture{}, now, err
	}
	return w.wait(ctx, now)
}

// wait watches a job by its ticket until it ends, or ctx does.
func (w *walk) wait(ctx context.Context, c art.Call) (engine.Picture, art.Call, error) {
	var t engine.Ticket
	if err := json.Unmarshal(c.Ticket, &t); err != nil {
		return engine.Picture{}, c, fmt.Errorf("ledger: reading the ticket of call %s: %w", c.ID, err)
	}
	running := c.State == art.CallRunning
	p, err := w.seen(ctx, t, func(step, steps int) {
		if !running {
			running = true // a state that couldn't be written is written with the next one
			_, _ = w.settle(ctx, c, art.CallOutcome{State: art.CallRunning})
		}
		if w.progress != nil {
			w.progress(step, steps)
		}
	})
	switch {
	case err == nil:
		return w.keep(ctx, c, t, p)
	case ctx.Err() != nil || errors.Is(err, art.ErrUnavailable) && !errors.Is(err, engine.ErrUnknown):
		return engine.Picture{}, c, err // it goes on there, and can be asked for again
	case errors.Is(err, art.ErrNotFound) && c.Quote.Free():
		return w.anew(ctx, c, err)
	case errors.Is(err, art.ErrNotFound), errors.Is(err, engine.ErrUnknown):
		return w.doubt(ctx, c, fmt.Errorf("it took the job and doesn't know it any more: %w", err))
	}
	c, failed := w.end(ctx, c, art.CallFailed, err)
	return engine.Picture{}, c, errors.Join(err, failed)
}

// seen waits, and shows what is coming to who wants to see it.
func (w *walk) seen(ctx context.Context, t engine.Ticket, progress engine.Progress) (engine.Picture, error) {
	if s, ok := engine.As[engine.Watcher](w.engine); ok && w.order.See != nil {
		return s.WaitSeen(ctx, t, progress, w.order.See)
	}
	return w.jobber.Wait(ctx, t, progress)
}

// keep stores a picture and what is known of its price. The bytes stay as they came: they may carry a signature.
func (w *walk) keep(ctx context.Context, c art.Call, t engine.Ticket, p engine.Picture) (engine.Picture, art.Call, error) {
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer stop()
	o := art.CallOutcome{State: art.CallDone}
	image, err := w.Blobs.Put(last, p.Bytes)
	if err != nil {
		return engine.Picture{}, c, fmt.Errorf("ledger: keeping the picture of call %s: %w", c.ID, err)
	}
	if len(p.Answer) > 0 {
		if o.Answer, err = w.Blobs.Put(last, p.Answer); err != nil {
			return engine.Picture{}, c, fmt.Errorf("ledger: keeping the answer to call %s: %w", c.ID, err)
		}
	}
	o.Picture = pictureOf(image, p)
	o.Charged, o.Currency, o.Basis = charged(c, t, p)
	now, err := w.settle(ctx, c, o)
	if errors.Is(err, art.ErrConflict) && now.State == art.CallDone { // its answer came twice
		p, err := w.stored(ctx, now)
		return p, now, err
	}
	return p, now, err
}

func pictureOf(image string, p engine.Picture) *art.CallPicture {
	return &art.CallPicture{
		Image: image, MIME: p.MIME, Width: p.Width, Height: p.Height, PixelsSHA256: p.PixelsSHA256, Notes: p.Notes, Elapsed: p.Elapsed,
	}
}

// charged is what was charged: what the service says, last with the picture, else what it was thought to cost.
func charged(c art.Call, t engine.Ticket, p engine.Picture) (*art.Amount, string, string) {
	for _, s := range []struct {
		price    float64
		currency string
	}{{p.Price, p.Currency}, {t.Price, t.Currency}} {
		if amount, ok := said(c.Quote, s.price, s.currency); ok {
			return &amount, s.currency, art.BasisService
		}
	}
	if c.Charged != nil && c.Basis == art.BasisService && *c.Charged > 0 {
		return c.Charged, c.Currency, c.Basis
	}
	amount := c.Quote.Amount
	return &amount, c.Quote.Currency, art.BasisEstimate
}

// said is what the service says that it charges. Units that budgets don't know, such as credits, are no money.
func said(q art.Quote, price float64, currency string) (art.Amount, bool) {
	if price <= 0 || len(currency) != 3 || q.Currency != "" && currency != q.Currency {
		return 0, false
	}
	return art.AmountOf(price), true
}

// stored reads back the picture of a call that is done.
func (w *walk) stored(ctx context.Context, c art.Call) (engine.Picture, error) {
	k := c.Picture
	if k == nil {
		return engine.Picture{}, fmt.Errorf("ledger: call %s is done and has no picture: %w", c.ID, art.ErrMismatch)
	}
	data, err := w.Blobs.Get(ctx, k.Image)
	if err != nil {
		return engine.Picture{}, fmt.Errorf("ledger: reading the picture of call %s: %w", c.ID, err)
	}
	return engine.Picture{
		Bytes: data, MIME: k.MIME, Width: k.Width, Height: k.Height, PixelsSHA256: k.PixelsSHA256, Notes: k.Notes, Elapsed: k.Elapsed,
	}, nil
}
