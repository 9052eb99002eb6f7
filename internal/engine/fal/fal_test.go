package fal

import (
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

const key = "fal-id:fal-very-secret"

// queue is a fake of fal's queue, as its description says it: a request waits, is at work, and is done, a step a look.
type queue struct {
	t       testing.TB
	shelf   *testkit.Shelf
	forever bool // requests never end

	mu        sync.Mutex
	jobs      []*job
	cancelled int
}

type job struct {
	id, endpoint string
	looks        int
	input        input
}

type input struct {
	Prompt    string
	Size      art.Size `json:"image_size"`
	Images    []string `json:"image_urls"`
	Image     string   `json:"image_url"`
	Mask      string   `json:"mask_url"`
	Last      string   `json:"end_image_url"`
	Duration  any
	Ratio     string `json:"aspect_ratio"`
	Resolving string `json:"resolution"`
	Steps     int    `json:"num_inference_steps"`
	Seed      int64
	Moves     []struct{ Duration int } `json:"transitions"`
}

func (q *queue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if given := r.Header.Get("Authorization"); given != "Key "+key {
		testkit.Answer(w, http.StatusUnauthorized, map[string]any{"detail": "Cannot access application with " + given})
		return
	}
	path, id, found := strings.Cut(r.URL.Path, "/requests/")
	if !found {
		one := &job{id: fmt.Sprintf("00000000-0000-4000-8000-%012d", len(q.jobs)+1), endpoint: strings.TrimPrefix(path, "/")}
		if err := json.NewDecoder(r.Body).Decode(&one.input); err != nil {
			q.t.Error(err)
		}
		q.jobs = append(q.jobs, one)
		testkit.Answer(w, http.StatusOK, q.status(r, one, "IN_QUEUE"))
		return
	}
	id, what, _ := strings.Cut(id, "/")
	at := slices.IndexFunc(q.jobs, func(one *job) bool { return one.id == id })
	if at < 0 {
		testkit.Answer(w, http.StatusNotFound, map[string]any{"detail": "Request not found"})
		return
	}
	switch one := q.jobs[at]; what {
	case "status":
		q.look(w, r, one)
	case "cancel":
		q.cancel(w, one)
	default:
		q.result(w, one)
	}
}

// status names the addresses as fal does: without the endpoint's path.
func (q *queue) status(r *http.Request, one *job, word string) map[string]any {
	parts := strings.SplitN(one.endpoint, "/", 3)
	address := "http://" + r.Host + "/" + parts[0] + "/" + parts[1] + "/requests/" + one.id
	said := map[string]any{"status": word, "request_id": one.id, "response_url": address, "status_url": address + "/status", "cancel_url": address + "/cancel"}
	if word == "IN_QUEUE" {
		said["queue_position"] = 1
	}
	return said
}

func (q *queue) look(w http.ResponseWriter, r *http.Request, one *job) {
	one.looks++
	switch {
	case strings.Contains(one.input.Prompt, "busy") && one.looks == 1:
		w.Header().Set("Retry-After", "7")
		testkit.Answer(w, http.StatusTooManyRequests, map[string]any{"detail": "slow down"})
	case strings.Contains(one.input.Prompt, "away"):
		panic(http.ErrAbortHandler)
	case q.forever || one.looks == 1:
		testkit.Answer(w, http.StatusAccepted, q.status(r, one, "IN_QUEUE"))
	case one.looks == 2:
		said := q.status(r, one, "IN_PROGRESS")
		said["logs"] = []any{map[string]any{"message": " 42%|████▏     | 12/28", "level": "STDERR", "source": "USER", "timestamp": "2026-11-26T00:00:00Z"}}
		testkit.Answer(w, http.StatusAccepted, said)
	case strings.Contains(one.input.Prompt, "boom"):
		said := q.status(r, one, "COMPLETED")
		said["error"], said["error_type"] = "Request timed out with "+key, "request_timeout"
		testkit.Answer(w, http.StatusOK, said)
	default:
		testkit.Answer(w, http.StatusOK, q.status(r, one, "COMPLETED"))
	}
}

func (q *queue) cancel(w http.ResponseWriter, one *job) {
	if !q.forever && one.looks >= 3 {
		testkit.Answer(w, http.StatusBadRequest, map[string]any{"status": "ALREADY_COMPLETED"})
		return
	}
	q.cancelled++
	testkit.Answer(w, http.StatusAccepted, map[string]any{"status": "CANCELLATION_REQUESTED"})
}

func (q *queue) result(w http.ResponseWriter, one *job) {
	prompt := one.input.Prompt
	if strings.Contains(prompt, "forbidden") {
		testkit.Answer(w, http.StatusUnprocessableEntity, map[string]any{"detail": []any{
			map[string]any{"loc": []any{"body", "prompt"}, "msg": "The content was flagged by a content checker.", "type": "content_policy_violation"},
		}})
		return
	}
	if strings.Contains(one.endpoint, "video") || strings.Contains(one.endpoint, "pikaframes") {
		clip := testkit.MP4()
		if strings.Contains(prompt, "broken") {
			clip = []byte("<html>no clip</html>")
		}
		testkit.Answer(w, http.StatusOK, map[string]any{"video": map[string]any{"url": q.shelf.Put(one.id+".mp4", clip)}})
		return
	}
	size := one.input.Size
	if size == (art.Size{}) {
		size = art.Size{Width: 64, Height: 64} // the picture's that was sent
	}
	var trouble []string
	for _, word := range []string{"cut", "busy", "gone"} {
		trouble = append(trouble, slices.Repeat([]string{word}, strings.Count(prompt, word))...)
	}
	image := testkit.PNG(q.t, size.Width, size.Height)
	if strings.Contains(prompt, "broken") {
		image = image[:40]
	}
	images := []any{map[string]any{"url": q.shelf.Put(one.id+".png", image, trouble...), "width": size.Width, "height": size.Height, "content_type": "image/png"}}
	if strings.Contains(prompt, "nothing") {
		images = []any{}
	}
	testkit.Answer(w, http.StatusOK, map[string]any{"images": images, "seed": 11, "has_nsfw_concepts": []bool{strings.Contains(prompt, "naked")}, "prompt": prompt, "timings": map[string]any{}})
}

func settings(t testing.TB, base string) wire.Service {
	return wire.Service{
		Name: "fal", Version: Revision, Base: base, Key: key, KeyFrom: "FAL_KEY", Limit: 4 << 20,
		Now:    func() time.Time { return time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC) },
		Pauses: wire.Pauses{First: time.Second, Most: time.Minute, Sleep: testkit.Sleepless},
		Open: func(_ context.Context, sum string) ([]byte, error) {
			if sum != strings.Repeat("a", 64) {
				return nil, art.ErrNotFound
			}
			return testkit.PNG(t, 64, 64), nil
		},
	}
}

