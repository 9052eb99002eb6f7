package vision_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
	"presswerk/internal/testkit"
	"presswerk/internal/vision"
)

// TestEmbeddingsAreTorchs: the network and numbers are those of trainer/reference/make_embedder.py.
func TestEmbeddingsAreTorchs(t *testing.T) {
	data, err := os.ReadFile("testdata/embedder/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden []struct {
		Width, Height int
		Embedding     []float32
	}
	if err := json.Unmarshal(data, &golden); err != nil || len(golden) == 0 {
		t.Fatalf("%d pictures, %v", len(golden), err)
	}
	rt, err := onnx.Open(testkit.Native(t, "onnxruntime/libonnxruntime.so.1.32.0"))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	network, err := rt.Load("testdata/embedder/model.onnx", onnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer network.Close()
	e, err := vision.NewEmbedder(network, vision.CLIPOptions(0))
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range golden {
		p, err := imaging.NewRGB(g.Width, g.Height)
		if err != nil {
			t.Fatal(err)
		}
		for y := range g.Height {
			for x := range g.Width {
				p.Set(x, y, uint8(x*5), uint8(y*3+x), uint8(x*y))
			}
		}
		got, err := e.Embed(context.Background(), p)
		if err != nil || len(got) != len(g.Embedding) {
			t.Fatalf("%v, %v", got, err)
		}
		for i, v := range got {
			if math.Abs(float64(v-g.Embedding[i])) > 2e-3 { // a level of one pixel moves it by less
				t.Errorf("%d × %d: %v, torch has %v", g.Width, g.Height, got, g.Embedding)
				break
			}
		}
	}
}

// means is a network whose vector is the mean of each channel.
type means struct{ dims []int64 }

func (m means) Inputs() []onnx.Info { return []onnx.Info{{Name: "x", Dims: m.dims}} }
func (means) Outputs() []onnx.Info  { return []onnx.Info{{Name: "y", Dims: []int64{-1, 3}}} }
func (means) Run(_ context.Context, in map[string]onnx.Tensor) (map[string]onnx.Tensor, error) {
	x, out := in["x"], make([]float32, 3)
	n := len(x.F32) / 3
	for i, v := range x.F32 {
		out[i/n] += v / float32(n)
	}
	return map[string]onnx.Tensor{"y": onnx.Float32(out, 1, 3)}, nil
}

func TestAWholePictureIsSeenByItsArea(t *testing.T) {
	half := [3]float32{0.5, 0.5, 0.5}
	e, err := vision.NewEmbedder(means{[]int64{-1, 3, -1, -1}}, vision.EmbedderOptions{Side: 16, Mean: half, Std: half, Whole: true})
	if err != nil {
		t.Fatal(err)
	}
	p, err := imaging.NewRGB(100, 30)
	if err != nil {
		t.Fatal(err)
	}
	for y := range 30 {
		for x := range 100 { // a quarter is red, three are black: in −1…1 the mean is −0.5
			if x >= 75 {
				p.Set(x, y, 255, 0, 0)
			}
		}
	}
	got, err := e.Embed(context.Background(), p)
	if err != nil || math.Abs(float64(got[0]+0.5)) > 1e-5 || got[1] != -1 || got[2] != -1 {
		t.Errorf("%v, %v; want −0.5, −1, −1", got, err)
	}
}

func TestOtherNetworksEmbedNothing(t *testing.T) {
	for _, dims := range [][]int64{{-1, 3}, {-1, 3, -1, -1}} {
		if _, err := vision.NewEmbedder(means{dims}, vision.CLIPOptions(0)); !errors.Is(err, art.ErrUnsupported) {
			t.Errorf("%v: %v", dims, err)
		}
	}
}
