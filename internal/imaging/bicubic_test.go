package imaging

import (
	"bytes"
	"testing"
)

// TestResizeBicubic: sizes, and one colour stays one. Pictures are compared with Pillow to the byte in
// internal/engine/local, with what trainer/reference/make_references.py keeps.
func TestResizeBicubic(t *testing.T) {
	p, err := NewRGB(5, 4)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Pix {
		p.Pix[i] = uint8(i * 37)
	}
	same, err := ResizeBicubic(p, 5, 4)
	if err != nil || !bytes.Equal(same.Pix, p.Pix) {
		t.Errorf("the same size changes the picture: %v", err)
	}
	for _, size := range [][2]int{{1, 1}, {3, 9}, {11, 2}, {5, 7}} {
		out, err := ResizeBicubic(p, size[0], size[1])
		if err != nil || out.Width != size[0] || out.Height != size[1] {
			t.Fatalf("%v: %v", size, err)
		}
		plain, err := NewRGB(7, 3)
		if err != nil {
			t.Fatal(err)
		}
		for i := range plain.Pix {
			plain.Pix[i] = 77
		}
		if out, err = ResizeBicubic(plain, size[0], size[1]); err != nil || bytes.Count(out.Pix, []byte{77}) != len(out.Pix) {
			t.Errorf("%v: one colour doesn't stay one: %v, %v", size, out.Pix, err)
		}
	}
	if _, err := ResizeBicubic(p, 0, 3); err == nil {
		t.Error("no width is taken")
	}
}
