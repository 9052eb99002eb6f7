package modelstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"presswerk/internal/art"
)

// hub serves one file at /files/style.safetensors and counts what it was asked.
type hub struct {
	mu       sync.Mutex
	data     []byte
	etag     string
	asked    []string                                          // method, Range, Authorization
	answer   func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
	linked   string
	redirect string
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, strings.TrimSpace(r.Method+" "+r.Header.Get("Range")+" "+r.Header.Get("Authorization")))
	if h.answer != nil && h.answer(w, r) {
		return
	}
	if h.linked != "" {
		w.Header().Set("X-Linked-Etag", `"`+h.linked+`"`)
	}
	if h.redirect != "" {
		http.Redirect(w, r, h.redirect, http.StatusFound)
		return
	}
	w.Header().Set("ETag", h.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(h.data))
}

func serve(t *testing.T, h *hub) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL + "/files/style.safetensors"
}

// fast is a fetcher that does not wait, and writes down what it was told to say.
func fast(said *[]string) Fetcher {
	return Fetcher{
		Wait: func(context.Context, time.Duration) error { return nil },
		Note: func(kind, file string, detail ...any) {
			*said = append(*said, fmt.Sprint(kind, " ", file, " ", detail))
		},
	}
}

func pull(t *testing.T, s *Store, address, sha256 string, f Fetcher, anew bool) (Manifest, error) {
	t.Helper()
	e, err := EntryOf(address, sha256, "", "", "MIT")
	if err != nil {
		t.Fatal(err)
	}
	return s.Pull(t.Context(), e, PullOptions{Fetcher: f, Anew: anew})
}

func TestTheFirstOneSeenIsPinned(t *testing.T) {
	s, h := newStore(t), &hub{data: lora(), etag: `"1"`}
	address := serve(t, h)
	var said []string
	m, err := pull(t, s, address, "", fast(&said), false)
	if err != nil {
		t.Fatal(err)
	}
	if m.SHA256 != art.Digest(lora()) || m.Trust != TrustFirstSeen || m.Kind != art.ModelLoRA || !strings.Contains(strings.Join(said, "\n"), "first-seen style.safetensors") {
		t.Errorf("%+v, said %q", m, said)
	}
	if left(t, s, "partial") != "" || left(t, s, "loras") == "" {
		t.Errorf("partial: %s, loras: %s", left(t, s, "partial"), left(t, s, "loras"))
	}
	h.asked = nil
	if _, err := pull(t, s, address, "", fast(&said), false); err != nil || len(h.asked) != 0 {
		t.Errorf("what is here was asked for: %q, %v", h.asked, err)
	}
	if _, err := s.Remove(m); err != nil {
		t.Fatal(err)
	}
	h.data, h.etag = changed(9), `"2"`
	if _, err := pull(t, s, address, "", fast(&said), false); !errors.Is(err, art.ErrMismatch) || !strings.Contains(err.Error(), "gave the first time") {
		t.Errorf("the hub's other file: %v", err)
	}
	if all, err := s.List(); err != nil || len(all) > 0 {
		t.Errorf("it was kept: %+v", all)
	}
	if m, err := pull(t, s, address, "", fast(&said), true); err != nil || m.SHA256 != art.Digest(h.data) {
		t.Errorf("anew: %v", err)
	}
}

func TestAHalfDownloadGoesOn(t *testing.T) {
	s, h := newStore(t), &hub{data: lora(), etag: `"1"`}
	cut := len(h.data) / 2
	h.answer = func(w http.ResponseWriter, r *http.Request) bool { // the line breaks once
		if r.Method != http.MethodGet {
			return false
		}
		h.answer = nil
		w.Header().Set("ETag", h.etag)
		w.Header().Set("Content-Length", fmt.Sprint(len(h.data)))
		_, _ = w.Write(h.data[:cut])
		return true
	}
	var said []string
	m, err := pull(t, s, serve(t, h), "", fast(&said), false)
	if err != nil || m.SHA256 != art.Digest(lora()) {
		t.Fatal(err)
	}
	if want := []string{"HEAD", "GET", fmt.Sprintf("GET bytes=%d-", cut)}; strings.Join(h.asked, "|") != strings.Join(want, "|") {
		t.Errorf("asked %q, want %q", h.asked, want)
	}
}

