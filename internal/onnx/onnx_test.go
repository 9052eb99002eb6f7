package onnx

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func bits(f float32) uint32 { return math.Float32bits(f) }

// open finds the library, or skips; with PRESSWERK_ALL=1 a missing library is a failure.
func open(t testing.TB) *Runtime {
	t.Helper()
	root := os.Getenv("PRESSWERK_LIB")
	if root == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		root = filepath.Join(cache, "presswerk", "native")
	}
	dir := filepath.Join(root, "onnxruntime")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("PRESSWERK_ALL") == "1" {
			t.Fatalf("ONNX Runtime is missing: %v; run make setup", err)
		}
		t.Skipf("ONNX Runtime is missing: %v; run make setup", err)
	}
	rt, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	})
	return rt
}

func load(t testing.TB, rt *Runtime, path string, o Options) *Session {
	t.Helper()
	s, err := rt.Load(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestRunConvertsToWhatTheGraphWants(t *testing.T) {
	rt := open(t)
	if !strings.HasPrefix(rt.Version(), "1.") {
		t.Errorf("version %q", rt.Version())
	}
	for name, kind := range map[string]ElementType{
		"float32": TypeFloat32, "float64": TypeFloat64, "float16": TypeFloat16, "int64": TypeInt64, "int32": TypeInt32,
	} {
		t.Run(name, func(t *testing.T) {
			s := load(t, rt, doubler(t, kind), Options{IntraOpThreads: 1, Config: map[string]string{"session.disable_quant_qdq": "1"}})
			for _, in := range []Tensor{Float32([]float32{1, -2, 3, 4}, 2, 2), Int64([]int64{1, -2, 3, 4}, 2, 2)} {
				out, err := s.Run(context.Background(), map[string]Tensor{"x": in})
				if err != nil {
					t.Fatal(err)
				}
				if got := out["y"].floats(); !slices.Equal(got, []float32{2, -4, 6, 8}) || !slices.Equal(out["y"].Shape, []int64{2, 2}) {
					t.Errorf("got %v of shape %v", got, out["y"].Shape)
				}
			}
		})
	}
}

func TestRunWithBooleansAndScalars(t *testing.T) {
	rt := open(t)
	not := model(t, [][]byte{node("Not", []string{"x"}, []string{"y"})}, nil,
		[][]byte{value("x", TypeBool, 3)}, [][]byte{value("y", TypeBool, 3)})
	out, err := load(t, rt, not, Options{}).Run(context.Background(), map[string]Tensor{"x": Int64([]int64{1, 0, 2}, 3)})
	if err != nil || !slices.Equal(out["y"].I64, []int64{0, 1, 0}) {
		t.Errorf("got %v, %v", out, err)
	}
	add := model(t, [][]byte{node("Add", []string{"x", "s"}, []string{"y"})}, nil,
		[][]byte{value("x", TypeFloat32, 2), value("s", TypeFloat32)}, [][]byte{value("y", TypeFloat32, 2)})
	out, err = load(t, rt, add, Options{}).Run(context.Background(), map[string]Tensor{"x": Float32([]float32{1, 2}, 2), "s": Float32([]float32{10})})
	if err != nil || !slices.Equal(out["y"].F32, []float32{11, 12}) {
		t.Errorf("got %v, %v", out, err)
	}
}

// TestHalfOutputShapes: float16 outputs get their shape from the inputs, also through what exporters write.
func TestHalfOutputShapes(t *testing.T) {
	rt := open(t)
	double := func(side string) string {
		return model(t, [][]byte{node("Concat", []string{"x", "x"}, []string{"y"}, intAttr("axis", 0))}, nil,
			[][]byte{value("x", TypeFloat16, "n")}, [][]byte{value("y", TypeFloat16, side)})
	}
	in := map[string]Tensor{"x": Float32([]float32{0.5, 65504, -1.0 / 1024}, 3)}
	out, err := load(t, rt, double("n * 2"), Options{}).Run(context.Background(), in)
	if want := []float32{0.5, 65504, -1.0 / 1024, 0.5, 65504, -1.0 / 1024}; err != nil || !slices.Equal(out["y"].F32, want) {
		t.Errorf("got %v, %v", out, err)
	}
	_, err = load(t, rt, double("m"), Options{}).Run(context.Background(), in)
	if !errors.Is(err, ErrModel) || !strings.Contains(err.Error(), `"y"`) {
		t.Errorf("an unknown side gives %v", err)
	}
	info := Info{Dims: []int64{-1, 3, -1, -1}, Symbols: []string{"b", "", "h / 8", "w * 2"}}
	shape, err := info.resolve(map[string]int64{"b": 2, "h": 64, "w": 5})
	if err != nil || !slices.Equal(shape, []int64{2, 3, 8, 10}) {
		t.Errorf("resolved %v, %v", shape, err)
	}
}

func TestOutputsAreChosen(t *testing.T) {
	rt := open(t)
	path := model(t, [][]byte{node("Neg", []string{"x"}, []string{"a"}), node("Abs", []string{"x"}, []string{"b"})}, nil,
		[][]byte{value("x", TypeFloat32, 1)}, [][]byte{value("a", TypeFloat32, 1), value("b", TypeFloat32, 1)})
	s := load(t, rt, path, Options{Outputs: []string{"b"}})
	out, err := s.Run(context.Background(), map[string]Tensor{"x": Float32([]float32{-3}, 1)})
	if err != nil || len(out) != 1 || out["b"].F32[0] != 3 {
		t.Errorf("got %v, %v", out, err)
	}
	if _, err := rt.Load(path, Options{Outputs: []string{"c"}}); !errors.Is(err, ErrModel) || !strings.Contains(err.Error(), `"c"`) {
		t.Errorf("unknown output gives %v", err)
	}
}

func TestMisfitsNameTheInput(t *testing.T) {
	s := load(t, open(t), doubler(t, TypeInt64), Options{})
	for name, test := range map[string]struct {
		inputs map[string]Tensor
		says   string
	}{
		"missing":        {nil, `"x" is missing`},
		"unknown":        {map[string]Tensor{"z": Float32([]float32{1}, 1)}, `"z"`},
		"rank":           {map[string]Tensor{"x": Int64([]int64{1, 2}, 2)}, "2 dimensions"},
		"side":           {map[string]Tensor{"x": Int64([]int64{1, 2, 3}, 1, 3)}, "wants 2 at position 1"},
		"length":         {map[string]Tensor{"x": Int64([]int64{1, 2, 3}, 2, 2)}, "asks for 4"},
		"negative":       {map[string]Tensor{"x": Int64([]int64{1}, -1, 2)}, "absurd"},
		"empty":          {map[string]Tensor{"x": Int64(nil, 0, 2)}, "no element"},
		"neither":        {map[string]Tensor{"x": {Shape: []int64{1, 2}}}, "exactly one"},
		"not whole":      {map[string]Tensor{"x": Float32([]float32{1, 2.5}, 1, 2)}, "whole numbers"},
		"beyond integer": {map[string]Tensor{"x": Float32([]float32{1, float32(math.NaN())}, 1, 2)}, "whole numbers"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Run(context.Background(), test.inputs)
			if !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error is %v, want ErrInput with %q", err, test.says)
			}
		})
	}
}

