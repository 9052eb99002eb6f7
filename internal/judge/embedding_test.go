package judge_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/diffusion/tokenize"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
	"presswerk/internal/model"
	"presswerk/internal/onnx"
	"presswerk/internal/testkit"
	"presswerk/internal/vision"
)

// blind has no network that embeds.
type blind struct{}

func (blind) Embedder() judge.EmbedderName { return judge.EmbedderName{} }
func (blind) TasteSHA256() string          { return "" }
func (blind) Open() (judge.Embedding, error) {
	return judge.Embedding{}, fmt.Errorf("run presswerk models pull openclip-vit-b-32: %w", art.ErrUnavailable)
}

func (blind) Taste() (judge.Taste, error) {
	return judge.Taste{}, fmt.Errorf("run presswerk models pull aesthetic-v2: %w", art.ErrUnavailable)
}

// tiny is the CLIP of random weights that trainer/reference/make_clip.py made.
type tiny struct {
	judge.Embedding
	head model.Linear
}

func (tiny) Embedder() judge.EmbedderName {
	return judge.EmbedderName{Name: "tiny-clip", SHA256: "of the eye", Words: "of the words"}
}
func (tiny) TasteSHA256() string              { return "of the head" }
func (e tiny) Open() (judge.Embedding, error) { return e.Embedding, nil }
func (e tiny) Taste() (judge.Taste, error) {
	return judge.Taste{Pictures: e.Pictures, Head: e.head}, nil
}

const tinyCLIP = "../vision/testdata/clip/"

func openTiny(t testing.TB) (e tiny) {
	t.Helper()
	rt, err := onnx.Open(testkit.Native(t, "onnxruntime/libonnxruntime.so.1.32.0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Close() })
	open := func(name string) *onnx.Session {
		s, err := rt.Load(tinyCLIP+name+"/model.onnx", onnx.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	tokens, err := tokenize.Open(os.DirFS(tinyCLIP + "textual"))
	if err != nil {
		t.Fatal(err)
	}
	if e.Pictures, err = vision.NewEmbedder(open("visual"), vision.CLIPOptions(0)); err != nil {
		t.Fatal(err)
	}
	if e.Words, err = vision.NewTextEmbedder(open("textual"), tokens); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(tinyCLIP + "head.pth")
	if err != nil {
		t.Fatal(err)
	}
	if e.head, err = model.OpenLinear(bytes.NewReader(data), int64(len(data))); err != nil {
		t.Fatal(err)
	}
	return e
}

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

func byEmbedder(t testing.TB, e judge.Embedders, name string, s judge.Subject) art.Score {
	t.Helper()
	for _, one := range judge.PanelWith(absent{}, e) {
		if one.Name() == name {
			return judge.Panel{one}.Score(t.Context(), s)[0]
		}
	}
	t.Fatalf("there is no scorer %s", name)
	return art.Score{}
}

// Numbers are those of transformers and torch; see trainer/reference/make_clip.py.
func TestPromptFitAndAestheticsAreTheReferences(t *testing.T) {
	data, err := os.ReadFile(tinyCLIP + "golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Sizes     [][2]int
		Sentences []string
		Scores    [][]float64
		Points    []float64
	}
	if err := json.Unmarshal(data, &golden); err != nil || len(golden.Sizes) == 0 {
		t.Fatalf("%d pictures, %v", len(golden.Sizes), err)
	}
	e := openTiny(t)
	for i, size := range golden.Sizes {
		p := striped(t, size[0], size[1])
		got := byEmbedder(t, e, "aesthetic", judge.Subject{Picture: p})
		if !got.Available || math.Abs(got.Value-golden.Points[i]) > 1e-3 || got.ModelSHA256 != "of the head" {
			t.Errorf("%v has %v points (%s), torch says %v", size, got.Value, got.Reason, golden.Points[i])
		}
		for j, sentence := range golden.Sentences {
			if sentence == "" {
				continue
			}
			got := byEmbedder(t, e, "clip", judge.Subject{Picture: p, Prompt: sentence})
			if !got.Available || math.Abs(got.Value-golden.Scores[i][j]) > 0.05 {
				t.Errorf("%v and %.20q: %v (%s), transformers says %v", size, sentence, got.Value, got.Reason, golden.Scores[i][j])
			}
			if d := got.Evidence.Details; d["embedder"] != "tiny-clip" || d["embedder_sha256"] != "of the eye" || got.ModelSHA256 != "of the eye" {
				t.Errorf("the network isn't named: %v", d)
			}
			if _, cut := got.Evidence.Details["words_that_did_not_fit"]; cut != (len(sentence) > 300) {
				t.Errorf("%.20q: words were left out: %v", sentence, cut)
			}
		}
	}
}

func TestWithoutANetworkNothingIsSaidOfFitAndTaste(t *testing.T) {
	s := judge.Subject{Picture: striped(t, 40, 40), Prompt: "a red apple"}
	for _, name := range []string{"clip", "aesthetic"} {
		got := byEmbedder(t, blind{}, name, s)
		if got.Available || !strings.Contains(got.Reason, "presswerk models pull") {
			t.Errorf("%s: %+v", name, got)
		}
		least := 1.0
		if v := judge.Decide([]art.Score{got}, []art.Gate{{Scorer: name, Min: &least}}); v.Pass {
			t.Errorf("the gate on %s is open without a number", name)
		}
	}
	if got := byEmbedder(t, openTiny(t), "clip", judge.Subject{Picture: s.Picture}); got.Available || !strings.Contains(got.Reason, "asked for") {
		t.Errorf("a picture that nobody asked for: %+v", got)
	}
}
