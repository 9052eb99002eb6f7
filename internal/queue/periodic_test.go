package queue_test

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/queue"
	"presswerk/internal/store"
)

// A periodic job is done once in each interval, however often a process is started in it.
func TestAPeriodicJobComesOnceInAnInterval(t *testing.T) {
	ctx := context.Background()
	db, err := store.Open(ctx, filepath.Join(t.TempDir(), "presswerk.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	done := make(chan int, 10)
	begin := func(now time.Time) *queue.Queue {
		q, err := queue.New(db.Handle(), queue.Options{
			Commit: func(ctx context.Context, c art.Change, also ...func(context.Context, *sql.Tx) error) error {
				err := db.Commit(ctx, c, now, also[0])
				if err == nil { // its end is written
					done <- c.Jobs[0].Revision
				}
				return err
			},
			Handlers: map[art.JobKind]queue.Handler{art.JobProbe: func(_ context.Context, j art.Job) (art.Change, error) {
				return art.Change{Jobs: []art.Job{{Kind: art.JobRender, Revision: j.Revision}}}, nil // which nobody does here
			}},
			Periodic: []queue.Periodic{{Every: time.Hour, Job: art.Job{Kind: art.JobProbe, Subject: "acme/far"}}},
			Now:      func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Start(ctx); err != nil {
			t.Fatal(err)
		}
		return q
	}
	var got []int
	noon := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for _, now := range []time.Time{noon, noon.Add(59 * time.Minute), noon.Add(time.Hour)} {
		q := begin(now)
		if now != noon.Add(59*time.Minute) { // where nothing is expected, the next start shows whether something was left
			got = append(got, <-done)
		}
		if err := q.Stop(ctx); err != nil {
			t.Error(err)
		}
	}
	if want := int(noon.Unix() / 3600); !slices.Equal(got, []int{want, want + 1}) || len(done) != 0 {
		t.Errorf("%v and %d more, want %d and %d", got, len(done), want, want+1)
	}
}
