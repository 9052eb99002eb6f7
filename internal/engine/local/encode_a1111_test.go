package local

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/diffusion"
	"presswerk/internal/onnx"
	"presswerk/internal/prompt"
)

// promptCase is one of testdata/prompts.json, which trainer/reference/make_prompts.py made.
type promptCase struct {
	Name           string
	Model          string
	Prompt         string
	NegativePrompt string `json:"negative_prompt"`
	Sampler        string
	Steps          int
	Scale          float64
	Seed           art.Seed
	Interval       [2]float64
	Every          int // one number of so many is kept
	Latents        []float32
	AbsSum         float64 `json:"abs_sum"`
	Embeddings     []string
}

// TestPromptsAreA1111: the latents are those that A1111's rules give over the same networks. They reach 90.
func TestPromptsAreA1111(t *testing.T) {
	data, err := os.ReadFile("testdata/prompts.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []promptCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, Options{Embeddings: []string{"testdata/embeddings"}})
	for _, c := range cases {
		t.Run(c.Model+" "+c.Name, func(t *testing.T) {
			r := tinyRecipe()
			r.Model.Dir, r.Syntax, r.Prompt, r.NegativePrompt = filepath.Join("testdata", "models", c.Model), prompt.A1111, c.Prompt, c.NegativePrompt
			r.Sampler, r.Steps, r.GuidanceScale, r.Seed = c.Sampler, c.Steps, c.Scale, c.Seed
			r.GuidanceStart, r.GuidanceEnd = c.Interval[0], &c.Interval[1]
			for _, name := range c.Embeddings {
				r.Embeddings = append(r.Embeddings, art.ModelRef{Name: name})
			}
			got := latentsOf(t, e, r)
			var most, sum float64
			for i, v := range got.Data {
				if i%c.Every == 0 {
					most = max(most, math.Abs(float64(v-c.Latents[i/c.Every])))
				}
				sum += math.Abs(float64(v))
			}
			t.Logf("off by %.2g, the sum by %.2g", most, sum/c.AbsSum-1)
			if !(most <= 2e-3) || math.Abs(sum/c.AbsSum-1) > 1e-5 {
				t.Errorf("latents are off by %g, their sum is %g, want %g", most, sum, c.AbsSum)
			}
		})
	}
}

func latentsOf(t *testing.T, e *Engine, r art.Recipe) Array {
	t.Helper()
	result, err := e.RenderArrays(context.Background(), r, Inputs{}, nil)
	if err != nil {
		t.Fatalf("%q: %v", r.Prompt, err)
	}
	return result.Latents
}

func TestPlainWordsMeanTheSameInEitherSyntax(t *testing.T) {
	e := newEngine(t, Options{})
	for _, model := range []string{"sd-tiny", "sdxl-base-tiny"} {
		for _, words := range []string{"", "a cat", "a cat, on a mat", strings.Repeat("a ", 75)} {
			r := tinyRecipe()
			r.Model.Dir, r.Prompt = filepath.Join("testdata", "models", model), words
			plain := latentsOf(t, e, r)
			r.Syntax = prompt.A1111
			if d := worst(t, "latents", latentsOf(t, e, r), plain); d > 1e-6 {
				t.Errorf("%s: %q is off by %g", model, words, d)
			}
		}
	}
}

// TestEditsHoldForTheirSteps: before the edit, and where it never comes, the walk is that of the plain prompt.
func TestEditsHoldForTheirSteps(t *testing.T) {
	e := newEngine(t, Options{})
	r := tinyRecipe()
	r.Syntax, r.Steps, r.Prompt = prompt.A1111, 8, "a [cat:dog:0.5]"
	edited, err := e.RenderArrays(context.Background(), r, Inputs{KeepSteps: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Prompt = "a cat"
	cat, err := e.RenderArrays(context.Background(), r, Inputs{KeepSteps: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range cat.Steps {
		same := worst(t, "step", edited.Steps[i], cat.Steps[i]) == 0
		if want := i <= 4; same != want {
			t.Errorf("after step %d the same is %v, want %v", i, same, want)
		}
	}
	r.Prompt = "a [cat:dog:1.0]"
	if d := worst(t, "never", latentsOf(t, e, r), cat.Latents); d != 0 {
		t.Errorf("an edit after the end is off by %g", d)
	}
}

func TestSyntaxMattersWhereItShould(t *testing.T) {
	e := newEngine(t, Options{})
	base := tinyRecipe()
	base.Syntax, base.Prompt = prompt.A1111, "a red cat"
	want := latentsOf(t, e, base)
	for name, change := range map[string]func(*art.Recipe){
		"weight":         func(r *art.Recipe) { r.Prompt = "a (red:1.3) cat" },
		"break":          func(r *art.Recipe) { r.Prompt = "a red BREAK cat" },
		"and":            func(r *art.Recipe) { r.Prompt = "a red cat AND a dog" },
		"weight of all":  func(r *art.Recipe) { r.Prompt = "a red cat:0.7" },
		"editing":        func(r *art.Recipe) { r.Prompt = "a red [cat:dog:0]" },
		"long negative":  func(r *art.Recipe) { r.NegativePrompt = strings.Repeat("grey ", 100) },
		"guidance start": func(r *art.Recipe) { r.GuidanceStart = 0.5 },
		"guidance end":   func(r *art.Recipe) { r.GuidanceEnd = new(0.5) },
	} {
		r := base
		change(&r)
		if worst(t, name, latentsOf(t, e, r), want) == 0 {
			t.Errorf("%s changes nothing", name)
		}
	}
	for name, change := range map[string]func(*art.Recipe){
		"escape":       func(r *art.Recipe) { r.Prompt = `a r\ed cat` },
		"weight one":   func(r *art.Recipe) { r.Prompt = "a (red:1) cat" },
		"guidance all": func(r *art.Recipe) { r.GuidanceEnd = new(1.0) },
	} {
		r := base
		change(&r)
		if d := worst(t, name, latentsOf(t, e, r), want); d > 1e-6 {
			t.Errorf("%s changes the picture by %g", name, d)
		}
	}
	off := base
	off.GuidanceEnd = new(0.0)
	one := base
	one.GuidanceScale = 1
	if d := worst(t, "no guidance", latentsOf(t, e, off), latentsOf(t, e, one)); d != 0 {
		t.Errorf("guidance that ends at 0 differs from none by %g", d)
	}
}

// TestBatchesOfA1111: pictures that are rendered together are the ones that are rendered alone, bit for bit.
func TestBatchesOfA1111(t *testing.T) {
	e := newEngine(t, Options{Together: 4})
	var recipes []art.Recipe
	for _, words := range []string{"a [cat|dog] AND (fog:1.2):0.5", strings.Repeat("a long prompt, ", 20), "a cat"} {
		for seed := range art.Seed(2) {
			r := tinyRecipe()
			r.Syntax, r.Prompt, r.Seed = prompt.A1111, words, seed
			recipes = append(recipes, r)
		}
	}
	together, err := e.RenderBatch(context.Background(), recipes, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range recipes {
		alone, err := e.Render(context.Background(), r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if alone.PixelsSHA256 != together[i].PixelsSHA256 {
			t.Errorf("%q with seed %d is another picture in a batch", r.Prompt, r.Seed)
		}
	}
}

func TestBadA1111Prompts(t *testing.T) {
	e := newEngine(t, Options{})
	for name, test := range map[string]struct {
		change func(*art.Recipe)
		field  string
		want   error
	}{
		"huge weight":    {func(r *art.Recipe) { r.Prompt = "(a:9999999)" }, "prompt", art.ErrInvalid},
		"endless weight": {func(r *art.Recipe) { r.Prompt = strings.Repeat("(", 8000) + "a" }, "prompt", art.ErrInvalid},
		"and beside prompt 2": {func(r *art.Recipe) {
			r.Model.Dir, r.Prompt, r.Prompt2 = "testdata/models/sdxl-base-tiny", "a AND b", "c"
		}, "prompt_2", art.ErrUnsupported},
	} {
		r := tinyRecipe()
		r.Syntax = prompt.A1111
		test.change(&r)
		_, err := e.RenderArrays(context.Background(), r, Inputs{}, nil)
		var field *art.FieldError
		if !errors.Is(err, test.want) || !errors.As(err, &field) || field.Field != test.field {
			t.Errorf("%s gives %v, want %v for %q", name, err, test.want, test.field)
		}
	}
}

// TestSecondPromptsHaveTheirOwnLengthAndEdits: SDXL's encoders may read different texts.
func TestSecondPromptsHaveTheirOwnLengthAndEdits(t *testing.T) {
	e := newEngine(t, Options{})
	r := tinyRecipe()
	r.Model.Dir, r.Syntax, r.Steps = filepath.Join("testdata", "models", "sdxl-base-tiny"), prompt.A1111, 4
	r.Prompt, r.Prompt2 = "[a cat:a dog:1]", strings.Repeat("[red|blue] apple, ", 30)
	edited := latentsOf(t, e, r)
	r.Prompt = "a cat"
	if worst(t, "first prompt", latentsOf(t, e, r), edited) == 0 {
		t.Error("an edit of the first prompt changes nothing")
	}
}

func TestBothEnds(t *testing.T) {
	a := []prompt.Stage{{End: 3, Text: "a"}, {End: 10, Text: "b"}}
	b := []prompt.Stage{{End: 1, Text: "x"}, {End: 3, Text: "y"}, {End: 10, Text: "z"}}
	got := bothEnds(a, b)
	want := []prompt.Stage{{End: 1, Text: "a"}, {End: 3, Text: "a"}, {End: 10, Text: "b"}}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestEmphasisBringsTheMeanBack over all stages, each as often as it is said.
func TestEmphasisBringsTheMeanBack(t *testing.T) {
	parts := []weighted{
		{[]float32{1, 2, 3, 4}, 2, prompt.Chunk{Weights: []float64{1, 2}}, 1},
		{[]float32{2, 2, 2, 2}, 2, prompt.Chunk{Weights: []float64{1, 1}}, 3},
	}
	before, _ := means(parts)
	emphasise(parts)
	after, _ := means(parts)
	if math.Abs(after-before) > 1e-6 || math.Abs(float64(parts[0].hidden[3]/parts[0].hidden[1]-4)) > 1e-6 {
		t.Errorf("the mean was %v and is %v: %v", before, after, parts)
	}
	nothing := []weighted{{[]float32{1, -1}, 2, prompt.Chunk{Weights: []float64{2}}, 1}}
	if emphasise(nothing); nothing[0].hidden[0] != 2 {
		t.Errorf("a mean of 0 gives %v", nothing[0].hidden)
	}
}

// TestClipSkipNormsAnEarlierLayer: a Stable Diffusion folder whose text encoder gives every layer takes clip_skip; 1 is
// the last layer, and the norm that is found in the graph's numbers makes the last layer what the graph makes of it.
func TestClipSkipNormsAnEarlierLayer(t *testing.T) {
	e := newEngine(t, Options{})
	r := tinyRecipe()
	r.Model.Dir = copyTiny(t)
	for _, name := range []string{"model.onnx", "config.json"} {
		data, err := os.ReadFile(filepath.Join("testdata", "models", "sdxl-base-tiny", "text_encoder", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, r.Model.Dir, "text_encoder/"+name, string(data))
	}
	for _, syntax := range []string{prompt.Plain, prompt.A1111} {
		r.Syntax, r.ClipSkip = syntax, nil
		last := latentsOf(t, e, r)
		for skip, different := range map[int]bool{1: false, 2: true, 3: true} {
			r.ClipSkip = &skip
			if got := worst(t, "latents", latentsOf(t, e, r), last) > 0; got != different {
				t.Errorf("%s: clip_skip %d differs from the last layer: %v, want %v", syntax, skip, got, different)
			}
		}
		r.ClipSkip = new(9)
		if _, err := e.RenderArrays(context.Background(), r, Inputs{}, nil); !errors.Is(err, art.ErrUnsupported) {
			t.Errorf("%s: clip_skip past the first layer gives %v", syntax, err)
		}
	}
}

func TestFitNorm(t *testing.T) {
	rt, err := onnx.Open(library(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := rt.Load(filepath.Join("testdata", "models", "sdxl-base-tiny", "text_encoder", "model.onnx"), onnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ids := make([]int64, 77)
	for i := range ids {
		ids[i] = int64(i * 7)
	}
	out, err := s.Run(context.Background(), map[string]onnx.Tensor{"input_ids": onnx.Int64(ids, 1, 77)})
	if err != nil {
		t.Fatal(err)
	}
	last, normed := out["hidden_states.3"].F32, out["last_hidden_state"].F32
	n := fitNorm(last, normed, 32)
	got := append([]float32(nil), last...)
	n.apply(got)
	if d := worst(t, "last layer", Array{Data: got}, Array{Data: normed}); d > 1e-5 {
		t.Errorf("the norm is off by %g", d)
	}
	for c, gain := range n.gain { // the norm of this random network is untrained: gains of 1, no bias
		if math.Abs(gain-1) > 1e-5 || math.Abs(n.bias[c]) > 1e-5 {
			t.Errorf("channel %d has gain %g and bias %g", c, gain, n.bias[c])
		}
	}
	for c := range n.gain {
		n.gain[c], n.bias[c] = 0.1*float64(c)-1, 3-float64(c)
	}
	copy(got, last)
	n.apply(got)
	again := fitNorm(last, got, 32)
	for c := range n.gain {
		if math.Abs(again.gain[c]-n.gain[c]) > 1e-5 || math.Abs(again.bias[c]-n.bias[c]) > 1e-5 {
			t.Errorf("channel %d: found gain %g and bias %g, want %g and %g", c, again.gain[c], again.bias[c], n.gain[c], n.bias[c])
		}
	}
}

func TestPromptEditingCountsCalls(t *testing.T) {
	r := tinyRecipe()
	r.Steps = 8
	for sampler, want := range map[string]int{"euler": 8, "heun": 16} {
		f := &Folder{scheduler: []byte(`{}`)}
		r.Sampler = sampler
		samplers, err := newSamplers(f, r, 1)
		if err != nil {
			t.Fatal(err)
		}
		b := &batch{recipes: []art.Recipe{r}, samplers: []diffusion.Sampler{samplers[0]}}
		if got := b.steps(); got != (prompt.Steps{Base: want}) {
			t.Errorf("%s: %+v, want %d calls", sampler, got, want)
		}
		b.again = true
		if got := b.steps(); got != (prompt.Steps{Base: want, Hires: want}) {
			t.Errorf("%s, second pass: %+v", sampler, got)
		}
	}
}
