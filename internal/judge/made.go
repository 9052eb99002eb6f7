package judge

import "sync"

// made holds what several scorers need of one subject, made by whichever comes first. It is safe for concurrent use.
type made struct {
	mu    sync.Mutex // guards known
	known map[string]*once
}

type once struct {
	sync.Once
	value any
	err   error
}

// of makes something of a subject once, under a name, for all scorers that look at it at the same time. A subject outside a
// panel keeps nothing.
func of[T any](s Subject, name string, create func() (T, error)) (T, error) {
	if s.made == nil {
		return create()
	}
	s.made.mu.Lock()
	o := s.made.known[name]
	if o == nil {
		o = &once{}
		s.made.known[name] = o
	}
	s.made.mu.Unlock()
	o.Do(func() { o.value, o.err = create() })
	value, _ := o.value.(T)
	return value, o.err
}
