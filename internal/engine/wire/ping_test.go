package wire_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// What a look at a service finds follows from what it answers, and never costs anything.
func TestPing(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		path   string
		want   error
	}{
		"in":              {200, `{"data": []}`, "/me", nil},
		"a page":          {200, "<html>", "/me", art.ErrUnavailable},
		"a wrong key":     {401, "{}", "/me", art.ErrRefused},
		"no credit":       {402, "{}", "/me", art.ErrRefused},
		"too many":        {429, "{}", "/me", art.ErrUnavailable},
		"broken":          {500, "{}", "/me", art.ErrUnavailable},
		"unknown path":    {404, "{}", "/me", art.ErrUnsupported},
		"nothing is free": {405, "", "", art.ErrUnsupported},
		"nothing at all":  {200, "hello", "", art.ErrUnsupported},
		"nothing, broken": {503, "", "", art.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.Header.Get("X-Key") != "k" {
					t.Errorf("%s with the key %q", r.Method, r.Header.Get("X-Key"))
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			s := wire.Service{Name: "far", Base: server.URL, Key: "k", KeyFrom: "FAR_KEY"}
			client, err := s.Client(http.Header{"X-Key": {s.Key}})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Ping(t.Context(), client, c.path); !errors.Is(err, c.want) || c.want == nil && err != nil || engine.Busy(err) != (c.status == 429) {
				t.Errorf("%v, want %v", err, c.want)
			}
			s.Key = ""
			if err := s.Ping(t.Context(), client, c.path); !errors.Is(err, engine.ErrNotSetUp) {
				t.Errorf("without a key: %v", err)
			}
		})
	}
}
