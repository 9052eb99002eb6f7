package model_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/model"
	"presswerk/internal/onnx"
	"presswerk/internal/testkit"
)

// calculated is what TensorFlow Lite's interpreter made; trainer/reference/make_tflite.py wrote it.
type calculated struct {
	Cases, Shipped []struct {
		File    string
		Outputs []struct {
			Name   string
			Shape  []int64
			Step   int
			Values []float32
		}
	}
}

func readCalculated(t testing.TB) (c calculated) {
	t.Helper()
	data, err := os.ReadFile("testdata/tflite/cases.json")
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ramp gives n numbers of 0..1 in a fixed disorder, less something.
func ramp(n int64, less float32) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(uint32(i)*2654435761>>8)/(1<<24) - less
	}
	return x
}

// Every operator, and the networks that make tools brings, calculate what TensorFlow Lite does.
func TestTFLiteCalculatesAsItsInterpreter(t *testing.T) {
	runtime, err := onnx.Open(testkit.Native(t, "onnxruntime/libonnxruntime.so.1.32.0"))
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.Close()
	all := readCalculated(t)
	check := func(path string, i int, list string) {
		want := all.Cases
		if list == "shipped" {
			want = all.Shipped
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		converted, err := model.ConvertTFLite(data)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		session, err := runtime.LoadBytes(path, converted, onnx.Options{IntraOpThreads: 1})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		defer session.Close()
		in := map[string]onnx.Tensor{}
		for k, info := range session.Inputs() {
			n := int64(1)
			for _, d := range info.Dims {
				n *= d
			}
			in[info.Name] = onnx.Float32(ramp(n, 0.25*float32(k)), info.Dims...)
		}
		out, err := session.Run(context.Background(), in)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		for _, w := range want[i].Outputs {
			got := out[w.Name]
			if !slices.Equal(got.Shape, w.Shape) {
				t.Errorf("%s: %s has shape %v instead of %v", path, w.Name, got.Shape, w.Shape)
				continue
			}
			worst, most := 0.0, 0.0
			for k, v := range w.Values {
				worst = max(worst, math.Abs(float64(v-got.F32[k*w.Step])))
				most = max(most, math.Abs(float64(v)))
			}
			t.Logf("%s %s: off by %.2g at most, of %.3g", filepath.Base(path), w.Name, worst, most)
			if limit := 2e-5 * max(1, most); list == "cases" && worst > limit || worst > 10*limit {
				t.Errorf("%s: %s is off by %g", path, w.Name, worst)
			}
		}
	}
	for i, c := range all.Cases {
		check(filepath.Join("testdata/tflite", c.File), i, "cases")
	}
	for i, c := range all.Shipped {
		check(testkit.Native(t, "models/control/"+c.File), i, "shipped")
	}
}

func TestBadTFLiteIsRefused(t *testing.T) {
	conv, err := os.ReadFile("testdata/tflite/conv-same.tflite")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want error
		says string
	}{
		"nothing":      {nil, art.ErrInvalid, "no TensorFlow Lite"},
		"another file": {[]byte("<html></html>"), art.ErrInvalid, "no TensorFlow Lite"},
		"only a head":  {[]byte("\xff\xff\x00\x00TFL3"), art.ErrInvalid, "outside"},
		"half a file":  {conv[:len(conv)/2], art.ErrInvalid, ""},
	} {
		if _, err := model.ConvertTFLite(c.data); !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Strangers' bytes never panic, never cost much more memory than they have bytes, and every no has a kind.
func FuzzConvertTFLite(f *testing.F) {
	files, err := filepath.Glob("testdata/tflite/*.tflite")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		made, err := model.ConvertTFLite(data)
		if !bytes.Equal(before, data) {
			t.Error("the file was changed")
		}
		if err != nil {
			if !errors.Is(err, art.ErrInvalid) && !errors.Is(err, art.ErrUnsupported) {
				t.Errorf("%v is neither invalid nor unsupported", err)
			}
			return
		}
		if limit := 4096 + 256*len(data); len(made) > limit {
			t.Errorf("%d bytes became %d", len(data), len(made))
		}
		if !wellFormed(made) {
			t.Error("what was written cannot be read")
		}
	})
}
