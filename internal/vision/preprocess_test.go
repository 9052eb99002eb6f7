package vision_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
	"presswerk/internal/testkit"
	"presswerk/internal/vision"
)

// fixed is a network that always gives the same outputs.
type fixed struct {
	in  []int64
	out map[string]onnx.Tensor
}

func (f fixed) Inputs() []onnx.Info { return []onnx.Info{{Name: "x", Dims: f.in}} }

func (f fixed) Outputs() []onnx.Info {
	var all []onnx.Info
	for name, t := range f.out {
		all = append(all, onnx.Info{Name: name, Dims: t.Shape})
	}
	return all
}

func (f fixed) Run(ctx context.Context, in map[string]onnx.Tensor) (map[string]onnx.Tensor, error) {
	for i, n := range in["x"].Shape {
		if f.in[i] > 0 && f.in[i] != n {
			return nil, art.ErrMismatch
		}
	}
	return f.out, ctx.Err()
}

// cells are outputs of the M-LSD kind for a picture of 8 × 8: four by four cells.
func cells(score, offset []float32) map[string]onnx.Tensor {
	return map[string]onnx.Tensor{"scores": onnx.Float32(score, 1, 4, 4, 1), "offsets": onnx.Float32(offset, 1, 4, 4, 4)}
}

func TestMLSDDrawsWhatTheNetworkFinds(t *testing.T) {
	score, offset := make([]float32, 16), make([]float32, 64)
	score[5], score[6], score[10] = 0.9, 0.05, 0.8 // of the cells 1,1 and 2,1 and 2,2
	copy(offset[4*5:], []float32{-1, 0, 1, 0})
	copy(offset[4*6:], []float32{0, -1, 0, 1})
	copy(offset[4*10:], []float32{0.01, 0, 0, 0}) // shorter than anything
	got, err := vision.MLSD(context.Background(), scene(t, 16, 16), fixed{[]int64{1, 8, 8, 4}, cells(score, offset)}, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	want, err := imaging.NewGrey(16, 16)
	if err != nil {
		t.Fatal(err)
	}
	want.Line(0, 4, 8, 4, 255) // cells of the network are four pixels here
	if count, _ := differences(t, got, want); count > 0 {
		t.Errorf("%d pixels differ from the one line that there is", count)
	}
}

func TestMLSDBearsWildNumbers(t *testing.T) {
	score, offset := make([]float32, 16), make([]float32, 64)
	wild := []float32{float32(math.NaN()), float32(math.Inf(1)), math.MaxFloat32, -math.MaxFloat32, 3, -1e20, 7, 0}
	for i := range score {
		score[i] = wild[i%2*2+i/8] + 1
	}
	for i := range offset {
		offset[i] = wild[(i*5+i/7)%len(wild)]
	}
	for _, size := range [][2]int{{1, 1}, {3, 40}} {
		if _, err := vision.MLSD(context.Background(), scene(t, size[0], size[1]), fixed{[]int64{1, 8, 8, 4}, cells(score, offset)}, 0); err != nil {
			t.Errorf("%v: %v", size, err)
		}
	}
	for name, f := range map[string]fixed{
		"another input":   {[]int64{1, 3, 8, 8}, cells(score, offset)},
		"an open size":    {[]int64{1, -1, -1, 4}, cells(score, offset)},
		"another output":  {[]int64{1, 8, 8, 4}, map[string]onnx.Tensor{"y": onnx.Float32(score, 1, 4, 4, 1)}},
		"another size":    {[]int64{1, 16, 16, 4}, cells(score, offset)},
		"no input at all": {nil, cells(score, offset)},
	} {
		if _, err := vision.MLSD(context.Background(), scene(t, 8, 8), f, 0); !errors.Is(err, art.ErrUnsupported) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestDepthIsWhiteWhereNear(t *testing.T) {
	ramp := []float32{-4, -2, 0, 4}
	for _, in := range [][]int64{{1, 3, 14, 14}, {-1, 3, -1, -1}} {
		for _, shape := range [][]int64{{1, 1, 4}, {1, 1, 1, 4}} {
			got, err := vision.Depth(context.Background(), scene(t, 4, 9), fixed{in, map[string]onnx.Tensor{"y": onnx.Float32(ramp, shape...)}})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Pix[:4], []uint8{0, 64, 128, 255}) || got.Height != 9 {
				t.Errorf("%v %v: the first row of %d is %v", in, shape, got.Height, got.Pix[:4])
			}
		}
	}
	flat, err := vision.Depth(context.Background(), scene(t, 3, 1), fixed{[]int64{1, 3, 14, 14}, map[string]onnx.Tensor{"y": onnx.Float32([]float32{float32(math.NaN()), 2}, 1, 1, 2)}})
	if err != nil || slices.Max(flat.Pix) != 0 {
		t.Errorf("flat depth became %v, %v", flat, err)
	}
	if _, err := vision.Depth(context.Background(), scene(t, 4, 4), fixed{[]int64{1, 3, 14, 14}, map[string]onnx.Tensor{"y": onnx.Float32(ramp, 4)}}); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("one dimension: got %v", err)
	}
}

func TestKindsSayWhatTheyCannotDo(t *testing.T) {
	if _, err := vision.PreprocessorOf("cany"); !errors.Is(err, art.ErrUnsupported) || !strings.Contains(err.Error(), "canny, depth, hed, lineart-dog, mlsd, openpose, openpose-face, ") {
		t.Errorf("an unknown kind: %v", err)
	}
	for _, test := range []struct {
		kind string
		set  map[string]float64
		want error
		says string
	}{
		{"canny", map[string]float64{"threshold": 3}, art.ErrInvalid, "no such lever"},
		{"canny", map[string]float64{"low": math.NaN()}, art.ErrInvalid, "0..2040"},
		{"scribble", map[string]float64{"threshold": -1}, art.ErrInvalid, "32 is usual"},
		{"mlsd", nil, art.ErrUnavailable, "make tools"},
		{"depth", nil, art.ErrUnavailable, "yourself"},
	} {
		k, err := vision.PreprocessorOf(test.kind)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = k.Make(context.Background(), scene(t, 8, 8), nil, test.set); !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s %v: got %v", test.kind, test.set, err)
		}
	}
}

