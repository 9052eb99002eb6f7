package factory

import (
	"context"
	"sync"

	"presswerk/internal/art"
)

// backlog is how many events a slow listener may be behind before it misses some. Events carry identities only, so
// a listener that missed one still finds the truth in the records.
const backlog = 256

// Hub tells listeners in this process what has changed. The zero value is ready.
type Hub struct {
	mu        sync.Mutex
	listeners map[chan art.Event]struct{}
}

// Tell hands events to every listener and never waits for one.
func (h *Hub) Tell(events ...art.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.listeners {
		for _, e := range events {
			select {
			case c <- e:
			default: // too slow: it misses this one
			}
		}
	}
}

// Heard tells whether anybody listens now.
func (h *Hub) Heard() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.listeners) > 0
}

// Subscribe gives the events from now on. The channel is closed when ctx ends.
func (h *Hub) Subscribe(ctx context.Context) <-chan art.Event {
	c := make(chan art.Event, backlog)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listeners == nil {
		h.listeners = map[chan art.Event]struct{}{}
	}
	h.listeners[c] = struct{}{}
	context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.listeners, c)
		close(c)
	})
	return c
}
