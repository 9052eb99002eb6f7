package bfl

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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

const key = "bfl_very-secret"

// service is a fake of the API: jobs go from state to state each time that they are looked at.
type service struct {
	t        testing.TB
	clock    *testkit.Clock
	states   []string // of a job, look by look; the last one stays
	busy     int      // looks that are answered with 429
	width    int      // of the picture, where that isn't what was asked for
	api, cdn string

	mu   sync.Mutex
	jobs map[string]*job // guarded by mu
	last map[string]any  // guarded by mu: the last body
}

type job struct {
	size  art.Size
	looks int
	ready time.Time
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Key") != key {
		testkit.Answer(w, http.StatusForbidden, map[string]any{"detail": "Not authenticated: " + r.Header.Get("X-Key")})
		return
	}
	if r.Method == http.MethodPost {
		s.begin(w, r)
		return
	}
	s.result(w, r.URL.Query().Get("id"))
}

func (s *service) begin(w http.ResponseWriter, r *http.Request) {
	body := map[string]any{}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j := &job{size: art.Size{Width: 64, Height: 64}}
	if width, ok := body["width"].(float64); ok {
		j.size = art.Size{Width: int(width), Height: int(body["height"].(float64))}
	}
	if s.width > 0 {
		j.size.Width = s.width
	}
	id := fmt.Sprintf("job-%d", len(s.jobs)+1)
	s.jobs[id], s.last = j, body
	testkit.Answer(w, http.StatusOK, map[string]any{"id": id, "polling_url": s.api + "/v1/get_result?id=" + id, "cost": 3.0, "input_mp": nil, "output_mp": 1.05})
}

func (s *service) result(w http.ResponseWriter, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, ok := s.jobs[id]
	if !ok {
		testkit.Answer(w, http.StatusOK, map[string]any{"id": id, "status": "Task not found"})
		return
	}
	if s.busy > 0 {
		s.busy--
		w.Header().Set("Retry-After", "60")
		testkit.Answer(w, http.StatusTooManyRequests, map[string]any{"error": "rate_limit_exceeded", "message": "Too many concurrent requests"})
		return
	}
	state := s.states[min(j.looks, len(s.states)-1)]
	j.looks++
	said := map[string]any{"id": id, "status": state, "progress": float64(j.looks) / 10, "result": nil}
	switch state {
	case "Ready":
		if j.ready.IsZero() {
			j.ready = s.clock.Now()
		}
		said["result"] = map[string]any{"sample": s.cdn + "/" + id, "seed": 42}
	case "Request Moderated":
		said["details"] = map[string]any{"Moderation Reasons": []string{"Derivative Works Filter"}}
	}
	testkit.Answer(w, http.StatusOK, said)
}

// deliver is the host of finished pictures: links end after ten minutes, and no key belongs there.
func (s *service) deliver(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Key") != "" {
		s.t.Error("the key went to another host")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.jobs[strings.TrimPrefix(r.URL.Path, "/")]
	if s.clock.Now().Sub(j.ready) > 10*time.Minute {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(testkit.PNG(s.t, j.size.Width, j.size.Height))
}

// serve starts the fake, held to the API's description.
func serve(t *testing.T, s *service) *service {
	t.Helper()
	s.t, s.clock, s.jobs = t, testkit.NewClock(), map[string]*job{}
	if s.states == nil {
		s.states = []string{"Pending", "Reasoning", "Generating", "Ready"}
	}
	api := httptest.NewServer(testkit.ReadContract(t, "testdata/bfl.json").Hold(t, "", s))
	cdn := httptest.NewServer(http.HandlerFunc(s.deliver))
	t.Cleanup(func() { api.Close(); cdn.Close() })
	s.api, s.cdn = api.URL, cdn.URL
	return s
}

// engine makes an engine that talks to the fake.
func (s *service) engine(changes ...func(*wire.Service)) *Engine {
	o := wire.Service{
		Name: "bfl", Version: Revision, Base: s.api, Key: key, KeyFrom: "BFL_API_KEY", Now: s.clock.Now, Limit: 1 << 20,
		Pauses: wire.Pauses{First: time.Second, Most: 10 * time.Second, Sleep: s.clock.Sleep},
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

// sent is the last request's body, pictures left out.
func (s *service) sent() map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	body := maps.Clone(s.last)
	maps.DeleteFunc(body, func(_ string, v any) bool {
		text, ok := v.(string)
		return ok && len(text) > 60
	})
	return body
}

func apple() art.Recipe {
	return art.Recipe{
		Mode: art.ModeTextToImage, Engine: "bfl", Model: art.ModelRef{Name: "flux-2-pro"}, Prompt: "a red apple", Width: 256, Height: 128, Seed: 7,
		Options: map[string]any{"output_format": "png"},
	}
}

var _ engine.Jobber = (*Engine)(nil)
