package firefly

import (
	"context"
	"encoding/json"
	"fmt"
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

const (
	secret = "p8e-very-secret"
	client = "client-of-presswerk"
	sum    = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)

// service is a fake of the API and of the identity service before it: tokens end, jobs go from state to state each time
// that they are looked at.
type service struct {
	t      testing.TB
	clock  *testkit.Clock
	shelf  *testkit.Shelf
	states []string // of a job, look by look; the last one stays
	code   string   // why a job fails
	spoilt []string // what happens to links, see testkit.Shelf
	denied bool     // words are left out of prompts
	busy   int      // looks that are answered with 429
	deaf   bool     // no token is taken
	url    string

	mu      sync.Mutex
	tokens  map[string]time.Time // guarded by mu: when they end
	asked   int                  // guarded by mu: tokens so far
	jobs    map[string]*job      // guarded by mu
	uploads int                  // guarded by mu
	last    string               // guarded by mu: path, model and body of the last job
}

type job struct {
	size      art.Size
	looks     int
	upscaled  bool
	cancelled bool
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := r.URL.Path
	if path == "/ims/token/v3" {
		s.token(w, r)
		return
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if s.deaf || !s.clock.Now().Before(s.tokens[token]) || r.Header.Get("X-Api-Key") != client {
		refuse(w, http.StatusUnauthorized, "401013", "Oauth token is not valid: "+token)
		return
	}
	switch {
	case path == "/v2/storage/image":
		s.uploads++
		testkit.Answer(w, http.StatusOK, map[string]any{"images": []any{map[string]any{"id": fmt.Sprintf("upload-%d", s.uploads)}}})
	case strings.HasPrefix(path, "/v3/images/"):
		s.begin(w, r)
	case strings.HasPrefix(path, "/v3/status/"):
		s.status(w, strings.TrimPrefix(path, "/v3/status/"))
	case strings.HasPrefix(path, "/v3/cancel/"):
		s.cancel(w, strings.TrimPrefix(path, "/v3/cancel/"))
	}
}

func (s *service) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.t.Error(err)
	}
	if r.Form.Get("client_secret") != secret || r.Form.Get("client_id") != client || r.Form.Get("grant_type") != "client_credentials" || !strings.Contains(r.Form.Get("scope"), "firefly_api") {
		testkit.Answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client", "error_description": "not with " + r.Form.Get("client_secret")})
		return
	}
	s.asked++
	token := fmt.Sprintf("token-%d-very-secret", s.asked)
	s.tokens[token] = s.clock.Now().Add(24 * time.Hour)
	testkit.Answer(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "bearer", "expires_in": 86399})
}

func (s *service) begin(w http.ResponseWriter, r *http.Request) {
	body := map[string]any{}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		s.t.Error(err)
	}
	if prompt, _ := body["prompt"].(string); strings.Contains(prompt, "forbidden") {
		refuse(w, http.StatusUnavailableForLegalReasons, "prompt_unsafe", "The prompt was denied")
		return
	}
	j := &job{size: art.Size{Width: 128, Height: 128}, upscaled: strings.HasSuffix(r.URL.Path, "/upscale")}
	if size, ok := body["size"].(map[string]any); ok {
		j.size = art.Size{Width: int(size["width"].(float64)) / 16, Height: int(size["height"].(float64)) / 16} // small ones are quick
	}
	plain, _ := json.Marshal(body)
	s.last = strings.TrimPrefix(r.URL.Path, "/v3/images/") + " " + r.Header.Get("X-Model-Version") + " " + string(plain)
	id := fmt.Sprintf("urn:ff:jobs:eso:%d", len(s.jobs)+1)
	s.jobs[id] = j
	status, cancel := s.url+"/v3/status/"+id, s.url+"/v3/cancel/"+id
	if j.upscaled {
		testkit.Answer(w, http.StatusAccepted, map[string]any{"links": map[string]any{"result": map[string]any{"href": status}, "cancel": map[string]any{"href": cancel}}})
		return
	}
	testkit.Answer(w, http.StatusAccepted, map[string]any{"jobId": id, "statusUrl": status, "cancelUrl": cancel})
}

