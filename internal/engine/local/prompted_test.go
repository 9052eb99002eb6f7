package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/onnx"
)

// TestNeighboursNeverChangeABit renders the house model's pictures alone, in batches of every size, and with more threads.
func TestNeighboursNeverChangeABit(t *testing.T) {
	subjects := []string{"lemon", "red apple", "bell", "sun", "rocket", "tulip", "pear"}
	var recipes []art.Recipe
	for i, s := range subjects {
		recipes = append(recipes, art.Recipe{
			Mode: art.ModeTextToImage, Engine: Name, Model: art.ModelRef{Name: "house"}, Prompt: fmt.Sprintf("a %s, cartoon style, on a mint background", s),
			Width: 128, Height: 128, Steps: 2, GuidanceScale: 2, Sampler: "dpmpp_2m", Scheduler: "karras", Seed: art.Seed(i),
		})
	}
	alone := newEngine(t, Options{Models: []string{houseDir}, Together: 1})
	var want []string
	for _, r := range recipes {
		p, err := alone.Render(context.Background(), r, nil)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, p.PixelsSHA256)
	}
	for _, o := range []Options{{}, {Together: 2}, {Together: 3}, {Together: 7, Cores: 1}, {Threads: 2}, {Threads: 2, Together: 7}} {
		name := fmt.Sprintf("together %d, threads %d", o.Together, o.Threads)
		o.Models = []string{houseDir}
		got, err := newEngine(t, o).RenderBatch(context.Background(), recipes, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range got {
			if p.PixelsSHA256 != want[i] {
				t.Errorf("%s: %s is another picture than alone", name, subjects[i])
			}
		}
	}
}

// TestLargeNetworksAreNotSplit: splitting reads a network into memory, so a large one is refused before.
func TestLargeNetworksAreNotSplit(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "unet", "model.onnx")
	if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644), os.Truncate(path, maxSplit+1)); err != nil {
		t.Fatal(err)
	}
	p := &pipeline{folder: &Folder{Dir: dir}}
	if err := p.split(nil, onnx.Options{}, nil); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("error is %v", err)
	}
}
