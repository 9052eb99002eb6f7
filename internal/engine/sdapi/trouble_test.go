package sdapi

import (
	"errors"
	"fmt"
	"image"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// What isn't the picture that was asked for is no picture.
func TestFalsePicturesAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*fake)
		want   error
	}{
		"another seed":  {func(f *fake) { f.lie = func(m map[string]any) { m["seed"] = 43 } }, art.ErrMismatch},
		"another model": {func(f *fake) { f.lie = func(m map[string]any) { m["sd_model_name"] = "pear" } }, art.ErrMismatch},
		"another hash":  {func(f *fake) { f.lie = func(m map[string]any) { m["sd_model_hash"] = "abcdef0123" } }, art.ErrMismatch},
		"no picture":    {raw(`{"images":[],"info":"{}"}`), art.ErrUnavailable},
		"no base64":     {raw(`{"images":["?"],"info":"{}"}`), art.ErrUnavailable},
		"no PNG":        {raw(`{"images":["AAAA"],"info":"{}"}`), art.ErrUnavailable},
		"no word of it": {raw(`{"images":["AAAA"],"info":""}`), art.ErrUnavailable},
		"a page":        {raw(`<!doctype html><title>Proxy</title>`), art.ErrUnavailable},
		"out of memory": {func(f *fake) {
			f.extra[textPath] = status(500, `{"error":"OutOfMemoryError","detail":"","errors":"CUDA out of memory"}`)
		}, art.ErrUnavailable},
		"refused": {func(f *fake) {
			f.extra[textPath] = status(422, `{"detail":[{"loc":["body","steps"],"msg":"not a number"}]}`)
		}, art.ErrInvalid},
		"cut off":           {func(f *fake) { f.extra[textPath] = cut }, art.ErrUnavailable},
		"a 2 GB answer":     {func(f *fake) { f.extra[textPath] = endless }, art.ErrUnavailable},
		"interrupted there": {func(f *fake) { f.extra[statePath] = status(200, `{"state":{"interrupted":true}}`) }, art.ErrConflict},
	} {
		f := newFake(t)
		test.change(f)
		if _, err := connected(t, f.serve().URL).Render(t.Context(), simple(), nil); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := newFake(t)
	f.sizes = image.Pt(32, 16)
	if p, err := connected(t, f.serve().URL).Render(t.Context(), simple(), nil); err != nil || len(p.Notes) != 1 || p.Width != 32 {
		t.Errorf("another size: %v, notes %q", err, p.Notes)
	}
}

func raw(body string) func(*fake) {
	return func(f *fake) { f.extra[textPath] = status(200, body) }
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

func cut(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"))
		_ = conn.Close()
	}
}

func endless(w http.ResponseWriter, _ *http.Request) {
	for range 2 << 10 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			return
		}
	}
}

// Who isn't there, or isn't a web UI, leaves the engine not ready and says why.
func TestWhoCantBeAskedIsNotReady(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	locked := newFake(t)
	locked.user = "ada:hush-hush"
	lockedURL := locked.serve().URL
	for name, test := range map[string]struct{ url, says string }{
		"nobody":         {closed.URL, "no answer from"},
		"a page":         {serve(t, status(200, "<html>")), "a web page instead of JSON"},
		"nothing":        {serve(t, status(404, "")), "neither /sdcpp/v1/capabilities nor /openapi.json"},
		"another API":    {serve(t, status(200, `{"info":{"title":"Invoke"},"paths":{"/x":{"get":{}}}}`)), "another program answers there (Invoke)"},
		"no password":    {lockedURL, "see whether the key is there"},
		"wrong password": {strings.Replace(lockedURL, "://", "://ada:s3cret@", 1), "Incorrect username or password"},
	} {
		e := unconnected(t, test.url)
		err := e.Connect(t.Context())
		info := e.Info()
		if err == nil || info.Ready || !strings.Contains(info.Reason, test.says) || strings.Contains(info.Reason, "s3cret") || len(info.Models) != 0 {
			t.Errorf("%s: ready %t, %q, %v", name, info.Ready, info.Reason, err)
		}
		if _, err := e.Render(t.Context(), simple(), nil); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: rendering: %v", name, err)
		}
	}
	for _, address := range []string{"", "127.0.0.1:7860", "ftp://x", "http://", "http://a:hush@[::"} {
		if _, err := New(Options{URL: address}); !errors.Is(err, art.ErrInvalid) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// Another product behind the same address is noticed once; a model that was added is found without a word.
func TestChangesAreNoticed(t *testing.T) {
	first, second := newFake(t), newFake(t)
	second.version = "f2.0.1v1.10.1"
	second.without = []string{"subseed"}
	var mu sync.Mutex
	var now http.Handler = first
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := now
		mu.Unlock()
		h.ServeHTTP(w, r)
	})
	e := connected(t, url)
	change := func(h http.Handler) { mu.Lock(); now = h; mu.Unlock() }
	change(second)
	_, err := e.Render(t.Context(), simple(), nil)
	if !errors.Is(err, art.ErrConflict) || !strings.Contains(fmt.Sprint(err), "forge-f2.0.1v1.10.1 answers where automatic1111-v1.10.1 was") {
		t.Errorf("another product: %v", err)
	}
	if len(second.got) != 0 {
		t.Error("it was asked for a picture nevertheless")
	}
	r := simple()
	r.EngineVersion = "automatic1111-v1.10.1"
	if p, err := e.Render(t.Context(), r, nil); err != nil || len(p.Notes) != 1 || e.Info().Version != "forge-f2.0.1v1.10.1" {
		t.Errorf("afterwards: %v, notes %q, %s", err, p.Notes, e.Info().Version)
	}
	change(http.NotFoundHandler())
	if _, err := e.Render(t.Context(), r, nil); !errors.Is(err, art.ErrUnavailable) || e.Info().Ready {
		t.Errorf("gone: %v, ready %t", err, e.Info().Ready)
	}
	change(second)
	if _, err := e.Render(t.Context(), r, nil); err != nil || !e.Info().Ready {
		t.Errorf("back again: %v", err)
	}
}

// A model that was put there after Connect is found.
func TestModelsThatCameLaterAreFound(t *testing.T) {
	f := newFake(t)
	e := connected(t, f.serve().URL)
	f.more = map[string]any{"/sdapi/v1/sd-models": []any{map[string]any{"title": "plum.ckpt", "model_name": "plum"}}}
	r := simple()
	r.Model.Name = "plum"
	if _, err := e.Render(t.Context(), r, nil); err != nil {
		t.Error(err)
	}
	r.Model.Name = "apple"
	if _, err := e.Render(t.Context(), r, nil); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("a model that went away: %v", err)
	}
}

// The web UIs keep no jobs, and say so.
func TestWebUIsKeepNoJobs(t *testing.T) {
	e := connected(t, newFake(t).serve().URL)
	if _, err := e.Wait(t.Context(), engine.Ticket{Job: "x"}, nil); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("waiting: %v", err)
	}
	if err := e.Cancel(t.Context(), engine.Ticket{Job: "x"}); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("cancelling: %v", err)
	}
}

// A model's file may be in a folder, which the picture doesn't name.
func TestModelsInFolders(t *testing.T) {
	for made, want := range map[madeOf]bool{
		{Model: "apple"}: true, {Model: "sub_apple"}: true, {Model: "pear"}: false, {}: true, {Model: "x", Hash: "0123456789"}: true, {Model: "apple", Hash: "00"}: false,
	} {
		if got := (checkpoint{Name: "sub_apple", Hash: "0123456789"}).is(made); got != want {
			t.Errorf("%+v: %t", made, got)
		}
	}
}
