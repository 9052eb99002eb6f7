package local

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// fixtureCase is one case of testdata/manifest.json: what diffusers (torch, fp32) makes of a tiny pipeline.
type fixtureCase struct {
	ID             string
	Model          string
	Task           string
	Scheduler      string
	Steps          int
	Prompt         string
	NegativePrompt string `json:"negative_prompt"`
	Height, Width  int
	GuidanceScale  float64 `json:"guidance_scale"`
	Seed           art.Seed
	Eta            float64
	Strength       *float64
	Split          float64
	Refiner        string   // the folder of the refiner; none means sdxl-refiner-tiny
	ControlScale   *float64 `json:"cn_scale"`
	ControlStart   float64  `json:"cn_start"`
	ControlEnd     float64  `json:"cn_end"`
	ControlModel   string   `json:"cn_model"` // a folder in the model's; none means its controlnet
	LoRAs          []art.LoRA
	Embeddings     []art.ModelRef
	References     []art.Control
	Controls       []struct {
		art.Control
		Model string `json:"model"` // a folder beside the model's; none means its controlnet
	}
	Tiling          bool
	VAETiling       bool                `json:"vae_tiling"`
	TiledDiffusion  *art.TiledDiffusion `json:"tiled_diffusion"`
	Timesteps       json.RawMessage
	SchedulerConfig map[string]any `json:"scheduler_config"`
	Extra           struct {
		OriginalSize []int `json:"original_size"`
		TargetSize   []int `json:"target_size"`
		Crops        []int `json:"crops_coords_top_left"`
	}
	Arrays map[string]struct{ File string }
}

func readFixtures(t testing.TB, manifests ...string) []fixtureCase {
	t.Helper()
	var all []fixtureCase
	for _, name := range manifests {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		var m struct{ Cases []fixtureCase }
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m.Cases...)
	}
	return all
}

// array reads one of the case's arrays; nil when it has none of this name.
func (c fixtureCase) array(t testing.TB, name string) *Array {
	t.Helper()
	entry, ok := c.Arrays[name]
	if !ok {
		return nil
	}
	f, err := os.Open(filepath.Join("testdata", entry.File))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a, err := ReadNPY(f)
	if err != nil {
		t.Fatal(err)
	}
	return &a
}

// samplerOf maps the manifest's scheduler names to ours.
func samplerOf(scheduler string) (sampler, curve string) {
	switch scheduler {
	case "dpmpp_2m_karras":
		return "dpmpp_2m", "karras"
	case "ddim_v_zsnr":
		return "ddim", ""
	}
	return scheduler, ""
}

func (c fixtureCase) recipe() art.Recipe {
	r := art.Recipe{
		Mode: art.ModeTextToImage, Engine: Name, Model: art.ModelRef{Dir: filepath.Join("testdata", "models", c.Model)},
		Prompt: c.Prompt, NegativePrompt: c.NegativePrompt, Width: c.Width, Height: c.Height, Steps: c.Steps,
		GuidanceScale: c.GuidanceScale, Seed: c.Seed, Eta: c.Eta, SchedulerConfig: c.SchedulerConfig,
		OriginalSize: c.Extra.OriginalSize, TargetSize: c.Extra.TargetSize, CropsTopLeft: c.Extra.Crops,
		LoRAs: c.LoRAs, Embeddings: c.Embeddings, References: c.References,
		Tiling: c.Tiling, VAETiling: c.VAETiling, TiledDiffusion: c.TiledDiffusion,
	}
	r.Sampler, r.Scheduler = samplerOf(c.Scheduler)
	switch c.Task {
	case "img2img":
		r.Mode, r.Strength = art.ModeImageToImage, c.Strength
	case "inpaint":
		r.Mode, r.Strength = art.ModeInpaint, c.Strength
	}
	if c.Split > 0 {
		r.Refiner = &art.Refiner{ModelRef: art.ModelRef{Dir: filepath.Join("testdata", "models", or(c.Refiner, "sdxl-refiner-tiny"))}, Start: c.Split}
	}
	if c.ControlScale != nil {
		r.Controls = []art.Control{{Weight: *c.ControlScale, Start: c.ControlStart, End: c.ControlEnd}}
		if c.ControlModel != "" {
			r.Controls[0].Model.Dir = filepath.Join(r.Model.Dir, c.ControlModel)
		}
	}
	for _, one := range c.Controls {
		if one.Model != "" {
			one.Control.Model.Dir = filepath.Join("testdata", "models", one.Model)
		}
		r.Controls = append(r.Controls, one.Control)
	}
	return r
}