// slow multiplies a matrix with itself often enough to take seconds.
func slow(t testing.TB) string {
	var nodes [][]byte
	last := "x"
	for i := range 60 {
		next := "m" + string(rune('A'+i))
		nodes = append(nodes, node("MatMul", []string{last, "x"}, []string{next}))
		last = next
	}
	return model(t, nodes, nil, [][]byte{value("x", TypeFloat32, "n", "n")}, [][]byte{value(last, TypeFloat32, "n", "n")})
}

func TestContextStopsARun(t *testing.T) {
	s := load(t, open(t), slow(t), Options{IntraOpThreads: 1})
	const n = 1200
	in := map[string]Tensor{"x": Float32(make([]float32, n*n), n, n)}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := s.Run(ctx, in); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error is %v after %v", err, time.Since(start))
	}
	stopped := time.Since(start)
	if _, err := s.Run(ctx, in); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an ended context gives %v", err)
	}
	start = time.Now()
	if _, err := s.Run(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	if whole := time.Since(start); stopped > whole/2 {
		t.Errorf("stopped after %v, a whole run takes %v", stopped, whole)
	}
}

func TestConcurrentRuns(t *testing.T) {
	s := load(t, open(t), doubler(t, TypeFloat32), Options{})
	var all sync.WaitGroup
	for k := range 16 {
		all.Go(func() {
			for range 50 {
				out, err := s.Run(context.Background(), map[string]Tensor{"x": Float32([]float32{float32(k), 1}, 1, 2)})
				if err != nil || out["y"].F32[0] != float32(2*k) {
					t.Errorf("got %v, %v", out, err)
				}
			}
		})
	}
	all.Wait()
}

