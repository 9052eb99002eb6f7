package local

import (
	"context"
	"errors"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// doubler repeats every pixel twice each way.
type doubler struct{ passes *int }

func (d doubler) Upscale(ctx context.Context, p *imaging.RGB, _ func(done, total int)) (*imaging.RGB, error) {
	*d.passes++
	out, err := imaging.NewRGB(2*p.Width, 2*p.Height)
	if err != nil {
		return nil, err
	}
	for y := range out.Height {
		for x := range out.Width {
			r, g, b := p.At(x/2, y/2)
			out.Set(x, y, r, g, b)
		}
	}
	return out, ctx.Err()
}

func checkered(t *testing.T, w, h int) *imaging.RGB {
	t.Helper()
	p, err := imaging.NewRGB(w, h)
	if err != nil {
		t.Fatal(err)
	}
	for y := range h {
		for x := range w {
			p.Set(x, y, uint8(x*7), uint8(y*5), uint8(100*((x+y)%2)))
		}
	}
	return p
}

// TestUpscaleOnly: without a strength the network's pixels are the picture; no model is needed, and none is loaded.
func TestUpscaleOnly(t *testing.T) {
	passes := 0
	e, err := New(Options{Library: "/nonexistent", Upscalers: []Upscaler{{doubler{&passes}, "double", "d0"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	small := checkered(t, 12, 10)
	r := art.Recipe{Mode: art.ModeUpscale, Upscaler: art.ModelRef{Name: "double", SHA256: "d0"}, Width: 48, Height: 40, Batch: 2}
	calls := 0
	got, err := e.RenderArrays(context.Background(), r, Inputs{Init: small}, func(_, of int) {
		if calls++; of != 2 {
			t.Errorf("%d calls announced", of)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !sameShape(got.Image.Shape, []int{2, 40, 48, 3}) || passes != 4 || calls != 2 {
		t.Fatalf("shape %v after %d passes and %d calls", got.Image.Shape, passes, calls)
	}
	for y := range 40 {
		for x := range 48 {
			want, _, _ := small.At(x/4, y/4)
			if v := got.Image.Data[3*(y*48+x)]; v != float32(want)/255 {
				t.Fatalf("pixel %d,%d is %v, not %d", x, y, v, want)
			}
		}
	}
	r.Width, r.Height = 40, 36 // less than two passes give
	if got, err = e.RenderArrays(context.Background(), r, Inputs{Init: small}, nil); err != nil || !sameShape(got.Image.Shape, []int{2, 36, 40, 3}) {
		t.Errorf("%v: %v", got.Image.Shape, err)
	}
	for name, change := range map[string]func(*art.Recipe){
		"no larger": func(r *art.Recipe) { r.Width, r.Height = 12, 10 }, "no size": func(r *art.Recipe) { r.Width = 0 },
		"too large": func(r *art.Recipe) { r.Width, r.Height = 16384, 16384 }, "too many passes": func(r *art.Recipe) { r.Width, r.Height = 400, 400 },
		"tiling": func(r *art.Recipe) { r.Tiling = true }, "another hash": func(r *art.Recipe) { r.Upscaler.SHA256 = "d1" },
	} {
		bad := r
		change(&bad)
		if _, err := e.RenderArrays(context.Background(), bad, Inputs{Init: small}, nil); !errors.Is(err, art.ErrInvalid) && !errors.Is(err, art.ErrUnsupported) && !errors.Is(err, art.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := e.RenderArrays(context.Background(), r, Inputs{}, nil); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("without a picture: %v", err)
	}
}

// TestUpscaleAndRedraw: with a strength the enlarged picture is where image-to-image begins, in windows if need be.
func TestUpscaleAndRedraw(t *testing.T) {
	passes := 0
	e := newEngine(t, Options{Upscalers: []Upscaler{{doubler{&passes}, "double", ""}}})
	small := checkered(t, 32, 32)
	strength := 0.5
	r := tinyRecipe()
	r.Steps, r.Strength, r.Width, r.Height = 4, &strength, 128, 128
	r.TiledDiffusion = &art.TiledDiffusion{Tile: 64}
	up := r
	up.Mode, up.Upscaler.Name = art.ModeUpscale, "double"
	got, err := e.RenderArrays(context.Background(), up, Inputs{Init: small}, nil)
	if err != nil {
		t.Fatal(err)
	}
	large, err := doubler{&passes}.Upscale(context.Background(), small, nil)
	if err == nil {
		large, err = doubler{&passes}.Upscale(context.Background(), large, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.Mode = art.ModeImageToImage
	want, err := e.RenderArrays(context.Background(), r, Inputs{Init: large}, nil)
	if err != nil || worst(t, "image", got.Image, want.Image) != 0 || len(got.Timesteps) != 2 {
		t.Errorf("%d calls, not as image-to-image of the enlarged picture: %v", len(got.Timesteps), err)
	}
}

// TestHiresByANetwork: the second pass begins with the first one's pixels, enlarged by the network.
func TestHiresByANetwork(t *testing.T) {
	passes := 0
	e := newEngine(t, Options{Upscalers: []Upscaler{{doubler{&passes}, "double", ""}}})
	r := tinyRecipe()
	r.Hires = &art.Hires{Scale: 2, Strength: 0.5, Upscaler: "double"}
	got, err := e.RenderArrays(context.Background(), r, Inputs{}, nil)
	if err != nil || passes != 1 || got.Image.Shape[1] != 128 {
		t.Errorf("%v after %d passes: %v", got.Image.Shape, passes, err)
	}
	r.Hires.Upscaler = "lanczos"
	other, err := e.RenderArrays(context.Background(), r, Inputs{}, nil)
	if err != nil || worst(t, "image", got.Image, other.Image) == 0 {
		t.Errorf("the network changes nothing: %v", err)
	}
}

// TestHiresWithControls: both passes are steered by the picture as it was given, each at its size.
func TestHiresWithControls(t *testing.T) {
	e := newEngine(t, Options{})
	r := tinyRecipe()
	r.Model.Dir = "testdata/models/sd-controlnet-tiny"
	r.Hires = &art.Hires{Scale: 2, Strength: 0.5}
	render := func(controls ...*imaging.RGB) Result {
		r.Controls = nil
		for range controls {
			r.Controls = append(r.Controls, art.Control{Weight: 1})
		}
		got, err := e.RenderArrays(context.Background(), r, Inputs{Controls: controls, KeepSteps: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	steered, free := render(checkered(t, 128, 128)), render()
	if len(steered.Steps) != 3 {
		t.Fatalf("%d steps", len(steered.Steps))
	}
	if worst(t, "image", steered.Image, free.Image) == 0 {
		t.Error("the control steers nothing")
	}
	// Columns of one pixel are lost in the first pass's half size, and seen in the second.
	if other := render(checkered(t, 64, 64)); worst(t, "image", steered.Image, other.Image) == 0 {
		t.Error("the second pass doesn't see the control at its own size")
	}
}