func (s *service) status(w http.ResponseWriter, id string) {
	j, ok := s.jobs[id]
	if !ok {
		refuse(w, http.StatusNotFound, "unknown_job_id", "The job id is unknown.")
		return
	}
	if s.busy > 0 {
		s.busy--
		w.Header().Set("Retry-After", "60")
		refuse(w, http.StatusTooManyRequests, "rate_limited", "Too Many Requests")
		return
	}
	state := s.states[min(j.looks, len(s.states)-1)]
	j.looks++
	said := map[string]any{"jobId": id, "status": state, "progress": 10 * j.looks}
	switch {
	case state == "failed" || state == "timeout" || state == "cancelled":
		said["error_code"], said["message"] = s.code, "it didn't work"
	case state == "succeeded" && j.upscaled:
		delete(said, "progress")
		said["result"] = map[string]any{"outputs": []any{map[string]any{"id": "1", "presignedUrl": s.put(id, j)}}, "version": "1"}
	case state == "succeeded":
		said["result"] = map[string]any{
			"outputs": []any{map[string]any{"seed": 42, "image": map[string]any{"url": s.put(id, j)}}}, "size": map[string]any{"width": 1, "height": 1},
			"promptHasDeniedWords": s.denied,
		}
	}
	testkit.Answer(w, http.StatusOK, said)
}

func (s *service) put(id string, j *job) string {
	return s.shelf.Put(strings.ReplaceAll(id, ":", "-"), testkit.PNG(s.t, j.size.Width, j.size.Height), s.spoilt...)
}

func (s *service) cancel(w http.ResponseWriter, id string) {
	j, ok := s.jobs[id]
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, "unknown_job_id", "The job id is unknown.")
	case j.looks >= len(s.states):
		refuse(w, http.StatusConflict, "job_completed", "The job was already completed.")
	default:
		j.cancelled = true
		w.WriteHeader(http.StatusOK)
	}
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	testkit.Answer(w, status, map[string]any{"error_code": code, "message": message})
}

// serve starts the fake, held to the API's description.
func serve(t *testing.T, s *service) *service {
	t.Helper()
	s.t, s.clock, s.shelf, s.jobs, s.tokens = t, testkit.NewClock(), testkit.NewShelf(t), map[string]*job{}, map[string]time.Time{}
	if s.states == nil {
		s.states = []string{"pending", "running", "succeeded"}
	}
	server := httptest.NewServer(testkit.ReadContract(t, "testdata/firefly.json").Hold(t, "", s))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// engine makes an engine that talks to the fake.
func (s *service) engine(changes ...func(*Options)) *Engine {
	o := Options{ClientID: client, Tokens: s.url, Custom: []string{"urn:1", "image3_custom/urn:2"}, Service: wire.Service{
		Name: "firefly", Version: Revision, Base: s.url, Key: secret, KeyFrom: "FIREFLY_CLIENT_ID and FIREFLY_CLIENT_SECRET", Now: s.clock.Now, Limit: 1 << 20,
		Pauses: wire.Pauses{First: time.Second, Most: 10 * time.Second, Sleep: s.clock.Sleep},
		Open: func(_ context.Context, sum string) ([]byte, error) {
			if sum != strings.Repeat("a", 64) {
				return nil, art.ErrNotFound
			}
			return testkit.PNG(s.t, 64, 64), nil
		},
	}}
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
		Mode: art.ModeTextToImage, Engine: "firefly", Model: art.ModelRef{Name: "image4_standard"}, Prompt: "a red apple", Width: 2048, Height: 2048, Seed: 7,
	}
}

var _ engine.Jobber = (*Engine)(nil)
