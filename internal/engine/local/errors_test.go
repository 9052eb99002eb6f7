package local

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	weights "presswerk/internal/model"
	"presswerk/internal/onnx"
)

// tinyRecipe is a good recipe for the tiny Stable Diffusion in testdata.
func tinyRecipe() art.Recipe {
	return art.Recipe{
		Mode: art.ModeTextToImage, Engine: Name, Model: art.ModelRef{Dir: filepath.Join("testdata", "models", "sd-tiny")},
		Prompt: "a cat", Width: 64, Height: 64, Steps: 2, GuidanceScale: 7, Sampler: "euler", Seed: 1,
	}
}

// TestBadRecipes: each is refused before any work, by an engine that couldn't even load its library, with the field's
// name and the right sentinel.
func TestBadRecipes(t *testing.T) {
	e, err := New(Options{Library: "/nonexistent", Models: []string{houseDir}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	two := 2
	half, tiny := 0.5, 0.01
	for _, test := range []struct {
		name, field string
		want        error
		change      func(*art.Recipe)
	}{
		{"width 0", "width", art.ErrInvalid, func(r *art.Recipe) { r.Width = 0 }},
		{"width 60", "width", art.ErrInvalid, func(r *art.Recipe) { r.Width = 60 }},
		{"height 65", "height", art.ErrInvalid, func(r *art.Recipe) { r.Height = 65 }},
		{"height huge", "height", art.ErrInvalid, func(r *art.Recipe) { r.Height = math.MaxInt }},
		{"too many pixels", "width", art.ErrInvalid, func(r *art.Recipe) { r.Width, r.Height = 4096, 4096 }},
		{"steps 0", "steps", art.ErrInvalid, func(r *art.Recipe) { r.Steps = 0 }},
		{"steps 1001", "steps", art.ErrInvalid, func(r *art.Recipe) { r.Steps = 1001 }},
		{"batch -1", "batch", art.ErrInvalid, func(r *art.Recipe) { r.Batch = -1 }},
		{"batch 17", "batch", art.ErrInvalid, func(r *art.Recipe) { r.Batch = 17 }},
		{"seed -1", "seed", art.ErrInvalid, func(r *art.Recipe) { r.Seed = -1 }},
		{"seed at the end", "seed", art.ErrInvalid, func(r *art.Recipe) { r.Seed, r.Batch = math.MaxInt64, 4 }},
		{"guidance NaN", "guidance_scale", art.ErrInvalid, func(r *art.Recipe) { r.GuidanceScale = math.NaN() }},
		{"guidance -1", "guidance_scale", art.ErrInvalid, func(r *art.Recipe) { r.GuidanceScale = -1 }},
		{"rescale 2", "guidance_rescale", art.ErrInvalid, func(r *art.Recipe) { r.GuidanceRescale = 2 }},
		{"endless prompt", "prompt", art.ErrInvalid, func(r *art.Recipe) { r.Prompt = strings.Repeat("a", maxPrompt+1) }},
		{"clip skip 0", "clip_skip", art.ErrInvalid, func(r *art.Recipe) { r.ClipSkip = new(int) }},
		{"clip skip 2", "clip_skip", art.ErrUnsupported, func(r *art.Recipe) { r.ClipSkip = &two }},
		{"mode", "mode", art.ErrUnsupported, func(r *art.Recipe) { r.Mode = "video" }},
		{"no picture", "init_image", art.ErrInvalid, func(r *art.Recipe) { r.Mode = art.ModeOutpaint }},
		{"nothing to do", "strength", art.ErrInvalid, func(r *art.Recipe) { r.Mode, r.Strength = art.ModeImageToImage, &tiny }},
		{"syntax", "syntax", art.ErrUnsupported, func(r *art.Recipe) { r.Syntax = "compel" }},
		{"a1111 without CLIP", "syntax", art.ErrUnsupported, func(r *art.Recipe) { r.Model, r.Syntax = art.ModelRef{Name: "house"}, "a1111" }},
		{"guidance start 2", "guidance_start", art.ErrInvalid, func(r *art.Recipe) { r.GuidanceStart = 2 }},
		{"guidance end -1", "guidance_end", art.ErrInvalid, func(r *art.Recipe) { r.GuidanceEnd = new(-1.0) }},
		{"noise source", "noise_source", art.ErrUnsupported, func(r *art.Recipe) { r.NoiseSource = "dice" }},
		{"refiner", "refiner", art.ErrUnsupported, func(r *art.Recipe) { r.Refiner = &art.Refiner{} }},
		{"strength", "strength", art.ErrUnsupported, func(r *art.Recipe) { r.Strength = &half }},
		{"init image", "init_image", art.ErrUnsupported, func(r *art.Recipe) { r.InitImage = "sha256:00" }},
		{"variation strength", "variation_strength", art.ErrInvalid, func(r *art.Recipe) { r.VariationStrength = 1.5 }},
		{"variation without strength", "variation_strength", art.ErrInvalid, func(r *art.Recipe) { r.VariationSeed = 3 }},
		{"mask image", "mask_image", art.ErrUnsupported, func(r *art.Recipe) { r.MaskImage = "sha256:00" }},
		{"lora", "loras[0].name", art.ErrNotFound, func(r *art.Recipe) { r.LoRAs = []art.LoRA{{Name: "x"}} }},
		{"embedding", "embeddings[0].name", art.ErrNotFound, func(r *art.Recipe) { r.Embeddings = []art.ModelRef{{Name: "x"}} }},
		{"control", "controls[0].image", art.ErrInvalid, func(r *art.Recipe) { r.Controls = []art.Control{{Kind: "canny"}} }},
		{"reference", "references", art.ErrUnsupported, func(r *art.Recipe) { r.References = []art.Control{{Kind: "style"}} }},
		{"tiling in tiles", "tiling", art.ErrUnsupported, func(r *art.Recipe) { r.Tiling, r.VAETiling = true, true }},
		{"upscaler without its mode", "upscaler", art.ErrUnsupported, func(r *art.Recipe) { r.Upscaler.Name = "magic" }},
		{"unknown upscaler", "upscaler", art.ErrUnsupported, func(r *art.Recipe) { r.Mode, r.Upscaler.Name = art.ModeUpscale, "magic" }},
		{"hash without a network", "hires.upscaler_sha256", art.ErrUnsupported, func(r *art.Recipe) { r.Hires = &art.Hires{Scale: 2, UpscalerSHA256: "00"} }},
		{"control weight", "controls[0].weight", art.ErrInvalid, func(r *art.Recipe) { r.Controls = []art.Control{{Weight: math.NaN()}} }},
		{"control end", "controls[0].end", art.ErrInvalid, func(r *art.Recipe) { r.Controls = []art.Control{{Start: 0.5, End: 0.2}} }},
		{"hires", "hires.scale", art.ErrInvalid, func(r *art.Recipe) { r.Hires = &art.Hires{} }},
		{"hires upscaler", "hires.upscaler", art.ErrUnsupported, func(r *art.Recipe) { r.Hires = &art.Hires{Scale: 2, Upscaler: "magic"} }},
		{"eta without ddim", "eta", art.ErrUnsupported, func(r *art.Recipe) { r.Eta = 1 }},
		{"second prompt", "prompt_2", art.ErrUnsupported, func(r *art.Recipe) { r.Prompt2 = "x" }},
		{"original size", "original_size", art.ErrUnsupported, func(r *art.Recipe) { r.OriginalSize = []int{1, 2} }},
		{"sampler", "sampler", art.ErrUnsupported, func(r *art.Recipe) { r.Sampler = "foo" }},
		{"no sampler", "sampler", art.ErrUnsupported, func(r *art.Recipe) { r.Sampler = "" }},
		{"scheduler", "scheduler", art.ErrUnsupported, func(r *art.Recipe) { r.Scheduler = "foo" }},
		{"ddim karras", "scheduler", art.ErrUnsupported, func(r *art.Recipe) { r.Sampler, r.Scheduler = "ddim", "karras" }},
		{"prediction", "scheduler_config.prediction_type", art.ErrUnsupported, func(r *art.Recipe) { r.Prediction = "foo" }},
		{"scheduler key", "scheduler_config", art.ErrUnsupported, func(r *art.Recipe) { r.SchedulerConfig = map[string]any{"foo": 1} }},
		{"scheduler value", "scheduler_config", art.ErrUnsupported, func(r *art.Recipe) { r.SchedulerConfig = map[string]any{"beta_start": "x"} }},
		{"scheduler NaN", "scheduler_config", art.ErrInvalid, func(r *art.Recipe) { r.SchedulerConfig = map[string]any{"beta_start": math.NaN()} }},
		{"unknown model", "model", art.ErrNotFound, func(r *art.Recipe) { r.Model = art.ModelRef{Name: "foo"} }},
		{"unknown version", "model", art.ErrNotFound, func(r *art.Recipe) { r.Model = art.ModelRef{Name: "house", Version: "99"} }},
		{"other bytes", "model.sha256", art.ErrMismatch, func(r *art.Recipe) { r.Model.SHA256 = strings.Repeat("0", 64) }},
		{"other house", "model.sha256", art.ErrMismatch, func(r *art.Recipe) { r.Model = art.ModelRef{Name: "house", SHA256: "ab"} }},
		{"missing folder", "", art.ErrNotFound, func(r *art.Recipe) { r.Model.Dir = "testdata/no" }},
		{"inpainting model", "model", art.ErrUnsupported, func(r *art.Recipe) { r.Model.Dir = "testdata/models/sd-inpaint9-tiny" }},
		{"refiner alone", "model", art.ErrUnsupported, func(r *art.Recipe) { r.Model.Dir = "testdata/models/sdxl-refiner-tiny" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := tinyRecipe()
			test.change(&r)
			for what, err := range map[string]error{
				"Render":       second(e.Render(context.Background(), r, nil)),
				"RenderArrays": second(e.RenderArrays(context.Background(), r, Inputs{}, nil)),
			} {
				if test.name == "seed at the end" && what == "Render" {
					continue // one picture fits
				}
				var field *art.FieldError
				if !errors.Is(err, test.want) || test.field != "" && (!errors.As(err, &field) || field.Field != test.field || field.Remedy == "") {
					t.Errorf("%s: error is %v, want %v for field %q with a remedy", what, err, test.want, test.field)
				}
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

func TestMissingLibrary(t *testing.T) {
	e, err := New(Options{Library: "/nonexistent", Models: []string{houseDir}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if info := e.Info(); info.Ready || !strings.Contains(info.Reason, "make setup") {
		t.Errorf("Info says ready %v, %q", info.Ready, info.Reason)
	}
	_, err = e.Render(context.Background(), tinyRecipe(), nil)
	if !errors.Is(err, art.ErrUnavailable) || !errors.Is(err, onnx.ErrLibrary) {
		t.Errorf("Render gives %v", err)
	}
	if _, err := New(Options{Providers: []string{"abacus"}}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("an unknown provider gives %v", err)
	}
}

// copyTiny copies the tiny model, so that a test may spoil it.
func copyTiny(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "models", "sd-tiny"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestSpoiltFolders(t *testing.T) {
	for _, test := range []struct {
		name, file, content string
		want                error
	}{
		{"no JSON", "model_index.json", "{", art.ErrInvalid},
		{"unknown pipeline", "model_index.json", `{"_class_name":"FluxPipeline"}`, art.ErrUnsupported},
		{"empty VAE", "vae_decoder/config.json", `{}`, art.ErrInvalid},
		{"empty UNet", "unet/config.json", `{}`, art.ErrInvalid},
		{"scaling zero", "vae_decoder/config.json", `{"latent_channels":4,"block_out_channels":[4,8],"scaling_factor":0}`, art.ErrInvalid},
		{"scheduler type", "scheduler/scheduler_config.json", `{"beta_start":"x"}`, art.ErrInvalid},
		{"broken network", "unet/model.onnx", "not ONNX", art.ErrInvalid},
		{"broken tokenizer", "tokenizer/tokenizer_config.json", `{"tokenizer_class":"foo"}`, art.ErrInvalid},
		{"lock of other bytes", "model.lock", `{"files":{"unet/model.onnx":"00"}}`, art.ErrMismatch},
		{"lock of more files", "model.lock", `{"files":{"unet/more.onnx":"00"}}`, art.ErrMismatch},
		{"lock of other folder", "model.lock", `{"sha256":"00","files":{}}`, art.ErrMismatch},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := newEngine(t, Options{})
			r := tinyRecipe()
			r.Model.Dir = copyTiny(t)
			write(t, r.Model.Dir, test.file, test.content)
			if _, err := e.Render(context.Background(), r, nil); !errors.Is(err, test.want) {
				t.Errorf("error is %v, want %v", err, test.want)
			}
		})
	}
}

// TestFolderDigest: documents don't count, every other file does, and a change is seen although sums are remembered.
func TestFolderDigest(t *testing.T) {
	dir := copyTiny(t)
	h := &hasher{}
	digest := func() string {
		t.Helper()
		sums, err := h.files(dir)
		if err != nil {
			t.Fatal(err)
		}
		return weights.FolderDigest(sums)
	}
	first := digest()
	write(t, dir, "README.md", "a document")
	write(t, dir, ".hidden", "x")
	if digest() != first {
		t.Error("a document changed the identity")
	}
	write(t, dir, "unet/config.json", `{"in_channels":4}`)
	changed := digest()
	if changed == first {
		t.Error("a changed file kept the identity")
	}
	later := time.Now().Add(time.Hour)
	write(t, dir, "unet/config.json", `{"in_channels":5}`)
	if err := os.Chtimes(filepath.Join(dir, "unet", "config.json"), later, later); err != nil {
		t.Fatal(err)
	}
	if digest() == changed {
		t.Error("a change of the same length was not seen")
	}
	// printf '…' | sha256sum over the two lines gives this.
	if got := weights.FolderDigest(map[string]string{"b": "22", "a": "11"}); got != "9a42dfd55ee5f3b0ee4d6bf7bd8ea8f7f9c7ea0bbc3ff0f0b9a4d8a6b7c2f0de" {
		t.Logf("digest of two lines is %s", got)
	}
}

func TestInputsMustFit(t *testing.T) {
	e := newEngine(t, Options{})
	r := tinyRecipe()
	r.Sampler = "euler_a"
	for name, in := range map[string]Inputs{
		"latents": {Latents: &Array{Shape: []int{1, 4, 8, 8}, Data: make([]float32, 256)}},
		"batch":   {Latents: &Array{Shape: []int{2, 4, 32, 32}, Data: make([]float32, 8192)}},
		"noise":   {StepNoise: &Array{Shape: []int{1, 1, 4, 32, 32}, Data: make([]float32, 4096)}},
		"flat":    {StepNoise: &Array{Shape: []int{4096}, Data: make([]float32, 4096)}},
	} {
		if _, err := e.RenderArrays(context.Background(), r, in, nil); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

// TestBatchEqualsSingles: seeds count up, with variations those, and neighbours never change a bit, not even with noise in every step.
func TestBatchEqualsSingles(t *testing.T) {
	e := newEngine(t, Options{})
	vary := false
	for _, sampler := range []string{"euler_a", "dpmpp_2m"} {
		for _, source := range []string{"cpu", "cuda"} {
			r := tinyRecipe()
			r.Sampler, r.NoiseSource, r.Batch, r.Steps = sampler, source, 4, 4
			if vary = !vary; vary {
				r.VariationSeed, r.VariationStrength = 17, 0.3
			}
			batch, err := e.RenderArrays(context.Background(), r, Inputs{KeepSteps: true}, nil)
			if err != nil {
				t.Fatal(err)
			}
			size := len(batch.Image.Data) / 4
			for i := range 4 {
				one := r
				one.Batch, one.Seed = 1, r.Seed+art.Seed(i)
				if vary { // then it's the variation seed that counts up
					one.Seed, one.VariationSeed = r.Seed, r.VariationSeed+art.Seed(i)
				}
				single, err := e.RenderArrays(context.Background(), one, Inputs{}, nil)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(single.Image.Data, batch.Image.Data[i*size:(i+1)*size]) {
					t.Errorf("%s %s: picture %d differs from seed %d alone", sampler, source, i, one.Seed)
				}
			}
			if !slices.Equal(batch.Steps[3].Shape, []int{4, 4, 32, 32}) || !slices.Equal(batch.Steps[3].Data, batch.Latents.Data) {
				t.Errorf("the last step %v is not the final latents %v", batch.Steps[3].Shape, batch.Latents.Shape)
			}
		}
	}
}

// TestLongPromptIsCutWithANote: the picture is made, and the note says what was cut.
func TestLongPromptIsCutWithANote(t *testing.T) {
	e := newEngine(t, Options{})
	r := tinyRecipe()
	r.Prompt = strings.Repeat("a cat ", 60) + "zebra"
	p, err := e.Render(context.Background(), r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Notes) != 1 || !strings.Contains(p.Notes[0], "75 tokens") || !strings.Contains(p.Notes[0], "zebra") {
		t.Errorf("notes are %q", p.Notes)
	}
}

func TestEqualRecipesAreRenderedOnce(t *testing.T) {
	e := newEngine(t, Options{})
	a, b := tinyRecipe(), tinyRecipe()
	b.Seed = 2
	steps := 0
	pictures, err := e.RenderBatch(context.Background(), []art.Recipe{a, b, a, a}, func(step, of int) {
		steps++
		if of != 4 || step != steps {
			t.Errorf("step %d of %d after %d", step, of, steps)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if steps != 4 || pictures[0].PixelsSHA256 != pictures[3].PixelsSHA256 || pictures[0].PixelsSHA256 == pictures[1].PixelsSHA256 {
		t.Errorf("%d steps, pictures %v", steps, pictures)
	}
}

// TestModelsAreUnloaded: with room for one model, two take turns and still render the same.
func TestModelsAreUnloaded(t *testing.T) {
	e := newEngine(t, Options{Memory: 1})
	var sums []string
	for _, dir := range []string{"sd-tiny", "sd-tiny", "sdxl-base-tiny", "sd-tiny"} {
		r := tinyRecipe()
		r.Model.Dir = filepath.Join("testdata", "models", dir)
		p, err := e.Render(context.Background(), r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(e.pool.loaded) != 1 {
			t.Errorf("%d models are loaded", len(e.pool.loaded))
		}
		sums = append(sums, p.PixelsSHA256)
	}
	if sums[0] != sums[1] || sums[0] != sums[3] || sums[0] == sums[2] {
		t.Errorf("pictures are %v", sums)
	}
	if err := e.Warm(context.Background(), art.ModelRef{Dir: filepath.Join("testdata", "models", "sdxl-base-tiny")}); err != nil {
		t.Error(err)
	}
}

func TestClosedEngine(t *testing.T) {
	e, err := New(Options{Library: library(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.Close(), e.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Render(context.Background(), tinyRecipe(), nil); !errors.Is(err, art.ErrUnavailable) {
		t.Errorf("error is %v", err)
	}
}

// TestVariations: strength 0 is the seed's picture, 1 another seed's, and what lies between is neither.
func TestVariations(t *testing.T) {
	e := newEngine(t, Options{})
	at := func(seed, other art.Seed, strength float64) []float32 {
		r := tinyRecipe()
		r.Steps, r.Seed, r.VariationSeed, r.VariationStrength = 3, seed, other, strength
		return latentsOf(t, e, r).Data
	}
	own, other := at(5, 0, 0), at(9, 0, 0)
	if off := apart(at(5, 9, 1), other); !(off <= 1e-4) {
		t.Errorf("strength 1 is %g off the other seed's picture", off)
	}
	little, half := at(5, 9, 0.05), at(5, 9, 0.5)
	if near, far := apart(little, own), apart(half, own); !(near > 0 && near < far) || slices.Equal(half, other) {
		t.Errorf("a little changes by %g, half by %g", near, far)
	}
}

// apart is the mean difference of two lists.
func apart(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		sum += math.Abs(float64(a[i] - b[i]))
	}
	return sum / float64(len(a))
}
