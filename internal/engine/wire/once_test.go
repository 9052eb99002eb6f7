package wire

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"presswerk/internal/engine"
)

// The transport repeats a GET on a kept connection that breaks. What is paid for is asked for once, whatever its method.
func TestAPaidGetIsSentOnce(t *testing.T) {
	var sent atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/buy" {
			sent.Add(1)
			if len(r.TransferEncoding) > 0 || r.ContentLength != 0 {
				t.Errorf("a GET with a body: %v, %d", r.TransferEncoding, r.ContentLength)
			}
			panic(http.ErrAbortHandler)
		}
	}))
	defer server.Close()
	c := &Client{Name: "shop", Base: server.URL}
	if _, err := c.Do(t.Context(), Request{Method: http.MethodGet, Path: "/look"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), Request{Method: http.MethodGet, Path: "/buy", Paid: true}); !errors.Is(err, engine.ErrUnknown) || sent.Load() != 1 {
		t.Errorf("%d times: %v", sent.Load(), err)
	}
}

// An address may hold a token; where it leads to is not told.
func TestWhereItLeadsIsNotToldWhereItCameFrom(t *testing.T) {
	shelf := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Referer") != "" {
			t.Errorf("it was told %q", r.Header.Get("Referer"))
		}
	}))
	defer shelf.Close()
	server := httptest.NewServer(http.RedirectHandler(shelf.URL, http.StatusFound))
	defer server.Close()
	if _, err := (&Client{Name: "shop", Base: server.URL}).Do(t.Context(), Request{Method: http.MethodGet, Path: "/file?token=secret"}); err != nil {
		t.Error(err)
	}
}
