package vision_test

import (
	"context"
	"errors"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/onnx"
	"presswerk/internal/vision"
)

// red is a network that takes a picture of any size for its edges: the redder the whiter. It remembers the last size.
type red struct{ size []int64 }

func (*red) Inputs() []onnx.Info {
	return []onnx.Info{{Name: "picture", Dims: []int64{-1, 3, -1, -1}}}
}

func (*red) Outputs() []onnx.Info {
	return []onnx.Info{{Name: "edges", Dims: []int64{-1, 1, -1, -1}}}
}

func (n *red) Run(_ context.Context, in map[string]onnx.Tensor) (map[string]onnx.Tensor, error) {
	x := in["picture"]
	n.size = x.Shape[2:]
	edges := make([]float32, n.size[0]*n.size[1])
	for i := range edges {
		edges[i] = x.F32[i] / 255
	}
	return map[string]onnx.Tensor{"edges": onnx.Float32(edges, 1, 1, n.size[0], n.size[1])}, nil
}

// A small picture is seen as it is, a large one with 512 pixels on its shorter side, and the drawing has the picture's size.
func TestEdgesHaveThePicturesSize(t *testing.T) {
	for _, test := range []struct {
		w, h int
		seen [2]int64
	}{{1, 1, [2]int64{1, 1}}, {90, 40, [2]int64{40, 90}}, {1200, 800, [2]int64{512, 768}}, {60, 5000, [2]int64{2048, 60}}} {
		p, network := scene(t, test.w, test.h), &red{}
		drawn, err := vision.HED(context.Background(), p, network)
		if err != nil {
			t.Fatal(err)
		}
		if [2]int64(network.size) != test.seen || drawn.Width != test.w || drawn.Height != test.h {
			t.Errorf("%d × %d was seen with %v and drawn with %d × %d", test.w, test.h, network.size, drawn.Width, drawn.Height)
		}
		for x := range p.Width { // red grows evenly along a row
			want, _, _ := p.At(x, p.Height/2)
			if d := int(drawn.Pix[p.Height/2*p.Width+x]) - int(want); d > 1 || d < -1 {
				t.Errorf("%d × %d: column %d has %d, want %d", test.w, test.h, x, drawn.Pix[p.Height/2*p.Width+x], want)
				break
			}
		}
	}
}

func TestOtherNetworksDrawNoEdges(t *testing.T) {
	for name, network := range map[string]vision.Runner{
		"of one size":        fixed{[]int64{1, 3, 64, 64}, map[string]onnx.Tensor{"y": onnx.Float32(make([]float32, 64*64), 1, 1, 64, 64)}},
		"of another picture": fixed{[]int64{-1, 3, -1, -1}, map[string]onnx.Tensor{"y": onnx.Float32(make([]float32, 4), 1, 1, 2, 2)}},
		"of grey":            fixed{[]int64{-1, 1, -1, -1}, map[string]onnx.Tensor{"y": onnx.Float32(make([]float32, 4), 1, 1, 2, 2)}},
	} {
		if _, err := vision.HED(context.Background(), scene(t, 20, 10), network); !errors.Is(err, art.ErrUnsupported) {
			t.Errorf("a network %s gives %v", name, err)
		}
	}
}