// The file at the hub changes while half of it is here: what is there is thrown away, and never mixed.
func TestAChangedFileIsNotMixedWithTheOldOne(t *testing.T) {
	s, h := newStore(t), &hub{data: lora(), etag: `"1"`}
	newer := changed(9)
	h.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet {
			return false
		}
		w.Header().Set("ETag", h.etag)
		w.Header().Set("Content-Length", fmt.Sprint(len(h.data)))
		_, _ = w.Write(h.data[:100])
		h.answer, h.data, h.etag = nil, newer, `"2"`
		return true
	}
	var said []string
	if m, err := pull(t, s, serve(t, h), "", fast(&said), false); err != nil || m.SHA256 != art.Digest(newer) {
		t.Errorf("%v, %q", err, said)
	}
}

func TestWrongBytesNeverAppear(t *testing.T) {
	other := strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		sha256 string
		hub    *hub
		want   string
	}{
		"named":      {other, &hub{data: lora(), etag: `"1"`}, "was expected"},
		"by the hub": {"", &hub{data: lora(), etag: `"1"`, linked: other}, "what the hub names"},
		"a page":     {"", &hub{data: []byte("<!doctype html>log in first"), etag: `"1"`}, "web page"},
	} {
		s := newStore(t)
		var said []string
		_, err := pull(t, s, serve(t, c.hub), c.sha256, fast(&said), false)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if got := left(t, s, "manifests") + left(t, s, "folders") + left(t, s, "loras"); got != "" {
			t.Errorf("%s: kept %s", name, got)
		}
	}
}

func TestServersThatRefuseAreExplained(t *testing.T) {
	for code, c := range map[int]struct {
		kind error
		want string
		gets int
	}{
		http.StatusForbidden:           {art.ErrUnavailable, "PRESSWERK_HUB_TOKEN", 0},
		http.StatusNotFound:            {art.ErrNotFound, "has moved", 0},
		http.StatusServiceUnavailable:  {art.ErrUnavailable, "503", 6},
		http.StatusTooManyRequests:     {art.ErrUnavailable, "429", 6},
		http.StatusInternalServerError: {art.ErrUnavailable, "500", 6},
	} {
		h := &hub{answer: func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(code); return true }}
		s := newStore(t)
		var said []string
		_, err := pull(t, s, serve(t, h), "", fast(&said), false)
		gets := strings.Count(strings.Join(h.asked, "|"), "GET")
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || gets != c.gets {
			t.Errorf("%d: %v after %d tries", code, err, gets)
		}
	}
}

// A token goes to the hub that it is for, never to where the hub sends, and into no message.
func TestATokenStaysWithItsHub(t *testing.T) {
	elsewhere := &hub{data: lora(), etag: `"1"`}
	there := serve(t, elsewhere)
	h := &hub{redirect: strings.Replace(there, "127.0.0.1", "localhost", 1) + "?signature=hush", linked: art.Digest(lora())}
	s := newStore(t)
	var said []string
	f := fast(&said)
	f.Token = func(string) string { return "secret" }
	m, err := pull(t, s, serve(t, h), "", f, false)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(h.asked, "|"), "Bearer secret") || strings.Contains(strings.Join(elsewhere.asked, "|"), "secret") {
		t.Errorf("the hub heard %q, the other one %q", h.asked, elsewhere.asked)
	}
	manifest, err := os.ReadFile(s.manifestPath(m.Ref()))
	if err != nil || bytes.Contains(manifest, []byte("secret")) || bytes.Contains(manifest, []byte("hush")) {
		t.Errorf("%s, %v", manifest, err)
	}
	elsewhere.answer = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusTeapot); return true }
	if _, err := s.Remove(m); err != nil {
		t.Fatal(err)
	}
	if _, err = pull(t, s, serve(t, h), "", f, true); err == nil || strings.Contains(err.Error()+fmt.Sprint(said), "secret") || strings.Contains(err.Error()+fmt.Sprint(said), "hush") {
		t.Errorf("told: %v, %q", err, said)
	}
}

