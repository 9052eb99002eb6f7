package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"presswerk/internal/art"
)

// TestSteered: what diffusers makes where several things steer at once, trainer/reference/make_sdxl_steered.py.
func TestSteered(t *testing.T) {
	e := newEngine(t, Options{Adapters: []string{"testdata/loras"}, Embeddings: []string{"testdata/embeddings"}})
	for _, c := range readFixtures(t, "steered.json") {
		t.Run(c.ID, func(t *testing.T) {
			compareFixture(t, e, c, "seed", c.inputs(t, false))
		})
	}
}

// TestEmbeddingsRefused: what a recipe names wrongly, or what was made for another model, is refused with the field.
func TestEmbeddingsRefused(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.safetensors")
	if err := os.WriteFile(broken, []byte("no tensors"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, Options{Embeddings: []string{dir, "testdata/embeddings", "../../model/testdata/embedding"}})
	xl := readFixtures(t, "steered.json")[0].recipe()
	for name, test := range map[string]struct {
		recipe art.Recipe
		refs   []art.ModelRef
		want   error
	}{
		"a path":                  {xl, []art.ModelRef{{Name: "../loras/x"}}, art.ErrInvalid},
		"another file":            {xl, []art.ModelRef{{Name: "style-sdxl", SHA256: "00"}}, art.ErrMismatch},
		"for one encoder":         {xl, []art.ModelRef{{Name: "token"}}, art.ErrUnsupported},
		"of another width":        {xl, []art.ModelRef{{Name: "sdxl"}}, art.ErrUnsupported},
		"twice":                   {xl, []art.ModelRef{{Name: "style-sdxl"}, {Name: "style-sdxl"}}, art.ErrInvalid},
		"no embedding":            {xl, []art.ModelRef{{Name: "broken"}}, art.ErrInvalid},
		"a pickle that runs code": {xl, []art.ModelRef{{Name: "module"}}, art.ErrUnsupported},
		"another width in SD":     {tinyRecipe(), []art.ModelRef{{Name: "token"}}, art.ErrUnsupported},
		"for SDXL and not for SD": {tinyRecipe(), []art.ModelRef{{Name: "sdxl"}}, art.ErrUnsupported},
	} {
		test.recipe.Embeddings = test.refs
		if err := e.Check(test.recipe); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if _, err := e.RenderArrays(context.Background(), test.recipe, Inputs{}, nil); err == nil {
			t.Errorf("%s: rendered", name)
		}
	}
}