func TestLoadRefuses(t *testing.T) {
	rt := open(t)
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.onnx")
	whole, err := os.ReadFile(doubler(t, TypeFloat32))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, whole[:len(whole)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	strange := model(t, [][]byte{node("NoSuchOperator", []string{"x"}, []string{"y"})}, nil,
		[][]byte{value("x", TypeFloat32, 1)}, [][]byte{value("y", TypeFloat32, 1)})
	for name, test := range map[string]struct {
		path string
		o    Options
		want error
	}{
		"missing file":     {filepath.Join(dir, "no.onnx"), Options{}, fs.ErrNotExist},
		"folder":           {dir, Options{}, ErrModel},
		"truncated":        {broken, Options{}, ErrModel},
		"unknown operator": {strange, Options{}, ErrModel},
		"unknown provider": {doubler(t, TypeFloat32), Options{Providers: []string{"abacus"}}, ErrProvider},
		"cuda":             {doubler(t, TypeFloat32), Options{Providers: []string{"cuda"}}, ErrProvider},
		"tensorrt":         {doubler(t, TypeFloat32), Options{Providers: []string{"tensorrt"}}, ErrProvider},
		"coreml":           {doubler(t, TypeFloat32), Options{Providers: []string{"coreml"}}, ErrProvider},
		"directml":         {doubler(t, TypeFloat32), Options{Providers: []string{"directml"}}, ErrProvider},
		"openvino":         {doubler(t, TypeFloat32), Options{Providers: []string{"openvino"}}, ErrProvider},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := rt.Load(test.path, test.o)
			if err == nil && errors.Is(test.want, ErrProvider) && test.path != broken {
				t.Skipf("this library has the provider: %v", s.Close())
			}
			if !errors.Is(err, test.want) {
				t.Errorf("error is %v, want %v", err, test.want)
			}
		})
	}
	load(t, rt, doubler(t, TypeFloat32), Options{Providers: []string{"cpu"}})
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "libonnxruntime.so")
	if err := os.WriteFile(text, []byte("not a library"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "no"), t.TempDir(), text, dir} {
		_, err := Open(path)
		if !errors.Is(err, ErrLibrary) || !strings.Contains(err.Error(), "make setup") {
			t.Errorf("%s: error is %v", path, err)
		}
	}
}

