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
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// PNG draws a small file of a size, for fakes to send.
func PNG(t testing.TB, width, height int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, width, height))
	m.SetGray(0, 0, color.Gray{Y: 200})
	var file bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&file, m); err != nil {
		t.Error(err)
	}
	return file.Bytes()
}

// Answer writes JSON, as fakes do.
func Answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// Outcomes checks what a paid call says of each way in which it can end: a definite refusal leaves nothing open, a lost
// answer always does, and neither tells the key. Ask makes a call to a service at an address; its client should take
// answers of no more than a few MB.
func Outcomes(t *testing.T, key string, ask func(t *testing.T, address string) error) {
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    error
		unknown bool
	}{
		"400":       {refuse(http.StatusBadRequest, key), art.ErrInvalid, false},
		"401":       {refuse(http.StatusUnauthorized, key), art.ErrRefused, false},
		"402":       {refuse(http.StatusPaymentRequired, key), art.ErrRefused, false},
		"403":       {refuse(http.StatusForbidden, key), art.ErrRefused, false},
		"404":       {refuse(http.StatusNotFound, key), art.ErrNotFound, false},
		"422":       {refuse(http.StatusUnprocessableEntity, key), art.ErrInvalid, false},
		"429":       {refuse(http.StatusTooManyRequests, key), art.ErrUnavailable, false},
		"503":       {refuse(http.StatusServiceUnavailable, key), art.ErrUnavailable, false},
		"a page":    {write("text/html", "<!doctype html><title>"+key+"</title>"), art.ErrUnavailable, true},
		"half JSON": {write("application/json", `{"id": "`+key), art.ErrUnavailable, true},
		"nothing":   {write("application/json", "{}"), art.ErrUnavailable, true},
		"cut":       {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, art.ErrUnavailable, true},
		"2 GB":      {flood, art.ErrUnavailable, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				test.handler(w, r)
			}))
			defer server.Close()
			err := ask(t, server.URL)
			if !errors.Is(err, test.want) || errors.Is(err, engine.ErrUnknown) != test.unknown || strings.Contains(fmt.Sprint(err), key) {
				t.Errorf("%v; want %v, unknown %t, and no key", err, test.want, test.unknown)
			}
			if asked := (interface{ RetryAfter() time.Duration })(nil); name == "429" && (!errors.As(err, &asked) || asked.RetryAfter() != 7*time.Second) {
				t.Errorf("%v; want to be told to wait 7 seconds", err)
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		if err := ask(t, "http://127.0.0.1:1"); !errors.Is(err, art.ErrUnavailable) || errors.Is(err, engine.ErrUnknown) {
			t.Errorf("what never left: %v", err)
		}
	})
}

func refuse(status int, key string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		Answer(w, status, map[string]any{"detail": "not with the key " + key})
	}
}

func write(kind, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, text)
	}
}

// flood sends 2 GB, as long as somebody listens.
func flood(w http.ResponseWriter, _ *http.Request) {
	part := make([]byte, 1<<20)
	for range 2 << 10 {
		if _, err := w.Write(part); err != nil {
			return
		}
	}
}

// Sleepless is a clock for pauses that takes no time, and ends with its context.
func Sleepless(ctx context.Context, _ time.Duration) error { return ctx.Err() }
