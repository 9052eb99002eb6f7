package imaging_test

import (
	"errors"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

func TestAMaskIsGrownAndItsEdgeIsSoft(t *testing.T) {
	m, err := imaging.BoxMask(64, 48, []art.Box{{X: 20, Y: 10, Width: 10, Height: 8}, {X: -5, Y: 40, Width: 7, Height: 90}})
	if err != nil {
		t.Fatal(err)
	}
	if n := m.Mean() * 64 * 48; n < 95.9 || n > 96.1 {
		t.Errorf("%v places are set, want 80 and 16", n)
	}
	g := m.Grown(3)
	for y := range 48 {
		for x := range 64 {
			want := x >= 17 && x < 33 && y >= 7 && y < 21 || x < 5 && y >= 37
			if got := g.Pix[y*64+x] == 1; got != want {
				t.Fatalf("%d,%d is %t", x, y, got)
			}
		}
	}
	soft := g.Soft(1.5)
	for _, at := range []struct {
		x, y      int
		low, high uint8
	}{{25, 14, 255, 255}, {16, 14, 60, 120}, {17, 14, 135, 195}, {10, 14, 0, 0}} {
		if v, _, _ := soft.At(at.x, at.y); v < at.low || v > at.high {
			t.Errorf("the edge at %d,%d is %d", at.x, at.y, v)
		}
	}
	for _, b := range []art.Box{{X: 64, Y: 0, Width: 5, Height: 5}, {X: 3, Y: 3, Height: 5}, {X: 0, Y: -9, Width: 5, Height: 9}} {
		if _, err := imaging.BoxMask(64, 48, []art.Box{b}); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%+v: %v", b, err)
		}
	}
}

func TestOutsideTheMaskNothingChanges(t *testing.T) {
	old, anew, mask := filled(t, 32, 24, 100), filled(t, 32, 24, 200), filled(t, 32, 24, 0)
	mask.Set(5, 5, 255, 255, 255)
	mask.Set(6, 5, 128, 128, 128)
	for name, want := range map[string][2]uint8{"blended here": {200, 150}, "blended by the engine": {200, 200}} {
		out, err := imaging.PutBack(old, anew, mask, name != "blended here")
		if err != nil {
			t.Fatal(err)
		}
		for y := range 24 {
			for x := range 32 {
				v, expected := out.Pix[3*(y*32+x)+2], uint8(100)
				if y == 5 && (x == 5 || x == 6) {
					expected = want[x-5]
				}
				if v != expected {
					t.Errorf("%s: %d,%d is %d, want %d", name, x, y, v, expected)
				}
			}
		}
	}
	if out, err := imaging.PutBack(old, filled(t, 16, 12, 200), mask, false); err != nil || out.Width != 32 {
		t.Errorf("a smaller one: %v", err)
	}
	if _, err := imaging.PutBack(old, anew, filled(t, 8, 8, 0), false); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("a mask of another size: %v", err)
	}
}

func filled(t *testing.T, width, height int, level uint8) *imaging.RGB {
	t.Helper()
	p, err := imaging.NewRGB(width, height)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Pix {
		p.Pix[i] = level
	}
	return p
}