func TestClosed(t *testing.T) {
	rt := open(t)
	path := doubler(t, TypeFloat32)
	s, err := rt.Load(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(context.Background(), map[string]Tensor{"x": Float32([]float32{1, 2}, 1, 2)}); !errors.Is(err, ErrClosed) {
		t.Errorf("running a closed session gives %v", err)
	}
	second := open(t)
	if err := errors.Join(second.Close(), second.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Load(path, Options{}); !errors.Is(err, ErrClosed) {
		t.Errorf("loading with a closed runtime gives %v", err)
	}
}

// TestAnInputWithADefaultCanBeGiven in a whole network and in one that was cut in two.
func TestAnInputWithADefaultCanBeGiven(t *testing.T) {
	rt := open(t)
	t.Cleanup(func() { _ = rt.Close() })
	path := model(t, [][]byte{node("Mul", []string{"x", "w"}, []string{"y"}), node("Neg", []string{"e"}, []string{"f"}), node("Add", []string{"y", "f"}, []string{"z"})},
		[][]byte{floats("w", 1, 2)}, [][]byte{value("x", TypeFloat32, "batch", 2), value("e", TypeFloat32, "batch", 2), value("w", TypeFloat32, 2)},
		[][]byte{value("z", TypeFloat32, "batch", 2)})
	wanted := func(name string) bool { return name == "w" }
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	parts, ok, err := SplitInputs(data, []string{"e"}, wanted)
	if err != nil || !ok {
		t.Fatalf("cut: %t, %v", ok, err)
	}
	x, e := Float32([]float32{3, 4}, 1, 2), Float32([]float32{1, 1}, 1, 2)
	check := func(s *Session, err error, inputs map[string]Tensor, want ...float32) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		out, err := s.Run(t.Context(), inputs)
		if err != nil || !slices.Equal(out["z"].F32, want) {
			t.Errorf("gives %v, %v, not %v", out["z"].F32, err, want)
		}
	}
	plain, err := rt.Load(path, Options{})
	check(plain, err, map[string]Tensor{"x": x, "e": e}, 2, 7)
	given, err := rt.Load(path, Options{Defaults: wanted})
	check(given, err, map[string]Tensor{"x": x, "e": e, "w": Float32([]float32{10, 20}, 2)}, 29, 79)
	rest, err := rt.LoadBytes("rest", parts.Rest, Options{})
	check(rest, err, map[string]Tensor{"x": x, parts.Cut[0]: Float32([]float32{-1, -1}, 1, 2), "w": Float32([]float32{10, 20}, 2)}, 29, 79)
}

func TestHeader(t *testing.T) {
	path := model(t, [][]byte{node("Mul", []string{"x", "w"}, []string{"y"})}, [][]byte{floats("w", 1, 2)},
		[][]byte{value("x", TypeFloat32, "batch", 2), value("w", TypeFloat32, 2), value("s", TypeInt64)},
		[][]byte{value("y", TypeFloat32, "batch", 2)})
	h, err := headerOf(path)
	if err != nil {
		t.Fatal(err)
	}
	want := header{
		inputs: []Info{
			{Name: "x", Type: TypeFloat32, Dims: []int64{-1, 2}, Symbols: []string{"batch", ""}},
			{Name: "s", Type: TypeInt64},
		},
		outputs:  []Info{{Name: "y", Type: TypeFloat32, Dims: []int64{-1, 2}, Symbols: []string{"batch", ""}}},
		defaults: []Info{{Name: "w", Type: TypeFloat32, Dims: []int64{2}, Symbols: []string{""}}},
	}
	if diff := cmp.Diff(want, h, cmp.AllowUnexported(header{})); diff != "" {
		t.Error(diff)
	}
}

// TestHalf: every half-precision number survives the way to float32 and back, and rounding goes to the nearest.
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		f := fromHalf(uint16(h))
		if f != f {
			if back := fromHalf(toHalf(f)); back == back {
				t.Fatalf("NaN %#x becomes %v", h, back)
			}
			continue
		}
		if back := toHalf(f); back != uint16(h) {
			t.Fatalf("%#x is %v, which becomes %#x", h, f, back)
		}
	}
	for _, test := range []struct {
		in   float32
		want uint16
	}{
		{65519, 0x7bff},
		{65520, 0x7c00},
		{-70000, 0xfc00},
		{1e-8, 0},
		{2.9802322e-8, 0},
		{2.9802326e-8, 1},
		{-1e-8, 0x8000},
		{1.00048828125, 0x3c00},
		{1.0004885, 0x3c01},
		{1.00146484375, 0x3c02},
		{0.99999, 0x3c00},
		{6.1035156e-5, 0x0400},
		{6.1e-5, 0x03ff},
	} {
		if got := toHalf(test.in); got != test.want {
			t.Errorf("%v becomes %#x, want %#x", test.in, got, test.want)
		}
	}
}

