package local

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/diffusion"
)

// TestSeamlessPicturesContinue: across the edges of the house model's seamless pictures colours go on as they do between
// the outermost neighbours, and without tiling they don't. The pictures are left where PRESSWERK_LOOK names a folder.
func TestSeamlessPicturesContinue(t *testing.T) {
	e := houseEngine(t)
	r := houseRecipe("a cactus, flat vector illustration, on a peach background", 3)
	r.Steps = 8
	plain := look(t, e, r, "plain")
	r.Tiling = true
	seamless := look(t, e, r, "seamless")
	across, inside := seams(seamless.Image)
	before, _ := seams(plain.Image)
	t.Logf("the edges differ by %.4f, the outermost neighbours by %.4f; without tiling the edges differ by %.4f", across, inside, before)
	if across > 2*inside || before < 2*across {
		t.Errorf("the edges differ by %v, their neighbours by %v; without tiling the edges differ by %v", across, inside, before)
	}
	again, err := e.RenderArrays(context.Background(), r, Inputs{}, nil)
	if err != nil || worst(t, "again", again.Image, seamless.Image) != 0 {
		t.Errorf("not the same a second time: %v", err)
	}
}

func look(t *testing.T, e *Engine, r art.Recipe, name string) Result {
	t.Helper()
	result, err := e.RenderArrays(context.Background(), r, Inputs{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("PRESSWERK_LOOK"); dir != "" {
		p, err := result.Picture(0)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".png"), p.Bytes, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return result
}

// TestSeamlessPicturesHaveNoPlace: a seamless picture of noise that is moved around the edge is the same picture, moved.
// The house model has a map of places inside, so this takes another.
func TestSeamlessPicturesHaveNoPlace(t *testing.T) {
	e := newEngine(t, Options{})
	r := tinyRecipe()
	r.Model.Dir = filepath.Join("testdata", "models", "sdxl-control-tiny")
	r.Steps, r.Tiling = 3, true
	const side, planes, by, factor = 16, 4, 2, 4
	noise := make([]float32, planes*side*side)
	diffusion.NewTorchNoise(5).Normal(noise)
	shape := []int{1, planes, side, side}
	render := func(latents []float32) Array {
		got, err := e.RenderArrays(context.Background(), r, Inputs{Latents: &Array{Shape: shape, Data: latents}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return got.Image
	}
	still := render(noise)
	moved := make([]float32, len(noise))
	for i, v := range noise {
		c, y, x := i/(side*side), i/side%side, i%side
		moved[(c*side+(y+by)%side)*side+(x+2*by)%side] = v
	}
	got := render(moved)
	const width = side * factor
	want := Array{Shape: still.Shape, Data: make([]float32, len(still.Data))}
	for i, v := range still.Data {
		y, x, c := i/3/width, i/3%width, i%3
		want.Data[3*((y+by*factor)%width*width+(x+2*by*factor)%width)+c] = v
	}
	if d := worst(t, "image", got, want); !(d < 5e-3) {
		t.Errorf("the picture differs by %v from itself, moved", d)
	}
}

// seams is the largest mean difference of the first and last column, and row, and that of the outermost two of them.
func seams(image Array) (across, inside float64) {
	h, w := image.Shape[1], image.Shape[2]
	column := func(a, b int) (sum float64) {
		for y := range h {
			for c := range 3 {
				sum += math.Abs(float64(image.Data[3*(y*w+a)+c] - image.Data[3*(y*w+b)+c]))
			}
		}
		return sum / float64(3*h)
	}
	row := func(a, b int) (sum float64) {
		for i := range 3 * w {
			sum += math.Abs(float64(image.Data[3*a*w+i] - image.Data[3*b*w+i]))
		}
		return sum / float64(3*w)
	}
	inside = max(column(0, 1), column(w-2, w-1), row(0, 1), row(h-2, h-1))
	return max(column(0, w-1), row(0, h-1)), inside
}
