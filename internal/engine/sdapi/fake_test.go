package sdapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is a web UI that speaks the recorded protocol: one picture at a time, tasks by name, progress, interruption.
type fake struct {
	t       *testing.T
	user    string // "user:password" where it wants them
	version string // of /internal/sysinfo
	without []string
	more    map[string]any // further GET paths
	step    time.Duration  // each step takes so long
	extra   map[string]http.HandlerFunc
	lie     func(made map[string]any) // changes what it says of a picture

	one sync.Mutex // one picture at a time

	mu          sync.Mutex
	active      string          // guarded by mu: the task that is worked on
	queued      map[string]bool // guarded by mu
	at          float64         // guarded by mu: progress of the active task
	interrupted bool            // guarded by mu
	stops       int             // guarded by mu: interruptions that arrived
	got         []map[string]any
	sizes       image.Point // of pictures; zero is as asked
}

func newFake(t *testing.T) *fake {
	return &fake{t: t, version: "v1.10.1", step: time.Millisecond, queued: map[string]bool{}, extra: map[string]http.HandlerFunc{}}
}

func (f *fake) serve() *httptest.Server {
	s := httptest.NewServer(f)
	f.t.Cleanup(s.Close)
	return s
}

// fields of txt2img and img2img, as AUTOMATIC1111 1.10 describes them, as far as they matter here.
func fakeFields() (both, text, picture []string) {
	return strings.Fields("prompt negative_prompt styles seed subseed subseed_strength sampler_name scheduler batch_size n_iter steps cfg_scale width height tiling eta denoising_strength override_settings override_settings_restore_afterwards refiner_checkpoint refiner_switch_at send_images save_images alwayson_scripts force_task_id"),
		strings.Fields("enable_hr hr_scale hr_upscaler hr_second_pass_steps hr_resize_x hr_resize_y"),
		strings.Fields("init_images resize_mode mask mask_blur inpainting_fill inpaint_full_res inpaint_full_res_padding inpainting_mask_invert")
}

func (f *fake) describe() any {
	both, text, picture := fakeFields()
	schema := func(names []string) any {
		properties := map[string]any{}
		for _, n := range names {
			if !slices.Contains(f.without, n) {
				properties[n] = map[string]any{"title": n}
			}
		}
		for _, side := range []string{"width", "height"} {
			properties[side] = map[string]any{"type": "integer", "default": 512}
		}
		return map[string]any{"type": "object", "properties": properties}
	}
	paths := map[string]any{}
	for path := range f.answers() {
		if !slices.Contains(f.without, path) {
			paths[path] = map[string]any{"get": map[string]any{}}
		}
	}
	for path, name := range map[string]string{textPath: "T", picturePath: "P"} {
		paths[path] = map[string]any{"post": map[string]any{"requestBody": map[string]any{"content": map[string]any{
			"application/json": map[string]any{"schema": map[string]any{"$ref": "#/components/schemas/" + name}},
		}}}}
	}
	return map[string]any{
		"openapi": "3.1.0", "info": map[string]any{"title": "FastAPI", "version": "0.1.0"}, "paths": paths,
		"components": map[string]any{"schemas": map[string]any{"T": schema(append(both, text...)), "P": schema(append(both, picture...))}},
	}
}

func list(key string, names ...string) []map[string]any {
	var all []map[string]any
	for _, n := range names {
		all = append(all, map[string]any{key: n, "name": strings.ToLower(n), "label": n})
		all[len(all)-1][key] = n
	}
	return all
}

