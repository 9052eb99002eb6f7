package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"presswerk/internal/art"
)

// Pinger is the power of an engine behind a network to find out, at no cost, whether pictures could be had now.
type Pinger interface {
	// Ping asks for something that costs nothing and changes nothing. Nil says that it answers and lets us in. Errors wrap
	// art.ErrRefused when it answers and doesn't let us in, art.ErrUnsupported when it answers and nothing free would tell
	// more, and ErrNotSetUp when there is nobody to ask yet. With any other it isn't there.
	Ping(ctx context.Context) error
}

// ErrNotSetUp says that an engine lacks what only a person can give it, such as a key.
var ErrNotSetUp = errors.New("not set up")

// State is what a look at an engine found.
type State string

// The states of an engine. From ready, reachable and busy pictures may be had.
const (
	StateReady       State = "ready"       // it answers, and takes our key where it wants one
	StateReachable   State = "reachable"   // it answers; whether it takes our key only a paid request would tell
	StateBusy        State = "busy"        // it answers, and wants to be left alone for now
	StateRefused     State = "refused"     // it answers and doesn't let us in
	StateUnreachable State = "unreachable" // no answer, or none that makes sense
	StateNotSetUp    State = "not-set-up"  // a key is missing
	StateUnasked     State = "unasked"     // nobody has asked it
)

// Health is what a look at an engine found.
type Health struct {
	State        State     `json:"state"`
	Detail       string    `json:"detail,omitempty"`       // what stands behind it, and what to do
	Milliseconds int64     `json:"milliseconds,omitempty"` // until it answered; 0 where nobody was asked over a network
	At           time.Time `json:"at"`
}

// Look asks all engines at once how they are, each for at most so long, and gives the answers in their order. A limit of 0
// asks nobody over a network. Now is the clock.
func Look(ctx context.Context, all []Engine, limit time.Duration, now func() time.Time) []Health {
	found := make([]Health, len(all))
	var asked sync.WaitGroup
	for i, e := range all {
		p, ok := As[Pinger](e)
		if !ok || limit <= 0 {
			found[i] = unasked(e.Info(), ok, now())
			continue
		}
		asked.Go(func() {
			if found[i] = look(ctx, p, limit, now); found[i].State == StateNotSetUp {
				found[i].Detail = cmp.Or(e.Info().Reason, found[i].Detail)
			}
		})
	}
	asked.Wait()
	return found
}

// unasked is what an engine says of itself. One behind a network may say what it likes.
func unasked(info Info, networked bool, at time.Time) Health {
	switch {
	case networked:
		return Health{State: StateUnasked, At: at}
	case info.Ready:
		return Health{State: StateReady, At: at}
	}
	return Health{State: StateUnreachable, Detail: info.Reason, At: at}
}

func look(ctx context.Context, p Pinger, limit time.Duration, now func() time.Time) Health {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	start := now()
	err := p.Ping(ctx)
	end := now()
	h := Health{State: stateOf(err), At: end, Milliseconds: max(end.Sub(start).Milliseconds(), 1)}
	if h.State == StateNotSetUp {
		h.Milliseconds = 0
	}
	switch {
	case err == nil:
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil:
		h.Detail = fmt.Sprintf("no answer within %s", limit)
	default:
		h.Detail = err.Error()
	}
	return h
}

func stateOf(err error) State {
	switch {
	case err == nil:
		return StateReady
	case errors.Is(err, ErrNotSetUp):
		return StateNotSetUp
	case errors.Is(err, art.ErrUnsupported):
		return StateReachable
	case errors.Is(err, art.ErrRefused):
		return StateRefused
	case Busy(err):
		return StateBusy
	}
	return StateUnreachable
}

// Busy tells whether a service has turned a request away because there were too many.
func Busy(err error) bool {
	var said interface{ Busy() bool }
	return errors.As(err, &said) && said.Busy()
}
