package stability

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
	"presswerk/internal/testkit"
)

const key = "sk-very-secret"

// service is a fake of the API.
type service struct {
	t       testing.TB
	clock   *testkit.Clock
	running int              // looks at a job before it is done
	busy    int              // looks that are answered with 429
	finish  string           // how pictures end; "" is SUCCESS
	trouble http.HandlerFunc // serves paid requests
	url     string

	mu    sync.Mutex
	paid  int               // guarded by mu
	begun time.Time         // guarded by mu: of the one job
	last  map[string]string // guarded by mu: fields of the last request, files as "file"
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+key {
		refuse(w, http.StatusUnauthorized, "unauthorized", "invalid or missing header value: "+r.Header.Get("Authorization"))
		return
	}
	if r.Method == http.MethodGet {
		s.result(w, r)
		return
	}
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = map[string]string{}
	for name, values := range r.MultipartForm.Value {
		s.last[name] = values[0]
	}
	for name := range r.MultipartForm.File {
		s.last[name] = "file"
	}
	if strings.Contains(s.last["prompt"], "forbidden") {
		refuse(w, http.StatusForbidden, "content_moderation", "Your request was flagged by our content moderation system")
		return
	}
	s.paid++
	if strings.HasSuffix(r.URL.Path, "/creative") {
		s.begun = s.clock.Now()
		testkit.Answer(w, http.StatusOK, map[string]any{"id": "a6dc6c6e20acda010fe14d71f180658f"})
		return
	}
	s.picture(w, r)
}

func (s *service) picture(w http.ResponseWriter, r *http.Request) {
	if accept := r.Header.Get("Accept"); accept != "image/*" && accept != "*/*" {
		s.t.Errorf("%s accepts %q", r.URL.Path, accept)
	}
	size := art.Size{Width: 64, Height: 64}
	for known, ratio := range sizes() {
		if ratio == s.last["aspect_ratio"] {
			size = art.Size{Width: known.Width / 8, Height: known.Height / 8} // small ones are quick
		}
	}
	finish := "SUCCESS"
	if s.finish != "" {
		finish = s.finish
	}
	w.Header().Set("Finish-Reason", finish)
	w.Header().Set("Seed", "343940597")
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(testkit.PNG(s.t, size.Width, size.Height))
}

// result keeps what was made for 24 hours.
func (s *service) result(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := strings.TrimPrefix(r.URL.Path, "/v2beta/results/")
	switch {
	case s.begun.IsZero() || id != "a6dc6c6e20acda010fe14d71f180658f" || s.clock.Now().Sub(s.begun) > 24*time.Hour:
		refuse(w, http.StatusNotFound, "not_found", "generation not found")
	case s.busy > 0:
		s.busy--
		w.Header().Set("Retry-After", "60")
		refuse(w, http.StatusTooManyRequests, "rate_limit_exceeded", "You have been timed out for 60 seconds.")
	case s.running > 0:
		s.running--
		testkit.Answer(w, http.StatusAccepted, map[string]any{"id": id, "status": "in-progress"})
	default:
		s.picture(w, r)
	}
}

func refuse(w http.ResponseWriter, status int, name, message string) {
	testkit.Answer(w, status, map[string]any{"id": "4212a4b66fbe1cedca4bf2133d35dca5", "name": name, "errors": []string{message}})
}

// serve starts the fake, held to the API's description.
func serve(t *testing.T, s *service) *service {
	t.Helper()
	s.t, s.clock = t, testkit.NewClock()
	held := testkit.ReadContract(t, "testdata/stability.json").Hold(t, "", s)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.trouble != nil && r.Method == http.MethodPost {
			s.trouble(w, r)
			return
		}
		held.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// engine makes an engine that talks to the fake.
func (s *service) engine(changes ...func(*wire.Service)) *Engine {
	o := wire.Service{
		Name: "stability", Version: Revision, Base: s.url, Key: key, KeyFrom: "STABILITY_API_KEY", Now: s.clock.Now, Limit: 1 << 20,
		Pauses: wire.Pauses{First: 10 * time.Second, Most: 30 * time.Second, Sleep: s.clock.Sleep},
		Open: func(_ context.Context, sum string) ([]byte, error) {
			if sum != strings.Repeat("a", 64) {
				return nil, art.ErrNotFound
			}
			return testkit.PNG(s.t, 64, 64), nil
		},
	}
	for _, change := range changes {
		change(&o)
	}
	e, err := New(o)
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

func apple() art.Recipe {
	return art.Recipe{
		Mode: art.ModeTextToImage, Engine: "stability", Model: art.ModelRef{Name: "sd3.5-large"}, Prompt: "a red apple", NegativePrompt: "green",
		Width: 1344, Height: 768, Seed: 7, Options: map[string]any{"style_preset": "photographic"},
	}
}

// enlarged is a recipe of the one service with jobs.
func enlarged() art.Recipe {
	return art.Recipe{Mode: art.ModeUpscale, Engine: "stability", Model: art.ModelRef{Name: "upscale-creative"}, Prompt: "a red apple", InitImage: sum}
}

const sum = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

var _ engine.Jobber = (*Engine)(nil)