// answers are what GET gives.
func (f *fake) answers() map[string]any {
	all := map[string]any{
		"/internal/sysinfo": map[string]any{"Version": f.version},
		"/sdapi/v1/sd-models": []any{
			map[string]any{"title": "apple.safetensors [0123456789]", "model_name": "apple", "hash": "0123456789", "sha256": strings.Repeat("01", 32)},
			map[string]any{"title": "pear.safetensors [abcdef0123]", "model_name": "pear", "hash": "abcdef0123", "sha256": nil},
		},
		"/sdapi/v1/samplers":             list("name", "DPM++ 2M", "Euler a", "Euler", "DDIM", "Something New"),
		"/sdapi/v1/schedulers":           list("label", "Automatic", "Uniform", "Karras", "DDIM"),
		"/sdapi/v1/upscalers":            list("name", "None", "Lanczos", "4x-Own"),
		"/sdapi/v1/latent-upscale-modes": list("name", "Latent", "Latent (nearest)"),
		"/sdapi/v1/loras":                list("name", "toy"),
		"/sdapi/v1/embeddings":           map[string]any{"loaded": map[string]any{"bad-hands": map[string]any{}}, "skipped": map[string]any{}},
		"/sdapi/v1/options":              map[string]any{"sd_model_checkpoint": "pear", "CLIP_stop_at_last_layers": 1, "randn_source": "GPU", "eta_noise_seed_delta": 31337},
		"/sdapi/v1/script-info": []any{
			map[string]any{"name": "adetailer", "is_alwayson": true, "is_img2img": false},
			map[string]any{"name": "adetailer", "is_alwayson": true, "is_img2img": true},
			map[string]any{"name": "x/y/z plot", "is_alwayson": false, "is_img2img": false},
			map[string]any{"name": "controlnet", "is_alwayson": true, "is_img2img": false},
		},
		"/controlnet/control_types": map[string]any{"control_types": map[string]any{
			"Canny": map[string]any{"model_list": []string{"None", "control_canny [d14c016b]", "other_canny [00]"}, "default_model": "control_canny [d14c016b]"},
			"Depth": map[string]any{"model_list": []string{"None"}, "default_model": "None"},
		}},
		statePath: map[string]any{}, taskPath: map[string]any{}, stopPath: map[string]any{},
	}
	maps.Copy(all, f.more)
	return all
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if user, password, _ := r.BasicAuth(); f.user != "" && user+":"+password != f.user {
		f.say(w, 401, map[string]any{"detail": "Incorrect username or password"})
		return
	}
	if own, ok := f.extra[r.URL.Path]; ok {
		own(w, r)
		return
	}
	var body map[string]any
	if r.Method == http.MethodPost {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			f.say(w, 422, map[string]any{"detail": err.Error()})
			return
		}
	}
	plain, known := f.answers()[r.URL.Path]
	switch {
	case slices.Contains(f.without, r.URL.Path):
		f.say(w, 404, map[string]any{"detail": "Not Found"})
	case r.URL.Path == describePath:
		f.say(w, 200, f.describe())
	case r.URL.Path == taskPath:
		f.say(w, 200, f.task(body))
	case r.URL.Path == statePath:
		f.mu.Lock()
		defer f.mu.Unlock()
		f.say(w, 200, map[string]any{"progress": f.at, "state": map[string]any{"interrupted": f.interrupted}})
	case r.URL.Path == stopPath:
		f.mu.Lock()
		defer f.mu.Unlock()
		f.interrupted = true
		f.stops++
		f.say(w, 200, map[string]any{})
	case r.Method == http.MethodPost && (r.URL.Path == textPath || r.URL.Path == picturePath):
		f.paint(w, body)
	case known:
		f.say(w, 200, plain)
	default:
		f.say(w, 404, map[string]any{"detail": "Not Found"})
	}
}

func (f *fake) say(w http.ResponseWriter, status int, what any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(what)
}

func (f *fake) task(body map[string]any) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	name, _ := body["id_task"].(string)
	t := map[string]any{"active": name == f.active, "queued": f.queued[name], "completed": false}
	if name == f.active {
		t["progress"] = f.at
		t["live_preview"], t["id_live_preview"] = "data:image/png;base64,"+base64.StdEncoding.EncodeToString(drawn(8, 8, 1)), 3
	}
	return t
}

// paint waits for its turn, walks the steps and gives the picture, also when somebody interrupted it.
func (f *fake) paint(w http.ResponseWriter, body map[string]any) {
	name, _ := body["force_task_id"].(string)
	f.mu.Lock()
	f.got = append(f.got, body)
	f.queued[name] = true
	f.mu.Unlock()
	f.one.Lock()
	defer f.one.Unlock()
	f.mu.Lock()
	delete(f.queued, name)
	f.active, f.at, f.interrupted = name, 0, false
	f.mu.Unlock()
	steps, _ := body["steps"].(float64)
	for i := range int(steps) {
		time.Sleep(f.step)
		f.mu.Lock()
		f.at = float64(i+1) / steps
		gone := f.interrupted
		f.mu.Unlock()
		if gone {
			break
		}
	}
	f.mu.Lock()
	f.active = ""
	f.mu.Unlock()
	f.say(w, 200, f.answer(body))
}

func (f *fake) answer(body map[string]any) any {
	number := func(name string) int { n, _ := body[name].(float64); return int(n) }
	size := image.Pt(number("width"), number("height"))
	if f.sizes != (image.Point{}) {
		size = f.sizes
	}
	settings, _ := body["override_settings"].(map[string]any)
	title, _ := settings["sd_model_checkpoint"].(string)
	model, _, _ := strings.Cut(title, ".")
	made := map[string]any{"seed": number("seed"), "sd_model_name": model, "infotexts": []string{fmt.Sprintf("%v", body["prompt"])}}
	if f.lie != nil {
		f.lie(made)
	}
	info, err := json.Marshal(made)
	if err != nil {
		f.t.Error(err)
	}
	return map[string]any{
		"images": []string{base64.StdEncoding.EncodeToString(drawn(size.X, size.Y, number("seed")))}, "parameters": map[string]any{}, "info": string(info),
	}
}

// last is the body of the last request for a picture.
func (f *fake) last() map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.got) == 0 {
		f.t.Fatal("nothing was asked for")
	}
	return f.got[len(f.got)-1]
}

// drawn is a PNG whose pixels depend on a seed.
func drawn(width, height, seed int) []byte {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		m.Set(i%width, i/width, color.NRGBA{uint8(seed), uint8(i), uint8(seed >> 8), 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// half is a mask whose right half is white.
func half() []byte {
	m := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range m.Pix {
		if i%64 >= 32 {
			m.Pix[i] = 255
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}
