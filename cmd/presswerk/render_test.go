package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/engine/local"
	"presswerk/internal/testkit"
)

// everything is what is used of a case in internal/engine/local/testdata/steered.json.
type everything struct {
	ID             string
	Model, Refiner string
	Scheduler      string
	Steps          int
	Prompt         string
	NegativePrompt string `json:"negative_prompt"`
	Height, Width  int
	GuidanceScale  float64 `json:"guidance_scale"`
	Seed           art.Seed
	Strength       *float64
	Split          float64
	LoRAs          []art.LoRA
	Embeddings     []art.ModelRef
	Controls       []struct {
		Weight, Start, End float64
		Model              string
	}
	SchedulerConfig map[string]any `json:"scheduler_config"`
}

// TestRenderEverything: one recipe on the command line may have an SDXL base, a refiner, control networks, two LoRAs,
// textual inversions and a mask at once, and gives what diffusers gives.
func TestRenderEverything(t *testing.T) {
	root := testkit.Root(t)
	native := filepath.Dir(filepath.Dir(testkit.Native(t, onnxLibrary)))
	fixtures := filepath.Join(root, "internal", "engine", "local", "testdata")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Cases []everything }
	data, err := os.ReadFile(filepath.Join(fixtures, "steered.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, c := range manifest.Cases {
		if len(c.LoRAs) != 2 || c.Split == 0 || len(c.Controls) == 0 || c.Strength == nil {
			continue
		}
		ran++
		t.Run(c.ID, func(t *testing.T) {
			dir, cases := t.TempDir(), filepath.Join(fixtures, "cases", c.ID)
			args := []string{"render", c.write(t, fixtures, dir), "--out", dir, "--save-latents", filepath.Join(dir, "l.npy"), "--save-image", filepath.Join(dir, "i.npy")}
			args = append(args, "--init", c.picture(t, cases, dir, "image_in"), "--mask", c.picture(t, cases, dir, "mask_in"))
			for range c.Controls {
				args = append(args, "--control", c.picture(t, cases, dir, "control_in"))
			}
			c := exec.CommandContext(t.Context(), self)
			c.Args = append([]string{"presswerk"}, args...) // by which TestMain knows what is meant
			c.Env = append(os.Environ(), "PRESSWERK_LIB="+native, "PRESSWERK_MODELS="+fixtures, "PRESSWERK_THREADS=2")
			if said, err := c.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			for name, limit := range map[string]float64{"l.npy final_latents.npy": 2e-3, "i.npy image.npy": 1e-3} {
				var got, want string
				if _, err := fmt.Sscan(name, &got, &want); err != nil {
					t.Fatal(err)
				}
				off := distance(t, filepath.Join(dir, got), filepath.Join(cases, want))
				t.Logf("%s is off by %.2g", want, off)
				if !(off <= limit) {
					t.Errorf("%s is off by %g, at most %g", want, off, limit)
				}
			}
		})
	}
	if ran < 2 {
		t.Errorf("only %d cases have all", ran)
	}
}

// write writes the recipe into dir.
func (c everything) write(t *testing.T, fixtures, dir string) string {
	t.Helper()
	model := func(name string) art.ModelRef { return art.ModelRef{Dir: filepath.Join(fixtures, "models", name)} }
	r := art.Recipe{
		Mode: art.ModeInpaint, Engine: local.Name, Model: model(c.Model), Refiner: &art.Refiner{ModelRef: model(c.Refiner), Start: c.Split},
		Prompt: c.Prompt, NegativePrompt: c.NegativePrompt, Width: c.Width, Height: c.Height, Steps: c.Steps, GuidanceScale: c.GuidanceScale,
		Seed: c.Seed, Sampler: c.Scheduler, SchedulerConfig: c.SchedulerConfig, Strength: c.Strength, LoRAs: c.LoRAs, Embeddings: c.Embeddings,
	}
	for _, one := range c.Controls {
		control := art.Control{Kind: "canny", Weight: one.Weight, Start: one.Start, End: one.End}
		if one.Model != "" {
			control.Model = model(one.Model)
		}
		r.Controls = append(r.Controls, control)
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "recipe.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// picture makes a PNG of bytes [height, width, 3] or [height, width] that numpy saved.
func (c everything) picture(t *testing.T, from, to, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(from, name+".npy"))
	if err != nil {
		t.Fatal(err)
	}
	area := c.Width * c.Height
	planes := 1
	if len(data) > 3*area {
		planes = 3
	}
	data = data[len(data)-planes*area:]
	img := image.NewNRGBA(image.Rect(0, 0, c.Width, c.Height))
	for i := range area {
		for k := range 3 {
			img.Pix[4*i+k] = data[planes*i+k*(planes-1)/2]
		}
		img.Pix[4*i+3] = 255
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(to, name+".png")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// apart is the largest difference between two arrays.
func distance(t *testing.T, got, want string) float64 {
	t.Helper()
	a, err := readArray(got)
	if err != nil {
		t.Fatal(err)
	}
	b, err := readArray(want)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Data) != len(b.Data) {
		t.Fatalf("%s has shape %v, want %v", got, a.Shape, b.Shape)
	}
	off := 0.0
	for i, v := range a.Data {
		if d := math.Abs(float64(v - b.Data[i])); !(d <= off) {
			off = d
		}
	}
	return off
}
