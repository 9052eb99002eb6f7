package sdapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/infotext"
	"presswerk/internal/testkit"
)

// tinyRecipe is the smallest picture of stable-diffusion.cpp's server with random weights.
func tinyRecipe(s *testkit.SDCPP) art.Recipe {
	r := simple()
	r.Model, r.Steps, r.GuidanceScale, r.Scheduler = art.ModelRef{Name: s.Model}, 1, 1, "normal"
	return r
}

// TestRealServer: stable-diffusion.cpp itself passes the suite and makes what recipes ask for.
func TestRealServer(t *testing.T) {
	s := testkit.NewSDCPP(t, false)
	t.Run("conforms", func(t *testing.T) {
		testkit.Conform(t, testkit.Conformance{
			New: func(t *testing.T) engine.Engine { return connected(t, s.URL) }, Recipe: tinyRecipe(s),
			Slow: func(t *testing.T) (engine.Engine, art.Recipe) {
				slow := tinyRecipe(s)
				slow.Steps = 30
				return connected(t, s.URL), slow
			},
		})
	})
	t.Run("fields", func(t *testing.T) { realFields(t, s) })
	t.Run("noise", func(t *testing.T) { realNoise(t, s) })
	t.Run("quirks", func(t *testing.T) { realQuirks(t, s) })
	t.Run("gone", func(t *testing.T) { realGone(t, s) })
}

