package comfyui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
	"presswerk/internal/infotext"
)

// asTemplate is a recipe's own graph as a workflow.
func asTemplate(t *testing.T, r art.Recipe) template {
	t.Helper()
	g, _, err := infotext.BuildGraph(r)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	found, err := readTemplate("own", data)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// The graph of one recipe, taken for a workflow whose slots are found, gives the graph of another one.
func TestSlotsAreFound(t *testing.T) {
	half, most := 0.5, 0.8
	first, second := sum(t, 1), sum(t, 2)
	for name, change := range map[string]func(r *art.Recipe, other bool){
		"text":  func(*art.Recipe, bool) {},
		"plain": func(r *art.Recipe, other bool) { r.NegativePrompt = map[bool]string{true: "", false: "blur"}[other] },
		"picture": func(r *art.Recipe, other bool) {
			r.Mode, r.InitImage, r.Strength, r.Steps = art.ModeImageToImage, first, &half, 8
			if other {
				r.InitImage = second
			}
		},
		"mask": func(r *art.Recipe, other bool) {
			r.Mode, r.InitImage, r.MaskImage, r.Strength, r.Steps = art.ModeInpaint, first, second, &half, 8
			if other {
				r.MaskImage = first
			}
		},
		"loras": func(r *art.Recipe, other bool) {
			r.LoRAs = []art.LoRA{{Name: "ink", Weight: 0.5}}
			if other {
				r.LoRAs = []art.LoRA{{Name: "ink", Weight: 0.7}}
			}
		},
		"second pass": func(r *art.Recipe, _ bool) {
			r.Hires = &art.Hires{Scale: 2, Strength: 1, Upscaler: "RealESRGAN_x4plus"}
		},
		"refiner": func(r *art.Recipe, other bool) {
			r.Steps = 10
			r.Refiner = &art.Refiner{ModelRef: art.ModelRef{Name: "old/refiner.ckpt"}, Start: half}
			if other {
				r.Refiner = &art.Refiner{ModelRef: art.ModelRef{Name: "sdxl"}, Start: most}
			}
		},
	} {
		r, other := apple(), apple()
		r.Prompt, other.Prompt = "a cat", "a dog"
		r.Syntax, other.Syntax = "a1111", "a1111"
		other.Seed, other.Width, other.GuidanceScale, other.Sampler, other.Scheduler = 99, 128, 3, "euler", "normal"
		change(&r, false)
		change(&other, true)
		found := asTemplate(t, r)
		k := known{nodes: theirs(t)}
		got, err := found.draw(k, within(other))
		want, alsoErr := standard(k, other)
		if err != nil || alsoErr != nil {
			t.Errorf("%s: %v, %v", name, err, alsoErr)
			continue
		}
		for _, d := range []drawn{got, want} { // as upload does
			for sum, at := range d.images {
				for _, s := range at {
					d.graph[s.node].Inputs[s.input] = sum
				}
			}
		}
		if diff := cmp.Diff(normal(t, want.graph), normal(t, got.graph)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// within is the recipe as it is asked of a workflow, whose base model and second pass are its own.
func within(r art.Recipe) art.Recipe {
	r.Model, r.Hires = art.ModelRef{Name: "own"}, nil
	return r
}

func normal(t *testing.T, g infotext.Graph) map[string]any {
	t.Helper()
	data, err := json.Marshal(g)
	all := map[string]any{}
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func theirs(t *testing.T) nodes {
	t.Helper()
	data, err := os.ReadFile("testdata/object_info.json")
	if err != nil {
		t.Fatal(err)
	}
	n, err := readNodes(data)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAWorkflowIsAModel(t *testing.T) {
	f := newFake(t)
	e := open(t, Options{Templates: os.DirFS("testdata/workflows")}, f)
	m, err := e.Info().Model(art.ModelRef{Name: "flow"})
	if err != nil || !slices.Equal(m.Modes, []string{art.ModeTextToImage}) || m.NativeWidth != 256 || m.Defaults.Steps != 8 || m.Defaults.Sampler != "euler" || m.TakesLoRAs || len(m.Controls) > 0 || len(m.Capabilities.Model.Version) != 12 {
		t.Fatalf("%+v, %v", m, err)
	}
	r := apple()
	r.Model, r.Steps, r.GuidanceScale, r.Sampler, r.Scheduler = art.ModelRef{Name: "flow"}, 0, 0, "", ""
	p, err := e.Render(context.Background(), r, nil)
	if err != nil || p.Width != 64 {
		t.Fatalf("%d wide, %v", p.Width, err)
	}
	g := f.drawn()
	if g["3"].Inputs["value"] != `a red apple \(not green\)` || g["5"].Inputs["text"] != "blur" || g["10"].Inputs["noise_seed"] != 7.0 || g["9"].Inputs["steps"] != 8.0 || g["6"].Inputs["cfg"] != 4.5 {
		t.Errorf("%v", g)
	}
	r.Options = map[string]any{"checkpoint": "nobody"}
	if _, err := e.Render(context.Background(), r, nil); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("another base model that isn't there: %v", err)
	}
	r.Options, r.LoRAs = nil, []art.LoRA{{Name: "ink", Weight: 1}}
	if _, err := e.Render(context.Background(), r, nil); !errors.Is(err, art.ErrUnsupported) || !strings.HasPrefix(err.Error(), "loras") {
		t.Errorf("without a place for LoRAs: %v", err)
	}
}

// workflow is one file of a folder of workflows.
func workflow(t *testing.T, text string) (template, string) {
	t.Helper()
	all, wrong, err := readTemplates(fstest.MapFS{"w.json": {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		return template{}, strings.Join(wrong, "\n")
	}
	return all[0], ""
}

const custom = `{
	"1": {"class_type": "TheirPrompts", "inputs": {"text": "a", "other": "b"}, "_meta": {"title": "Words slot:prompt slot:negative_prompt=other"}},
	"2": {"class_type": "TheirPainter", "inputs": {"words": ["1", 0], "seed": 3, "width": 64, "height": 64, "shift": 3.5, "cfg_rescale": 0.1}, "_meta": {"title": "slot:seed slot:size slot:options.shift slot:options.rescale=cfg_rescale"}},
	"3": {"class_type": "LoadImage", "inputs": {"image": "x.png"}, "_meta": {"title": "slot:reference"}},
	"4": {"class_type": "SaveImage", "inputs": {"images": ["2", 0]}, "_meta": {"title": "slot:output"}},
	"5": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}}
}`

func TestNamedSlots(t *testing.T) {
	w, wrong := workflow(t, custom)
	if wrong != "" {
		t.Fatal(wrong)
	}
	k := known{nodes: theirs(t)}
	k.nodes["TheirPrompts"], k.nodes["TheirPainter"] = class{}, class{}
	r := art.Recipe{Mode: art.ModeTextToImage, Prompt: "p", NegativePrompt: "n", Seed: 9, Width: 128, Height: 32, Options: map[string]any{"shift": 2.0, "rescale": 0.2}, References: []art.Control{{Image: sum(t, 1)}}}
	d, err := w.draw(k, r)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%v %v %s %d", d.graph["1"].Inputs, d.graph["2"].Inputs, d.output, len(d.images))
	if want := "map[other:n text:p] map[cfg_rescale:0.2 height:32 seed:9 shift:2 width:128 words:[1 0]] 4 1"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	m := w.model(k, k.common())
	if m.MaxReferences != 1 || !slices.Equal(m.Options, []string{"rescale", "shift"}) || len(m.Samplers) > 0 {
		t.Errorf("%+v", m)
	}
	r.Steps = 5
	if _, err := w.draw(k, r); !errors.Is(err, art.ErrUnsupported) || !strings.HasPrefix(err.Error(), "steps") {
		t.Errorf("steps without a slot: %v", err)
	}
}

func TestWorkflowsThatCantBeUsed(t *testing.T) {
	for text, want := range map[string]string{
		`{"nodes":[{"id":1,"type":"KSampler"}],"links":[],"version":0.4}`: "Export (API)",
		`{"nodes":[],"links":[]}`: "Export (API)",
		`not json`:                "w.json",
		`{"1":{"class_type":"SaveImage","inputs":{"images":["2",0]}}}`:                                                           "no input that a recipe could fill",
		`{"1":{"class_type":"X","inputs":{"a":1},"_meta":{"title":"slot:weather"}}}`:                                             "no field of a recipe",
		`{"1":{"class_type":"X","inputs":{"text":["2",0]},"_meta":{"title":"slot:prompt"}},"2":{"class_type":"Y","inputs":{}}}`:  "no value of its own",
		`{"1":{"class_type":"X","inputs":{"a":1},"_meta":{"title":"slot:loras"}}}`:                                               "LoraLoader",
		`{"1":{"class_type":"X","inputs":{"a":1},"_meta":{"title":"slot:control"}}}`:                                             "ControlNetApplyAdvanced",
		`{"1":{"class_type":"A","inputs":{"x":["2",0]}},"2":{"class_type":"SaveImage","inputs":{"images":["1",0],"x":["2",0]}}}`: "no input that a recipe could fill",
	} {
		if _, wrong := workflow(t, text); !strings.Contains(wrong, want) {
			t.Errorf("%s: %q, want %q", text, wrong, want)
		}
	}
}

// A chain of LoRAs takes as many as the recipe has; a control's picture is used as it is, without what would make one.
func TestChains(t *testing.T) {
	r := apple()
	r.LoRAs = []art.LoRA{{Name: "ink", Weight: 1}, {Name: "sub/wash", Weight: 1}}
	r.Controls = []art.Control{{Kind: "canny", Model: art.ModelRef{Name: "control_canny"}, Image: sum(t, 1), Weight: 1, End: 1}, {Kind: "depth", Model: art.ModelRef{Name: "control_depth.pth"}, Image: sum(t, 1), Weight: 1, End: 1}}
	w := asTemplate(t, r)
	k := known{nodes: theirs(t)}
	if len(w.loras) != 2 || len(w.controls) != 2 {
		t.Fatalf("loras %q, controls %q", w.loras, w.controls)
	}
	for n := range 4 {
		ask := within(apple())
		for range n {
			ask.LoRAs = append(ask.LoRAs, art.LoRA{Name: "wash", Weight: 0.25})
		}
		if n > 0 {
			ask.Controls = []art.Control{{Kind: "depth", Image: sum(t, 2), Weight: 0.5, End: 0.5}}
		}
		d, err := w.draw(k, ask)
		if err != nil {
			t.Fatal(err)
		}
		back, err := infotext.Parse(text(t, d.graph), infotext.ComfyUI)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			if len(back.Recipe.LoRAs) != 2 || len(back.Recipe.Controls) != 0 {
				t.Errorf("without any: %+v, %+v", back.Recipe.LoRAs, back.Recipe.Controls)
			}
			continue
		}
		if len(back.Recipe.LoRAs) != n || back.Recipe.LoRAs[n-1].Weight != 0.25 || len(back.Recipe.Controls) != 1 || back.Recipe.Controls[0].Kind != "depth" || back.Recipe.Controls[0].Weight != 0.5 {
			t.Errorf("%d: %+v, %+v", n, back.Recipe.LoRAs, back.Recipe.Controls)
		}
	}
	ask := within(apple())
	ask.Controls = append(slices.Clone(r.Controls), r.Controls[0])
	if _, err := w.draw(k, ask); !errors.Is(err, art.ErrUnsupported) || !strings.HasPrefix(err.Error(), "controls[2]") {
		t.Errorf("more controls than places: %v", err)
	}
}

func text(t *testing.T, g infotext.Graph) string {
	t.Helper()
	data, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// ring is a graph whose LoRA and controls lead back to themselves.
const ring = `{
	"1": {"class_type": "KSampler", "inputs": {"latent_image": ["1", 0], "steps": 1, "model": ["2", 0], "positive": ["4", 0]}, "_meta": {"title": "slot:seed"}},
	"2": {"class_type": "LoraLoader", "inputs": {"lora_name": "a", "model": ["3", 0]}, "_meta": {"title": "slot:loras slot:loras"}},
	"3": {"class_type": "LoraLoader", "inputs": {"lora_name": "b", "model": ["2", 0]}},
	"4": {"class_type": "ControlNetApplyAdvanced", "inputs": {"positive": ["4", 0], "negative": ["4", 1], "control_net": ["5", 0]}, "_meta": {"title": "slot:control slot:control"}},
	"5": {"class_type": "ControlNetLoader", "inputs": {"control_net_name": "control_canny.safetensors"}},
	"6": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}
}`

func TestRings(t *testing.T) {
	named := strings.ReplaceAll(strings.ReplaceAll(ring, `"_meta": {"title": "slot:seed"}`, `"_meta": {}`), `"steps": 1`, `"steps": 1, "seed": 2`)
	for _, text := range []string{named, strings.NewReplacer("slot:loras", "", "slot:control", "").Replace(named)} {
		w, wrong := workflow(t, text)
		if wrong != "" {
			t.Fatal(wrong)
		}
		r := within(apple())
		r.Prompt, r.NegativePrompt, r.Sampler, r.Scheduler, r.GuidanceScale = "", "", "", "", 0
		r.LoRAs = []art.LoRA{{Name: "ink", Weight: 1}, {Name: "wash", Weight: 1}}
		r.Controls = []art.Control{{Kind: "canny", Image: sum(t, 1), End: 1}}
		if _, err := w.draw(known{nodes: theirs(t)}, r); err == nil {
			t.Error("a ring with inputs that are missing was drawn")
		}
	}
}

// Strangers' files and answers are read without a panic.
func FuzzTemplate(f *testing.F) {
	flow, err := os.ReadFile("testdata/workflows/flow.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(flow), custom, `{"1":{"class_type":"KSampler","inputs":{"latent_image":["1",0],"steps":1,"model":["1",0],"positive":["1",0]}}}`, ring} {
		f.Add(seed)
	}
	r := apple()
	r.LoRAs = []art.LoRA{{Name: "ink", Weight: 1}}
	f.Fuzz(func(_ *testing.T, text string) {
		w, err := readTemplate("w", []byte(text))
		if err != nil {
			return
		}
		k := known{nodes: nodes{}}
		_ = w.model(k, k.common())
		_ = k.breaks(w)
		_, _ = w.draw(k, r)
	})
}

func FuzzNodes(f *testing.F) {
	f.Add([]byte(`{"A":{"input":{"required":{"x":["INT",{"default":1,"min":0}],"y":[["a","b"]],"z":["COMBO",{"options":[1,"c"]}]}}}}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		n, err := readNodes(data)
		if err != nil {
			return
		}
		_ = differences("x", n, nodes{})
		_, _ = n.complete(infotext.Graph{"1": {Class: "A"}}, n)
	})
}
