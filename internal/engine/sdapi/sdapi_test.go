package sdapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// What answers is recognised and tells its version.
func TestProductsAreToldApart(t *testing.T) {
	for want, change := range map[string]func(*fake){
		"automatic1111-v1.10.1": func(*fake) {},
		"forge-f2.0.1v1.10.1":   func(f *fake) { f.version = "f2.0.1v1.10.1" },
		"sdnext-2026-11-01-abc1234": func(f *fake) {
			f.more = map[string]any{"/sdapi/v1/motd": "", "/sdapi/v1/version": map[string]any{"commit": "abc1234", "updated": "2026-11-01"}}
		},
	} {
		f := newFake(t)
		change(f)
		info := connected(t, f.serve().URL).Info()
		if info.Version != want || len(info.Models) != 2 || info.Models[0].EngineVersion != want {
			t.Errorf("%s is called %s, %d models", want, info.Version, len(info.Models))
		}
	}
}

func TestCapabilitiesAreWhatTheServerLists(t *testing.T) {
	can := connected(t, newFake(t).serve().URL).Info().Models[0].Capabilities
	want := art.Capabilities{
		Engine: Name, EngineVersion: "automatic1111-v1.10.1", Model: art.ModelRef{Name: "apple", SHA256: strings.Repeat("01", 32)},
		Modes: []string{art.ModeTextToImage, art.ModeImageToImage, art.ModeInpaint}, Samplers: []string{"dpmpp_2m", "euler", "euler_a", "ddim"},
		Schedulers: []string{"normal", "karras"}, MinSize: 64, MaxSize: 2048, SizeStep: 8, NativeWidth: 512, NativeHeight: 512, MaxSteps: 150,
		Seeds: true, Negative: true, Weights: true, Dialect: "a1111", LoRAs: true, Embeddings: true, Hires: true, Tiling: true, Refiner: true,
		Controls: []string{"canny"}, Scripts: []string{"adetailer"},
	}
	if !reflect.DeepEqual(can, want) {
		t.Errorf("got  %+v\nwant %+v", can, want)
	}
}

// rich uses most of what a web UI can do.
func rich() art.Recipe {
	r := simple()
	skip, strength, padding := 2, 0.4, 16
	r.Mode, r.InitImage, r.MaskImage, r.Strength, r.MaskPadding, r.MaskBlur = art.ModeInpaint, kept(7), kept(8), &strength, &padding, 4
	r.Prompt, r.NegativePrompt, r.ClipSkip = "a (red:1.2) apple", "bad-hands", &skip
	r.LoRAs = []art.LoRA{{Name: "toy", Weight: 0.75, SHA256: "00"}}
	r.Embeddings = []art.ModelRef{{Name: "bad-hands"}}
	r.Seed, r.VariationSeed, r.VariationStrength, r.NoiseSource = 9007199254740991, 5, 0.25, "cuda"
	r.Controls = []art.Control{{Kind: "canny", Image: kept(7), Weight: 0.5, Start: 0.1}, {Kind: "canny", Image: kept(8), Weight: 1, End: 0.9, GuessMode: true, Model: art.ModelRef{Name: "other_canny"}}}
	r.Scripts = map[string][]any{"adetailer": {true, map[string]any{"ad_model": "face_yolov8n.pt"}}}
	r.Tiling = true
	return r
}

