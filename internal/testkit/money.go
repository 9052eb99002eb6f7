package testkit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"slices"
	"strings"
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

// PNG is a small picture that isn't all black.
func PNG(t testing.TB, width, height int) []byte {
	m := image.NewGray(image.Rect(0, 0, width, height))
	m.SetGray(0, 0, color.Gray{Y: 200})
	var file bytes.Buffer
	if err := png.Encode(&file, m); err != nil {
		t.Error(err)
	}
	return file.Bytes()
}

// Hosted is what the checks below need to know of an engine behind a service.
type Hosted struct {
	// Open makes the engine with a service whose paid requests are served by trouble, where that isn't nil. Answers of
	// more than a MiB are too long for it.
	Open   func(t *testing.T, trouble http.HandlerFunc) engine.Engine
	Recipe art.Recipe
	Secret string
	Empty  bool // an empty JSON object is no answer
}

// trouble is what may happen to a paid request.
type trouble struct {
	name  string
	open  bool  // whether it was carried out
	wants error // beside that
	serve http.HandlerFunc
}

func troubles() []trouble {
	say := func(status int, kind, body string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			fmt.Fprintf(w, body, r.Header) // with its keys, as careless services do
		}
	}
	cut := func(sent string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if sent != "" {
				w.Header().Set("Content-Length", "4096")
				_, _ = w.Write([]byte(sent))
				w.(http.Flusher).Flush()
			}
			panic(http.ErrAbortHandler)
		}
	}
	const plain = "application/json"
	return []trouble{
		{"no answer", true, art.ErrUnavailable, cut("")},
		{"half an answer", true, art.ErrUnavailable, cut(`{"id":"1`)},
		{"a web page", true, art.ErrUnavailable, say(http.StatusOK, "text/html", "<html>welcome %v")},
		{"broken JSON", true, art.ErrUnavailable, say(http.StatusOK, plain, `{"id":%q`)},
		{"a gateway's excuse", true, art.ErrUnavailable, say(http.StatusGatewayTimeout, "text/html", "<html>%v")},
		{"two GB", true, art.ErrUnavailable, endless},
		{"slow down", false, art.ErrUnavailable, say(http.StatusTooManyRequests, plain, `{"message":"%v"}`, "Retry-After", "7")},
		{"busy", false, art.ErrUnavailable, say(http.StatusServiceUnavailable, plain, `{"message":"%v"}`)},
		{"a wrong field", false, art.ErrInvalid, say(http.StatusUnprocessableEntity, plain, `{"message":"%v"}`)},
		{"no credit", false, art.ErrRefused, say(http.StatusPaymentRequired, plain, `{"message":"%v"}`)},
		{"not allowed", false, art.ErrRefused, say(http.StatusForbidden, plain, `{"message":"%v"}`)},
		{"no such model", false, art.ErrNotFound, say(http.StatusNotFound, plain, `{"message":"%v"}`)},
	}
}

func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(2<<30))
	page := bytes.Repeat([]byte(" "), 1<<16)
	for range 64 {
		if _, err := w.Write(page); err != nil {
			return
		}
	}
	panic(http.ErrAbortHandler)
}

// Money checks that the loss of a paid request's answer is engine.ErrUnknown, that a definite no never is, and that no
// secret shows in either.
func (h Hosted) Money(t *testing.T) {
	all := troubles()
	if h.Empty {
		all = append(all, trouble{"an empty answer", true, art.ErrUnavailable, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte("{}"))
		}})
	}
	for _, one := range all {
		t.Run(one.name, func(t *testing.T) {
			e := h.Open(t, one.serve)
			j, ok := engine.As[engine.Jobber](e)
			if !ok {
				t.Fatal("it has no jobs")
			}
			_, err := j.Start(context.Background(), "presswerk-money", h.Recipe)
			if !errors.Is(err, one.wants) || errors.Is(err, engine.ErrUnknown) != one.open {
				t.Errorf("%v; want %v, open %t", err, one.wants, one.open)
			}
			if strings.Contains(fmt.Sprint(err), h.Secret) {
				t.Errorf("the secret shows: %v", err)
			}
		})
	}
	t.Run("too slow", func(t *testing.T) {
		e := h.Open(t, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // else nobody notices that the other end goes
			<-r.Context().Done()
		})
		ctx, stop := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer stop()
		j, _ := engine.As[engine.Jobber](e)
		if _, err := j.Start(ctx, "presswerk-money", h.Recipe); !errors.Is(err, engine.ErrUnknown) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a context that ended after the request had left: %v", err)
		}
	})
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