// FuzzHeader: no bytes make the reader panic, hang or take memory beyond the input's size.
func FuzzHeader(f *testing.F) {
	data, err := os.ReadFile(doubler(f, TypeFloat32))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:20])
	f.Add([]byte{0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := readHeader(bytes.NewReader(data), int64(len(data)))
		if err != nil && !errors.Is(err, ErrModel) {
			t.Fatalf("error without ErrModel: %v", err)
		}
		for _, info := range append(h.inputs, h.outputs...) {
			if len(info.Dims) != len(info.Symbols) || len(info.Dims) > maxRank {
				t.Fatalf("%+v", info)
			}
		}
	})
}

// TestWith: a view gives the inputs that it was made with, asks for the others only, and leaves the session as it is.
func TestWith(t *testing.T) {
	rt := open(t)
	path := model(t, [][]byte{node("Sub", []string{"x", "y"}, []string{"z"})}, nil,
		[][]byte{value("x", TypeFloat32, "n"), value("y", TypeFloat32, "n")}, [][]byte{value("z", TypeFloat32, "n")})
	s, err := rt.Load(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	x, y := Float32([]float32{5, 7}, 2), Float32([]float32{1, 2}, 2)
	v, err := s.With(map[string]Tensor{"x": x})
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Inputs()) != 1 || v.Inputs()[0].Name != "y" || len(s.Inputs()) != 2 {
		t.Errorf("the view asks for %v, the session for %v", v.Inputs(), s.Inputs())
	}
	whole, err := v.With(map[string]Tensor{"y": y})
	if err != nil {
		t.Fatal(err)
	}
	for name, run := range map[string]func() (map[string]Tensor, error){
		"session": func() (map[string]Tensor, error) {
			return s.Run(context.Background(), map[string]Tensor{"x": x, "y": y})
		},
		"view":  func() (map[string]Tensor, error) { return v.Run(context.Background(), map[string]Tensor{"y": y}) },
		"whole": func() (map[string]Tensor, error) { return whole.Run(context.Background(), nil) },
	} {
		out, err := run()
		if err != nil || !slices.Equal(out["z"].F32, []float32{4, 5}) {
			t.Errorf("%s: %v, %v", name, out, err)
		}
	}
	for name, inputs := range map[string]map[string]Tensor{"unknown": {"a": x}, "given already": {"x": x}, "shape": {"y": Float32([]float32{1}, 1, 1)}} {
		if _, err := v.With(inputs); !errors.Is(err, ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := v.Run(context.Background(), map[string]Tensor{"x": x, "y": y}); !errors.Is(err, ErrInput) {
		t.Errorf("an input that the view gives itself: %v", err)
	}
	if infos, err := ReadInputs(path); err != nil || len(infos) != 2 {
		t.Errorf("ReadInputs gives %v, %v", infos, err)
	}
}

// TestLargeWeightsStayInTheirFile: weights beside a network are mapped by the library, not read, and never by Go.
func TestLargeWeightsStayInTheirFile(t *testing.T) {
	const count = 16 << 20
	rt := open(t)
	path := model(t, [][]byte{node("Add", []string{"x", "w"}, []string{"y"})}, [][]byte{external("w", "w.bin", count, "offset", "0", "length", strconv.Itoa(4*count))},
		[][]byte{value("x", TypeFloat32, 1)}, [][]byte{value("y", TypeFloat32, count)})
	data := filepath.Join(filepath.Dir(path), "w.bin")
	if err := errors.Join(os.WriteFile(data, nil, 0o644), os.Truncate(data, 4*count)); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s, err := rt.Load(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	runtime.ReadMemStats(&after)
	if read := after.TotalAlloc - before.TotalAlloc; read > 1<<20 {
		t.Errorf("loading took %d bytes of Go's memory", read)
	}
	if maps, err := os.ReadFile("/proc/self/maps"); err == nil && !bytes.Contains(maps, []byte(data)) {
		t.Errorf("%s is not mapped", data)
	}
}
