package replicate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
	"presswerk/internal/testkit"
)

const key = "r8_very_secret"

// api is a fake of Replicate's, as its description says it: a prediction starts, is at work, and is done, a step a look.
type api struct {
	t       testing.TB
	shelf   *testkit.Shelf
	forever bool // predictions never end

	mu        sync.Mutex
	jobs      []*job
	uploads   int
	cancelled int
}

type job struct {
	id, model, version string
	looks              int
	cancelled          bool
	in                 map[string]any
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if given := r.Header.Get("Authorization"); given != "Bearer "+key {
		testkit.Answer(w, http.StatusUnauthorized, map[string]any{"title": "Unauthenticated", "detail": "You did not pass a valid token but " + given, "status": 401})
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/v1")
	switch {
	case path == "/files":
		a.uploads++
		testkit.Answer(w, http.StatusCreated, map[string]any{
			"id": "file1", "content_type": "image/png", "size": 1, "checksums": map[string]any{}, "metadata": map[string]any{},
			"created_at": "2026-11-26T00:00:00Z", "expires_at": "2026-11-27T00:00:00Z", "urls": map[string]any{"get": "https://api.replicate.com/v1/files/file1"},
		})
	case r.Method == http.MethodPost && !strings.HasSuffix(path, "/cancel"):
		a.start(w, r, strings.TrimSuffix(strings.TrimPrefix(path, "/models/"), "/predictions"))
	default:
		id, cancel := strings.CutSuffix(strings.TrimPrefix(path, "/predictions/"), "/cancel")
		at := slices.IndexFunc(a.jobs, func(one *job) bool { return one.id == id })
		if at < 0 {
			testkit.Answer(w, http.StatusNotFound, map[string]any{"detail": "Prediction not found", "status": 404})
			return
		}
		a.look(w, r, a.jobs[at], cancel)
	}
}

func (a *api) start(w http.ResponseWriter, r *http.Request, model string) {
	var asked struct {
		Version string
		Input   map[string]any
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		a.t.Error(err)
	}
	one := &job{id: fmt.Sprintf("job%d", len(a.jobs)+1), model: model, version: asked.Version, in: asked.Input}
	if asked.Version != "" {
		one.model = "stability-ai/sdxl"
	}
	a.jobs = append(a.jobs, one)
	testkit.Answer(w, http.StatusCreated, a.prediction(r, one, "starting", ""))
}

func (a *api) prediction(r *http.Request, one *job, status, problem string) map[string]any {
	address := "http://" + r.Host + "/v1/predictions/" + one.id
	said := map[string]any{
		"id": one.id, "model": one.model, "version": "hidden", "input": one.in, "output": nil, "data_removed": false, "error": nil, "status": status,
		"created_at": "2026-11-26T00:00:00Z", "urls": map[string]any{"web": "https://replicate.com/p/" + one.id, "get": address, "cancel": address + "/cancel"},
	}
	if problem != "" {
		said["error"] = problem
	}
	return said
}

func (a *api) look(w http.ResponseWriter, r *http.Request, one *job, cancel bool) {
	prompt, _ := one.in["prompt"].(string)
	if cancel {
		if one.looks < 3 || a.forever {
			a.cancelled++
			one.cancelled = true
		}
		testkit.Answer(w, http.StatusOK, a.prediction(r, one, "canceled", ""))
		return
	}
	one.looks++
	switch {
	case one.cancelled:
		testkit.Answer(w, http.StatusOK, a.prediction(r, one, "canceled", ""))
	case strings.Contains(prompt, "busy") && one.looks == 1:
		w.Header().Set("Retry-After", "7")
		testkit.Answer(w, http.StatusTooManyRequests, map[string]any{"detail": "Request was throttled.", "status": 429})
	case strings.Contains(prompt, "away"):
		panic(http.ErrAbortHandler)
	case a.forever || one.looks == 1:
		testkit.Answer(w, http.StatusOK, a.prediction(r, one, "starting", ""))
	case one.looks == 2:
		said := a.prediction(r, one, "processing", "")
		said["logs"] = "Using seed: 11\n 42%|████▏     | 12/28\n"
		testkit.Answer(w, http.StatusOK, said)
	case strings.Contains(prompt, "forbidden"):
		testkit.Answer(w, http.StatusOK, a.prediction(r, one, "failed", "NSFW content detected. Try running it again, or try a different prompt."))
	case strings.Contains(prompt, "boom"):
		testkit.Answer(w, http.StatusOK, a.prediction(r, one, "failed", "Out of memory (E1001) with "+key))
	default:
		a.done(w, r, one, prompt)
	}
}

func (a *api) done(w http.ResponseWriter, r *http.Request, one *job, prompt string) {
	said := a.prediction(r, one, "succeeded", "")
	said["logs"] = "Using seed: 11\n100%|██████████| 28/28\n"
	var trouble []string
	for _, word := range []string{"cut", "busy", "gone"} {
		trouble = append(trouble, slices.Repeat([]string{word}, strings.Count(prompt, word))...)
	}
	size := art.Size{Width: 64, Height: 64} // the picture's that was sent
	if width, given := one.in["width"].(float64); given {
		size = art.Size{Width: int(width), Height: int(one.in["height"].(float64))}
	}
	for _, shape := range fluxShapes() {
		if one.in["aspect_ratio"] == shape.ratio {
			size = shape.size
		}
	}
	image := testkit.PNG(a.t, size.Width, size.Height)
	if strings.Contains(prompt, "broken") {
		image = image[:40]
	}
	address := a.shelf.Put(one.id+".png", image, trouble...)
	switch {
	case strings.Contains(prompt, "removed"):
		said["data_removed"] = true
	case strings.Contains(prompt, "two"):
		said["output"] = []string{address, address}
	case strings.Contains(one.model, "flux-2"):
		said["output"] = address
	default:
		said["output"] = []string{address}
	}
	testkit.Answer(w, http.StatusOK, said)
}

const (
	small = "sha256:" + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	large = "sha256:" + "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
)

func settings(t testing.TB, base string) wire.Service {
	return wire.Service{
		Name: "replicate", Version: Revision, Base: base, Key: key, KeyFrom: "REPLICATE_API_TOKEN", Limit: 4 << 20,
		Now:    func() time.Time { return time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC) },
		Pauses: wire.Pauses{First: time.Second, Most: time.Minute, Sleep: testkit.Sleepless},
		Open: func(_ context.Context, sum string) ([]byte, error) {
			switch sum[0] {
			case 'a':
				return testkit.PNG(t, 64, 64), nil
			case 'c':
				return append(testkit.PNG(t, 64, 64), bytes.Repeat([]byte{0}, maxInside)...), nil
			}
			return nil, art.ErrNotFound
		},
	}
}

