package model_test

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/model"
)

// head is the one that trainer/reference/make_clip.py saves; the judge's test compares its points with torch's.
const head = "../vision/testdata/clip/head.pth"

func TestLinearLayersAreOneFunction(t *testing.T) {
	data, err := os.ReadFile(head)
	if err != nil {
		t.Fatal(err)
	}
	l, err := model.OpenLinear(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(l.Weights) != 8 {
		t.Fatalf("%d weights, %v", len(l.Weights), err)
	}
	zero, _ := l.Of(make([]float32, 8))
	one, _ := l.Of([]float32{1, 0, 0, 0, 0, 0, 0, 0})
	if zero != l.Bias || one != l.Bias+l.Weights[0] {
		t.Errorf("%v and %v of %+v", zero, one, l)
	}
	if _, err := l.Of(make([]float32, 7)); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("a vector of another length: %v", err)
	}
}

func FuzzOpenLinear(f *testing.F) {
	data, err := os.ReadFile(head)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("PK"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := model.OpenLinear(bytes.NewReader(data), int64(len(data)))
		if err == nil && len(l.Weights) == 0 {
			t.Error("a function of nothing was read")
		}
	})
}
