package vision_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/onnx"
	"presswerk/internal/vision"
)

func TestLayoutsAreDrawnInADE20KsColours(t *testing.T) {
	if all := vision.Classes(); len(all) != 150 || all[12].Name != "person" || all[12].Colour != [3]uint8{150, 5, 61} || all[149].Name != "flag" {
		t.Fatalf("%d classes, the 13th is %v", len(all), all[12])
	}
	l, err := vision.ReadLayout([]byte(`{"width": 40, "height": 30, "background": "wall", "boxes": [{"class": "Person", "box": [10, 5, 8, 100]}, {"class": "sky", "box": [-5, -5, 12.4, 8]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	p, err := l.Draw()
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[[2]int][3]uint8{{39, 0}: {120, 120, 120}, {10, 5}: {150, 5, 61}, {17, 29}: {150, 5, 61}, {18, 29}: {120, 120, 120}, {6, 2}: {6, 230, 230}, {7, 2}: {120, 120, 120}} {
		if r, g, b := p.At(at[0], at[1]); [3]uint8{r, g, b} != want {
			t.Errorf("%v is %d %d %d instead of %v", at, r, g, b, want)
		}
	}
	for text, says := range map[string]string{
		`{"width": 40, "height": 30, "boxes": [{"class": "persons", "box": [0, 0, 1, 1]}]}`: "did you mean person",
		`{"width": 40, "height": 30, "background": "xyz"}`:                                  "some of the 150",
		`{"width": 0, "height": 30}`:                                                        "1 to 8192",
		`{"width": 1, "height": 30, "box": []}`:                                             "unknown field",
		`{"width": 1, "height": 30} {}`:                                                     "follows",
		`{"width": 1, "height": 1, "boxes": [{"class": "sky", "box": [0, 0, -1, 1]}]}`:      "left, top, width and height",
	} {
		if _, err := vision.ReadLayout([]byte(text)); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func FuzzReadLayout(f *testing.F) {
	f.Add([]byte(`{"width": 4, "height": 3, "background": "wall", "boxes": [{"class": "sky", "box": [1, 1e300, 2, -0.0]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := vision.ReadLayout(data)
		if err != nil {
			if !errors.Is(err, art.ErrInvalid) {
				t.Errorf("%v is not invalid", err)
			}
			return
		}
		if l.Width*l.Height > 1<<16 || len(l.Boxes) > 100 {
			return
		}
		if p, err := l.Draw(); err != nil || len(p.Pix) != 3*l.Width*l.Height {
			t.Errorf("%+v was not drawn: %v", l, err)
		}
	})
}

// The class that most speaks for decides, and a picture of any size is covered.
func TestSegmentationTakesTheLikeliestClass(t *testing.T) {
	y := make([]float32, 150*4)
	y[2*4+0], y[2*4+1] = 3, 3 // above: sky
	y[9*4+2], y[9*4+3] = 3, 3 // below: grass
	n := fixed{[]int64{1, 3, 8, 8}, map[string]onnx.Tensor{"y": onnx.Float32(y, 1, 150, 2, 2)}}
	for _, size := range [][2]int{{5, 9}, {1, 2}, {40, 30}} {
		p, err := vision.Segmentation(context.Background(), scene(t, size[0], size[1]), n)
		if err != nil {
			t.Fatal(err)
		}
		if r, g, b := p.At(0, 0); r != 6 || g != 230 || b != 230 {
			t.Errorf("%v: above is %d %d %d", size, r, g, b)
		}
		if r, g, b := p.At(size[0]-1, size[1]-1); r != 4 || g != 250 || b != 7 {
			t.Errorf("%v: below is %d %d %d", size, r, g, b)
		}
	}
	n.out = map[string]onnx.Tensor{"y": onnx.Float32(y, 1, 15, 20, 2)}
	if _, err := vision.Segmentation(context.Background(), scene(t, 4, 4), n); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("another output: got %v", err)
	}
}
