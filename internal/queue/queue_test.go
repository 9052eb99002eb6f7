package queue_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/queue"
	"presswerk/internal/store"
)

// bench is a queue over a real database whose handlers a test chooses.
type bench struct {
	t      *testing.T
	db     *store.DB
	queue  *queue.Queue
	mu     sync.Mutex
	seen   []art.Job
	failed []string
}

func newBench(t *testing.T, handle queue.Handler) *bench {
	t.Helper()
	b := &bench{t: t}
	var err error
	if b.db, err = store.Open(context.Background(), filepath.Join(t.TempDir(), "presswerk.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.db.Close() })
	b.queue, err = queue.New(b.db.Handle(), queue.Options{
		Commit: func(ctx context.Context, c art.Change, also ...func(context.Context, *sql.Tx) error) error {
			hooks := make([]store.Also, len(also))
			for i, a := range also {
				hooks[i] = a
			}
			return b.db.Commit(ctx, c, time.Unix(0, 0), hooks...)
		},
		Handlers: map[art.JobKind]queue.Handler{art.JobRender: func(ctx context.Context, j art.Job) (art.Change, error) {
			b.mu.Lock()
			b.seen = append(b.seen, j)
			b.mu.Unlock()
			return handle(ctx, j)
		}},
		Failed: func(_ context.Context, j art.Job, err error) art.Change {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.failed = append(b.failed, j.Subject+": "+err.Error())
			return art.Change{}
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) insert(jobs ...art.Job) {
	b.t.Helper()
	err := b.db.Commit(context.Background(), art.Change{}, time.Unix(0, 0), func(ctx context.Context, tx *sql.Tx) error {
		return b.queue.Insert(ctx, tx, jobs)
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// work runs the queue until done says so, and then stops it.
func (b *bench) work(done func() bool) {
	b.t.Helper()
	ctx := context.Background()
	if err := b.queue.Start(ctx); err != nil {
		b.t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		b.mu.Lock()
		ok := done()
		b.mu.Unlock()
		if ok {
			break
		}
		if time.Now().After(deadline) {
			b.t.Error("the queue did not finish")
			break
		}
	}
	if err := b.queue.Stop(ctx); err != nil {
		b.t.Error(err)
	}
}

func job(subject string) art.Job { return art.Job{Kind: art.JobRender, Run: "run", Subject: subject} }

func TestEqualJobsRunOnceEvenAfterTheyEnded(t *testing.T) {
	b := newBench(t, func(context.Context, art.Job) (art.Change, error) { return art.Change{}, nil })
	b.insert(job("a"), job("a"), job("b"))
	b.work(func() bool { return len(b.seen) == 2 })
	b.insert(job("a"), job("c"))
	if got := len(b.seen); got != 2 {
		t.Errorf("%d jobs ran, want 2: %v", got, b.seen)
	}
}

func TestFollowUpJobsAreQueuedWithTheChange(t *testing.T) {
	b := newBench(t, func(_ context.Context, j art.Job) (art.Change, error) {
		if j.Subject == "first" {
			return art.Change{Jobs: []art.Job{job("second")}}, nil
		}
		return art.Change{}, nil
	})
	b.insert(job("first"))
	b.work(func() bool { return len(b.seen) == 2 })
	if b.seen[1].Subject != "second" {
		t.Errorf("ran %v", b.seen)
	}
}

func TestFinalErrorsAreNotTriedAgainAndNotYetIs(t *testing.T) {
	tries := map[string]int{}
	var mu sync.Mutex
	b := newBench(t, func(_ context.Context, j art.Job) (art.Change, error) {
		mu.Lock()
		defer mu.Unlock()
		tries[j.Subject]++
		switch {
		case j.Subject == "hopeless":
			return art.Change{}, art.Invalid("width", "too wide", "make it smaller")
		case tries[j.Subject] < 3:
			return art.Change{}, art.ErrNotYet
		}
		return art.Change{}, nil
	})
	b.insert(job("hopeless"), job("patient"))
	b.work(func() bool { mu.Lock(); defer mu.Unlock(); return tries["patient"] == 3 && len(b.failed) == 1 })
	if tries["hopeless"] != 1 {
		t.Errorf("the hopeless job was tried %d times", tries["hopeless"])
	}
}

// busy wants to be left alone.
type busy struct{ rest time.Duration }

func (busy) Error() string               { return "busy" }
func (b busy) RetryAfter() time.Duration { return b.rest }

// Who is told when to come again comes then, and has lost no try; what can't help is not tried again all the same.
func TestWhatWantsToBeLeftAloneIsNoFailure(t *testing.T) {
	var asked atomic.Int32
	b := newBench(t, func(_ context.Context, j art.Job) (art.Change, error) {
		if j.Subject == "useless" {
			return art.Change{}, fmt.Errorf("asking: %w: %w", busy{time.Millisecond}, art.ErrInvalid)
		}
		if asked.Add(1) <= 7 { // more than the five tries that a job has
			return art.Change{}, fmt.Errorf("asking: %w", busy{time.Millisecond})
		}
		return art.Change{}, nil
	})
	b.insert(job("soon"), job("useless"))
	b.work(func() bool { return asked.Load() == 8 && len(b.failed) == 1 })
}

func TestAPanicIsAFailureOfItsJobOnly(t *testing.T) {
	b := newBench(t, func(_ context.Context, j art.Job) (art.Change, error) {
		if j.Subject == "bad" {
			panic("boom")
		}
		return art.Change{}, nil
	})
	b.insert(job("bad"), job("good"))
	b.work(func() bool { return len(b.seen) >= 2 })
}

func TestAPanicIsGivenUpLikeAnyOtherFailure(t *testing.T) {
	b := newBench(t, func(context.Context, art.Job) (art.Change, error) { panic("boom") })
	b.insert(job("bad"))
	if _, err := b.db.Handle().ExecContext(context.Background(), `UPDATE river_job SET max_attempts = 1`); err != nil {
		t.Fatal(err)
	}
	b.work(func() bool { return len(b.failed) == 1 })
}

func TestRescueFindsTheJobsOfADeadWorker(t *testing.T) {
	ctx := context.Background()
	b := newBench(t, func(context.Context, art.Job) (art.Change, error) { return art.Change{}, nil })
	b.insert(job("lost"))
	if _, err := b.db.Handle().ExecContext(ctx, `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = CURRENT_TIMESTAMP`); err != nil {
		t.Fatal(err)
	}
	if n, err := b.queue.Rescue(ctx); err != nil || n != 1 {
		t.Fatalf("Rescue: %d, %v", n, err)
	}
	b.work(func() bool { return len(b.seen) == 1 })
}

func TestStoppingIsNoFailure(t *testing.T) {
	started := make(chan struct{}, 1)
	b := newBench(t, func(ctx context.Context, _ art.Job) (art.Change, error) {
		started <- struct{}{}
		<-ctx.Done()
		return art.Change{}, errors.New("stopped in the middle")
	})
	b.insert(job("long"))
	b.work(func() bool { return len(b.seen) == 1 })
	var state string
	if err := b.db.Handle().QueryRow(`SELECT state FROM river_job`).Scan(&state); err != nil {
		t.Fatal(err)
	}
	if state != "available" || len(b.failed) != 0 {
		t.Errorf("state %q, failed %v; want it to start anew", state, b.failed)
	}
}
