package local

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"presswerk/internal/art"
)

// exported is the tiny model with networks of another form, as trainer/reference/make_exports.py writes them.
func exported(t testing.TB, form string) string {
	t.Helper()
	dir := t.TempDir()
	for _, from := range []string{filepath.Join("testdata", "models", "sd-tiny"), filepath.Join("testdata", "exports", form)} {
		err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name, err := filepath.Rel(from, path)
			if err != nil || d.IsDir() {
				return os.MkdirAll(filepath.Join(dir, name), 0o755)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, name), data, 0o644)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// horse is the recipe of make_lora.py's pipeline.
func horse(dir string, loras ...art.LoRA) art.Recipe {
	r := adapted(loras...)
	r.Model.Dir = dir
	r.Prompt, r.NegativePrompt = "a photo of an astronaut riding a horse on mars, 4k", "blurry, low quality"
	r.Steps, r.GuidanceScale, r.Seed = 4, 7.5, 7
	return r
}

// TestLoRAAsInputs: a model that takes LoRA as inputs makes diffusers' latents, and what patched weights make, while
// sets of adapters follow each other and nothing is loaded between them. Without adapters it makes what the plain export
// makes, before and after.
func TestLoRAAsInputs(t *testing.T) {
	e := newEngine(t, Options{Adapters: []string{adapterFiles}})
	plain, inputs := tinyRecipe().Model.Dir, exported(t, "adapters")
	render := func(dir string, loras ...art.LoRA) Result {
		t.Helper()
		result, err := e.RenderArrays(context.Background(), horse(dir, loras...), Inputs{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	first, second := art.LoRA{Name: "tiny-peft", Weight: 0.8}, art.LoRA{Name: "second", Weight: -0.5}
	want := tensor(t, readTensors(t, "pipeline"), "latents")
	sets := [][]art.LoRA{nil, {first}, {{Name: "tiny-kohya", Weight: 0.8}}, {first, second}, {second}, {{Name: "tiny-old", Weight: 1}}, {first}, nil}
	var made []Result
	var loaded *pipeline
	for i, set := range sets {
		made = append(made, render(inputs, set...))
		if i == 0 {
			loaded = e.pool.loaded[0].pipe
		}
		if len(e.pool.loaded) != 1 || e.pool.loaded[0].pipe != loaded {
			t.Fatalf("%v: %d models are loaded", set, len(e.pool.loaded))
		}
	}
	if n := len(loaded.branches.views); n > maxViews {
		t.Errorf("%d sets of adapters are kept, at most %d are allowed", n, maxViews)
	}
	for i, set := range sets {
		patched := render(plain, set...)
		off, pixels := worst(t, "latents", made[i].Latents, patched.Latents), worst(t, "image", made[i].Image, patched.Image)
		t.Logf("%v: latents off by %.2g, image by %.2g", set, off, pixels)
		if !(off <= 1e-4) || !(pixels <= 1e-4) {
			t.Errorf("%v: off from the patched model by %g in latents and %g in the image, at most 1e-4", set, off, pixels)
		}
	}
	for _, i := range []int{1, 2, 6} {
		if off := worst(t, "latents", made[i].Latents, want); !(off <= 2e-3) {
			t.Errorf("%v: latents are off from diffusers' by %g, at most 2e-3", sets[i], off)
		}
	}
	if off := worst(t, "latents", made[0].Latents, want); off < 0.1 {
		t.Errorf("the adapter changes latents by %g only: this test would see nothing", off)
	}
}

// TestLoRAAsInputsBesideEmbeddings: LoRA and textual inversions both change what the text encoder is given, and together
// they make what patched weights make of them.
func TestLoRAAsInputsBesideEmbeddings(t *testing.T) {
	words := filepath.Join(t.TempDir(), "word.safetensors")
	rows := make([]byte, 2*32*4) // two vectors, as wide as sd-tiny's
	for i := range 2 * 32 {
		binary.LittleEndian.PutUint32(rows[4*i:], math.Float32bits(float32(math.Sin(float64(i)))/4))
	}
	header := []byte(`{"word":{"dtype":"F32","shape":[2,32],"data_offsets":[0,256]}}`)
	if err := os.WriteFile(words, slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header, rows), 0o600); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, Options{Adapters: []string{adapterFiles}, Embeddings: []string{filepath.Dir(words)}})
	render := func(dir string, word bool, loras ...art.LoRA) Array {
		t.Helper()
		r := horse(dir, loras...)
		r.Prompt = "a photo of a word on mars"
		if word {
			r.Embeddings = []art.ModelRef{{Name: "word"}}
		}
		result, err := e.RenderArrays(context.Background(), r, Inputs{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return result.Latents
	}
	plain, inputs, lora := tinyRecipe().Model.Dir, exported(t, "adapters"), art.LoRA{Name: "tiny-peft", Weight: 0.8}
	patched := render(plain, true, lora)
	if off := worst(t, "latents", render(inputs, true, lora), patched); !(off <= 1e-4) {
		t.Errorf("latents are off from the patched model's by %g, at most 1e-4", off)
	}
	for name, other := range map[string]Array{"LoRA": render(inputs, true), "word": render(inputs, false, lora)} {
		if off := worst(t, "latents", other, patched); off < 0.05 {
			t.Errorf("the %s changes latents by %g only: this test would see nothing", name, off)
		}
	}
}

// TestPromptsKnowTheirAdapters: the text encoder's answers of one set aren't taken for those of another.
func TestPromptsKnowTheirAdapters(t *testing.T) {
	e := newEngine(t, Options{Adapters: []string{adapterFiles}})
	dir := exported(t, "adapters")
	var rows [][]float32
	for _, weight := range []float64{0, 1, -1} {
		r := horse(dir, art.LoRA{Name: "tiny-peft", Weight: weight})
		set, err := e.adapters(r)
		if err != nil {
			t.Fatal(err)
		}
		l, err := e.open(r.Model, variant{added: set})
		if err != nil {
			t.Fatal(err)
		}
		positive, _ := l.prompts(r, &vocabulary{})
		words, err := l.encode(context.Background(), positive)
		l.close(&err)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, words.hidden)
	}
	for i := range rows {
		if off := worst(t, "prompt", Array{Data: rows[i]}, Array{Data: rows[(i+1)%3]}); off < 1e-3 {
			t.Errorf("sets %d and %d give the same prompt", i, (i+1)%3)
		}
	}
}
