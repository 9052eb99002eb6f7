package onnx

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"presswerk/internal/testkit"
)

// intsAttr is an AttributeProto of several integers.
func intsAttr(name string, v ...int) []byte {
	b := field(nil, 1, []byte(name))
	for _, n := range v {
		b = number(b, 8, uint64(n))
	}
	return number(b, 20, 7)
}

// shaped is a TensorProto of any shape.
func shaped(name string, dims []int, v ...float32) []byte {
	var b []byte
	for _, d := range dims {
		b = number(b, 1, uint64(d))
	}
	return field(field(number(b, 2, uint64(TypeFloat32)), 8, []byte(name)), 9, rawOf(v...))
}

// convolution is y = x ∗ k of one channel, with the given attributes; k is 3×3 and takes the pixel above to the left, and
// ten times the one below.
func convolution(t testing.TB, attributes ...[]byte) string {
	return model(t, [][]byte{node("Conv", []string{"x", "k"}, []string{"y"}, attributes...)},
		[][]byte{shaped("k", []int{1, 1, 3, 3}, 1, 0, 0, 0, 0, 0, 0, 10, 0)},
		[][]byte{value("x", TypeFloat32, 1, 1, "h", "w")}, [][]byte{value("y", TypeFloat32, 1, 1, "h2", "w2")})
}

// TestCircular: what lies beyond the edge is what stands at the opposite one.
func TestCircular(t *testing.T) {
	rt := open(t)
	for name, test := range map[string]struct {
		attributes [][]byte
		shape      []int64
		x, want    []float32
	}{
		"both sides": {[][]byte{intsAttr("pads", 1, 1, 1, 1)}, []int64{1, 1, 2, 3}, []float32{1, 2, 3, 4, 5, 6}, []float32{46, 54, 65, 13, 21, 32}},
		"rows only":  {[][]byte{intsAttr("pads", 1, 0, 1, 0)}, []int64{1, 1, 2, 3}, []float32{1, 2, 3, 4, 5, 6}, []float32{54, 21}},
		"one pixel":  {[][]byte{intsAttr("pads", 1, 1, 1, 1)}, []int64{1, 1, 1, 1}, []float32{7}, []float32{77}},
		"no pads":    {nil, []int64{1, 1, 3, 3}, []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}, []float32{81}},
		"lopsided":   {[][]byte{intsAttr("pads", 0, 0, 1, 1)}, []int64{1, 1, 2, 2}, []float32{1, 2, 3, 4}, []float32{1}},
	} {
		path := convolution(t, test.attributes...)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file, err := rt.Load(path, Options{Circular: true})
		if err != nil {
			t.Fatal(err)
		}
		memory, err := rt.LoadBytes(name, data, Options{Circular: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*Session{file, memory} {
			out, err := s.Run(context.Background(), map[string]Tensor{"x": Float32(test.x, test.shape...)})
			if err != nil || !slices.Equal(out["y"].F32, test.want) {
				t.Errorf("%s: %v, %v, want %v", name, out["y"].F32, err, test.want)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestCircularCommutesWithShifts: a network whose convolutions all wrap gives shifted outputs for shifted inputs. The house
// model's decoder has weights of 8 bits, a network of our exporter is float32.
func TestCircularCommutesWithShifts(t *testing.T) {
	rt := open(t)
	root := testkit.Root(t)
	for path, channels := range map[string]int{
		"models/house/vae_decoder/model.onnx": 8, "internal/engine/local/testdata/models/sdxl-control-tiny/vae_decoder/model.onnx": 4,
	} {
		s, err := rt.Load(filepath.Join(root, path), Options{IntraOpThreads: 1, Circular: true, Config: map[string]string{"session.disable_quant_qdq": "1"}})
		if err != nil {
			t.Fatal(err)
		}
		const h, w, dy, dx = 4, 6, 1, 2
		x := ramp(channels * h * w)
		plain := decoded(t, s, x, channels, h, w)
		factor := 1
		for 3*h*w*factor*factor < len(plain) {
			factor *= 2
		}
		moved := decoded(t, s, rolled(x, channels, h, w, dy, dx), channels, h, w)
		want := rolled(plain, 3, h*factor, w*factor, dy*factor, dx*factor)
		for i, v := range moved {
			if d := v - want[i]; d > 1e-3 || d < -1e-3 {
				t.Errorf("%s: number %d is %v, not %v", path, i, v, want[i])
				break
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func decoded(t *testing.T, s *Session, x []float32, channels, h, w int) []float32 {
	t.Helper()
	out, err := s.Run(context.Background(), map[string]Tensor{s.Inputs()[0].Name: Float32(x, 1, int64(channels), int64(h), int64(w))})
	if err != nil {
		t.Fatal(err)
	}
	return out[s.Outputs()[0].Name].F32
}

// rolled moves planes down and to the right, around the edge.
func rolled(x []float32, planes, h, w, dy, dx int) []float32 {
	out := make([]float32, len(x))
	for p := range planes {
		for i := range h {
			for j := range w {
				out[(p*h+(i+dy)%h)*w+(j+dx)%w] = x[(p*h+i)*w+j]
			}
		}
	}
	return out
}

func TestCircularRefuses(t *testing.T) {
	rt := open(t)
	auto := field(field(number(field(nil, 1, []byte("auto_pad")), 20, 3), 4, []byte("SAME_UPPER")), 13, nil)
	if _, err := rt.Load(convolution(t, auto), Options{Circular: true}); !errors.Is(err, ErrModel) {
		t.Errorf("auto_pad: %v", err)
	}
}

func FuzzCircular(f *testing.F) {
	data, err := os.ReadFile(convolution(f, intsAttr("pads", 1, 1, 1, 1)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = circularBytes(data) // strangers' bytes never end the program
	})
}
