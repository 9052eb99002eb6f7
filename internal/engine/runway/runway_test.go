package runway

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

const key = "key_very_secret"

// api is a fake of Runway's, as its description says it: a task is pending, throttled, running and done, a step a look.
type api struct {
	t       testing.TB
	shelf   *testkit.Shelf
	forever bool // tasks never end

	mu   sync.Mutex
	jobs []*job
}

type job struct {
	id, path string
	looks    int
	deleted  bool
	in       input
}

type input struct {
	Model      string
	Prompt     string `json:"promptText"`
	Negative   string `json:"negativePrompt"`
	Ratio      string
	Duration   int
	Seed       int64
	Audio      *bool
	References []reference `json:"referenceImages"`
	Frames     []frame     `json:"promptImage"`
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if given := r.Header.Get("Authorization"); given != "Bearer "+key || r.Header.Get("X-Runway-Version") != "2024-11-06" {
		testkit.Answer(w, http.StatusUnauthorized, map[string]any{"error": "The API key is invalid: " + given})
		return
	}
	id, found := strings.CutPrefix(r.URL.Path, "/v1/tasks/")
	if !found {
		one := &job{id: fmt.Sprintf("task%d", len(a.jobs)+1), path: r.URL.Path}
		if err := json.NewDecoder(r.Body).Decode(&one.in); err != nil {
			a.t.Error(err)
		}
		a.jobs = append(a.jobs, one)
		testkit.Answer(w, http.StatusOK, map[string]any{"id": one.id, "estimatedCost": map[string]any{"credits": 8}})
		return
	}
	at := slices.IndexFunc(a.jobs, func(one *job) bool { return one.id == id && !one.deleted })
	switch {
	case at < 0:
		testkit.Answer(w, http.StatusNotFound, map[string]any{"error": "Not found"})
	case r.Method == http.MethodDelete:
		a.jobs[at].deleted = true
		w.WriteHeader(http.StatusNoContent)
	default:
		a.look(w, a.jobs[at])
	}
}

func (a *api) look(w http.ResponseWriter, one *job) {
	one.looks++
	said := map[string]any{"id": one.id, "createdAt": "2026-11-26T00:00:00Z"}
	running := func(status string) {
		said["status"], said["estimatedCost"] = status, map[string]any{"credits": 8}
		testkit.Answer(w, http.StatusOK, said)
	}
	failed := func(code, failure string, credits int) {
		said["status"], said["cost"], said["failure"], said["failureCode"] = "FAILED", map[string]any{"credits": credits}, failure, code
		testkit.Answer(w, http.StatusOK, said)
	}
	switch prompt := one.in.Prompt; {
	case strings.Contains(prompt, "busy") && one.looks == 1:
		w.Header().Set("Retry-After", "7")
		testkit.Answer(w, http.StatusTooManyRequests, map[string]any{"error": "Too many requests"})
	case strings.Contains(prompt, "away"):
		panic(http.ErrAbortHandler)
	case a.forever || one.looks == 1:
		running("PENDING")
	case one.looks == 2:
		running("THROTTLED")
	case one.looks == 3:
		said["progress"] = 0.42
		running("RUNNING")
	case strings.Contains(prompt, "forbidden"):
		failed("SAFETY.INPUT.TEXT", "The prompt was rejected.", 0)
	case strings.Contains(prompt, "boom"):
		failed("INTERNAL.BAD_OUTPUT.CODE01", "An internal error occurred with "+key, 0)
	case strings.Contains(prompt, "charged"):
		failed("INTERNAL", "An internal error occurred", 5)
	case strings.Contains(prompt, "asset"):
		failed("INPUT_PREPROCESSING.INTERNAL", "The picture could not be read", 0)
	case strings.Contains(prompt, "ended"):
		said["status"], said["cost"] = "CANCELLED", map[string]any{"credits": 3}
		testkit.Answer(w, http.StatusOK, said)
	default:
		said["status"], said["cost"], said["output"] = "SUCCEEDED", map[string]any{"credits": 5}, a.made(one)
		testkit.Answer(w, http.StatusOK, said)
	}
}

