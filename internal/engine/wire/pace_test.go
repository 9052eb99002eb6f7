package wire

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

func TestLimitsAreReadAsServicesWriteThem(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		headers map[string]string
		want    time.Duration
	}{
		{nil, 0},
		{map[string]string{"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 6 * time.Minute},
		{map[string]string{"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "6m0s"}, 0},
		{map[string]string{"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-requests": "6m0s", "x-ratelimit-reset-tokens": "120ms"}, 120 * time.Millisecond},
		{map[string]string{"x-ratelimit-remaining-tokens": "0", "x-ratelimit-limit-tokens": "0", "x-ratelimit-reset-tokens": "6m"}, 0},
		{map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": "30"}, 30 * time.Second},
		{map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795694430"}, 30 * time.Second},
		{map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-11-26T12:00:07Z"}, 7 * time.Second},
		{map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "Thu, 26 Nov 2026 12:00:09 GMT"}, 9 * time.Second},
		{map[string]string{"X-RateLimit-Remaining": "0"}, 0},
		{map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}, 0},
		{map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "-5"}, 0},
		{map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "999999999"}, 24 * time.Hour},
		{map[string]string{"RateLimit": `"minute";r=3;t=20, "day";r=0;t=40`}, 40 * time.Second},
		{map[string]string{"RateLimit": `"minute";r=3;t=20`}, 0},
	} {
		h := http.Header{}
		for name, value := range c.headers {
			h.Set(name, value)
		}
		if got := spent(h, now); got != c.want {
			t.Errorf("%v: %s, want %s", c.headers, got, c.want)
		}
	}
}

// Once a service has said that it takes nothing before a time, no paid request leaves before; looking at jobs goes on.
func TestPaidRequestsWaitAsTheServiceAsks(t *testing.T) {
	now, asked := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), 0
	var slept []time.Duration
	status, header := 200, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"}
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte("{}"))
	})
	c.Pace = &Pace{Now: func() time.Time { return now }, Sleep: func(_ context.Context, d time.Duration) error {
		slept, now = append(slept, d), now.Add(d)
		return nil
	}}
	pay := func() error { return c.Pay(t.Context(), "/", nil, nil) }
	if err := pay(); err != nil || len(slept) != 0 {
		t.Fatalf("%v, slept %v", err, slept)
	}
	if err := c.JSON(t.Context(), http.MethodGet, "/", nil, nil); err != nil || len(slept) != 0 {
		t.Errorf("a free look: %v, slept %v", err, slept)
	}
	header = nil
	if err := pay(); err != nil || len(slept) != 1 || slept[0] != 30*time.Second {
		t.Errorf("%v, slept %v", err, slept)
	}
	status, header = 429, map[string]string{"Retry-After": "3600"}
	if err := pay(); !engine.Busy(err) || !errors.Is(err, engine.ErrNotTaken) {
		t.Errorf("%v", err)
	}
	before := asked
	err := pay() // an hour is too long to hold a worker back
	said := (*Error)(nil)
	if asked != before || !errors.As(err, &said) || said.RetryAfter() != time.Hour || !errors.Is(err, art.ErrUnavailable) || !errors.Is(err, engine.ErrNotTaken) || errors.Is(err, engine.ErrUnknown) {
		t.Errorf("asked %d times more, %v", asked-before, err)
	}
	now, status, header = now.Add(time.Hour), 200, nil
	if err := pay(); err != nil {
		t.Error(err)
	}
}

// Only what was surely not looked at may be asked for again: 429, 503 in the service's own words, and what never left.
func TestWhatWasNotTaken(t *testing.T) {
	for _, test := range []struct {
		status      int
		body, after string
		untaken     bool
	}{
		{429, "", "", true},
		{503, `{"error": "overloaded"}`, "", true},
		{503, "", "3", true},
		{503, "upstream connect error or disconnect/reset before headers", "", false},
		{500, `{"error": "oops"}`, "", false},
		{502, "", "", false},
		{400, `{"error": "no"}`, "", false},
	} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if test.after != "" {
				w.Header().Set("Retry-After", test.after)
			}
			w.WriteHeader(test.status)
			_, _ = w.Write([]byte(test.body))
		})
		err := c.Pay(t.Context(), "/", nil, nil)
		if free := c.JSON(t.Context(), http.MethodGet, "/", nil, nil); errors.Is(err, engine.ErrNotTaken) != test.untaken || errors.Is(free, engine.ErrNotTaken) {
			t.Errorf("%d %q: %v; of a free look %v", test.status, test.body, err, free)
		}
	}
	cut := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if err := cut.Pay(t.Context(), "/", nil, nil); errors.Is(err, engine.ErrNotTaken) || !errors.Is(err, engine.ErrUnknown) {
		t.Errorf("cut: %v", err)
	}
	nobody := &Client{Name: "far", Base: "http://127.0.0.1:1"}
	if err := nobody.Pay(t.Context(), "/", nil, nil); !errors.Is(err, engine.ErrNotTaken) || errors.Is(err, engine.ErrUnknown) {
		t.Errorf("nobody there: %v", err)
	}
}
