package local

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"presswerk/internal/art"
	lowrank "presswerk/internal/model"
	"presswerk/internal/onnx"
)

// adapterFiles are written by trainer/reference/make_lora.py.
const adapterFiles = "testdata/lora"

// adapted is tinyRecipe with LoRAs.
func adapted(loras ...art.LoRA) art.Recipe {
	r := tinyRecipe()
	r.LoRAs = loras
	return r
}

func readTensors(t testing.TB, name string) *lowrank.Safetensors {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(adapterFiles, name+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := lowrank.OpenSafetensors(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tensor(t testing.TB, s *lowrank.Safetensors, name string) Array {
	t.Helper()
	values, err := s.Floats(name)
	if err != nil {
		t.Fatal(err)
	}
	return Array{Shape: s.Shape(name), Data: values}
}

// TestPatchedNetworks: what ONNX Runtime computes with patched weights is what it computes with an ONNX file that numpy
// patched, for one adapter and for two.
func TestPatchedNetworks(t *testing.T) {
	e := newEngine(t, Options{Adapters: []string{adapterFiles}})
	expected := readTensors(t, "expected")
	first, second := art.LoRA{Name: "tiny-peft", Weight: 0.8}, art.LoRA{Name: "second", Weight: -0.5}
	for label, loras := range map[string][]art.LoRA{"one": {first}, "two": {first, second}} {
		r := adapted(loras...)
		set, err := e.adapters(r)
		if err != nil {
			t.Fatal(err)
		}
		l, err := e.open(r.Model, variant{added: set})
		if err != nil {
			t.Fatal(err)
		}
		sample, hidden, ids := tensor(t, expected, "in.sample"), tensor(t, expected, "in.encoder_hidden_states"), tensor(t, expected, "in.input_ids")
		d := denoiser{session: l.unet}
		noise, err := l.unet.Run(context.Background(), map[string]onnx.Tensor{
			"sample": onnx.Float32(sample.Data, 1, 4, 16, 16), "encoder_hidden_states": onnx.Float32(hidden.Data, 1, 77, 32),
			"timestep": d.timestep(float64(tensor(t, expected, "in.timestep").Data[0])),
		})
		if err != nil {
			t.Fatal(err)
		}
		words, err := l.encoders[0].session.Run(context.Background(), map[string]onnx.Tensor{"input_ids": onnx.Float32(ids.Data, 1, 77)})
		if err != nil {
			t.Fatal(err)
		}
		for network, got := range map[string]onnx.Tensor{"unet": noise[l.unet.Outputs()[0].Name], "text_encoder": words["last_hidden_state"]} {
			off := worst(t, network, Array{Data: got.F32}, tensor(t, expected, label+".out."+network))
			t.Logf("%s, %s: off by %.2g", label, network, off)
			if !(off <= 1e-5) {
				t.Errorf("%s of %s is off by %g, at most 1e-5", network, label, off)
			}
		}
		l.close(&err)
		if err != nil {
			t.Error(err)
		}
	}
}

// TestLoRAPicture: from the seed alone, the renderer makes what diffusers' pipeline makes after load_lora_weights, and
// the same in each style of file. Without adapters, and with weight 0, the base model's picture comes to the bit, before
// and after; its files are as before.
func TestLoRAPicture(t *testing.T) {
	folder, err := openFolder(&hasher{}, tinyRecipe().Model.Dir)
	if err != nil {
		t.Fatal(err)
	}
	size, err := folder.bytes()
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, Options{Memory: 2 * size, Adapters: []string{filepath.Join(adapterFiles, "missing"), adapterFiles}})
	render := func(loras ...art.LoRA) Result {
		t.Helper()
		r := adapted(loras...)
		r.Prompt, r.NegativePrompt = "a photo of an astronaut riding a horse on mars, 4k", "blurry, low quality"
		r.Steps, r.GuidanceScale, r.Seed = 4, 7.5, 7
		if err := e.Check(r); err != nil {
			t.Fatal(err)
		}
		result, err := e.RenderArrays(context.Background(), r, Inputs{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	before := folderBytes(t, tinyRecipe().Model.Dir)
	base := render()
	want := tensor(t, readTensors(t, "pipeline"), "latents")
	for _, style := range []string{"tiny-peft", "tiny-kohya", "tiny-old"} {
		got := render(art.LoRA{Name: style, Weight: 0.8})
		off := worst(t, "latents", got.Latents, want)
		t.Logf("%s: latents off by %.2g, the base model's by %.2g", style, off, worst(t, "latents", base.Latents, want))
		if !(off <= 2e-3) {
			t.Errorf("%s: latents are off by %g, at most 2e-3", style, off)
		}
		if again := render(art.LoRA{Name: style, Weight: 0}); !slices.Equal(again.Image.Data, base.Image.Data) {
			t.Errorf("%s of weight 0 is not the base model's picture", style)
		}
	}
	if off := worst(t, "latents", base.Latents, want); off < 0.1 {
		t.Errorf("the adapter changes latents by %g only: this test would see nothing", off)
	}
	if after := render(); !slices.Equal(after.Image.Data, base.Image.Data) {
		t.Error("after adapters the base model makes another picture")
	}
	if after := folderBytes(t, tinyRecipe().Model.Dir); !slices.Equal(before, after) {
		t.Error("the model's files were changed")
	}
	if n := len(e.pool.loaded); n > 2 {
		t.Errorf("%d pipelines are loaded, and there is room for 2", n)
	}
}

// folderBytes is all that lies in a folder.
func folderBytes(t testing.TB, dir string) []byte {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all = append(all, data...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestBadAdapters: what a recipe names wrongly is refused before any work, with the field; what doesn't fit the model,
// when it is loaded, with the tensor and both shapes.
func TestBadAdapters(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "broken.safetensors"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.safetensors"), 0o700); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, Options{Adapters: []string{dir, adapterFiles}, Models: []string{houseDir}})
	for _, test := range []struct {
		lora  art.LoRA
		field string
		want  error
	}{
		{art.LoRA{}, "loras[0].name", art.ErrInvalid},
		{art.LoRA{Name: "../lora/second"}, "loras[0].name", art.ErrInvalid},
		{art.LoRA{Name: `..\second`}, "loras[0].name", art.ErrInvalid},
		{art.LoRA{Name: "/etc/hostname"}, "loras[0].name", art.ErrInvalid},
		{art.LoRA{Name: ".."}, "loras[0].name", art.ErrInvalid},
		{art.LoRA{Name: "nobody"}, "loras[0].name", art.ErrNotFound},
		{art.LoRA{Name: "folder"}, "loras[0].name", art.ErrNotFound},
		{art.LoRA{Name: "second", SHA256: "00"}, "loras[0].sha256", art.ErrMismatch},
		{art.LoRA{Name: "second", Weight: math.NaN()}, "loras[0].weight", art.ErrInvalid},
		{art.LoRA{Name: "second", Weight: 11}, "loras[0].weight", art.ErrInvalid},
	} {
		var field *art.FieldError
		if err := e.Check(adapted(test.lora)); !errors.Is(err, test.want) || !errors.As(err, &field) || field.Field != test.field {
			t.Errorf("%+v: %v, want %v of %s", test.lora, err, test.want, test.field)
		}
	}
	if err := e.Check(adapted(slices.Repeat([]art.LoRA{{Name: "second", Weight: 1}}, maxAdapters+1)...)); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("many adapters: %v", err)
	}
	other := adapted(art.LoRA{Name: "tiny-kohya", Weight: 1})
	other.Model.Dir = filepath.Join("testdata", "models", "sdxl-base-tiny")
	house := adapted(art.LoRA{Name: "second", Weight: 1})
	house.Model.Dir = houseDir
	for _, test := range []struct {
		recipe art.Recipe
		want   error
		words  string
	}{
		{adapted(art.LoRA{Name: "broken", Weight: 1}), art.ErrInvalid, "LoRA broken"},
		{other, art.ErrInvalid, "[16 32], but this model's has [16 64]"},
		{house, art.ErrInvalid, "was made for another model"},
	} {
		if _, err := e.RenderArrays(context.Background(), test.recipe, Inputs{}, nil); !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: %v, want %v with %q", test.words, err, test.want, test.words)
		} else {
			t.Log(err)
		}
	}
}

// TestSealedAdapters: a LoRA that is encrypted on the disk patches as the plain one does, and other bytes than those that
// were named are refused.
func TestSealedAdapters(t *testing.T) {
	plain, err := os.ReadFile(filepath.Join(adapterFiles, "tiny-peft.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	given := plain
	e := newEngine(t, Options{Sealed: func(name string) (Sealed, error) {
		if name != "secret" {
			return Sealed{}, art.ErrNotFound
		}
		return Sealed{SHA256: art.Digest(plain), Open: func() ([]byte, error) { return given, nil }}, nil
	}})
	open := newEngine(t, Options{Adapters: []string{adapterFiles}})
	r := adapted(art.LoRA{Name: "secret", SHA256: art.Digest(plain), Weight: 0.8})
	f, err := e.folder(r.Model)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := e.adapters(r)
	if err != nil {
		t.Fatal(err)
	}
	files, err := open.adapters(adapted(art.LoRA{Name: "tiny-peft", Weight: 0.8}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := sealed.patch(f)
	if err != nil {
		t.Fatal(err)
	}
	want, err := files.patch(f)
	if err != nil {
		t.Fatal(err)
	}
	for network, weights := range want {
		for name, w := range weights {
			if !bytes.Equal(got[network][name].Raw, w.Raw) {
				t.Errorf("%s %s differs", network, name)
			}
		}
	}
	if sealed.key() != files.key() {
		t.Error("the same bytes count as another adapter")
	}
	given = []byte("something else")
	if _, err := sealed.patch(f); !errors.Is(err, art.ErrMismatch) {
		t.Errorf("other bytes: %v", err)
	}
	if _, err := e.adapters(adapted(art.LoRA{Name: "nobody", Weight: 1})); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}
