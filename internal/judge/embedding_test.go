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

// shade is a picture of about one colour, whose vector moves with it.
func shade(t testing.TB, r, g, b uint8) *imaging.RGB {
	t.Helper()
	p := striped(t, 48, 48)
	for i := 0; i < len(p.Pix); i += 3 {
		p.Pix[i], p.Pix[i+1], p.Pix[i+2] = p.Pix[i]/8+r, p.Pix[i+1]/8+g, p.Pix[i+2]/8+b
	}
	return p
}

func TestIdentityIsTheCosineToTheReference(t *testing.T) {
	e := openTiny(t)
	reference := &judge.Reference{SHA256: "ab", Picture: shade(t, 200, 20, 20)}
	same := byEmbedder(t, e, "series_identity", judge.Subject{Picture: shade(t, 200, 20, 20), Identity: reference})
	near := byEmbedder(t, e, "series_identity", judge.Subject{Picture: shade(t, 190, 30, 25), Identity: reference})
	far := byEmbedder(t, e, "series_identity", judge.Subject{Picture: shade(t, 10, 60, 220), Identity: reference})
	if math.Abs(same.Value-1) > 1e-5 || near.Value >= same.Value || far.Value >= near.Value || same.Evidence.Match != "sha256:ab" {
		t.Errorf("same %v, near %v, far %v", same.Value, near.Value, far.Value)
	}
	for _, s := range []art.Score{
		byEmbedder(t, e, "series_identity", judge.Subject{Picture: reference.Picture}),
		byEmbedder(t, blind{}, "series_identity", judge.Subject{Picture: reference.Picture, Identity: reference}),
	} {
		if s.Available || s.Reason == "" {
			t.Errorf("%+v", s)
		}
	}
}

func TestAnEnginesLookIsToldByItsOwnPictures(t *testing.T) {
	e := openTiny(t)
	look := judge.Look{Name: "shop", Model: "of the eye"}
	for n := range 10 {
		v, err := judge.Vector(t.Context(), shade(t, uint8(180+3*n), 30, uint8(20+2*n)), e)
		if err != nil {
			t.Fatal(err)
		}
		look.Names, look.Vectors = append(look.Names, fmt.Sprint(n)), append(look.Vectors, v)
	}
	inside := byEmbedder(t, e, "house_look", judge.Subject{Picture: shade(t, 194, 30, 30), Looks: []judge.Look{look}})
	outside := byEmbedder(t, e, "house_look", judge.Subject{Picture: shade(t, 10, 60, 220), Looks: []judge.Look{look}})
	if !inside.Available || inside.Value < 0.5 || !strings.HasPrefix(inside.Evidence.Match, "shop/") || !outside.Available || outside.Value != 0 {
		t.Errorf("like them: %v (%s), unlike: %v", inside.Value, inside.Reason, outside.Value)
	}
	few, other := look, look
	few.Vectors, other.Model = few.Vectors[:3], "another network"
	for _, looks := range [][]judge.Look{nil, {few}, {other}} {
		if s := byEmbedder(t, e, "house_look", judge.Subject{Picture: shade(t, 194, 30, 30), Looks: looks}); s.Available {
			t.Errorf("%d looks give %v", len(looks), s.Value)
		}
	}
}

// A picture's vector is told once, whatever number of scorers need it.
func TestTheVectorIsToldOnce(t *testing.T) {
	e, told := openTiny(t), 0
	s := judge.Subject{Picture: shade(t, 9, 9, 9), Prompt: "a red apple", Identity: &judge.Reference{Picture: shade(t, 1, 1, 1)}}
	s.Embedded = func(model string, v []float32) {
		if told++; model != "of the eye" || len(v) != 8 {
			t.Errorf("%d numbers of %s", len(v), model)
		}
	}
	if judge.PanelWith(absent{}, e).Score(t.Context(), s); told != 1 {
		t.Errorf("told %d times", told)
	}
}

// BenchmarkEmbedding looks with a tiny network: what is measured is all but the network.
func BenchmarkEmbedding(b *testing.B) {
	e := openTiny(b)
	s := judge.Subject{Picture: striped(b, 1024, 1024), Prompt: "a red apple", Identity: &judge.Reference{Picture: shade(b, 1, 1, 1)}}
	for _, one := range judge.PanelWith(absent{}, e) {
		switch one.Name() {
		case "clip", "aesthetic", "series_identity":
			b.Run(one.Name(), func(b *testing.B) {
				for b.Loop() {
					judge.Panel{one}.Score(b.Context(), s)
				}
			})
		}
	}
}
