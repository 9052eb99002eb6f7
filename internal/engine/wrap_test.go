package engine

import (
	"context"
	"errors"
	"fmt"
	"image"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
)

// worker is an engine with every power that asks for something.
type worker struct {
	fake
	asked []string
	err   error
}

func (w *worker) ask(what string) error { w.asked = append(w.asked, what); return w.err }

func (w *worker) Render(context.Context, art.Recipe, Progress) (Picture, error) {
	return Picture{Width: 1}, w.ask("render")
}

func (w *worker) RenderBatch(context.Context, []art.Recipe, Progress) ([]Picture, error) {
	return nil, w.ask("batch")
}

func (w *worker) RenderSeen(context.Context, art.Recipe, Progress, func(image.Image)) (Picture, error) {
	return Picture{}, w.ask("seen")
}

func (w *worker) Start(_ context.Context, name string, _ art.Recipe) (Ticket, error) {
	return Ticket{Name: name}, w.ask("start")
}

func (w *worker) Wait(context.Context, Ticket, Progress) (Picture, error) {
	return Picture{}, w.ask("wait")
}
func (w *worker) Cancel(context.Context, Ticket) error         { return nil }
func (w *worker) Find(context.Context, string) (Ticket, error) { return Ticket{}, nil }
func (w *worker) Films() []FilmModel                           { return nil }
func (w *worker) Film(context.Context, string, Shot) (Ticket, error) {
	return Ticket{}, w.ask("film")
}

func (w *worker) Develop(context.Context, Ticket, Progress) (Clip, error) {
	return Clip{}, w.ask("develop")
}

// Whatever way an engine is asked, what was put around it is there, in its order; watching what runs is nobody's business.
func TestWrapIsAroundEveryWayOfAsking(t *testing.T) {
	var heard []string
	hear := func(name string) Around {
		return func(ctx context.Context, _ Engine, ask func(context.Context) error) error {
			heard = append(heard, name)
			return ask(ctx)
		}
	}
	inner := &worker{fake: fake{name: "w"}}
	e := Wrap(Wrap(inner, hear("inside")), hear("first"), hear("second"))
	ctx := t.Context()
	p, err := e.Render(ctx, art.Recipe{}, nil)
	if err != nil || p.Width != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	jobber, _ := As[Jobber](e)
	previewer, _ := As[Previewer](e)
	batcher, _ := As[Batcher](e)
	filmer, _ := As[Filmer](e)
	ticket, err := jobber.Start(ctx, "n", art.Recipe{})
	if err != nil || ticket.Name != "n" {
		t.Errorf("%+v, %v", ticket, err)
	}
	_, _ = previewer.RenderSeen(ctx, art.Recipe{}, nil, nil)
	_, _ = batcher.RenderBatch(ctx, nil, nil)
	_, _ = filmer.Film(ctx, "n", Shot{})
	if want := strings.Repeat("first second inside ", 5); strings.Join(heard, " ")+" " != want {
		t.Errorf("heard %v", heard)
	}
	_, _ = jobber.Wait(ctx, ticket, nil)
	_, _ = filmer.Develop(ctx, ticket, nil)
	if want := "[render start seen batch film wait develop]"; fmt.Sprint(inner.asked) != want || len(heard) != 15 {
		t.Errorf("asked %v, heard %d", inner.asked, len(heard))
	}
	if _, ok := As[Warmer](e); ok {
		t.Error("a Warmer was found where there is none")
	}
}

func TestRecordTellsAndTallyCounts(t *testing.T) {
	clock, inner := time.Unix(0, 0), &worker{fake: fake{name: "w"}}
	var tally Tally
	var last Event
	e := Wrap(inner, Record(func() time.Time { clock = clock.Add(time.Second); return clock }, func(v Event) { last = v; tally.Listen(v) }))
	_, _ = e.Render(t.Context(), art.Recipe{}, nil)
	inner.err = art.ErrRefused
	if _, err := e.Render(t.Context(), art.Recipe{}, nil); !errors.Is(err, art.ErrRefused) || last.Elapsed != time.Second || last.Engine != "w" || !errors.Is(last.Err, art.ErrRefused) {
		t.Errorf("%v, %+v", err, last)
	}
	if f := tally.Of("w"); f.Requests != 2 || f.Failed != 1 || f.LastError != art.ErrRefused.Error() || !f.FailedAt.Equal(last.At) || tally.Of("x").Requests != 0 {
		t.Errorf("%+v", f)
	}
}

func TestBreak(t *testing.T) {
	now, inner := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), &worker{fake: fake{name: "w"}}
	e := Wrap(inner, Break(2, time.Minute, func() time.Time { return now }))
	down := fmt.Errorf("network: %w", errors.Join(art.ErrUnavailable, ErrUnknown))
	ask := func(says error, asked int) error {
		t.Helper()
		inner.err, inner.asked = says, nil
		_, err := e.Render(t.Context(), art.Recipe{}, nil)
		if len(inner.asked) != asked {
			t.Errorf("asked %d times, want %d", len(inner.asked), asked)
		}
		return err
	}
	for _, fine := range []error{down, nil, down, art.ErrInvalid, down, busyError{art.ErrUnavailable}, down} { // never twice in a row
		_ = ask(fine, 1)
	}
	_ = ask(down, 1)
	err := ask(nil, 0)
	asks, ok := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err)
	if !errors.Is(err, art.ErrUnavailable) || errors.Is(err, ErrUnknown) || errors.Is(err, ErrNotTaken) || !strings.Contains(err.Error(), "w failed 2 times in a row and is asked again at 2026-11-26T12:01:00Z") || !ok || asks.RetryAfter() != time.Minute {
		t.Errorf("it says %v", err)
	}
	now = now.Add(time.Minute)
	if _ = ask(down, 1); ask(nil, 0) == nil { // one trial, which failed
		t.Error("after a failed trial it is asked again")
	}
	now = now.Add(time.Minute)
	for range 3 {
		if err := ask(nil, 1); err != nil {
			t.Errorf("after it came back: %v", err)
		}
	}
}

func TestWhoGivesUpWaitingSaysNothingAboutTheEngine(t *testing.T) {
	inner := &worker{err: art.ErrUnavailable}
	e := Wrap(inner, Break(1, time.Minute, time.Now))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for range 2 {
		_, _ = e.Render(ctx, art.Recipe{}, nil)
	}
	if len(inner.asked) != 2 {
		t.Errorf("asked %d times", len(inner.asked))
	}
}