// open starts a fake and an engine that talks to it, held to the queue's description.
func open(t *testing.T, q *queue) *Engine {
	t.Helper()
	q.t, q.shelf = t, testkit.NewShelf(t)
	server := httptest.NewServer(testkit.ReadContract(t, "testdata/queue.json").Hold(t, "", q))
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

const sum = "sha256:" + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func apple() art.Recipe {
	return art.Recipe{
		Mode: art.ModeTextToImage, Engine: "fal", Model: art.ModelRef{Name: "fal-ai/flux-2"}, Prompt: "a red apple",
		Width: 512, Height: 528, Seed: 7, Steps: 20, GuidanceScale: 2.5, Options: map[string]any{"output_format": "png"},
	}
}

func TestConforms(t *testing.T) {
	testkit.Conform(t, testkit.Conformance{
		New:    func(t *testing.T) engine.Engine { return open(t, &queue{}) },
		Recipe: apple(), Secret: key,
		Slow: func(t *testing.T) (engine.Engine, art.Recipe) {
			return waiting(t, &queue{forever: true}, wire.Sleep), apple()
		},
	})
}

// waiting makes an engine that takes its time between looks.
func waiting(t *testing.T, q *queue, sleep func(context.Context, time.Duration) error) *Engine {
	s := open(t, q).service
	s.Pauses.Sleep = sleep
	return newEngine(t, s)
}

// A request whose caller went away is cancelled.
func TestWhoGoesAwayCancels(t *testing.T) {
	q := &queue{forever: true}
	ctx, stop := context.WithCancel(context.Background())
	e := waiting(t, q, func(ctx context.Context, _ time.Duration) error {
		stop()
		return ctx.Err()
	})
	if _, err := e.Render(ctx, apple(), nil); !errors.Is(err, context.Canceled) || errors.Is(err, engine.ErrUnknown) || q.cancelled != 1 {
		t.Errorf("%+v, %v", q.jobs, err)
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
	q := &queue{}
	first := open(t, q)
	ticket, err := first.Start(context.Background(), "run-1", apple())
	if err != nil {
		t.Fatal(err)
	}
	kept, err := json.Marshal(ticket)
	if err != nil {
		t.Fatal(err)
	}
	var found engine.Ticket
	if err := json.Unmarshal(kept, &found); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(kept), key) {
		t.Errorf("the key stands in the ticket: %s", kept)
	}
	p, err := newEngine(t, first.service).Wait(context.Background(), found, nil)
	if err != nil || p.Width != 512 || p.Height != 528 || len(p.Notes) != 1 || len(q.jobs) != 1 {
		t.Errorf("%d×%d, notes %q, %d requests, %v", p.Width, p.Height, p.Notes, len(q.jobs), err)
	}
}

// Each mode has its endpoint and its fields.
func TestEndpoints(t *testing.T) {
	half := 0.5
	for name, test := range map[string]struct {
		change   func(*art.Recipe)
		endpoint string
		says     func(input) bool
	}{
		"text": {func(*art.Recipe) {}, "fal-ai/flux-2", func(i input) bool { return i.Seed == 7 && i.Steps == 20 && i.Size.Height == 528 }},
		"references": {func(r *art.Recipe) { r.References = []art.Control{{Image: sum}, {Image: sum}} }, "fal-ai/flux-2/edit", func(i input) bool {
			return len(i.Images) == 2 && strings.HasPrefix(i.Images[0], "data:image/png;base64,") && i.Size.Width == 512
		}},
		"edit": {func(r *art.Recipe) {
			r.Mode, r.InitImage, r.Model.Name, r.Steps, r.GuidanceScale = art.ModeImageToImage, sum, "fal-ai/flux-2-pro", 0, 0
		}, "fal-ai/flux-2-pro/edit", func(i input) bool { return len(i.Images) == 1 && i.Steps == 0 }},
		"strength": {func(r *art.Recipe) {
			r.Mode, r.InitImage, r.Model.Name, r.Strength = art.ModeImageToImage, sum, "fal-ai/flux/dev", &half
		}, "fal-ai/flux/dev/image-to-image", func(i input) bool { return i.Image != "" && i.Size.Width == 0 }},
		"mask": {func(r *art.Recipe) {
			r.Mode, r.InitImage, r.MaskImage, r.Model.Name = art.ModeInpaint, sum, sum, "fal-ai/flux-pro/v1/fill"
			r.Steps, r.GuidanceScale = 0, 0
		}, "fal-ai/flux-pro/v1/fill", func(i input) bool { return i.Image != "" && i.Mask != "" }},
	} {
		q := &queue{}
		r := apple()
		test.change(&r)
		p, err := open(t, q).Render(context.Background(), r, nil)
		if err != nil || q.jobs[0].endpoint != test.endpoint || !test.says(q.jobs[0].input) {
			t.Errorf("%s: asked %+v, %v", name, q.jobs, err)
		} else if other := p.Width != r.Width; other != strings.Contains(strings.Join(p.Notes, "\n"), "asked for") {
			t.Errorf("%s: %d pixels wide, notes %q", name, p.Width, p.Notes)
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
		"forbidden":               {art.ErrRefused, "content_policy_violation", false},
		"naked":                   {art.ErrRefused, "has_nsfw_concepts", false},
		"boom":                    {art.ErrUnavailable, "request_timeout", false},
		"busy":                    {nil, "", false},
		"cut cut":                 {nil, "", false},
		"gone":                    {nil, "", false},
		"gone gone":               {art.ErrNotFound, "no longer", false},
		strings.Repeat("cut ", 9): {art.ErrUnavailable, "paid for", true},
		"away":                    {art.ErrUnavailable, "may have ended well", true},
		"broken":                  {art.ErrUnavailable, "paid for", true},
		"nothing":                 {art.ErrUnavailable, "0 files", true},
	} {
		r := apple()
		r.Prompt = prompt
		_, err := open(t, &queue{}).Render(context.Background(), r, nil)
		if !errors.Is(err, test.want) || test.says != "" && !strings.Contains(fmt.Sprint(err), test.says) || errors.Is(err, engine.ErrUnknown) != test.unknown || strings.Contains(fmt.Sprint(err), key) {
			t.Errorf("%s: %v", prompt, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	q := &queue{}
	e := open(t, q)
	for name, test := range map[string]struct {
		change func(*art.Recipe)
		want   error
		says   string
	}{
		"odd size":   {func(r *art.Recipe) { r.Width = 500 }, art.ErrUnsupported, "512 to 2048"},
		"mask":       {func(r *art.Recipe) { r.Mode = art.ModeInpaint }, art.ErrUnsupported, "image-to-image"},
		"no picture": {func(r *art.Recipe) { r.Mode = art.ModeImageToImage }, art.ErrInvalid, "init_image"},
		"too many": {func(r *art.Recipe) {
			r.Mode, r.InitImage, r.References = art.ModeImageToImage, sum, slices.Repeat([]art.Control{{Image: sum}}, 4)
		}, art.ErrUnsupported, "at most 3"},
		"no steps": {func(r *art.Recipe) { r.Model.Name = "fal-ai/flux-2-pro" }, art.ErrUnsupported, "steps"},
		"strength": {func(r *art.Recipe) { r.Strength = new(float64) }, art.ErrUnsupported, "strength"},
		"missing":  {func(r *art.Recipe) { r.References = []art.Control{{Image: "sha256:bb"}} }, art.ErrNotFound, "sha256:bb"},
		"option":   {func(r *art.Recipe) { r.Options = map[string]any{"lora": 1} }, art.ErrUnsupported, "output_format"},
	} {
		r := apple()
		test.change(&r)
		_, err := e.Render(context.Background(), r, nil)
		if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.says) || errors.Is(err, engine.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(q.jobs) != 0 {
		t.Errorf("%d requests were made", len(q.jobs))
	}
}

// Progress is what the model logs.
func TestProgress(t *testing.T) {
	var told []int
	if _, err := open(t, &queue{}).Render(context.Background(), apple(), func(step, _ int) { told = append(told, step) }); err != nil || !slices.Equal(told, []int{42, 100}) {
		t.Errorf("told %v, %v", told, err)
	}
}
