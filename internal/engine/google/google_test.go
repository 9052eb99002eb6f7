package google

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
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

const key = "AIza-very-secret"

// service is a fake of the Gemini API, as its description says it.
type service struct {
	t    testing.TB
	wait time.Duration

	mu   sync.Mutex
	asks int
	last request
}

type request struct {
	Contents []struct{ Parts []part }
	Config   struct {
		Seed  int64
		Image struct{ AspectRatio, ImageSize string } `json:"imageConfig"`
		Think struct{ ThinkingLevel string }          `json:"thinkingConfig"`
	} `json:"generationConfig"`
	Safety []struct{ Category, Threshold string } `json:"safetySettings"`
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Goog-Api-Key") != key {
		reject(w, http.StatusBadRequest, "INVALID_ARGUMENT", "API key not valid: "+r.Header.Get("X-Goog-Api-Key"))
		return
	}
	var asked request
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	s.asks++
	s.last = asked
	asks := s.asks
	s.mu.Unlock()
	select {
	case <-time.After(s.wait):
	case <-r.Context().Done():
		return
	}
	prompt := asked.Contents[0].Parts[0].Text
	switch {
	case strings.Contains(prompt, "blocked"):
		testkit.Answer(w, http.StatusOK, map[string]any{"promptFeedback": map[string]any{"blockReason": "PROHIBITED_CONTENT"}})
	case strings.Contains(prompt, "unsafe"):
		testkit.Answer(w, http.StatusOK, candidate("IMAGE_SAFETY"))
	case strings.Contains(prompt, "chat"):
		testkit.Answer(w, http.StatusOK, candidate("STOP", map[string]any{"text": "Which apple do you mean?"}))
	case strings.Contains(prompt, "busy") && asks == 1:
		reject(w, http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "Quota exceeded.", map[string]any{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "11s"})
	case strings.Contains(r.URL.Path, "gemini-2.5"):
		reject(w, http.StatusNotFound, "NOT_FOUND", "model is not found")
	case strings.Contains(prompt, "broken"):
		testkit.Answer(w, http.StatusOK, candidate("STOP", data([]byte("hello"))))
	default:
		testkit.Answer(w, http.StatusOK, s.made(asked))
	}
}

// made is a good answer: a thought with its sketch, words, and the picture.
func (s *service) made(asked request) map[string]any {
	size := art.Size{Width: 1024, Height: 1024}
	for _, one := range models()[0].sizes() {
		if one.ratio == asked.Config.Image.AspectRatio && one.tier == asked.Config.Image.ImageSize {
			size = one.Size
		}
	}
	if asked.Config.Image.ImageSize == "2K" {
		size = art.Size{Width: 100, Height: 100} // as services do
	}
	thought := data(testkit.PNG(s.t, 8, 8))
	thought["thought"] = true
	return candidate("STOP", thought, map[string]any{"text": "Let me think.", "thought": true}, map[string]any{"text": "Here you are."}, data(testkit.PNG(s.t, size.Width, size.Height)))
}

func candidate(reason string, parts ...any) map[string]any {
	one := map[string]any{"finishReason": reason, "index": 0}
	if len(parts) > 0 {
		one["content"] = map[string]any{"role": "model", "parts": parts}
	}
	return map[string]any{"candidates": []any{one}, "usageMetadata": map[string]any{"totalTokenCount": 1290}}
}

func data(file []byte) map[string]any {
	return map[string]any{"inlineData": map[string]any{"mimeType": "image/png", "data": base64.StdEncoding.EncodeToString(file)}}
}

func reject(w http.ResponseWriter, status int, word, message string, details ...any) {
	testkit.Answer(w, status, map[string]any{"error": map[string]any{"code": status, "status": word, "message": message, "details": append([]any{}, details...)}})
}

func settings(t testing.TB, base string) wire.Service {
	return wire.Service{
		Name: "google", Version: Revision, Base: base, Key: key, KeyFrom: "GEMINI_API_KEY", Limit: 4 << 20,
		Now: func() time.Time { return time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC) },
		Open: func(_ context.Context, sum string) ([]byte, error) {
			if sum != strings.Repeat("a", 64) {
				return nil, art.ErrNotFound
			}
			return testkit.PNG(t, 64, 64), nil
		},
	}
}

