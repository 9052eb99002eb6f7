package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/testkit"
)

// TestRenderWithAServer: a server of the environment is listed, renders recipes with the pictures of the command line, and
// one that doesn't answer is said to be not ready.
func TestRenderWithAServer(t *testing.T) {
	s := testkit.NewSDCPP(t, false)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	presswerk := func(args ...string) (string, error) {
		c := exec.CommandContext(t.Context(), self)
		c.Args = append([]string{"presswerk"}, args...) // by which TestMain knows what is meant
		c.Env = append(os.Environ(), "PRESSWERK_SDAPI="+s.URL+", lost=http://ada:hush-hush@127.0.0.1:1", "LC_ALL=C", "XDG_DATA_HOME="+dir)
		var said, failed bytes.Buffer
		c.Stdout, c.Stderr = &said, &failed
		err := c.Run()
		if strings.Contains(said.String()+failed.String(), "hush-hush") {
			t.Errorf("%q tells the password", args)
		}
		return said.String() + failed.String(), err
	}
	text, err := presswerk("--json", "engines")
	var listed struct{ Engines []engineAnswer }
	if err != nil || json.Unmarshal([]byte(text), &listed) != nil || len(listed.Engines) < 3 {
		t.Fatalf("%v: %s", err, text)
	}
	if e := listed.Engines[1]; e.Name != "sdapi" || !e.Ready || e.Version != "stable-diffusion.cpp" || e.Models[0].Name != "tiny" {
		t.Errorf("%+v", e)
	}
	if e := listed.Engines[2]; e.Name != "lost" || e.Ready || !strings.Contains(e.Reason, "start the server") {
		t.Errorf("%+v", e)
	}
	half := 0.5
	recipe := filepath.Join(dir, "recipe.json")
	write := func(r art.Recipe) {
		data, err := json.Marshal(r)
		if err == nil {
			err = os.WriteFile(recipe, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	r := art.Recipe{
		Mode: art.ModeImageToImage, Engine: "sdapi", Model: art.ModelRef{Name: "tiny"}, Prompt: "an apple", Width: 64, Height: 64, Steps: 2,
		GuidanceScale: 1, Sampler: "euler", Seed: 5, Strength: &half,
	}
	write(r)
	first := filepath.Join(dir, "first.png")
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(first, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := presswerk("render", recipe, "--out", dir, "--init", first); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if p, err := os.ReadFile(filepath.Join(dir, "0.png")); err != nil || !bytes.HasPrefix(p, []byte("\x89PNG")) {
		t.Errorf("%v", err)
	}
	again, err := readRecipe(filepath.Join(dir, "recipe.json"))
	if err != nil || again.InitImage != "sha256:"+art.Digest(file.Bytes()) {
		t.Errorf("the recipe names the picture %q, %v", again.InitImage, err)
	}
	for engine, says := range map[string]string{"lost": "no answer from", "nobody": "no engine is called"} {
		r.Engine = engine
		write(r)
		if text, err := presswerk("render", recipe, "--out", dir, "--init", first); err == nil || !strings.Contains(text, says) {
			t.Errorf("engine %s: %v: %s", engine, err, text)
		}
	}
	r.Engine, r.Model.Name = "openai", "gpt-image-1"
	write(r)
	if text, err := presswerk("render", recipe, "--out", dir, "--init", first); err == nil || !strings.Contains(text, "written down beforehand") {
		t.Errorf("a service that charges: %v: %s", err, text)
	}
	r.Engine, r.Model.Name = "sdapi", "tiny"
	write(r)
	if text, err := presswerk("render", recipe, "--out", dir, "--init", first, "--save-image", filepath.Join(dir, "a.npy")); err == nil || !strings.Contains(text, "only the embedded renderer") {
		t.Errorf("arrays of a server: %v: %s", err, text)
	}
}