// open starts a fake and an engine that talks to it, held to the API's description.
func open(t *testing.T, a *api) *Engine {
	t.Helper()
	a.t, a.shelf = t, testkit.NewShelf(t)
	server := httptest.NewServer(testkit.ReadContract(t, "testdata/predictions.json").Hold(t, "/v1", a))
	t.Cleanup(server.Close)
	return newEngine(t, settings(t, server.URL+"/v1"))
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
		Mode: art.ModeTextToImage, Engine: "replicate", Model: art.ModelRef{Name: "black-forest-labs/flux-2-pro"}, Prompt: "a red apple",
		Width: 256, Height: 272, Seed: 7, Options: map[string]any{"output_format": "png"},
	}
}

func TestConforms(t *testing.T) {
	testkit.Conform(t, testkit.Conformance{
		New:    func(t *testing.T) engine.Engine { return open(t, &api{}) },
		Recipe: apple(), Secret: key,
		Slow: func(t *testing.T) (engine.Engine, art.Recipe) {
			return waiting(t, &api{forever: true}, wire.Sleep), apple()
		},
	})
}

// waiting makes an engine that takes its time between looks.
func waiting(t *testing.T, a *api, sleep func(context.Context, time.Duration) error) *Engine {
	s := open(t, a).service
	s.Pauses.Sleep = sleep
	return newEngine(t, s)
}