// A recipe is written down as the web UI's own client would.
func TestRequestsSayAllOfARecipe(t *testing.T) {
	e := connected(t, newFake(t).serve().URL)
	s, _ := e.known()
	_, body, err := s.(*webServer).request(rich(), pictures{first: "F", mask: "M", controls: []string{"A", "B"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(body, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want := `{
 "alwayson_scripts": {
  "adetailer": {
   "args": [
    true,
    {
     "ad_model": "face_yolov8n.pt"
    }
   ]
  },
  "controlnet": {
   "args": [
    {
     "control_mode": "Balanced",
     "enabled": true,
     "guidance_end": 1,
     "guidance_start": 0.1,
     "image": "A",
     "model": "control_canny [d14c016b]",
     "module": "none",
     "pixel_perfect": false,
     "resize_mode": "Just Resize",
     "weight": 0.5
    },
    {
     "control_mode": "ControlNet is more important",
     "enabled": true,
     "guidance_end": 0.9,
     "guidance_start": 0,
     "image": "B",
     "model": "other_canny [00]",
     "module": "none",
     "pixel_perfect": false,
     "resize_mode": "Just Resize",
     "weight": 1
    }
   ]
  }
 },
 "batch_size": 1,
 "cfg_scale": 7,
 "denoising_strength": 0.4,
 "height": 64,
 "init_images": [
  "F"
 ],
 "inpaint_full_res": true,
 "inpaint_full_res_padding": 16,
 "inpainting_fill": 1,
 "inpainting_mask_invert": 0,
 "mask": "M",
 "mask_blur": 4,
 "n_iter": 1,
 "negative_prompt": "bad-hands",
 "override_settings": {
  "CLIP_stop_at_last_layers": 2,
  "eta_noise_seed_delta": 0,
  "randn_source": "NV",
  "sd_model_checkpoint": "apple.safetensors [0123456789]"
 },
 "override_settings_restore_afterwards": true,
 "prompt": "a (red:1.2) apple \u003clora:toy:0.75\u003e",
 "resize_mode": 0,
 "sampler_name": "Euler",
 "save_images": false,
 "scheduler": "Karras",
 "seed": 9007199254740991,
 "send_images": true,
 "steps": 4,
 "styles": [],
 "subseed": 5,
 "subseed_strength": 0.25,
 "tiling": true,
 "width": 64
}`
	if string(got) != want {
		t.Errorf("got %s", got)
	}
}

func TestSecondPassesAndModels(t *testing.T) {
	f := newFake(t)
	e := connected(t, f.serve().URL)
	r := simple()
	r.Hires, r.Refiner = &art.Hires{Scale: 2, Strength: 0.5, Upscaler: "4x-Own"}, &art.Refiner{ModelRef: art.ModelRef{Name: "pear"}, Start: 0.8}
	f.sizes = image.Pt(128, 128)
	p, err := e.Render(t.Context(), r, nil)
	if err != nil || len(p.Notes) != 0 {
		t.Fatalf("notes %q, %v", p.Notes, err)
	}
	body := f.last()
	for key, want := range map[string]any{
		"enable_hr": true, "hr_scale": 2.0, "hr_upscaler": "4x-Own", "denoising_strength": 0.5, "refiner_checkpoint": "pear.safetensors [abcdef0123]", "refiner_switch_at": 0.8,
	} {
		if body[key] != want {
			t.Errorf("%s is %v, want %v", key, body[key], want)
		}
	}
	if name, _ := body["force_task_id"].(string); !strings.HasPrefix(name, "presswerk-") {
		t.Errorf("the task is called %q", name)
	}
}

// What a server doesn't have is refused with the recipe's field, and nothing is asked for.
func TestWhatTheServerLacksIsRefused(t *testing.T) {
	end := 0.5
	for field, test := range map[string]struct {
		without string
		kind    error
		change  func(*art.Recipe)
	}{
		"variation_seed":     {"subseed", art.ErrUnsupported, func(r *art.Recipe) { r.VariationSeed, r.VariationStrength = 1, 0.5 }},
		"scheduler":          {"", art.ErrUnsupported, func(r *art.Recipe) { r.Scheduler = "beta" }},
		"sampler":            {"", art.ErrUnsupported, func(r *art.Recipe) { r.Sampler = "unipc" }},
		"hires":              {"enable_hr", art.ErrUnsupported, func(r *art.Recipe) { r.Hires = &art.Hires{Scale: 2, Strength: 0.5} }},
		"hires.upscaler":     {"", art.ErrNotFound, func(r *art.Recipe) { r.Hires = &art.Hires{Scale: 2, Strength: 0.5, Upscaler: "8x"} }},
		"loras[0].name":      {"", art.ErrNotFound, func(r *art.Recipe) { r.LoRAs = []art.LoRA{{Name: "absent", Weight: 1}} }},
		"embeddings[0].name": {"", art.ErrInvalid, func(r *art.Recipe) { r.Embeddings = []art.ModelRef{{Name: "bad-hands"}} }},
		"controls[0].kind":   {"", art.ErrUnsupported, func(r *art.Recipe) { r.Controls = []art.Control{{Kind: "depth", Image: kept(7), Weight: 1}} }},
		"controls[0].model": {"", art.ErrNotFound, func(r *art.Recipe) {
			r.Controls = []art.Control{{Kind: "canny", Image: kept(7), Weight: 1, Model: art.ModelRef{Name: "x"}}}
		}},
		"scripts.x/y/z plot": {"", art.ErrUnsupported, func(r *art.Recipe) { r.Scripts = map[string][]any{"x/y/z plot": nil} }},
		"refiner":            {"", art.ErrNotFound, func(r *art.Recipe) { r.Refiner = &art.Refiner{ModelRef: art.ModelRef{Name: "x"}} }},
		"guidance_end":       {"", art.ErrUnsupported, func(r *art.Recipe) { r.GuidanceEnd = &end }},
		"vae_tiling":         {"", art.ErrUnsupported, func(r *art.Recipe) { r.VAETiling = true }},
		"scheduler_config.rescale_betas_zero_snr": {"", art.ErrUnsupported, func(r *art.Recipe) { r.SchedulerConfig = map[string]any{"rescale_betas_zero_snr": true} }},
		"prompt":     {"", art.ErrUnsupported, func(r *art.Recipe) { r.Syntax, r.Prompt = "plain", "one AND two" }},
		"init_image": {"", art.ErrInvalid, func(r *art.Recipe) { r.Mode = art.ModeImageToImage }},
		"mask_blur": {"", art.ErrUnsupported, func(r *art.Recipe) {
			r.Mode, r.InitImage, r.MaskImage, r.MaskBlur = art.ModeInpaint, kept(7), kept(8), 1.5
		}},
		"noise_source": {"/sdapi/v1/options", art.ErrUnsupported, func(r *art.Recipe) { r.NoiseSource = "cuda" }},
		"steps":        {"", art.ErrInvalid, func(r *art.Recipe) { r.Steps = 0 }},
	} {
		f := newFake(t)
		f.without = []string{test.without}
		if field == "noise_source" { // the model needs the settings as well
			f.without, f.extra["/sdapi/v1/options"] = nil, func(w http.ResponseWriter, _ *http.Request) { f.say(w, 200, map[string]any{"sd_model_checkpoint": ""}) }
		}
		r := simple()
		test.change(&r)
		_, err := connected(t, f.serve().URL).Render(t.Context(), r, nil)
		var said *art.FieldError
		if !errors.Is(err, test.kind) || !errors.As(err, &said) || said.Field != field {
			t.Errorf("%s: %v", field, err)
		}
		if len(f.got) != 0 {
			t.Errorf("%s: was asked for nevertheless", field)
		}
	}
}

func TestPlainPromptsKeepTheirLetters(t *testing.T) {
	f := newFake(t)
	r := simple()
	r.Syntax, r.Prompt = "plain", `a [red] (apple) \o/`
	if _, err := connected(t, f.serve().URL).Render(t.Context(), r, nil); err != nil {
		t.Fatal(err)
	}
	if got := f.last()["prompt"]; got != `a \[red\] \(apple\) \\o/` {
		t.Errorf("sent %q", got)
	}
}

// Before 1.9 the curve was a part of the sampler's name.
func TestOldServersNameCurvesWithSamplers(t *testing.T) {
	f := newFake(t)
	f.without = []string{"scheduler", "/sdapi/v1/schedulers"}
	f.extra["/sdapi/v1/samplers"] = func(w http.ResponseWriter, _ *http.Request) {
		f.say(w, 200, list("name", "DPM++ 2M", "DPM++ 2M Karras", "Euler"))
	}
	e := connected(t, f.serve().URL)
	if got := e.Info().Models[0].Schedulers; !reflect.DeepEqual(got, []string{"normal", "karras"}) {
		t.Errorf("curves %q", got)
	}
	r := simple()
	r.Sampler = "dpmpp_2m"
	if _, err := e.Render(t.Context(), r, nil); err != nil || f.last()["sampler_name"] != "DPM++ 2M Karras" {
		t.Errorf("%v, sampler %v", err, f.last()["sampler_name"])
	}
	r.Sampler = "euler"
	if _, err := e.Render(t.Context(), r, nil); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("Euler Karras, which isn't there: %v", err)
	}
}

func TestProgressAndPreviews(t *testing.T) {
	f := newFake(t)
	f.step = 20 * time.Millisecond
	r := simple()
	r.Steps = 20
	var steps []int
	seen := 0
	_, err := connected(t, f.serve().URL).RenderSeen(t.Context(), r, func(step, of int) {
		if of != 20 {
			t.Errorf("%d steps", of)
		}
		steps = append(steps, step)
	}, func(m image.Image) { seen += m.Bounds().Dx() })
	if err != nil || len(steps) < 2 || steps[len(steps)-1] != 20 || seen == 0 {
		t.Errorf("steps %v, seen %d, %v", steps, seen, err)
	}
}

// Of two programs' pictures only our own is interrupted, also when it has to wait for the other one first.
func TestOnlyOurOwnPictureIsInterrupted(t *testing.T) {
	f := newFake(t)
	f.step = 10 * time.Millisecond
	url := f.serve().URL
	r := simple()
	r.Steps = 30
	var others sync.WaitGroup
	others.Go(func() {
		if p, err := connected(t, url).Render(t.Context(), r, nil); err != nil || p.Width != 64 {
			t.Errorf("another program's picture: %v", err)
		}
	})
	for { // until the other one has begun
		f.mu.Lock()
		begun := f.active != ""
		f.mu.Unlock()
		if begun {
			break
		}
		time.Sleep(time.Millisecond)
	}
	ours := connected(t, url)
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer stop()
	if _, err := ours.Render(ctx, r, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended while it waited: %v", err)
	}
	others.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stops != 1 {
		t.Errorf("%d interruptions", f.stops)
	}
}

// What isn't the picture that was asked for is no picture.
func TestFalsePicturesAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*fake)
		want   error
	}{
		"another seed":  {func(f *fake) { f.lie = func(m map[string]any) { m["seed"] = 43 } }, art.ErrMismatch},
		"another model": {func(f *fake) { f.lie = func(m map[string]any) { m["sd_model_name"] = "pear" } }, art.ErrMismatch},
		"no picture":    {raw(`{"images":[],"info":"{}"}`), art.ErrUnavailable},
		"no base64":     {raw(`{"images":["?"],"info":"{}"}`), art.ErrUnavailable},
		"no PNG":        {raw(`{"images":["AAAA"],"info":"{}"}`), art.ErrUnavailable},
		"no word of it": {raw(`{"images":["AAAA"],"info":""}`), art.ErrUnavailable},
		"a page":        {raw(`<!doctype html><title>Proxy</title>`), art.ErrUnavailable},
		"out of memory": {func(f *fake) {
			f.extra[textPath] = status(500, `{"error":"OutOfMemoryError","detail":"","errors":"CUDA out of memory"}`)
		}, art.ErrUnavailable},
		"refused": {func(f *fake) {
			f.extra[textPath] = status(422, `{"detail":[{"loc":["body","steps"],"msg":"not a number"}]}`)
		}, art.ErrInvalid},
		"cut off":           {func(f *fake) { f.extra[textPath] = cut }, art.ErrUnavailable},
		"a 2 GB answer":     {func(f *fake) { f.extra[textPath] = endless }, art.ErrUnavailable},
		"interrupted there": {func(f *fake) { f.extra[statePath] = status(200, `{"state":{"interrupted":true}}`) }, art.ErrConflict},
	} {
		f := newFake(t)
		test.change(f)
		if _, err := connected(t, f.serve().URL).Render(t.Context(), simple(), nil); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := newFake(t)
	f.sizes = image.Pt(32, 16)
	if p, err := connected(t, f.serve().URL).Render(t.Context(), simple(), nil); err != nil || len(p.Notes) != 1 || p.Width != 32 {
		t.Errorf("another size: %v, notes %q", err, p.Notes)
	}
}

func raw(body string) func(*fake) {
	return func(f *fake) { f.extra[textPath] = status(200, body) }
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

func cut(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"))
		_ = conn.Close()
	}
}

func endless(w http.ResponseWriter, _ *http.Request) {
	for range 2 << 10 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			return
		}
	}
}