// inputs are the pictures of a case, and with noise its noise.
func (c fixtureCase) inputs(t testing.TB, noise bool) Inputs {
	in := Inputs{KeepSteps: true, Init: c.picture(t, "image_in"), Mask: c.picture(t, "mask_in")}
	if p := c.picture(t, "control_in"); p != nil {
		in.Controls = []*imaging.RGB{p}
		for len(in.Controls) < len(c.Controls) {
			in.Controls = append(in.Controls, p)
		}
	}
	if noise {
		in.Latents, in.StepNoise, in.Posterior = c.array(t, "init_noise"), c.array(t, "step_noise"), c.array(t, "posterior_noise")
	}
	return in
}

// picture reads one of the case's pictures, saved as bytes [height, width, 3] or [height, width].
func (c fixtureCase) picture(t testing.TB, name string) *imaging.RGB {
	t.Helper()
	entry, ok := c.Arrays[name]
	if !ok {
		return nil
	}
	data, err := os.ReadFile(filepath.Join("testdata", entry.File))
	if err != nil {
		t.Fatal(err)
	}
	p, err := imaging.NewRGB(c.Width, c.Height)
	if err != nil {
		t.Fatal(err)
	}
	area := c.Width * c.Height
	if rgb := len(data) > 3*area; rgb {
		copy(p.Pix, data[len(data)-3*area:])
		return p
	}
	for i, v := range data[len(data)-area:] {
		p.Pix[3*i], p.Pix[3*i+1], p.Pix[3*i+2] = v, v, v
	}
	return p
}

func worst(t testing.TB, what string, got, want Array) float64 {
	t.Helper()
	if len(got.Data) != len(want.Data) {
		t.Fatalf("%s has shape %v, want %v", what, got.Shape, want.Shape)
	}
	var worst float64
	for i, v := range got.Data {
		d := math.Abs(float64(v - want.Data[i]))
		if !(d <= worst) {
			worst = d
		}
	}
	return worst
}

// TestFixtures: from the seed alone and with the noise given, the renderer makes what diffusers makes. Latents reach
// 94; ONNX Runtime run by optimum differs from torch by 2.1e-4 there, another prompt by more than 1.
func TestFixtures(t *testing.T) {
	e := newEngine(t, Options{Adapters: []string{"testdata/loras"}})
	ran := 0
	for _, c := range readFixtures(t, "manifest.json", "tiling.json") {
		if err := e.Check(c.recipe()); err != nil {
			t.Logf("%s: %v", c.ID, err)
			continue
		}
		ran++
		t.Run(c.ID, func(t *testing.T) {
			for name, in := range map[string]Inputs{"seed": c.inputs(t, false), "given noise": c.inputs(t, true)} {
				compareFixture(t, e, c, name, in)
			}
		})
	}
	if ran < 40 {
		t.Errorf("only %d cases ran", ran)
	}
}

func compareFixture(t *testing.T, e *Engine, c fixtureCase, name string, in Inputs) {
	result, err := e.RenderArrays(context.Background(), c.recipe(), in, nil)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	latents := worst(t, "latents", result.Latents, *c.array(t, "final_latents"))
	image := worst(t, "image", result.Image, *c.array(t, "image"))
	t.Logf("%s: latents off by %.2g, image by %.2g", name, latents, image)
	if !(latents <= 2e-3) || !(image <= 1e-4) {
		t.Errorf("%s: latents are off by %g (at most 2e-3), image by %g (at most 1e-4)", name, latents, image)
	}
	var timesteps []float64
	if json.Unmarshal(c.Timesteps, &timesteps) == nil {
		timesteps = timesteps[len(timesteps)-len(result.Timesteps):] // a picture to begin with skips the first ones
		for i, want := range timesteps {
			if math.Abs(result.Timesteps[i]-want) > 1e-3 {
				t.Errorf("%s: timesteps are %v, want %v", name, result.Timesteps, timesteps)
				break
			}
		}
	}
	steps := c.array(t, "step_latents")
	if steps == nil {
		return
	}
	size := len(steps.Data) / steps.Shape[0]
	for i, got := range result.Steps {
		want := Array{Shape: steps.Shape[1:], Data: steps.Data[i*size : (i+1)*size]}
		if d := worst(t, "step", got, want); !(d <= 2e-3) {
			t.Errorf("%s: latents after step %d are off by %g", name, i, d)
		}
	}
}