// realFields: each field changes the picture, and none is left out silently.
func realFields(t *testing.T, s *testkit.SDCPP) {
	writeLoRA(t, filepath.Join(s.Folder, "loras", "toy.safetensors"))
	e := connected(t, s.URL)
	if e.Info().Models[0].Deterministic {
		t.Error("equal recipes are said to give equal pixels, though LoRA may leave traces in the weights")
	}
	partly := 0.5
	first := tinyRecipe(s)
	first.Mode, first.InitImage, first.Strength, first.Steps = art.ModeImageToImage, kept(7), &partly, 4
	plain := render(t, e, tinyRecipe(s))
	began := render(t, e, first)
	tiny := tinyRecipe(s)
	for _, test := range []struct {
		name   string
		from   engine.Picture
		base   art.Recipe
		side   int
		change func(*art.Recipe)
	}{
		{"seed", plain, tiny, 64, func(r *art.Recipe) { r.Seed++ }},
		{"prompt", plain, tiny, 64, func(r *art.Recipe) { r.Prompt = "a pear" }},
		{"guidance", plain, tiny, 64, func(r *art.Recipe) { r.GuidanceScale, r.NegativePrompt = 5, "a pear" }},
		{"steps", plain, tiny, 64, func(r *art.Recipe) { r.Steps = 2 }},
		{"sampler", began, first, 64, func(r *art.Recipe) { r.Sampler = "euler_a" }},
		{"size", plain, tiny, 96, func(r *art.Recipe) { r.Width, r.Height = 96, 96 }},
		{"hires", plain, tiny, 128, func(r *art.Recipe) { r.Hires = &art.Hires{Scale: 2, Strength: 0.5} }},
		{"picture", began, first, 64, func(r *art.Recipe) { r.InitImage = kept(200) }},
		{"mask", began, first, 64, func(r *art.Recipe) { r.Mode, r.MaskImage = art.ModeInpaint, "sha256:"+art.Digest(half()) }},
		{"strength", began, first, 64, func(r *art.Recipe) { r.Strength = nil }},
		{"lora", plain, tiny, 64, func(r *art.Recipe) { r.LoRAs = []art.LoRA{{Name: "toy", Weight: 1}} }}, // the last: it may leave traces
	} {
		r := test.base
		test.change(&r)
		p := render(t, e, r)
		if p.PixelsSHA256 == test.from.PixelsSHA256 || p.Width != test.side || len(p.Notes) != 0 {
			t.Errorf("%s: %d×%d, notes %q, changed %t", test.name, p.Width, p.Height, p.Notes, p.PixelsSHA256 != test.from.PixelsSHA256)
		}
	}
	for field, change := range map[string]func(*art.Recipe){
		"loras[0].name":    func(r *art.Recipe) { r.LoRAs = []art.LoRA{{Name: "absent", Weight: 1}} },
		"hires.upscaler":   func(r *art.Recipe) { r.Hires = &art.Hires{Scale: 2, Strength: 0.5, Upscaler: "8x"} },
		"controls[0].kind": func(r *art.Recipe) { r.Controls = []art.Control{{Kind: "canny", Image: kept(7), Weight: 1}} },
		"steps":            func(r *art.Recipe) { r.Steps = 101 },
		"tiling":           func(r *art.Recipe) { r.Tiling = true },
		"prompt":           func(r *art.Recipe) { r.Prompt = "an apple <lora:toy:1>" },
		"options.x":        func(r *art.Recipe) { r.Options = map[string]any{"x": nil} },
	} {
		r := tinyRecipe(s)
		change(&r)
		_, err := e.Render(t.Context(), r, nil)
		var said *art.FieldError
		if !errors.As(err, &said) || said.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func render(t *testing.T, e *Engine, r art.Recipe) engine.Picture {
	t.Helper()
	p, err := e.Render(t.Context(), r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// writeLoRA writes a LoRA of rank one for the tiny model's one single block.
func writeLoRA(t *testing.T, path string) {
	t.Helper()
	name := "lora_unet_single_blocks_0_linear2"
	testkit.WriteWeights(t, path, map[string][]int{name + ".lora_down.weight": {1, 512}, name + ".lora_up.weight": {128, 1}, name + ".alpha": {1}})
}

// realNoise: where the noise comes from is said when the server is started, and told by its pictures.
func realNoise(t *testing.T, s *testkit.SDCPP) {
	e := connected(t, s.URL)
	r := tinyRecipe(s)
	r.NoiseSource = "cpu"
	for range 2 { // after the first picture it is known beforehand
		_, err := e.Render(t.Context(), r, nil)
		var said *art.FieldError
		if !errors.As(err, &said) || said.Field != "noise_source" {
			t.Errorf("noise of the other kind: %v", err)
		}
	}
	r.NoiseSource = "cuda"
	render(t, e, r)
}

// realQuirks: what the server's imitations of other APIs do, which is why its own is used.
func realQuirks(t *testing.T, s *testkit.SDCPP) {
	post := func(path, body string) int {
		answer, err := http.Post(s.URL+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		return answer.StatusCode
	}
	for _, test := range []struct {
		path, body string
		want       int
	}{
		{textPath, `{"steps":1}`, 400},
		{textPath, `{"prompt":"an apple","width":64,"height":64,"steps":1,"cfg_scale":1,"sampler_name":"nonsense"}`, 200}, // silently another sampler
		{statePath, `{}`, 404},
		{taskPath, `{}`, 404},
		{"/sdcpp/v1/img_gen", `{`, 400},
	} {
		if got := post(test.path, test.body); got != test.want {
			t.Errorf("%s %s gives %d, want %d", test.path, test.body, got, test.want)
		}
	}
}

// realGone: a job of a server that is gone can't be waited for, and the engine says that nobody answers.
func realGone(t *testing.T, s *testkit.SDCPP) {
	e := connected(t, s.URL)
	ticket, err := e.Start(t.Context(), "ours", tinyRecipe(s))
	if err != nil {
		t.Fatal(err)
	}
	queued, err := e.Start(t.Context(), "ours too", tinyRecipe(s))
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Cancel(t.Context(), queued); err != nil && !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("cancelling: %v", err)
	}
	s.Stop()
	if _, err := e.Wait(t.Context(), ticket, nil); !errors.Is(err, art.ErrUnavailable) || e.Info().Ready {
		t.Errorf("waiting: %v, ready %t", err, e.Info().Ready)
	}
}

// TestRealServerQuantised: a model whose weights have 8 bits in a GGUF file is used like any other.
func TestRealServerQuantised(t *testing.T) {
	s := testkit.NewSDCPP(t, true, "--rng", "cpu")
	file, err := os.ReadFile(filepath.Join(s.Folder, s.Model+".gguf"))
	if err != nil || !bytes.HasPrefix(file, []byte("GGUF")) {
		t.Fatalf("no GGUF: %v", err)
	}
	e := connected(t, s.URL)
	r := tinyRecipe(s)
	r.NoiseSource = "cpu"
	var steps int
	p, err := e.Render(context.Background(), r, func(step, of int) { steps += step * of })
	if err != nil || p.Width != 64 || p.MIME != "image/png" || steps != 1 {
		t.Errorf("%d×%d %s, %d, %v", p.Width, p.Height, p.MIME, steps, err)
	}
	if said := parameters(p.Bytes); said["Seed"] != "42" || said["RNG"] != "cpu" || said["Size"] != "64x64" {
		all, _ := json.Marshal(said)
		t.Errorf("the picture says %s", all)
	}
	record, err := infotext.Parse(pngText(p.Bytes, "parameters"), infotext.A1111) // which reads it back
	if got := record.Recipe; err != nil || got.Prompt != r.Prompt || got.Seed != r.Seed || got.Steps != 1 || got.Sampler != "euler" || got.Width != 64 {
		t.Errorf("the picture's text is read as %+v, %v", got, err)
	}
	record.Recipe.Engine = Name
	if again := render(t, e, record.Recipe); again.PixelsSHA256 != p.PixelsSHA256 {
		t.Error("made again from its text it is another picture")
	}
}
