package ledger

import (
	"context"
	"fmt"
	"sync"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// turns lets one order of a key go on at a time: the second one then finds what the first one brought.
type turns struct {
	mu    sync.Mutex
	queue map[string]*turn // guarded by mu
}

type turn struct {
	slot    chan struct{}
	waiting int // guarded by turns.mu: who has it or wants it
}

func (t *turns) take(ctx context.Context, key string) (done func(), err error) {
	t.mu.Lock()
	if t.queue == nil {
		t.queue = map[string]*turn{}
	}
	one := t.queue[key]
	if one == nil {
		one = &turn{slot: make(chan struct{}, 1)}
		t.queue[key] = one
	}
	one.waiting++
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if one.waiting--; one.waiting == 0 {
			delete(t.queue, key)
		}
	}
	select {
	case one.slot <- struct{}{}:
		return func() { <-one.slot; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}

// jobberOf is the engine's own power, or, where it is paid and has none, calls that end with us.
func jobberOf(e engine.Engine, progress engine.Progress) (engine.Jobber, error) {
	if e == nil {
		return nil, fmt.Errorf("ledger: no engine: %w", art.ErrNotFound)
	}
	if j, ok := engine.As[engine.Jobber](e); ok {
		return j, nil
	}
	return single{e, progress}, nil
}

// single asks an engine whose pictures are made by the call itself. What gets lost can't be found again.
type single struct {
	engine   engine.Engine
	progress engine.Progress
}

func (s single) Start(ctx context.Context, name string, r art.Recipe) (engine.Ticket, error) {
	p, err := s.engine.Render(ctx, r, s.progress)
	return engine.Ticket{Name: name, Picture: &p}, err
}

func (s single) Wait(context.Context, engine.Ticket, engine.Progress) (engine.Picture, error) {
	return engine.Picture{}, s.none()
}

func (s single) Cancel(context.Context, engine.Ticket) error { return s.none() }

func (s single) Find(context.Context, string) (engine.Ticket, error) {
	return engine.Ticket{}, s.none()
}

func (s single) none() error {
	return art.Unsupported("engine", s.engine.Info().Name+" keeps no jobs", "look into the account there")
}
