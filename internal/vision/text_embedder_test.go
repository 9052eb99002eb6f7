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
	"presswerk/internal/diffusion/tokenize"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
	"presswerk/internal/testkit"
	"presswerk/internal/vision"
)

// striped is the picture that trainer/reference draws as well.
func striped(t testing.TB, width, height int) *imaging.RGB {
	t.Helper()
	p, err := imaging.NewRGB(width, height)
	if err != nil {
		t.Fatal(err)
	}
	for y := range height {
		for x := range width {
			p.Set(x, y, uint8(x*5), uint8(y*3+x), uint8(x*y))
		}
	}
	return p
}

func length(v []float32) float64 {
	sum := 0.0
	for _, f := range v {
		sum += float64(f) * float64(f)
	}
	return math.Sqrt(sum)
}

// TestWordsAndPicturesMeetAsInTransformers: networks and numbers are those of trainer/reference/make_clip.py.
func TestWordsAndPicturesMeetAsInTransformers(t *testing.T) {
	data, err := os.ReadFile("testdata/clip/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Sizes     [][2]int
		Sentences []string
		Scores    [][]float64
	}
	if err := json.Unmarshal(data, &golden); err != nil || len(golden.Sizes) == 0 {
		t.Fatalf("%d pictures, %v", len(golden.Sizes), err)
	}
	rt, err := onnx.Open(testkit.Native(t, "onnxruntime/libonnxruntime.so.1.32.0"))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	open := func(name string) *onnx.Session {
		s, err := rt.Load("testdata/clip/"+name+"/model.onnx", onnx.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	pictures, err := vision.NewEmbedder(open("visual"), vision.CLIPOptions(0))
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := tokenize.Open(os.DirFS("testdata/clip/textual"))
	if err != nil {
		t.Fatal(err)
	}
	words, err := vision.NewTextEmbedder(open("textual"), tokens)
	if err != nil {
		t.Fatal(err)
	}
	for i, size := range golden.Sizes {
		seen, err := pictures.Embed(t.Context(), striped(t, size[0], size[1]))
		if err != nil {
			t.Fatal(err)
		}
		for j, sentence := range golden.Sentences {
			said, dropped, err := words.Embed(t.Context(), sentence)
			if err != nil {
				t.Fatal(err)
			}
			if long := len(strings.Fields(sentence)) > 75; long != (dropped != "") {
				t.Errorf("%.20q lost %.40q", sentence, dropped)
			}
			dot := 0.0
			for k, f := range seen {
				dot += float64(f) * float64(said[k])
			}
			if got := max(0, 100*dot/length(seen)/length(said)); math.Abs(got-golden.Scores[i][j]) > 0.05 {
				t.Errorf("%v and %.20q: %.4f, transformers has %.4f", size, sentence, got, golden.Scores[i][j])
			}
		}
	}
}

// states is a network that gives each token its own number, and its place.
type states struct{ in, out int }

func (s states) Inputs() []onnx.Info { return []onnx.Info{{Name: "ids", Dims: make([]int64, s.in)}} }

func (s states) Outputs() []onnx.Info { return []onnx.Info{{Name: "y", Dims: make([]int64, s.out)}} }

func (states) Run(_ context.Context, in map[string]onnx.Tensor) (map[string]onnx.Tensor, error) {
	ids := in["ids"].I64
	out := make([]float32, 0, 2*len(ids))
	for i, id := range ids {
		out = append(out, float32(id), float32(i))
	}
	return map[string]onnx.Tensor{"y": onnx.Float32(out, 1, int64(len(ids)), 2)}, nil
}

// A network that gives a state for each token is read by their mean, without the padding.
func TestStatesOfTokensAreReadByTheirMean(t *testing.T) {
	tokens, err := tokenize.Open(os.DirFS("testdata/clip/textual"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := vision.NewTextEmbedder(states{2, 3}, tokens)
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := e.Embed(t.Context(), "red apple")
	enc := tokenize.Encode(tokens, "red apple", 77)
	want := 0.0
	for _, id := range enc.IDs[:enc.Used] {
		want += float64(id) / float64(enc.Used)
	}
	if err != nil || enc.Used != 4 || math.Abs(float64(v[0])-want) > 1e-3 || v[1] != 1.5 {
		t.Errorf("%v, %v; want %v and 1.5 of %d", v, err, want, enc.Used)
	}
	for _, bad := range []states{{1, 2}, {2, 1}, {4, 3}} {
		if _, err := vision.NewTextEmbedder(bad, tokens); !errors.Is(err, art.ErrUnsupported) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