// open starts a fake and an engine that talks to it, held to the API's description.
func open(t *testing.T, s *service) *Engine {
	t.Helper()
	s.t = t
	server := httptest.NewServer(testkit.ReadContract(t, "testdata/generate.json").Hold(t, "/v1beta", s))
	t.Cleanup(server.Close)
	return newEngine(t, settings(t, server.URL+"/v1beta"))
}

func newEngine(t *testing.T, s wire.Service) *Engine {
	t.Helper()
	e, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func apple() art.Recipe {
	return art.Recipe{
		Mode: art.ModeTextToImage, Engine: "google", Model: art.ModelRef{Name: "gemini-3.1-flash-image"}, Prompt: "a red apple",
		Width: 512, Height: 512, Seed: 7,
	}
}

func TestConforms(t *testing.T) {
	testkit.Conform(t, testkit.Conformance{
		New:    func(t *testing.T) engine.Engine { return open(t, &service{}) },
		Recipe: apple(), Secret: key,
		Slow: func(t *testing.T) (engine.Engine, art.Recipe) { return open(t, &service{wait: time.Minute}), apple() },
	})
}

func TestOutcomes(t *testing.T) {
	testkit.Outcomes(t, key, func(t *testing.T, address string) error {
		_, err := newEngine(t, settings(t, address)).Render(context.Background(), apple(), nil)
		return err
	})
}

// A size is asked for as ratio and tier; what the model thinks and says is no picture.
func TestWhatIsAsked(t *testing.T) {
	s := &service{}
	e := open(t, s)
	r := apple()
	r.Width, r.Height = 1376, 768
	r.Options = map[string]any{"safety": "BLOCK_ONLY_HIGH", "thinking_level": "MINIMAL", "temperature": 0.5}
	p, err := e.Render(context.Background(), r, nil)
	if err != nil || p.Width != 1376 || p.Height != 768 || strings.Join(p.Notes, "\n") != "1290 tokens were used" {
		t.Errorf("%d×%d, notes %q, %v", p.Width, p.Height, p.Notes, err)
	}
	if c := s.last.Config; c.Image.AspectRatio != "16:9" || c.Image.ImageSize != "1K" || c.Seed != 7 || c.Think.ThinkingLevel != "MINIMAL" || len(s.last.Safety) != 4 {
		t.Errorf("asked for %+v", s.last)
	}
	r.Width, r.Height = 2048, 2048
	if p, err = e.Render(context.Background(), r, nil); err != nil || p.Width != 100 || !strings.Contains(strings.Join(p.Notes, "\n"), "2048×2048") {
		t.Errorf("a picture of another size: notes %q, %v", p.Notes, err)
	}
}

func TestPicturesGoAlong(t *testing.T) {
	sum := "sha256:" + strings.Repeat("a", 64)
	s := &service{}
	e := open(t, s)
	r := apple()
	r.Mode, r.InitImage, r.References = art.ModeImageToImage, sum, []art.Control{{Image: sum}}
	if _, err := e.Render(context.Background(), r, nil); err != nil || len(s.last.Contents[0].Parts) != 3 {
		t.Errorf("sent %d parts, %v", len(s.last.Contents[0].Parts), err)
	}
	r.InitImage = "sha256:" + strings.Repeat("b", 64)
	if _, err := e.Render(context.Background(), r, nil); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("a picture that isn't there: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	e := open(t, &service{})
	for name, test := range map[string]struct {
		change func(*art.Recipe)
		want   error
		says   string
	}{
		"blocked":     {func(r *art.Recipe) { r.Prompt = "blocked" }, art.ErrRefused, "PROHIBITED_CONTENT"},
		"unsafe":      {func(r *art.Recipe) { r.Prompt = "unsafe" }, art.ErrRefused, "IMAGE_SAFETY"},
		"words":       {func(r *art.Recipe) { r.Prompt = "chat" }, art.ErrRefused, "Which apple"},
		"imagen":      {func(r *art.Recipe) { r.Model.Name = "imagen-4.0-ultra-generate-001" }, art.ErrUnsupported, "gemini-3-pro-image"},
		"preview":     {func(r *art.Recipe) { r.Model.Name = "gemini-3-pro-image-preview" }, art.ErrUnsupported, "2026-06-25"},
		"perhaps":     {func(r *art.Recipe) { r.Model.Name, r.Width, r.Height = "gemini-2.5-flash-image", 1024, 1024 }, art.ErrNotFound, "names gemini-3.1-flash-image"},
		"odd size":    {func(r *art.Recipe) { r.Width = 500 }, art.ErrUnsupported, "1376×768"},
		"large seed":  {func(r *art.Recipe) { r.Seed = 1 << 32 }, art.ErrUnsupported, "4294967295"},
		"mask":        {func(r *art.Recipe) { r.Mode = art.ModeInpaint }, art.ErrUnsupported, "image-to-image"},
		"no picture":  {func(r *art.Recipe) { r.Mode = art.ModeImageToImage }, art.ErrInvalid, "init_image"},
		"strength":    {func(r *art.Recipe) { r.Strength = new(float64) }, art.ErrUnsupported, "strength"},
		"odd safety":  {func(r *art.Recipe) { r.Options = map[string]any{"safety": "none"} }, art.ErrInvalid, "BLOCK_NONE"},
		"odd options": {func(r *art.Recipe) { r.Options = map[string]any{"quality": "low"} }, art.ErrUnsupported, "thinking_level"},
	} {
		r := apple()
		test.change(&r)
		_, err := e.Render(context.Background(), r, nil)
		if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.says) || errors.Is(err, engine.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Our seeds have no sign, Google's have: each of 32 bits is another one there.
func TestSeeds(t *testing.T) {
	s := &service{}
	e := open(t, s)
	for seed, want := range map[art.Seed]int64{1: 1, 1<<31 - 1: 1<<31 - 1, 1 << 31: -1 << 31, 1<<32 - 1: -1} {
		r := apple()
		r.Seed = seed
		if _, err := e.Render(context.Background(), r, nil); err != nil || s.last.Config.Seed != want {
			t.Errorf("%d goes out as %d, want %d; %v", seed, s.last.Config.Seed, want, err)
		}
	}
}

// Google says among an error's details how long it wants to be left alone.
func TestQuota(t *testing.T) {
	r := apple()
	r.Prompt = "busy"
	_, err := open(t, &service{}).Render(context.Background(), r, nil)
	var said *wire.Error
	if !errors.As(err, &said) || said.RetryAfter() != 11*time.Second || !errors.Is(err, art.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

func TestABrokenPictureIsUnknown(t *testing.T) {
	r := apple()
	r.Prompt = "broken"
	if _, err := open(t, &service{}).Render(context.Background(), r, nil); !errors.Is(err, engine.ErrUnknown) {
		t.Errorf("%v", err)
	}
}

func TestKeys(t *testing.T) {
	s := open(t, &service{}).service
	for _, wrong := range []string{"", "AIza-other-secret"} {
		s.Key = wrong
		e := newEngine(t, s)
		_, err := e.Render(context.Background(), apple(), nil)
		if err == nil || wrong != "" && (strings.Contains(err.Error(), wrong) || !errors.Is(err, art.ErrRefused)) || errors.Is(err, engine.ErrUnknown) || e.Info().Ready != (wrong != "") {
			t.Errorf("the key %q: ready %t, %v", wrong, e.Info().Ready, err)
		}
	}
}

// Each size of each model has one way to be asked for.
func TestSizesAreUnambiguous(t *testing.T) {
	for _, m := range models() {
		seen := map[art.Size]bool{}
		for _, s := range m.sizes() {
			if seen[s.Size] {
				t.Errorf("%s: %v is there twice", m.name, s.Size)
			}
			seen[s.Size] = true
		}
	}
}
