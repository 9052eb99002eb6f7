package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"presswerk/internal/art"
)

// fake renders by calling a function; it is a Batcher too.
type fake struct {
	name   string
	render func(context.Context, art.Recipe) (Picture, error)
	closed error
}

func (f *fake) Info() Info {
	model := Model{Capabilities: art.Capabilities{Model: art.ModelRef{Name: "m", Version: "1", SHA256: "ab"}}}
	return Info{Name: f.name, Models: []Model{model}}
}

func (f *fake) Render(ctx context.Context, r art.Recipe, _ Progress) (Picture, error) {
	return f.render(ctx, r)
}

func (f *fake) RenderBatch(context.Context, []art.Recipe, Progress) ([]Picture, error) {
	return nil, nil
}

func (f *fake) Close() error { return f.closed }

func TestRegistry(t *testing.T) {
	a, b := &fake{name: "a"}, &fake{name: "b", closed: errors.New("stuck")}
	reg, err := NewRegistry(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := reg.Get("b"); err != nil || got != Engine(b) {
		t.Errorf("Get gives %v, %v", got, err)
	}
	if _, err := reg.Get("c"); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("unknown engine gives %v", err)
	}
	if _, err := NewRegistry(a, &fake{name: "a"}); !errors.Is(err, art.ErrConflict) {
		t.Errorf("two of a name give %v", err)
	}
	if !slices.Equal(reg.All(), []Engine{a, b}) {
		t.Error("the order is lost")
	}
	if err := reg.Close(); !errors.Is(err, b.closed) {
		t.Errorf("Close gives %v", err)
	}
}

func TestModelIsFound(t *testing.T) {
	info := (&fake{name: "a"}).Info()
	for _, ref := range []art.ModelRef{{Name: "m"}, {Name: "m", Version: "1"}, {SHA256: "ab"}, {Name: "other", SHA256: "ab"}} {
		if _, err := info.Model(ref); err != nil {
			t.Errorf("%+v: %v", ref, err)
		}
	}
	for _, ref := range []art.ModelRef{{}, {Name: "x"}, {Name: "m", Version: "2"}, {Name: "m", SHA256: "cd"}} {
		if _, err := info.Model(ref); !errors.Is(err, art.ErrNotFound) {
			t.Errorf("%+v: %v", ref, err)
		}
	}
}

func TestPowersAreFoundThroughWrappers(t *testing.T) {
	e := Record(Limit(Retry(&fake{name: "a"}, 2, nil), 3), time.Now, func(Event) {})
	if _, ok := As[Batcher](e); !ok {
		t.Error("the Batcher inside is lost")
	}
	if _, ok := As[Warmer](e); ok {
		t.Error("a Warmer was found where there is none")
	}
}

func TestLimit(t *testing.T) {
	var now, most atomic.Int32
	e := Limit(&fake{render: func(context.Context, art.Recipe) (Picture, error) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		time.Sleep(time.Millisecond)
		now.Add(-1)
		return Picture{}, nil
	}}, 2)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := e.Render(context.Background(), art.Recipe{}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most.Load() > 2 {
		t.Errorf("%d at a time", most.Load())
	}
}