// Who isn't there, or isn't a web UI, leaves the engine not ready and says why.
func TestWhoCantBeAskedIsNotReady(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	locked := newFake(t)
	locked.user = "ada:hush-hush"
	lockedURL := locked.serve().URL
	for name, test := range map[string]struct{ url, says string }{
		"nobody":         {closed.URL, "no answer from"},
		"a page":         {serve(t, status(200, "<html>")), "a web page instead of JSON"},
		"nothing":        {serve(t, status(404, "")), "neither /sdcpp/v1/capabilities nor /openapi.json"},
		"another API":    {serve(t, status(200, `{"info":{"title":"Invoke"},"paths":{"/x":{"get":{}}}}`)), "another program answers there (Invoke)"},
		"no password":    {lockedURL, "see whether the key is there"},
		"wrong password": {strings.Replace(lockedURL, "://", "://ada:s3cret@", 1), "Incorrect username or password"},
	} {
		e := unconnected(t, test.url)
		err := e.Connect(t.Context())
		info := e.Info()
		if err == nil || info.Ready || !strings.Contains(info.Reason, test.says) || strings.Contains(info.Reason, "s3cret") || len(info.Models) != 0 {
			t.Errorf("%s: ready %t, %q, %v", name, info.Ready, info.Reason, err)
		}
		if _, err := e.Render(t.Context(), simple(), nil); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: rendering: %v", name, err)
		}
	}
	for _, address := range []string{"", "127.0.0.1:7860", "ftp://x", "http://", "http://a:hush@[::"} {
		if _, err := New(Options{URL: address}); !errors.Is(err, art.ErrInvalid) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// Another product behind the same address is noticed once; a model that was added is found without a word.
func TestChangesAreNoticed(t *testing.T) {
	first, second := newFake(t), newFake(t)
	second.version = "f2.0.1v1.10.1"
	second.without = []string{"subseed"}
	var mu sync.Mutex
	var now http.Handler = first
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := now
		mu.Unlock()
		h.ServeHTTP(w, r)
	})
	e := connected(t, url)
	change := func(h http.Handler) { mu.Lock(); now = h; mu.Unlock() }
	change(second)
	_, err := e.Render(t.Context(), simple(), nil)
	if !errors.Is(err, art.ErrConflict) || !strings.Contains(fmt.Sprint(err), "forge-f2.0.1v1.10.1 answers where automatic1111-v1.10.1 was") {
		t.Errorf("another product: %v", err)
	}
	if len(second.got) != 0 {
		t.Error("it was asked for a picture nevertheless")
	}
	r := simple()
	r.EngineVersion = "automatic1111-v1.10.1"
	if p, err := e.Render(t.Context(), r, nil); err != nil || len(p.Notes) != 1 || e.Info().Version != "forge-f2.0.1v1.10.1" {
		t.Errorf("afterwards: %v, notes %q, %s", err, p.Notes, e.Info().Version)
	}
	change(http.NotFoundHandler())
	if _, err := e.Render(t.Context(), r, nil); !errors.Is(err, art.ErrUnavailable) || e.Info().Ready {
		t.Errorf("gone: %v, ready %t", err, e.Info().Ready)
	}
	change(second)
	if _, err := e.Render(t.Context(), r, nil); err != nil || !e.Info().Ready {
		t.Errorf("back again: %v", err)
	}
}

// A model that was put there after Connect is found.
func TestModelsThatCameLaterAreFound(t *testing.T) {
	f := newFake(t)
	e := connected(t, f.serve().URL)
	f.more = map[string]any{"/sdapi/v1/sd-models": []any{map[string]any{"title": "plum.ckpt", "model_name": "plum"}}}
	r := simple()
	r.Model.Name = "plum"
	if _, err := e.Render(t.Context(), r, nil); err != nil {
		t.Error(err)
	}
	r.Model.Name = "apple"
	if _, err := e.Render(t.Context(), r, nil); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("a model that went away: %v", err)
	}
}

// The web UIs keep no jobs, and say so.
func TestWebUIsKeepNoJobs(t *testing.T) {
	e := connected(t, newFake(t).serve().URL)
	if _, err := e.Wait(t.Context(), engine.Ticket{Job: "x"}, nil); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("waiting: %v", err)
	}
	if err := e.Cancel(t.Context(), engine.Ticket{Job: "x"}); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("cancelling: %v", err)
	}
}
