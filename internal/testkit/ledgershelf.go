package testkit

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"presswerk/internal/art"
)

// LedgerShelf keeps calls and bytes in memory, as a ledger's Book and Blobs that outlive it. It keeps no limits.
type LedgerShelf struct {
	mu    sync.Mutex
	calls []art.Call
	blobs map[string][]byte
}

// NewLedgerShelf makes an empty one.
func NewLedgerShelf() *LedgerShelf { return &LedgerShelf{blobs: map[string][]byte{}} }

// Calls are all calls, the oldest first.
func (s *LedgerShelf) Calls() []art.Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// CallsFor lists the attempts at one thing.
func (s *LedgerShelf) CallsFor(_ context.Context, key string) ([]art.Call, error) {
	return slices.DeleteFunc(s.Calls(), func(c art.Call) bool { return c.Key != key }), nil
}

// Intend writes a call down.
func (s *LedgerShelf) Intend(_ context.Context, c art.Call, _ []art.Limit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
	return nil
}

// Settle writes an outcome down.
func (s *LedgerShelf) Settle(_ context.Context, id string, o art.CallOutcome) (art.Call, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, c := range s.calls {
		if c.ID != id {
			continue
		}
		if !o.State.Follows(c.State) {
			return c, art.ErrConflict
		}
		s.calls[i] = c.With(o)
		return s.calls[i], nil
	}
	return art.Call{}, art.ErrNotFound
}

// Put keeps bytes.
func (s *LedgerShelf) Put(_ context.Context, data []byte) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := art.Digest(data)
	s.blobs[sum] = bytes.Clone(data)
	return sum, nil
}

// Get gives bytes back.
func (s *LedgerShelf) Get(_ context.Context, sum string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if data, ok := s.blobs[sum]; ok {
		return data, nil
	}
	return nil, art.ErrNotFound
}
