package local

import (
	"context"
	"slices"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// TestWindowsCoverEverything: as diffusers' get_views where the stride divides; a rest is covered by a last window.
func TestWindowsCoverEverything(t *testing.T) {
	for _, c := range []struct {
		tile, overlap, side int
		want                []int
	}{
		{64, 56, 64, []int{0}},
		{64, 56, 96, []int{0, 8, 16, 24, 32}},
		{64, 0, 128, []int{0, 64}},
		{64, 32, 40, []int{0}},
		{64, 32, 97, []int{0, 32, 33}},
		{64, 16, 1024, nil},
	} {
		w := windows{tile: c.tile, overlap: c.overlap}
		got := w.starts(c.side)
		if c.want != nil && !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v", c, got)
		}
		seen := make([]bool, c.side)
		for _, at := range got {
			if at < 0 {
				t.Errorf("%+v: a window at %d", c, at)
			}
			for i := at; i < min(at+c.tile, c.side); i++ {
				seen[i] = true
			}
		}
		if slices.Contains(seen, false) {
			t.Errorf("%+v: not everything is seen", c)
		}
	}
}

// TestOneWindowIsNoWindow: where a window holds the whole picture, nothing changes, to the bit.
func TestOneWindowIsNoWindow(t *testing.T) {
	e := newEngine(t, Options{})
	r := tinyRecipe()
	plain, err := e.RenderArrays(context.Background(), r, Inputs{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.TiledDiffusion = &art.TiledDiffusion{Tile: max(r.Width, r.Height)}
	windowed, err := e.RenderArrays(context.Background(), r, Inputs{}, nil)
	if err != nil || worst(t, "image", windowed.Image, plain.Image) != 0 {
		t.Errorf("one window differs from none: %v", err)
	}
	r.TiledDiffusion = &art.TiledDiffusion{Tile: r.Width / 2}
	for range 2 {
		other, err := e.RenderArrays(context.Background(), r, Inputs{}, nil)
		if err != nil || worst(t, "image", other.Image, plain.Image) == 0 {
			t.Errorf("four windows are the same as one: %v", err)
		}
		if windowed.Image.Data[0] != plain.Image.Data[0] && worst(t, "again", other.Image, windowed.Image) != 0 {
			t.Error("not the same a second time")
		}
		windowed = other
	}
}

// TestWindowsCutWhatSteers: controls and masks are seen where their window is.
func TestWindowsCutWhatSteers(t *testing.T) {
	edges, err := imaging.NewRGB(16, 8)
	if err != nil {
		t.Fatal(err)
	}
	edges.Set(9, 5, 255, 255, 255)
	beside := make([]float32, 2*4*8)
	beside[4*8+2*8+4] = 7
	w := windows{tile: 2, factor: 2, of: &denoiser{height: 4, width: 8, beside: [][]float32{beside}, controls: []control{{pixels: unit(edges), height: 8, width: 16}}}}
	d := w.see(region{4, 2, 6, 4})
	if d.height != 2 || d.width != 2 || len(d.beside[0]) != 8 || d.beside[0][4] != 7 {
		t.Errorf("planes beside the latents are %v", d.beside)
	}
	c := d.controls[0]
	if c.height != 4 || c.width != 4 || len(c.pixels) != 48 || c.pixels[1*4+1] != 1 || c.pixels[1*4+2] != 0 {
		t.Errorf("the control is %d×%d: %v", c.width, c.height, c.pixels)
	}
	if w.of.height != 4 || len(w.of.controls[0].pixels) != 3*16*8 {
		t.Error("the whole denoiser has changed")
	}
}

func TestWindowsAllowLargePictures(t *testing.T) {
	e := newEngine(t, Options{Models: []string{houseDir}})
	r := houseRecipe("a fox", 1)
	for _, c := range []struct {
		width, height int
		tiled         *art.TiledDiffusion
		ok            bool
	}{
		{8192, 8192, nil, false},
		{8192, 8192, &art.TiledDiffusion{}, true},
		{16384, 128, &art.TiledDiffusion{}, true},
		{16384, 8192, &art.TiledDiffusion{}, false},
		{256, 256, &art.TiledDiffusion{Tile: 100}, false},
		{256, 256, &art.TiledDiffusion{Tile: 128, Overlap: new(128)}, false},
		{256, 256, &art.TiledDiffusion{Tile: 128, Overlap: new(64)}, true},
		{256, 256, &art.TiledDiffusion{Overlap: new(-8)}, false},
	} {
		r.Width, r.Height, r.TiledDiffusion = c.width, c.height, c.tiled
		if err := e.Check(r); (err == nil) != c.ok {
			t.Errorf("%d×%d %+v: %v", c.width, c.height, c.tiled, err)
		}
	}
	r.Width, r.Height, r.TiledDiffusion, r.Tiling = 256, 256, &art.TiledDiffusion{}, true
	if err := e.Check(r); err == nil {
		t.Error("windows that know no opposite edge were promised to be seamless")
	}
}