func TestLimitEndsWithItsContext(t *testing.T) {
	block := make(chan struct{})
	started := make(chan struct{})
	e := Limit(&fake{render: func(context.Context, art.Recipe) (Picture, error) {
		close(started)
		<-block
		return Picture{}, nil
	}}, 1)
	var first sync.WaitGroup
	first.Go(func() { _, _ = e.Render(context.Background(), art.Recipe{}, nil) })
	<-started
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Render(ctx, art.Recipe{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting gives %v", err)
	}
	close(block)
	first.Wait()
}

func TestRetry(t *testing.T) {
	down := fmt.Errorf("network: %w", art.ErrUnavailable)
	stop := errors.New("stop")
	for _, test := range []struct {
		name  string
		fails []error // by attempt; nil afterwards
		wait  error
		calls int
		want  error
	}{
		{"works at once", nil, nil, 1, nil},
		{"works at last", []error{down, down}, nil, 3, nil},
		{"gives up", []error{down, down, down, down}, nil, 3, art.ErrUnavailable},
		{"never for what is unknown", []error{errors.Join(down, ErrUnknown)}, nil, 1, ErrUnknown},
		{"never for bad input", []error{art.ErrInvalid}, nil, 1, art.ErrInvalid},
		{"wait ends it", []error{down, down}, stop, 1, stop},
	} {
		t.Run(test.name, func(t *testing.T) {
			calls := 0
			e := Retry(&fake{render: func(context.Context, art.Recipe) (Picture, error) {
				calls++
				if calls <= len(test.fails) {
					return Picture{}, test.fails[calls-1]
				}
				return Picture{Width: 1}, nil
			}}, 3, func(context.Context, int, error) error { return test.wait })
			_, err := e.Render(context.Background(), art.Recipe{}, nil)
			if calls != test.calls || !errors.Is(err, test.want) {
				t.Errorf("%d calls and %v, want %d and %v", calls, err, test.calls, test.want)
			}
		})
	}
}

func TestRecord(t *testing.T) {
	clock := time.Unix(0, 0)
	var events []Event
	e := Record(&fake{name: "a", render: func(context.Context, art.Recipe) (Picture, error) {
		clock = clock.Add(time.Second)
		return Picture{}, art.ErrRefused
	}}, func() time.Time { return clock }, func(ev Event) { events = append(events, ev) })
	_, err := e.Render(context.Background(), art.Recipe{Prompt: "p"}, nil)
	if !errors.Is(err, art.ErrRefused) || len(events) != 1 || events[0].Elapsed != time.Second || events[0].Engine != "a" || events[0].Recipe.Prompt != "p" || !errors.Is(events[0].Err, art.ErrRefused) {
		t.Errorf("error %v, events %+v", err, events)
	}
}

// askingError is a service's that wants to be left alone.
type askingError struct{ error }

func (askingError) RetryAfter() time.Duration { return time.Minute }

func TestBackoff(t *testing.T) {
	var slept []time.Duration
	wait := Backoff(time.Second, 5*time.Second, func(_ context.Context, d time.Duration) error {
		slept = append(slept, d)
		return nil
	})
	for attempt := range 5 {
		if err := wait(context.Background(), attempt+1, art.ErrUnavailable); err != nil {
			t.Fatal(err)
		}
	}
	_ = wait(context.Background(), 1, fmt.Errorf("wrapped: %w", askingError{art.ErrUnavailable}))
	want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second, time.Minute}
	if !slices.Equal(slept, want) {
		t.Errorf("slept %v, want %v", slept, want)
	}
}

func TestBreak(t *testing.T) {
	now, calls, down := time.Unix(0, 0), 0, true
	e := Break(&fake{name: "a", render: func(context.Context, art.Recipe) (Picture, error) {
		calls++
		if down {
			return Picture{}, fmt.Errorf("network: %w", art.ErrUnavailable)
		}
		return Picture{}, nil
	}}, 2, time.Minute, func() time.Time { return now })
	ask := func() error {
		_, err := e.Render(context.Background(), art.Recipe{}, nil)
		return err
	}
	for range 4 {
		if err := ask(); !errors.Is(err, art.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	if calls != 2 {
		t.Errorf("%d calls, want 2 before the rest", calls)
	}
	now = now.Add(time.Minute)
	if err := ask(); !errors.Is(err, art.ErrUnavailable) || calls != 3 {
		t.Errorf("after the rest: %d calls, %v; want one trial", calls, err)
	}
	if _ = ask(); calls != 3 {
		t.Errorf("after a trial that failed: %d calls, want none more", calls)
	}
	now, down = now.Add(time.Minute), false
	for range 3 {
		if err := ask(); err != nil {
			t.Errorf("after it came back: %v", err)
		}
	}
}
