package vision

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	_ "image/png"
	"math"
	"os"
	"testing"

	"presswerk/internal/imaging"
	"presswerk/internal/model"
	"presswerk/internal/onnx"
	"presswerk/internal/testkit"
)

// The joints of a hand lie where MediaPipe finds them, in the first look and in the closer one that follows from it.
func TestHandsAreThoseOfMediaPipe(t *testing.T) {
	var want struct {
		Hand struct{ First, Second [][2]float64 }
	}
	if err := json.Unmarshal(read(t, "testdata/poses/cases.json"), &want); err != nil {
		t.Fatal(err)
	}
	rt, err := onnx.Open(testkit.Native(t, "onnxruntime/libonnxruntime.so.1.32.0"))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	graph, err := model.ConvertTFLite(read(t, testkit.Native(t, "models/control/hand_landmark_full.tflite")))
	if err != nil {
		t.Fatal(err)
	}
	network, err := rt.LoadBytes("hand_landmark_full", graph, onnx.Options{IntraOpThreads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer network.Close()

	p := picture(t, "testdata/poses/hand.png")
	r := whole(p)
	for _, look := range [][][2]float64{want.Hand.First, want.Hand.Second} {
		got, err := hand(context.Background(), p, r, network)
		if err != nil || len(got) != len(look) || len(got) != 21 {
			t.Fatalf("%d joints, want %d, %v", len(got), len(look), err)
		}
		worst := 0.0
		for i, at := range look {
			worst = max(worst, math.Hypot(got[i].X-at[0], got[i].Y-at[1]))
		}
		t.Logf("joints are off by %.3f pixels at most", worst)
		if worst > 0.1 {
			t.Errorf("joints are off by %.2f pixels", worst)
		}
		r = around(got)
	}
	if got, err := hand(context.Background(), &imaging.RGB{Width: 64, Height: 64, Pix: make([]byte, 3*64*64)}, region{32, 32, 64, 0}, network); got != nil || err != nil {
		t.Errorf("a hand was found in the dark, or %v", err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func picture(t *testing.T, path string) *imaging.RGB {
	t.Helper()
	m, _, err := image.Decode(bytes.NewReader(read(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	p := &imaging.RGB{Width: m.Bounds().Dx(), Height: m.Bounds().Dy()}
	for y := range p.Height {
		for x := range p.Width {
			r, g, b, _ := m.At(x, y).RGBA()
			p.Pix = append(p.Pix, byte(r>>8), byte(g>>8), byte(b>>8))
		}
	}
	return p
}
