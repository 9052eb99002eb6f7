package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// referencePictures are those of trainer/reference/make_references.py, of sizes that are nobody's own.
func referencePictures(t *testing.T) []*imaging.RGB {
	t.Helper()
	return []*imaging.RGB{bytePicture(t, "picture_0", 71, 53), bytePicture(t, "picture_1", 20, 40)}
}

func bytePicture(t *testing.T, name string, width, height int) *imaging.RGB {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "cases", "references", name+".npy"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := imaging.NewRGB(width, height)
	if err != nil {
		t.Fatal(err)
	}
	copy(p.Pix, data[len(data)-len(p.Pix):])
	return p
}

// TestReferences: what diffusers makes with two IP-Adapters, one of the plus kind.
func TestReferences(t *testing.T) {
	e := newEngine(t, Options{})
	for _, c := range readFixtures(t, "references.json") {
		t.Run(c.ID, func(t *testing.T) {
			in := Inputs{}
			if len(c.References) > 0 {
				in.References = referencePictures(t)
			}
			compareFixture(t, e, c, "seed", in)
		})
	}
}

// TestCLIPPixels: what transformers' processor gives, and Pillow below it.
func TestCLIPPixels(t *testing.T) {
	for i, p := range referencePictures(t) {
		for _, size := range [][2]int{{p.Width / 2, p.Height / 2}, {130, 90}} {
			got, err := imaging.ResizeBicubic(p, size[0], size[1])
			if err != nil {
				t.Fatal(err)
			}
			if want := bytePicture(t, fmt.Sprintf("resized_%d_%d", i, size[0]), size[0], size[1]); !bytes.Equal(got.Pix, want.Pix) {
				t.Errorf("picture %d at %v isn't Pillow's", i, size)
			}
		}
		got, err := clipPixels(p, 32)
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(filepath.Join("testdata", "cases", "references", fmt.Sprintf("pixels_%d.npy", i)))
		if err != nil {
			t.Fatal(err)
		}
		want, err := ReadNPY(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		if off := worst(t, "pixels", Array{Data: got}, want); !(off <= 1e-6) {
			t.Errorf("picture %d is off by %g", i, off)
		}
	}
}

func TestReferencesRefused(t *testing.T) {
	e := newEngine(t, Options{})
	good := readFixtures(t, "references.json")[0].recipe()
	for name, test := range map[string]struct {
		recipe art.Recipe
		refs   []art.Control
		want   error
	}{
		"no adapter": {tinyRecipe(), []art.Control{{Weight: 1}}, art.ErrUnsupported},
		"too many":   {good, make([]art.Control, 3), art.ErrUnsupported},
		"kind":       {good, []art.Control{{Kind: "mood"}}, art.ErrUnsupported},
		"a model":    {good, []art.Control{{Model: art.ModelRef{Name: "x"}}}, art.ErrUnsupported},
		"weight":     {good, []art.Control{{Weight: math.Inf(1)}}, art.ErrInvalid},
		"end":        {good, []art.Control{{Start: 0.5, End: 0.4}}, art.ErrInvalid},
	} {
		test.recipe.References = test.refs
		if err := e.Check(test.recipe); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	good.References = []art.Control{{Weight: 1}}
	if _, err := e.RenderArrays(context.Background(), good, Inputs{}, nil); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("without its picture: %v", err)
	}
}
