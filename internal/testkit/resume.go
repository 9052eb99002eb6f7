package testkit

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// Clock is a clock that stands still until somebody sleeps by it.
type Clock struct {
	mu  sync.Mutex
	now time.Time // guarded by mu
}

// NewClock begins on a fixed day.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)} }

// Now tells the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep lets the time pass at once.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return ctx.Err()
}

// Forever sleeps until the context ends.
func Forever(ctx context.Context, _ time.Duration) error {
	<-ctx.Done()
	return ctx.Err()
}

// Resume checks that a ticket that was kept as JSON brings the picture to a process that knows nothing else of the job.
// Open makes another engine with the same service each time.
func Resume(t *testing.T, open func() engine.Engine, r art.Recipe) {
	t.Helper()
	j, ok := engine.As[engine.Jobber](open())
	if !ok {
		t.Fatal("it has no jobs")
	}
	ticket, err := j.Start(context.Background(), "presswerk-resume", r)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := json.Marshal(ticket)
	if err != nil {
		t.Fatal(err)
	}
	var found engine.Ticket
	if err := json.Unmarshal(kept, &found); err != nil {
		t.Fatal(err)
	}
	other, _ := engine.As[engine.Jobber](open())
	var seen []int
	p, err := other.Wait(context.Background(), found, func(step, _ int) { seen = append(seen, step) })
	if err != nil || len(p.Bytes) == 0 {
		t.Fatalf("%d bytes, %v", len(p.Bytes), err)
	}
	if !slices.IsSorted(seen) {
		t.Errorf("progress %v", seen)
	}
}