// A prediction whose caller went away is cancelled.
func TestWhoGoesAwayCancels(t *testing.T) {
	a := &api{forever: true}
	ctx, stop := context.WithCancel(context.Background())
	e := waiting(t, a, func(ctx context.Context, _ time.Duration) error {
		stop()
		return ctx.Err()
	})
	if _, err := e.Render(ctx, apple(), nil); !errors.Is(err, context.Canceled) || errors.Is(err, engine.ErrUnknown) || a.cancelled != 1 {
		t.Errorf("%+v, %v", a.jobs, err)
	}
}

func TestOutcomes(t *testing.T) {
	testkit.Outcomes(t, key, func(t *testing.T, address string) error {
		_, err := newEngine(t, settings(t, address)).Render(context.Background(), apple(), nil)
		return err
	})
}

// Who comes back after a crash has nothing but the ticket.
func TestResume(t *testing.T) {
	a := &api{}
	first := open(t, a)
	ticket, err := first.Start(context.Background(), "run-1", apple())
	if err != nil {
		t.Fatal(err)
	}
	kept, err := json.Marshal(ticket)
	if err != nil || strings.Contains(string(kept), key) {
		t.Fatalf("the ticket %s, %v", kept, err)
	}
	var found engine.Ticket
	if err := json.Unmarshal(kept, &found); err != nil {
		t.Fatal(err)
	}
	p, err := newEngine(t, first.service).Wait(context.Background(), found, nil)
	if err != nil || p.Width != 256 || strings.Join(p.Notes, "\n") != "the service says that it used seed 11" || len(a.jobs) != 1 {
		t.Errorf("%d pixels wide, notes %q, %d predictions, %v", p.Width, p.Notes, len(a.jobs), err)
	}
	found.Links = nil // the id is enough
	if _, err := first.Wait(context.Background(), found, nil); err != nil {
		t.Errorf("without addresses: %v", err)
	}
}

// Each model has its own fields.
func TestInputs(t *testing.T) {
	half := 0.5
	for name, test := range map[string]struct {
		change func(*art.Recipe)
		says   func(map[string]any) bool
	}{
		"black-forest-labs/flux-2-flex": {func(r *art.Recipe) {
			r.Mode, r.InitImage, r.References, r.Height = art.ModeImageToImage, small, []art.Control{{Image: large}}, 256
		}, func(in map[string]any) bool {
			list := in["input_images"].([]any)
			return len(list) == 2 && strings.HasPrefix(list[0].(string), "data:image/png") && strings.HasSuffix(list[1].(string), "/files/file1") && in["aspect_ratio"] == "custom"
		}},
		"black-forest-labs/flux-1.1-pro": {func(r *art.Recipe) { r.References, r.Height = []art.Control{{Image: small}}, 256 }, func(in map[string]any) bool {
			return strings.HasPrefix(in["image_prompt"].(string), "data:")
		}},
		"black-forest-labs/flux-dev": {func(r *art.Recipe) {
			r.Mode, r.InitImage, r.Strength, r.Steps, r.GuidanceScale, r.Width, r.Height = art.ModeImageToImage, small, &half, 28, 3.5, 1344, 768
		}, func(in map[string]any) bool {
			return in["prompt_strength"] == 0.5 && in["guidance"] == 3.5 && in["aspect_ratio"] == "16:9" && in["width"] == nil
		}},
		"black-forest-labs/flux-schnell": {func(r *art.Recipe) { r.Width, r.Height = 1024, 1024 }, func(in map[string]any) bool {
			return in["num_inference_steps"] == nil && in["aspect_ratio"] == "1:1"
		}},
		"black-forest-labs/flux-fill-pro": {func(r *art.Recipe) { r.Mode, r.InitImage, r.MaskImage, r.Steps = art.ModeInpaint, small, small, 30 }, func(in map[string]any) bool {
			return in["mask"] != nil && in["steps"] == 30.0 && in["width"] == nil
		}},
		"stability-ai/sdxl": {func(r *art.Recipe) {
			r.Width, r.Height, r.Sampler, r.NegativePrompt, r.Options = 512, 512, "euler", "blurry", nil
		}, func(in map[string]any) bool {
			return in["scheduler"] == "K_EULER" && in["negative_prompt"] == "blurry" && in["width"] == 512.0
		}},
	} {
		a := &api{}
		r := apple()
		r.Model.Name = name
		test.change(&r)
		if _, err := open(t, a).Render(context.Background(), r, nil); err != nil || a.jobs[0].model != name || !test.says(a.jobs[0].in) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if versioned := a.jobs[0].version != ""; versioned != (name == "stability-ai/sdxl") {
			t.Errorf("%s: version %q", name, a.jobs[0].version)
		}
	}
}

