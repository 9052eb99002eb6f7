package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"presswerk/internal/testkit"
)

// trainOnGraphs trains a word and a control network on a model that is there as graphs, and draws with both by their names.
func trainOnGraphs(t *testing.T, run func(args ...string) string) {
	run("train", "embedding", "datasets/two-ink", "--model", "tiny", "--as", "zwk", "--trigger", "zwk", "--vectors", "2", "--steps", "2", "--batch", "1", "--every", "2")
	run("train", "controlnet", "datasets/two-ink", "--model", "tiny", "--as", "lines", "--steps", "2", "--batch", "1", "--every", "2")
	if shown := run("models", "show", "lines"); !strings.Contains(shown, "control") || !strings.Contains(shown, "onnx") {
		t.Errorf("the store says of the control network:\n%s", shown)
	}
	recipe, out := filepath.Join(t.TempDir(), "r.json"), t.TempDir()
	draw := func(name, more string, args ...string) string {
		text := `{"mode":"text-to-image","engine":"local","model":{"name":"tiny"},"prompt":"a red apple, zwk","negative_prompt":"","width":64,"height":64,"steps":2,"guidance_scale":30,"sampler":"euler","seed":1` + more + `}`
		if err := os.WriteFile(recipe, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		run(append([]string{"render", recipe, "-o", filepath.Join(out, name)}, args...)...)
		data, err := os.ReadFile(filepath.Join(out, name, "0.png"))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	plain := draw("plain", "")
	if draw("word", `,"embeddings":[{"name":"zwk@1"}]`) == plain {
		t.Error("the word changes nothing")
	}
	if draw("control", `,"controls":[{"kind":"canny","weight":10,"model":{"name":"lines"}}]`, "--control", filepath.Join(out, "plain", "0.png")) == plain {
		t.Error("the control network changes nothing")
	}
}

// TestTheTrainerLearns runs the trainer itself, on the house model and on tiny models with random weights, and then takes a
// checkpoint of the store through "train lora", "models convert" and a picture: the LoRA fits what its base was converted to.
// Setting up torch takes longer than all other tests together, so this one runs where a Python that has it is named.
func TestTheTrainerLearns(t *testing.T) {
	python := os.Getenv("PRESSWERK_TRAINER_PYTHON")
	if python == "" {
		t.Skip("set PRESSWERK_TRAINER_PYTHON to a Python with what trainer/requirements.txt lists")
	}
	root := testkit.Root(t)
	native := testkit.Native(t, onnxLibrary)
	unit := exec.CommandContext(t.Context(), python, "-m", "unittest", "trainer.train.test_train")
	unit.Dir = root
	if out, err := unit.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := newTrainProcess(t)
	made := filepath.Join(t.TempDir(), "made")
	script := exec.CommandContext(t.Context(), python, "-m", "trainer.reference.make_tiny_checkpoint", made)
	script.Dir = root
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func(args ...string) string {
		t.Helper()
		c := p.train(t.Context(), args...)
		c.Env = append(c.Env, "PRESSWERK_TRAINER_PYTHON="+python, "PRESSWERK_LIB="+filepath.Dir(filepath.Dir(native)))
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("presswerk %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	run("models", "add", filepath.Join(made, "tiny"))
	run("train", "lora", "datasets/two-ink", "--model", "tiny", "--as", "ink", "--steps", "2", "--batch", "1", "--rank", "2", "--every", "2")
	run("models", "convert", "tiny")
	recipe := filepath.Join(t.TempDir(), "r.json")
	write := func(model string) {
		text := `{"mode":"text-to-image","engine":"local","model":{"name":"` + model + `"},"loras":[{"name":"ink@1","weight":1}],"prompt":"a red apple","negative_prompt":"","width":64,"height":64,"steps":2,"guidance_scale":2,"sampler":"euler","seed":1}`
		if err := os.WriteFile(recipe, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("tiny")
	run("render", recipe, "-o", filepath.Join(t.TempDir(), "out"))
	t.Run("on graphs", func(t *testing.T) { trainOnGraphs(t, run) })
	write("house")
	c := p.train(t.Context(), "render", recipe, "-o", filepath.Join(t.TempDir(), "out"))
	c.Env = append(c.Env, "PRESSWERK_LIB="+filepath.Dir(filepath.Dir(native)))
	if out, err := c.CombinedOutput(); code(err) != exitWrongUse || !strings.Contains(string(out), "was trained on tiny@1") || !strings.Contains(string(out), "house@") {
		t.Errorf("on another base: %v\n%s", err, out)
	}
}
