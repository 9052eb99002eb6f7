package imaging

import (
	"bytes"
	"testing"
)

// TestGroundEvensWhatHangsTogetherWithTheBorder draws a speckled background, a dark ring, and inside the ring a spot of
// nearly the background's colour: that one belongs to the subject.
func TestGroundEvensWhatHangsTogetherWithTheBorder(t *testing.T) {
	p := canvas(t, 40, 40)
	for y := range 40 {
		for x := range 40 {
			n := uint8((x*7 + y*13) % 3) // 0, 1 or 2 levels around 201
			p.Set(x, y, 200+n, 180, 160)
			d := (x-20)*(x-20) + (y-20)*(y-20)
			switch {
			case d < 36:
				p.Set(x, y, 203, 182, 160)
			case d < 121:
				p.Set(x, y, 30, 20, 60)
			}
		}
	}
	out, plain := Ground{Near: 6, Far: 13, Share: 0.7}.Apply(p)
	if !plain {
		t.Fatal("the background was not taken for plain")
	}
	for y := range 40 {
		for x := range 40 {
			r, g, b := out.At(x, y)
			wr, wg, wb := uint8(201), uint8(180), uint8(160) // the median of 200, 201, 202
			if d := (x-20)*(x-20) + (y-20)*(y-20); d < 121 {
				wr, wg, wb = p.At(x, y)
			}
			if r != wr || g != wg || b != wb {
				t.Fatalf("%d,%d is %d %d %d, not %d %d %d", x, y, r, g, b, wr, wg, wb)
			}
		}
	}
}

func TestGroundLeavesBusyPicturesAlone(t *testing.T) {
	p := canvas(t, 16, 16)
	for y := range 16 {
		for x := range 16 {
			p.Set(x, y, uint8(x*16), uint8(y*16), uint8((x^y)*16))
		}
	}
	before := bytes.Clone(p.Pix)
	out, plain := Ground{Near: 6, Far: 13, Share: 0.7}.Apply(p)
	if plain || out != p || !bytes.Equal(before, p.Pix) {
		t.Error("a busy border was evened")
	}
}

func canvas(t *testing.T, width, height int) *RGB {
	t.Helper()
	p, err := NewRGB(width, height)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
