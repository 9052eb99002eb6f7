package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"presswerk/internal/art"
)

type pinged struct {
	fake
	ping func(ctx context.Context) error
}

func (p *pinged) Ping(ctx context.Context) error { return p.ping(ctx) }

type busyError struct{ error }

func (busyError) Busy() bool { return true }

// Every engine is asked while the others are: one that hangs keeps nobody waiting longer than the limit.
func TestLookAsksAllAtOnce(t *testing.T) {
	met := make(chan struct{})
	meet := func(ctx context.Context) error {
		select {
		case met <- struct{}{}:
		case <-met:
		case <-ctx.Done():
			return fmt.Errorf("it waits for the other: %w", ctx.Err())
		}
		return nil
	}
	say := func(err error) func(context.Context) error { return func(context.Context) error { return err } }
	cases := []struct {
		ping  func(context.Context) error
		state State
	}{
		{meet, StateReady},
		{meet, StateReady},
		{func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, StateUnreachable},
		{say(fmt.Errorf("%w: no key: %w", ErrNotSetUp, art.ErrUnavailable)), StateNotSetUp},
		{say(art.ErrRefused), StateRefused},
		{say(art.ErrUnsupported), StateReachable},
		{say(busyError{art.ErrUnavailable}), StateBusy},
		{say(art.ErrUnavailable), StateUnreachable},
	}
	var all []Engine
	for _, c := range cases {
		all = append(all, &pinged{ping: c.ping})
	}
	for i, h := range Look(t.Context(), all, 300*time.Millisecond, time.Now) {
		if h.State != cases[i].state || h.At.IsZero() || (h.Detail == "") != (h.State == StateReady) {
			t.Errorf("%d: %+v, want %s", i, h, cases[i].state)
		}
	}
	for i, h := range Look(t.Context(), []Engine{all[2], &fake{name: "here"}}, 0, time.Now) {
		if want := []State{StateUnasked, StateUnreachable}[i]; h.State != want {
			t.Errorf("with no time to ask: %+v, want %s", h, want)
		}
	}
}
