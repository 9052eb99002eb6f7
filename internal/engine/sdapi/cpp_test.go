package sdapi

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/testkit"
)

// fakeCPP speaks stable-diffusion.cpp's own API: a job is queued, then generating, then what the test wants.
type fakeCPP struct {
	t        *testing.T
	features map[string]bool
	model    string
	ends     func(looks int) map[string]any // the state of a job at its nth look; nil is queued, generating, completed
	refuse   http.HandlerFunc               // of a new job; nil takes it

	mu      sync.Mutex
	looks   map[string]int            // guarded by mu: by job
	bodies  map[string]map[string]any // guarded by mu: by job
	stopped []string                  // guarded by mu: jobs that were cancelled
}

func newFakeCPP(t *testing.T) *fakeCPP {
	return &fakeCPP{
		t: t, model: "tiny", looks: map[string]int{}, bodies: map[string]map[string]any{},
		features: map[string]bool{"init_image": true, "mask_image": true, "control_image": true, "ref_images": true, "lora": true, "vae_tiling": true, "hires": true, "cancel_queued": true},
	}
}

func (f *fakeCPP) serve() string {
	s := httptest.NewServer(f)
	f.t.Cleanup(s.Close)
	return s.URL
}

func (f *fakeCPP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id, act, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/sdcpp/v1/jobs/"), "/")
	_, known := f.bodies[id]
	switch {
	case r.URL.Path == cppPath:
		f.say(w, 200, f.capabilities())
	case r.URL.Path == "/sdcpp/v1/img_gen" && f.refuse != nil:
		f.refuse(w, r)
	case r.URL.Path == "/sdcpp/v1/img_gen":
		id = fmt.Sprintf("job_%d", len(f.bodies))
		f.bodies[id] = map[string]any{}
		if err := json.NewDecoder(r.Body).Decode(&map[string]any{}); err != nil {
			f.t.Error(err)
		}
		f.say(w, 202, map[string]any{"id": id, "kind": "img_gen", "status": "queued", "poll_url": "/sdcpp/v1/jobs/" + id})
	case known && act == "cancel":
		f.stopped = append(f.stopped, id)
		f.say(w, 200, map[string]any{"id": id, "status": "cancelled"})
	case known:
		f.looks[id]++
		f.say(w, 200, f.state(id))
	default:
		f.say(w, 404, map[string]any{"error": "job not found"})
	}
}

func (f *fakeCPP) say(w http.ResponseWriter, code int, what any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(what)
}

func (f *fakeCPP) capabilities() any {
	return map[string]any{
		"model": map[string]any{"name": f.model + ".gguf", "stem": f.model, "path": "/models/" + f.model + ".gguf"}, "supported_modes": []string{"img_gen"},
		"defaults_by_mode": map[string]any{"img_gen": map[string]any{"width": 512, "height": 512, "sample_params": map[string]any{
			"sample_method": "euler_a", "scheduler": "discrete", "sample_steps": 20, "guidance": map[string]any{"txt_cfg": 7},
		}}},
		"features_by_mode": map[string]any{"img_gen": f.features}, "samplers": []string{"euler", "euler_a", "dpm++2m"}, "schedulers": []string{"discrete", "karras"},
		"loras": []any{}, "upscalers": []any{map[string]any{"name": "None"}, map[string]any{"name": "Latent"}},
		"limits": map[string]any{"min_width": 64, "max_width": 4096, "min_height": 64, "max_height": 4096, "max_batch_count": 8, "max_queue_size": 64},
	}
}

func (f *fakeCPP) state(id string) map[string]any {
	looks := f.looks[id]
	if f.ends != nil {
		return f.ends(looks)
	}
	switch looks {
	case 1:
		return map[string]any{"id": id, "status": "queued", "queue_position": 1}
	case 2:
		return map[string]any{"id": id, "status": "generating"}
	}
	return map[string]any{"id": id, "status": "completed", "result": map[string]any{"output_format": "png", "images": []any{
		map[string]any{"index": 0, "b64_json": base64.StdEncoding.EncodeToString(drawn(64, 64, 42))},
	}}}
}

func cppRecipe() art.Recipe {
	r := simple()
	r.Model.Name = "tiny"
	return r
}

func TestJobsConform(t *testing.T) {
	open := func(t *testing.T) engine.Engine { return connected(t, newFakeCPP(t).serve()) }
	testkit.Conform(t, testkit.Conformance{New: open, Recipe: cppRecipe(), Slow: func(t *testing.T) (engine.Engine, art.Recipe) {
		f := newFakeCPP(t)
		f.ends = func(int) map[string]any { return map[string]any{"status": "generating"} }
		return connected(t, f.serve()), cppRecipe()
	}})
}