func TestMirrorsAreAskedFirst(t *testing.T) {
	mirror, own := &hub{data: lora(), etag: `"m"`}, &hub{data: lora(), etag: `"o"`}
	server := httptest.NewServer(mirror)
	defer server.Close()
	address := serve(t, own)
	var said []string
	f := fast(&said)
	f.Mirrors = []string{server.URL + "/copy/"}
	if _, err := pull(t, newStore(t), address, "", f, false); err != nil || len(own.asked) > 0 {
		t.Errorf("%v, the hub was asked %q", err, own.asked)
	}
	mirror.answer = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusNotFound); return true }
	if _, err := pull(t, newStore(t), address, "", f, false); err != nil || len(own.asked) == 0 {
		t.Errorf("a mirror without the file: %v", err)
	}
}

func TestASilentServerIsGivenUp(t *testing.T) {
	h := &hub{data: lora(), etag: `"1"`}
	h.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet {
			return false
		}
		h.answer = nil
		w.Header().Set("ETag", h.etag)
		w.Header().Set("Content-Length", fmt.Sprint(len(h.data)))
		_, _ = w.Write(h.data[:50])
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-time.After(20 * time.Second):
		}
		return true
	}
	var said []string
	f := fast(&said)
	f.Idle = 50 * time.Millisecond
	if m, err := pull(t, newStore(t), serve(t, h), "", f, false); err != nil || m.SHA256 != art.Digest(lora()) {
		t.Errorf("%v, %q", err, said)
	}
}

func TestAddressesThatAnybodyCouldChangeAreRefused(t *testing.T) {
	for address, want := range map[string]string{
		"http://hub.example/style.safetensors":       "not encrypted",
		"ftp://hub.example/style.safetensors":        "no address of the web",
		"https://me:pw@hub.example/x.safetensors":    "password",
		"https://hub.example/style.ckpt":             "neither .safetensors",
		"https://hub.example/":                       "neither .safetensors",
		"https://hub.example/%2e%2e%2fx.safetensors": "",
	} {
		e, err := EntryOf(address, "", "", "", "")
		if want == "" {
			if err == nil && (e.Files[0].Path != "x.safetensors") {
				t.Errorf("%s: %+v", address, e.Files)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pw") && want == "password" && strings.Contains(err.Error(), "me:pw") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := EntryOf("http://hub.example/style.safetensors", strings.Repeat("a", 64), "", "", ""); err != nil {
		t.Errorf("with a hash it may come by any way: %v", err)
	}
}

// Every model of the catalogue can be told where it is, and nothing in it claims a hash without a size.
func TestTheCatalogueIsWhole(t *testing.T) {
	c, err := Known()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range c.Models {
		if seen[e.Name] {
			t.Errorf("%s is there twice", e.Name)
		}
		seen[e.Name] = true
		if e.Title == "" || e.Makers == "" || e.Purpose["en"] == "" || e.Purpose["de"] == "" {
			t.Errorf("%s says too little", e.Name)
		}
		for _, f := range e.Files {
			if !strings.HasPrefix(f.URL, "https://") || strings.ContainsAny(f.URL, "{}") || f.SHA256 != "" && (f.Size == 0 || !hashPattern.MatchString(f.SHA256)) {
				t.Errorf("%s: %+v", e.Name, f)
			}
		}
		if card := c.Card(e); len(card.Check()) > 0 || !card.Draft {
			t.Errorf("%s: %v", e.Name, card.Check())
		}
	}
	e, err := c.Find("sd-1.5")
	if err != nil || !strings.HasSuffix(e.Files[0].URL, "/stable-diffusion-v1-5/stable-diffusion-v1-5/resolve/main/model_index.json") {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := c.Find("sd-9"); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestADiskThatIsTooSmallIsToldBefore(t *testing.T) {
	h := &hub{answer: func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Length", "9000000000000000")
		return true
	}}
	s := newStore(t)
	var said []string
	_, err := pull(t, s, serve(t, h), "", fast(&said), false)
	if !errors.Is(err, art.ErrUnavailable) || !strings.Contains(err.Error(), "are needed and") || len(h.asked) != 1 {
		t.Errorf("%v after %q", err, h.asked)
	}
	if files, err := filepath.Glob(filepath.Join(s.dir, "partial", "*")); err != nil || len(files) > 0 {
		t.Errorf("something was fetched: %v", files)
	}
}
