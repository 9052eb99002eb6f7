package judge

import "sync"

// made holds what several scorers need of one subject, made by whichever comes first. It is safe for concurrent use.
type made struct {
	mu    sync.Mutex // guards known
	known map[string]*once
	turns turns
}

// once is something that is being made, or has been when ready is closed.
type once struct {
	ready chan struct{}
	value any
	err   error
}

// turns lets so many scorers work at a time as it has room for. Who waits for another gives its turn away meanwhile.
type turns chan struct{}

func (t turns) take() { t <- struct{}{} }
func (t turns) give() { <-t }

// of makes something of a subject once, under a name, for all scorers that look at it at the same time. A subject outside a
// panel keeps nothing. It is called by the goroutine that has the scorer's turn.
func of[T any](s Subject, name string, create func() (T, error)) (T, error) {
	if s.made == nil {
		return create()
	}
	s.made.mu.Lock()
	o := s.made.known[name]
	mine := o == nil
	if mine {
		o = &once{ready: make(chan struct{})}
		s.made.known[name] = o
	}
	s.made.mu.Unlock()
	if mine {
		o.value, o.err = create()
		close(o.ready)
	} else {
		s.made.turns.await(o.ready)
	}
	value, _ := o.value.(T)
	return value, o.err
}

// await waits without holding a turn.
func (t turns) await(ready <-chan struct{}) {
	select {
	case <-ready:
		return
	default:
	}
	t.give()
	<-ready
	t.take()
}