// Ends: what went wrong is said, and only what may have been made and paid for is left open.
func TestEnds(t *testing.T) {
	for prompt, test := range map[string]struct {
		want    error
		says    string
		unknown bool
	}{
		"forbidden":               {art.ErrRefused, "NSFW", false},
		"boom":                    {art.ErrUnavailable, "E1001", false},
		"busy":                    {nil, "", false},
		"cut":                     {nil, "", false},
		"gone":                    {nil, "", false},
		"gone gone":               {art.ErrNotFound, "no longer", false},
		"removed":                 {art.ErrNotFound, "no longer", false},
		strings.Repeat("cut ", 9): {art.ErrUnavailable, "paid for", true},
		"away":                    {art.ErrUnavailable, "may have ended well", true},
		"broken":                  {art.ErrUnavailable, "paid for", true},
		"two":                     {art.ErrUnavailable, "2 files", true},
	} {
		r := apple()
		r.Prompt = prompt
		_, err := open(t, &api{}).Render(context.Background(), r, nil)
		if !errors.Is(err, test.want) || test.says != "" && !strings.Contains(fmt.Sprint(err), test.says) || errors.Is(err, engine.ErrUnknown) != test.unknown || strings.Contains(fmt.Sprint(err), key) {
			t.Errorf("%s: %v", prompt, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	a := &api{}
	e := open(t, a)
	for name, test := range map[string]struct {
		change func(*art.Recipe)
		want   error
		says   string
	}{
		"odd size":   {func(r *art.Recipe) { r.Width = 260 }, art.ErrUnsupported, "256 or 272"},
		"version":    {func(r *art.Recipe) { r.Model.Version = "abc" }, art.ErrNotFound, "flux-2-flex"},
		"mask":       {func(r *art.Recipe) { r.Mode = art.ModeInpaint }, art.ErrUnsupported, "image-to-image"},
		"no picture": {func(r *art.Recipe) { r.Mode = art.ModeImageToImage }, art.ErrInvalid, "init_image"},
		"too many": {func(r *art.Recipe) {
			r.Mode, r.InitImage, r.References = art.ModeImageToImage, small, slices.Repeat([]art.Control{{Image: small}}, 8)
		}, art.ErrUnsupported, "at most 7"},
		"strength": {func(r *art.Recipe) { r.Strength = new(float64) }, art.ErrUnsupported, "strength"},
		"missing":  {func(r *art.Recipe) { r.References = []art.Control{{Image: "sha256:bb"}} }, art.ErrNotFound, "sha256:bb"},
		"sampler":  {func(r *art.Recipe) { r.Model.Name, r.Sampler = "stability-ai/sdxl", "lms" }, art.ErrUnsupported, "euler_a"},
	} {
		r := apple()
		test.change(&r)
		_, err := e.Render(context.Background(), r, nil)
		if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.says) || errors.Is(err, engine.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(a.jobs) != 0 {
		t.Errorf("%d predictions were started", len(a.jobs))
	}
}

// A prediction that somebody cancelled gives no picture, and is no loss.
func TestCancelled(t *testing.T) {
	e := open(t, &api{})
	ticket, err := e.Start(context.Background(), "run-1", apple())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Cancel(context.Background(), ticket); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Wait(context.Background(), ticket, nil); !errors.Is(err, art.ErrConflict) || errors.Is(err, engine.ErrUnknown) {
		t.Errorf("%v", err)
	}
}
