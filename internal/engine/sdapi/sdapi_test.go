package sdapi

import (
	"context"
	"encoding/json"
	"errors"
	"image"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"presswerk/internal/art"
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
		Modes: []string{art.ModeTextToImage, art.ModeImageToImage, art.ModeInpaint}, Samplers: []string{"euler", "euler_a", "dpmpp_2m", "ddim"},
		Schedulers: []string{"normal", "karras"}, MinSize: 64, MaxSize: 2048, SizeStep: 8, NativeWidth: 512, NativeHeight: 512, MaxSteps: 150,
		Seeds: true, Negative: true, Weights: true, Dialect: "a1111", TakesLoRAs: true, LoRAs: []art.Adapter{{Name: "toy"}}, Embeddings: true, Hires: true, Tiling: true, Refiner: true, OnlyMasked: true,
		Controls: []string{"canny"}, Options: []string{"adetailer"},
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
	r.Options = map[string]any{"adetailer": []any{true, map[string]any{"ad_model": "face_yolov8n.pt"}}}
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
		"options.x/y/z plot": {"", art.ErrUnsupported, func(r *art.Recipe) { r.Options = map[string]any{"x/y/z plot": nil} }},
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
	ctx, stop := context.WithCancel(t.Context())
	others.Go(func() { // once ours has come as well
		defer stop()
		for waiting := 0; waiting == 0 && t.Context().Err() == nil; time.Sleep(time.Millisecond) {
			f.mu.Lock()
			waiting = len(f.queued)
			f.mu.Unlock()
		}
	})
	if _, err := ours.Render(ctx, r, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("ended while it waited: %v", err)
	}
	others.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stops != 1 {
		t.Errorf("%d interruptions", f.stops)
	}
}

// A server that can't tell whose picture it makes isn't interrupted, and that is said.
func TestNamelessPicturesAreNotInterrupted(t *testing.T) {
	f := newFake(t)
	f.step, f.without = 20*time.Millisecond, []string{taskField}
	e := connected(t, f.serve().URL)
	r := simple()
	r.Steps = 10
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer stop()
	_, err := e.Render(ctx, r, nil)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "wasn't interrupted") || f.stops != 0 {
		t.Errorf("%v, %d interruptions", err, f.stops)
	}
}
