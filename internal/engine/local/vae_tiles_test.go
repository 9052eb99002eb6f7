package local

import (
	"context"
	"math"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// repeat is a network that knows no neighbours: each number becomes a square of factor × factor.
func repeat(x []float32, height, width, factor int) block {
	p := block{height: height * factor, width: width * factor}
	for y := range p.height {
		for i := range p.width {
			p.planes = append(p.planes, x[y/factor*width+i/factor])
		}
	}
	return p
}

// TestTilesOfWhatKnowsNoNeighbours: tiles and their fading leave no trace where a network sees single numbers, at any size,
// and no tile is larger than it may be.
func TestTilesOfWhatKnowsNoNeighbours(t *testing.T) {
	const factor = 4
	tiles := decoding(64, factor)
	for _, size := range [][2]int{{1, 1}, {16, 16}, {17, 12}, {24, 28}, {25, 61}, {12, 40}} {
		height, width := size[0], size[1]
		x := make([]float32, height*width)
		for i := range x {
			x[i] = float32(i*7919%2003) / 1001
		}
		want := repeat(x, height, width, factor)
		got := make([]float32, len(want.planes))
		for i := range got {
			got[i] = float32(math.NaN())
		}
		err := tiles.rows(context.Background(), height, width, func(top, left, h, w int) (block, error) {
			if h > 16 || w > 16 {
				t.Errorf("%v: a tile of %d×%d", size, w, h)
			}
			return repeat(region{left, top, left + w, top + h}.of(x, 1, height, width), h, w, factor), nil
		}, func(top, left int, p block) {
			for y := range p.height {
				copy(got[(top+y)*want.width+left:], p.planes[y*p.width:(y+1)*p.width])
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range got {
			if !(math.Abs(float64(v-want.planes[i])) < 1e-6) {
				t.Fatalf("%v: number %d is %v, not %v", size, i, v, want.planes[i])
			}
		}
	}
}

// TestVAETilesOnlyWhereTheyAreNeeded: a picture of one tile is the same to the bit; large pictures are tiled unasked.
func TestVAETilesOnlyWhereTheyAreNeeded(t *testing.T) {
	e := newEngine(t, Options{})
	r := tinyRecipe()
	r.Steps = 2
	plain, err := e.RenderArrays(context.Background(), r, Inputs{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.VAETiling = true
	tiled, err := e.RenderArrays(context.Background(), r, Inputs{}, nil)
	if err != nil || worst(t, "image", tiled.Image, plain.Image) != 0 {
		t.Errorf("one tile differs from no tiles: %v", err)
	}
	for _, c := range []struct {
		width, height int
		want          bool
	}{{2048, 2048, false}, {4096, 1024, false}, {2056, 2048, true}, {8192, 8192, true}} {
		if got := vaeTiled(art.Recipe{Width: c.width, Height: c.height}); got != c.want {
			t.Errorf("%d×%d: %t", c.width, c.height, got)
		}
	}
}

func TestEncodableCutsAndCovers(t *testing.T) {
	p, err := imaging.NewRGB(3, 2)
	if err != nil {
		t.Fatal(err)
	}
	p.Set(2, 1, 255, 0, 255)
	e := encodable{RGB: p, mask: []float32{0, 1, 0, 0, 0, 0}}
	got := e.planes(region{1, 0, 3, 2})
	for i, want := range []float32{0, -1, -1, 1, 0, -1, -1, -1, 0, -1, -1, 1} {
		if got[i] != want {
			t.Fatalf("planes are %v", got)
		}
	}
}