func (a *api) made(one *job) []string {
	prompt := one.in.Prompt
	if strings.Contains(prompt, "nothing") {
		return []string{}
	}
	var trouble []string
	for _, word := range []string{"cut", "busy", "gone"} {
		trouble = append(trouble, slices.Repeat([]string{word}, strings.Count(prompt, word))...)
	}
	file := testkit.MP4()
	if strings.HasSuffix(one.path, "_image") {
		var width, height int
		if _, err := fmt.Sscanf(one.in.Ratio, "%d:%d", &width, &height); err != nil {
			a.t.Error(err)
		}
		if strings.Contains(prompt, "smaller") {
			width /= 2
		}
		file = testkit.PNG(a.t, width, height)
	}
	if strings.Contains(prompt, "broken") {
		file = []byte("<html>expired</html>")
	}
	return []string{a.shelf.Put(one.id, file, trouble...)}
}

const sum = "sha256:" + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func settings(t testing.TB, base string) wire.Service {
	return wire.Service{
		Name: "runway", Version: Revision, Base: base, Key: key, KeyFrom: "RUNWAYML_API_SECRET", Limit: 4 << 20,
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
	server := httptest.NewServer(testkit.ReadContract(t, "testdata/tasks.json").Hold(t, "", a))
	t.Cleanup(server.Close)
	return newEngine(t, settings(t, server.URL))
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
		Mode: art.ModeTextToImage, Engine: "runway", Model: art.ModelRef{Name: "gen4_image"}, Prompt: "a red apple",
		Width: 720, Height: 720, Seed: 7, Options: map[string]any{"contentModeration": map[string]any{"publicFigureThreshold": "auto"}},
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

// A task whose caller went away is cancelled.
func TestWhoGoesAwayCancels(t *testing.T) {
	a := &api{forever: true}
	ctx, stop := context.WithCancel(context.Background())
	e := waiting(t, a, func(ctx context.Context, _ time.Duration) error {
		stop()
		return ctx.Err()
	})
	if _, err := e.Render(ctx, apple(), nil); !errors.Is(err, context.Canceled) || errors.Is(err, engine.ErrUnknown) || !a.jobs[0].deleted {
		t.Errorf("%+v, %v", a.jobs, err)
	}
}

func TestOutcomes(t *testing.T) {
	testkit.Outcomes(t, key, func(t *testing.T, address string) error {
		_, err := newEngine(t, settings(t, address)).Render(context.Background(), apple(), nil)
		return err
	})
}

// Who comes back after a crash has nothing but the ticket. What has ended isn't deleted by cancelling it.
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
	if found.Price != 0.08 || found.Currency != "USD" {
		t.Errorf("it costs %v %s", found.Price, found.Currency)
	}
	second := newEngine(t, first.service)
	for range 2 {
		p, err := second.Wait(context.Background(), found, nil)
		if err != nil || p.Width != 720 || strings.Join(p.Notes, "\n") != "5 credits were charged" || len(a.jobs) != 1 {
			t.Errorf("%d pixels wide, notes %q, %d tasks, %v", p.Width, p.Notes, len(a.jobs), err)
		}
		if err := second.Cancel(context.Background(), found); err != nil || a.jobs[0].deleted {
			t.Errorf("cancelling what has ended: deleted %t, %v", a.jobs[0].deleted, err)
		}
	}
}

// Runway wants to be asked no more often than every five seconds.
func TestLooksAreSeldom(t *testing.T) {
	var slept []time.Duration
	s := open(t, &api{}).service
	s.Pauses = wire.Pauses{First: time.Second, Most: 2 * time.Second, Sleep: func(_ context.Context, d time.Duration) error {
		slept = append(slept, d)
		return nil
	}}
	if _, err := newEngine(t, s).Render(context.Background(), apple(), nil); err != nil || len(slept) != 3 || slices.Min(slept) < seldom {
		t.Errorf("slept %v, %v", slept, err)
	}
}

// Pictures go along with tags, by their place or their own.
func TestReferences(t *testing.T) {
	a := &api{}
	e := open(t, a)
	r := apple()
	r.References = []art.Control{{Image: sum}, {Image: sum, Kind: "Anna"}}
	if _, err := e.Render(context.Background(), r, nil); err != nil {
		t.Fatal(err)
	}
	r.Model.Name, r.Mode, r.InitImage, r.Seed, r.Width, r.Height, r.Options = "nano_banana_2.1", art.ModeImageToImage, sum, 0, 1024, 1024, map[string]any{"thinkingLevel": "high"}
	if _, err := e.Render(context.Background(), r, nil); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"image_1 Anna", "image_1 image_2 Anna"} {
		var tags []string
		for _, one := range a.jobs[i].in.References {
			tags = append(tags, one.Tag)
			if !strings.HasPrefix(one.URI, "data:image/png;base64,") {
				t.Errorf("sent %.40s", one.URI)
			}
		}
		if strings.Join(tags, " ") != want {
			t.Errorf("tags %q, want %s", tags, want)
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
		"forbidden":               {art.ErrRefused, "SAFETY.INPUT.TEXT", false},
		"boom":                    {art.ErrUnavailable, "INTERNAL.BAD_OUTPUT", false},
		"charged":                 {art.ErrRefused, "5 credits were charged", false},
		"asset":                   {art.ErrInvalid, "could not be read", false},
		"ended":                   {art.ErrConflict, "3 credits", false},
		"busy":                    {nil, "", false},
		"cut":                     {nil, "", false},
		"gone":                    {nil, "", false},
		"gone gone":               {art.ErrNotFound, "no longer", false},
		strings.Repeat("cut ", 9): {art.ErrUnavailable, "paid for", true},
		"away":                    {art.ErrUnavailable, "may have ended well", true},
		"broken":                  {art.ErrUnavailable, "paid for", true},
		"nothing":                 {art.ErrUnavailable, "0 files", true},
	} {
		r := apple()
		r.Prompt = prompt
		_, err := open(t, &api{}).Render(context.Background(), r, nil)
		if !errors.Is(err, test.want) || test.says != "" && !strings.Contains(fmt.Sprint(err), test.says) || errors.Is(err, engine.ErrUnknown) != test.unknown || strings.Contains(fmt.Sprint(err), key) {
			t.Errorf("%s: %v", prompt, err)
		}
	}
}

func TestAnotherSizeIsNoted(t *testing.T) {
	r := apple()
	r.Prompt = "smaller"
	if p, err := open(t, &api{}).Render(context.Background(), r, nil); err != nil || !strings.Contains(strings.Join(p.Notes, "\n"), "asked for 720×720, got 360×720") {
		t.Errorf("notes %q, %v", p.Notes, err)
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
		"odd size":      {func(r *art.Recipe) { r.Width = 700 }, art.ErrUnsupported, "1280×720"},
		"mask":          {func(r *art.Recipe) { r.Mode = art.ModeInpaint }, art.ErrUnsupported, "text-to-image"},
		"change":        {func(r *art.Recipe) { r.Mode = art.ModeImageToImage }, art.ErrUnsupported, "text-to-image"},
		"no references": {func(r *art.Recipe) { r.Model.Name = "gen4_image_turbo" }, art.ErrInvalid, "references"},
		"long prompt":   {func(r *art.Recipe) { r.Prompt = strings.Repeat("🍎", 501) }, art.ErrUnsupported, "1002"},
		"large seed":    {func(r *art.Recipe) { r.Seed = 1 << 32 }, art.ErrUnsupported, "4294967295"},
		"odd tag":       {func(r *art.Recipe) { r.References = []art.Control{{Image: sum, Kind: "my-cat"}} }, art.ErrInvalid, "my-cat"},
		"large picture": {func(r *art.Recipe) { r.References = []art.Control{{Image: "sha256:cc"}} }, art.ErrInvalid, "references[0].image"},
		"missing":       {func(r *art.Recipe) { r.References = []art.Control{{Image: "sha256:bb"}} }, art.ErrNotFound, "sha256:bb"},
		"no seed":       {func(r *art.Recipe) { r.Model.Name, r.Width, r.Height, r.Options = "gpt_image_2", 1920, 1920, nil }, art.ErrUnsupported, "seed"},
	} {
		r := apple()
		test.change(&r)
		_, err := e.Render(context.Background(), r, nil)
		if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.says) || errors.Is(err, engine.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(a.jobs) != 0 {
		t.Errorf("%d tasks were started", len(a.jobs))
	}
}
