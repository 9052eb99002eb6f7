package vision_test

import (
	"context"
	"errors"
	"testing"

	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
	"presswerk/internal/testkit"
	"presswerk/internal/vision"
)

// double repeats every pixel twice in both directions.
type double struct{ largest int64 }

func (d *double) Inputs() []onnx.Info { return []onnx.Info{{Name: "x", Dims: []int64{-1, 3, -1, -1}}} }

func (d *double) Outputs() []onnx.Info { return []onnx.Info{{Name: "y", Dims: []int64{-1, 3, -1, -1}}} }

func (d *double) Run(ctx context.Context, in map[string]onnx.Tensor) (map[string]onnx.Tensor, error) {
	x := in["x"]
	h, w := int(x.Shape[2]), int(x.Shape[3])
	d.largest = max(d.largest, x.Len())
	y := make([]float32, 3*4*h*w)
	for c := range 3 {
		for i := range 2 * h {
			for j := range 2 * w {
				y[c*4*h*w+i*2*w+j] = x.F32[c*h*w+i/2*w+j/2]
			}
		}
	}
	return map[string]onnx.Tensor{"y": onnx.Float32(y, 1, 3, int64(2*h), int64(2*w))}, ctx.Err()
}

func scene(t testing.TB, w, h int) *imaging.RGB {
	t.Helper()
	p, err := imaging.NewRGB(w, h)
	if err != nil {
		t.Fatal(err)
	}
	for y := range h {
		for x := range w {
			p.Set(x, y, uint8(255*x/w), uint8(255*y/h), uint8(120+100*((x/9+y/7)%2)))
		}
	}
	return p
}

func TestTilesFitTogetherForEverySize(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {7, 5}, {20, 20}, {21, 40}, {64, 33}} {
		d := &double{}
		u, err := vision.NewUpscaler(d, vision.UpscalerOptions{Tile: 20, Overlap: 3})
		if err != nil {
			t.Fatal(err)
		}
		p := scene(t, size[0], size[1])
		out, err := u.Upscale(context.Background(), p, nil)
		if err != nil {
			t.Fatal(err)
		}
		if out.Width != 2*p.Width || out.Height != 2*p.Height {
			t.Fatalf("%v became %d×%d", size, out.Width, out.Height)
		}
		for y := range out.Height {
			for x := range out.Width {
				r, g, b := out.At(x, y)
				if wr, wg, wb := p.At(x/2, y/2); r != wr || g != wg || b != wb {
					t.Fatalf("%v: pixel %d,%d is wrong", size, x, y)
				}
			}
		}
		if d.largest > 3*26*26 {
			t.Errorf("%v: a run saw %d numbers; memory grows with the picture", size, d.largest)
		}
	}
}

func TestACancelledUpscaleGivesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	u, err := vision.NewUpscaler(&double{}, vision.UpscalerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := u.Upscale(ctx, scene(t, 8, 8), nil); out != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", out, err)
	}
}

// The converted network, run in tiles, must agree with itself run at once: no seams.
func TestRealESRGANHasNoSeams(t *testing.T) {
	path := testkit.Native(t, "models/realesrgan/realesr-animevideov3-x4.onnx")
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
	p := scene(t, 96, 80)
	enlarge := func(o vision.UpscalerOptions) *imaging.RGB {
		u, err := vision.NewUpscaler(s, o)
		if err != nil {
			t.Fatal(err)
		}
		out, err := u.Upscale(context.Background(), p, nil)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	whole, tiled := enlarge(vision.UpscalerOptions{Tile: 128}), enlarge(vision.UpscalerOptions{Tile: 40})
	if whole.Width != 384 || whole.Height != 320 {
		t.Fatalf("×4 of 96×80 became %d×%d", whole.Width, whole.Height)
	}
	worst := 0
	for i := range whole.Pix {
		worst = max(worst, max(int(whole.Pix[i]), int(tiled.Pix[i]))-min(int(whole.Pix[i]), int(tiled.Pix[i])))
	}
	if worst > 3 {
		t.Errorf("tiles differ from the whole by up to %d of 255", worst)
	}
	t.Logf("largest difference of tiles to the whole: %d of 255", worst)
}