// How jobs end is told apart.
func TestJobsThatEndOtherwise(t *testing.T) {
	state := func(status string, more map[string]any) func(*fakeCPP) {
		return func(f *fakeCPP) {
			f.ends = func(int) map[string]any {
				all := map[string]any{"status": status}
				maps.Copy(all, more)
				return all
			}
		}
	}
	images := func(data string) map[string]any {
		return map[string]any{"result": map[string]any{"images": []any{map[string]any{"b64_json": data}}}}
	}
	for name, test := range map[string]struct {
		change func(*fakeCPP)
		want   error
		says   string
	}{
		"failed":            {state("failed", map[string]any{"error": map[string]any{"code": "generation_failed", "message": "no results"}}), art.ErrConflict, "generation_failed: no results"},
		"cancelled":         {state("cancelled", nil), art.ErrConflict, "cancelled"},
		"of no known state": {state("dreaming", nil), art.ErrConflict, "dreaming"},
		"done without any":  {state("completed", nil), art.ErrConflict, "has no picture"},
		"no base64":         {state("completed", images("?")), art.ErrConflict, "no base64"},
		"no picture":        {state("completed", images("AAAA")), art.ErrUnavailable, "no picture"},
		"queue full":        {func(f *fakeCPP) { f.refuse = status(429, `{"error":"job queue is full"}`) }, art.ErrUnavailable, "job queue is full"},
		"refused":           {func(f *fakeCPP) { f.refuse = status(400, `{"error":"invalid generation parameters"}`) }, art.ErrInvalid, "invalid generation"},
		"a nameless job":    {func(f *fakeCPP) { f.refuse = status(202, `{}`) }, art.ErrUnavailable, "gave no name"},
		"a page":            {func(f *fakeCPP) { f.refuse = status(200, `<html>`) }, art.ErrUnavailable, "a web page"},
		"another seed":      {state("completed", images(base64.StdEncoding.EncodeToString(told("Steps: 4, Seed: 43, RNG: cuda")))), art.ErrMismatch, "seed 43 instead of 42"},
	} {
		f := newFakeCPP(t)
		test.change(f)
		_, err := connected(t, f.serve()).Render(t.Context(), cppRecipe(), nil)
		if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// told is a PNG with a text of how it was made.
func told(parameters string) []byte {
	text := "parameters\x00an apple\n" + parameters
	chunk := append([]byte{0, 0, 0, byte(len(text))}, "tEXt"+text...)
	file := drawn(64, 64, 1)
	const header = 8 + 25 // signature and IHDR
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return bytes.Join([][]byte{file[:header], chunk, file[header:]}, nil)
}

// Cancelling goes by the server's flags and by the job's state.
func TestCancelGoesByFlags(t *testing.T) {
	for name, test := range map[string]struct {
		status, flag string
		allowed      bool
		want         error
		stopped      int
	}{
		"queued":                     {"queued", "cancel_queued", true, nil, 1},
		"queued, not allowed":        {"queued", "cancel_queued", false, art.ErrUnsupported, 0},
		"generating":                 {"generating", "cancel_generating", true, nil, 1},
		"generating, not allowed":    {"generating", "cancel_generating", false, art.ErrUnsupported, 0},
		"completed, nothing to stop": {"completed", "cancel_queued", true, nil, 0},
	} {
		f := newFakeCPP(t)
		f.features[test.flag] = test.allowed
		f.ends = func(int) map[string]any { return map[string]any{"status": test.status} }
		e := connected(t, f.serve())
		ticket, err := e.Start(t.Context(), "ours", cppRecipe())
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Cancel(t.Context(), ticket); !errors.Is(err, test.want) || len(f.stopped) != test.stopped {
			t.Errorf("%s: %v, %d cancelled", name, err, len(f.stopped))
		}
	}
}

// What the server's flags take away isn't offered, and a server that was started with another model is read anew.
func TestFlagsAndModels(t *testing.T) {
	f := newFakeCPP(t)
	f.features = map[string]bool{}
	e := connected(t, f.serve())
	can := e.Info().Models[0]
	if len(can.Modes) != 1 || can.TakesLoRAs || can.Hires || len(can.Controls) != 0 || can.Defaults.Sampler != "euler_a" || can.Defaults.Scheduler != "normal" {
		t.Errorf("%+v", can)
	}
	f.mu.Lock()
	f.model = "larger"
	f.mu.Unlock()
	if _, err := e.Render(t.Context(), cppRecipe(), nil); !errors.Is(err, art.ErrNotFound) || !strings.Contains(fmt.Sprint(err), "larger") {
		t.Errorf("a model that went away: %v", err)
	}
}

func FuzzParameters(f *testing.F) {
	f.Add(told("Steps: 4, Seed: 43"))
	f.Add([]byte("\x89PNG\r\n\x1a\n\xff\xff\xff\xfftEXtparameters\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		for key, value := range parameters(file) {
			if !bytes.Contains(file, []byte(key)) || !bytes.Contains(file, []byte(value)) {
				t.Errorf("%q: %q doesn't stand in the file", key, value)
			}
		}
	})
}