// Every kind that needs no network draws every picture from 1×1 on, as large as it is.
func FuzzPreprocessors(f *testing.F) {
	f.Add(uint8(0), uint8(0), []byte{1})
	f.Add(uint8(30), uint8(1), []byte{0, 255, 3})
	f.Add(uint8(17), uint8(33), []byte("presswerk"))
	f.Fuzz(func(t *testing.T, width, height uint8, data []byte) {
		p := fuzzed(t, width, height, data)
		for _, k := range vision.Preprocessors() {
			if len(k.Networks) > 0 {
				continue
			}
			made, err := k.Make(context.Background(), p, nil, nil)
			if err != nil || made.Width != p.Width || made.Height != p.Height || len(made.Pix) != 3*p.Width*p.Height {
				t.Fatalf("%s of %d×%d: %v, %v", k.Kind, p.Width, p.Height, made, err)
			}
		}
	})
}

// The network itself finds the sides of a rectangle, and nothing in its middle.
func TestMLSDFindsARectangle(t *testing.T) {
	path := testkit.Native(t, "models/control/mlsd_512x512_tiny.onnx")
	rt, err := onnx.Open(testkit.Native(t, "onnxruntime/libonnxruntime.so.1.32.0"))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	s, err := rt.Load(path, onnx.Options{IntraOpThreads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p, err := imaging.NewRGB(512, 512)
	if err != nil {
		t.Fatal(err)
	}
	for y := range 512 {
		for x := range 512 {
			p.Set(x, y, 230, 226, 220)
			if x >= 100 && x < 400 && y >= 120 && y < 380 {
				p.Set(x, y, 40, 60, 90)
			}
		}
	}
	got, err := vision.MLSD(context.Background(), p, s, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	near := func(x, y int) bool {
		for j := y - 4; j <= y+4; j++ {
			if slices.Contains(got.Pix[j*512+x-4:j*512+x+5], 255) {
				return true
			}
		}
		return false
	}
	for _, at := range [][2]int{{250, 120}, {250, 380}, {100, 250}, {400, 250}} {
		if !near(at[0], at[1]) {
			t.Errorf("there is no line at %v", at)
		}
	}
	if near(200, 200) || near(50, 60) {
		t.Error("there are lines where the picture is flat")
	}
}
