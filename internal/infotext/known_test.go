package infotext

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
)

// linspace is how the web interfaces space training steps.
func linspace() map[string]any { return map[string]any{"timestep_spacing": "linspace"} }

// TestA1111 reads lines of parameters as versions of the web UI and its extensions write them. The lines follow
// AUTOMATIC1111's test/test_files and modules/processing.py, Mikubill/sd-webui-controlnet's infotext and Bing-su/adetailer's
// parameters, read 2026-11; the prompts are ours.
func TestA1111(t *testing.T) {
	base := art.Recipe{Mode: art.ModeTextToImage, Engine: "local", Syntax: "a1111", NoiseSource: "cuda", Prompt: "a hut", NegativePrompt: "fog, rain", Width: 512, Height: 768, Steps: 20, GuidanceScale: 7, Seed: 965400086}
	with := func(change func(r *art.Recipe)) art.Recipe {
		r := base
		change(&r)
		return r
	}
	for _, c := range []struct {
		name, text string
		want       art.Recipe
		kept       []Entry
		notes      []string
	}{
		{
			"2022: sampler with its curve, hash alone", "a hut\nNegative prompt: fog, rain\nSteps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 965400086, Size: 512x768, Model hash: 45dee52b",
			with(func(r *art.Recipe) { r.Sampler, r.Scheduler, r.SchedulerConfig = "dpmpp_2m", "karras", linspace() }),
			[]Entry{{"Model hash", "45dee52b"}},
			nil,
		},
		{
			"before 1.9 a bare name is uniform", "a hut\nNegative prompt: fog, rain\nSteps: 20, Sampler: DPM++ 2M, CFG scale: 7, Seed: 965400086, Size: 512x768, Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Version: v1.6.0",
			with(func(r *art.Recipe) {
				r.Sampler, r.Scheduler, r.SchedulerConfig, r.Model.Name = "dpmpp_2m", "normal", linspace(), "v1-5-pruned-emaonly"
			}),
			[]Entry{{"Model hash", "6ce0161689"}, {"Version", "v1.6.0"}},
			nil,
		},
		{
			"since 1.9 automatic is the sampler's own curve", "a hut\nNegative prompt: fog, rain\nSteps: 20, Sampler: DPM++ 2M SDE, Schedule type: Automatic, CFG scale: 7.0, Seed: 965400086, Size: 512x768, Clip skip: 2, RNG: NV, Version: v1.10.1",
			with(func(r *art.Recipe) {
				r.Sampler, r.Scheduler, r.ClipSkip = "dpmpp_2m_sde", "exponential", new(2)
				r.SchedulerConfig = map[string]any{"timestep_spacing": "linspace", "noise_sampler_seed": 965400086.0}
			}),
			[]Entry{{"Version", "v1.10.1"}},
			nil,
		},
		{
			"hires, LoRA, variation, extensions", "a hut <lora:snow_v2:0.8>\nNegative prompt: fog, rain\nSteps: 20, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7, Seed: 965400086, Size: 512x768, Model: m, Variation seed: 3, Variation seed strength: 0.25, " +
				`VAE hash: 235745af8d, VAE: kl-f8.ckpt, Denoising strength: 0.4, RNG: CPU, ADetailer model: face_yolov8n.pt, ADetailer prompt: "a face, smiling", Hires upscale: 1.5, Hires steps: 12, Hires upscaler: 4x-UltraSharp, Lora hashes: "snow_v2: cd4e9895fffa", ENSD: 31337`,
			with(func(r *art.Recipe) {
				r.Sampler, r.Scheduler, r.SchedulerConfig, r.Model.Name, r.NoiseSource = "euler_a", "normal", linspace(), "m", "cpu"
				r.VariationSeed, r.VariationStrength, r.LoRAs = 3, 0.25, []art.LoRA{{Name: "snow_v2", Weight: 0.8}}
				r.Hires = &art.Hires{Scale: 1.5, Strength: 0.4, Upscaler: "4x-UltraSharp"}
			}),
			[]Entry{{"VAE hash", "235745af8d"}, {"VAE", "kl-f8.ckpt"}, {"ADetailer model", "face_yolov8n.pt"}, {"ADetailer prompt", "a face, smiling"}, {"Hires steps", "12"}, {"Lora hashes", "snow_v2: cd4e9895fffa"}, {"ENSD", "31337"}},
			nil,
		},
		{
			"a control network, inpainting", "a hut\nNegative prompt: fog, rain\nSteps: 20, Sampler: DDIM, CFG scale: 7, Seed: 965400086, Size: 512x768, Denoising strength: 0.75, " +
				`ControlNet 0: "Module: canny, Model: control_v11p_sd15_canny [d14c016b], Weight: 0.5, Resize Mode: Crop and Resize, Low Vram: False, Processor Res: 512, Guidance Start: 0, Guidance End: 0.75, Pixel Perfect: True, Control Mode: ControlNet is more important", Mask blur: 4, Inpaint area: Only masked, Masked area padding: 32`,
			with(func(r *art.Recipe) {
				r.Mode, r.Sampler, r.Scheduler, r.Strength, r.MaskBlur, r.MaskPadding = art.ModeInpaint, "ddim", "normal", new(0.75), 4, new(32)
				r.Controls = []art.Control{{Kind: "canny", Model: art.ModelRef{Name: "control_v11p_sd15_canny"}, Weight: 0.5, End: 0.75, GuessMode: true}}
			}),
			[]Entry{{"ControlNet 0 also", "Model: control_v11p_sd15_canny [d14c016b], Resize Mode: Crop and Resize, Low Vram: False, Processor Res: 512, Pixel Perfect: True"}},
			nil,
		},
		{
			"a control network in the form of 2023", "a hut\nNegative prompt: fog, rain\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 965400086, Size: 512x768, ControlNet-0 Enabled: True, ControlNet-0 Module: depth, ControlNet-0 Model: control_sd15_depth [fef5e48e], ControlNet-0 Weight: 1, ControlNet-0 Guidance Start: 0, ControlNet-0 Guidance End: 1",
			with(func(r *art.Recipe) {
				r.Sampler, r.Scheduler, r.SchedulerConfig = "euler", "normal", linspace()
				r.Controls = []art.Control{{Kind: "depth", Model: art.ModelRef{Name: "control_sd15_depth"}, Weight: 1, End: 1}}
			}),
			[]Entry{{"ControlNet 0 also", "Model: control_sd15_depth [fef5e48e]"}},
			nil,
		},
		{
			"and in the form between", "a hut\nNegative prompt: fog, rain\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 965400086, Size: 512x768, " +
				`ControlNet 0: "preprocessor: lineart_standard (from white bg & black line), model: control_v11p_sd15_lineart [43d4be0d], weight: 1, starting/ending: (0.25, 1), resize mode: Resize and Fill, pixel perfect: False, control mode: Balanced, preprocessor params: (512, -1, -1)"`,
			with(func(r *art.Recipe) {
				r.Sampler, r.Scheduler, r.SchedulerConfig = "euler", "normal", linspace()
				r.Controls = []art.Control{{Kind: "lineart-dog", Model: art.ModelRef{Name: "control_v11p_sd15_lineart"}, Weight: 1, Start: 0.25, End: 1}}
			}),
			[]Entry{{"ControlNet 0 also", "Model: control_v11p_sd15_lineart [43d4be0d], resize mode: Resize and Fill, pixel perfect: False, preprocessor params: (512, -1, -1)"}},
			nil,
		},
		{
			"the hires of 2022 counts backwards", "a hut\nNegative prompt: fog, rain\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 965400086, Size: 1024x1536, Denoising strength: 0.7, First pass size: 0x0",
			with(func(r *art.Recipe) {
				r.Sampler, r.Scheduler, r.SchedulerConfig, r.Width, r.Height = "euler", "normal", linspace(), 448, 640
				r.Hires = &art.Hires{Scale: 1024.0 / 448, Strength: 0.7, Upscaler: "latent"}
			}), nil,
			[]string{NoteSizes},
		},
		{
			"JSON, and lines behind", "a hut\nNegative prompt: fog, rain\nSteps: 20, Sampler: Restart, CFG scale: 7, Seed: 965400086, Size: 512x768, Hashes: {\"model\": \"e4a30e4607\", \"lora:a\": \"12\"}, Version: v1.3.1-15-gd853bde0\nTemplate: a {hut|house}",
			with(func(r *art.Recipe) { r.Sampler, r.Scheduler, r.SchedulerConfig = "restart", "normal", linspace() }),
			[]Entry{{"Hashes", `{"model": "e4a30e4607", "lora:a": "12"}`}, {"Version", "v1.3.1-15-gd853bde0"}, {"", "Template: a {hut|house}"}},
			nil,
		},
		{
			"stable-diffusion.cpp", "a hut\nNegative prompt: fog, rain\nSteps: 20, CFG scale: 7.000000, Guidance: 3.500000, Eta: 0.000000, Seed: 965400086, Size: 512x768, Model: sd15.safetensors, RNG: cuda, Sampler: dpm++2m karras, Version: stable-diffusion.cpp",
			with(func(r *art.Recipe) {
				r.Sampler, r.Scheduler, r.SchedulerConfig, r.Model.Name = "dpmpp_2m", "karras", linspace(), "sd15"
			}),
			[]Entry{{"Guidance", "3.500000"}, {"Eta", "0.000000"}, {"Version", "stable-diffusion.cpp"}},
			nil,
		},
		{
			"nonsense is kept, not guessed", "a hut\nNegative prompt: fog, rain\nSteps: many, Sampler: Dream Walker, CFG scale: NaN, Seed: 965400086, Size: 512x768, RNG: dice",
			with(func(r *art.Recipe) { r.Steps, r.GuidanceScale, r.NoiseSource = 0, 0, "" }),
			[]Entry{{"Steps", "many"}, {"Sampler", "Dream Walker"}, {"CFG scale", "NaN"}, {"RNG", "dice"}},
			nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Read(Picture{Texts: []Entry{{"parameters", c.text}}})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got.Recipe); d != "" {
				t.Errorf("recipe (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.kept, got.Kept); d != "" {
				t.Errorf("kept (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.notes, got.Notes); d != "" {
				t.Errorf("notes (-want +got):\n%s", d)
			}
			again(t, got)
		})
	}
}

// again writes a record and reads it once more: nothing may change. What stood behind the line of parameters has no place
// there and is left out.
func again(t *testing.T, r Record) {
	t.Helper()
	text, err := Write(r, r.Source)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse(text, r.Source)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if d := cmp.Diff(r.Recipe, back.Recipe); d != "" {
		t.Errorf("the recipe changed when it was written (-before +after):\n%s\n%s", d, text)
	}
	order := func(all []Entry) []Entry {
		all = slices.DeleteFunc(slices.Clone(all), func(e Entry) bool { return e.Name == "" })
		slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(a.Name+a.Value, b.Name+b.Value) })
		return all
	}
	if d := cmp.Diff(order(r.Kept), order(back.Kept)); d != "" {
		t.Errorf("what is kept changed when it was written (-before +after):\n%s\n%s", d, text)
	}
}

// TestGraphs reads graphs and workflows, written for this test with ComfyUI's core nodes as its examples use them.
func TestGraphs(t *testing.T) {
	base := art.Recipe{Mode: art.ModeTextToImage, Engine: "local", Syntax: "a1111", NoiseSource: "cpu", Model: art.ModelRef{Name: "sd15"}, Prompt: "a hut", NegativePrompt: "fog", Width: 512, Height: 768, Steps: 20, GuidanceScale: 8, Seed: 5, Sampler: "euler", Scheduler: "normal", SchedulerConfig: linspace()}
	with := func(change func(r *art.Recipe)) art.Recipe {
		r := base
		change(&r)
		return r
	}
	for file, c := range map[string]struct {
		want  art.Recipe
		kept  []string // names
		notes []string
	}{
		"plain.json": {base, []string{"node 11 FreeU_V2"}, nil},
		"hires.json": {with(func(r *art.Recipe) {
			r.Hires = &art.Hires{Scale: 2, Strength: 0.5, Upscaler: "latent"}
			r.LoRAs = []art.LoRA{{Name: "first", Weight: 0.5}, {Name: "second", Weight: 1}}
			r.ClipSkip = new(2)
			r.Controls = []art.Control{{Kind: "canny", Model: art.ModelRef{Name: "control_v11p_sd15_canny"}, Weight: 0.75, End: 0.5}}
		}), []string{"picture 32", "second pass steps", "second pass seed", "node 33 CannyEdgePreprocessor"}, nil},
		"image.json": {with(func(r *art.Recipe) {
			r.Mode, r.Steps, r.Strength, r.Width, r.Height = art.ModeImageToImage, 33, new(20.0/33), 0, 0
		}), []string{"picture 10"}, []string{NoteSteps}},
		"custom.json": {with(func(r *art.Recipe) {
			r.Model.Name, r.NegativePrompt, r.GuidanceScale, r.Scheduler, r.SchedulerConfig = "flux1-dev", "", 1, "simple", nil
		}), []string{"node 22 FluxGuidance", "node 30 ModelSamplingFlux", "node 11 DualCLIPLoader", "node 13 VAELoader"}, nil},
		"workflow.json": {base, nil, []string{NoteWorkflow}},
	} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			got, err := Read(Picture{Texts: []Entry{{"prompt", string(text)}}})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got.Recipe); d != "" {
				t.Errorf("recipe (-want +got):\n%s", d)
			}
			var kept []string
			for _, e := range got.Kept {
				kept = append(kept, e.Name)
			}
			slices.Sort(kept)
			slices.Sort(c.kept)
			if d := cmp.Diff(c.kept, kept); d != "" {
				t.Errorf("kept (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.notes, got.Notes); d != "" {
				t.Errorf("notes (-want +got):\n%s", d)
			}
		})
	}
}

// TestSeedsBeyondAreKept: ComfyUI's seeds reach to 2^64 − 1, a recipe's to 2^63 − 1.
func TestSeedsBeyondAreKept(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "plain.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(strings.Replace(string(text), `"seed": 5`, `"seed": 18446744073709551615`, 1), ComfyUI)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(got.Missing, "seed") || !slices.Contains(got.Kept, Entry{"seed", "18446744073709551615"}) || got.Recipe.Seed != 0 {
		t.Errorf("missing %v, kept %v, seed %d", got.Missing, got.Kept, got.Recipe.Seed)
	}
}

// TestSwarmUI reads JSON in the form of SwarmUI's docs/Image Metadata Format.md, read 2026-11.
func TestSwarmUI(t *testing.T) {
	text := `{"sui_image_params": {"prompt": "a hut", "model": "OfficialStableDiffusion/sd_xl_base_1.0", "seed": 1, "steps": "20", "cfgscale": 7.0, "aspectratio": "1:1", "width": 1024, "height": 1024,
		"automaticvae": true, "negativeprompt": "", "sampler": "dpmpp_2m", "scheduler": "karras", "loras": ["snow"], "loraweights": "0.5", "swarm_version": "0.9.3.1"},
		"sui_extra_data": {"date": "2025-01-25"}, "sui_models": [{"name": "a.safetensors", "param": "model", "hash": "0xd7a9"}]}`
	got, err := Read(Picture{Texts: []Entry{{"exif:UserComment", text}}})
	if err != nil {
		t.Fatal(err)
	}
	want := art.Recipe{Mode: art.ModeTextToImage, Engine: "local", Syntax: "a1111", NoiseSource: "cpu", Model: art.ModelRef{Name: "OfficialStableDiffusion/sd_xl_base_1.0"}, Prompt: "a hut", Width: 1024, Height: 1024, Steps: 20, GuidanceScale: 7, Seed: 1, Sampler: "dpmpp_2m", Scheduler: "karras", SchedulerConfig: linspace(), LoRAs: []art.LoRA{{Name: "snow", Weight: 0.5}}}
	if d := cmp.Diff(want, got.Recipe); d != "" {
		t.Errorf("recipe (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]Entry{{"aspectratio", "1:1"}, {"automaticvae", "true"}, {"swarm_version", "0.9.3.1"}, {"sui_extra_data", `{"date":"2025-01-25"}`}, {"sui_models", `[{"hash":"0xd7a9","name":"a.safetensors","param":"model"}]`}}, got.Kept); d != "" {
		t.Errorf("kept (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"model sha256", "lora sha256: snow"}, got.Missing); d != "" {
		t.Errorf("missing (-want +got):\n%s", d)
	}
	again(t, got)
}

// TestInvokeAI reads metadata with the fields of InvokeAI's CoreMetadataInvocation, and its two older forms as its
// import_images.py tells them, read 2026-11.
func TestInvokeAI(t *testing.T) {
	base := art.Recipe{Mode: art.ModeTextToImage, Engine: "local", Syntax: "plain", NoiseSource: "cpu", Model: art.ModelRef{Name: "dreamshaper"}, Prompt: "a hut", NegativePrompt: "fog", Width: 512, Height: 768, Steps: 30, GuidanceScale: 7.5, Seed: 9, Sampler: "dpmpp_2m", Scheduler: "karras"}
	for _, c := range []struct {
		name, key, text string
		want            art.Recipe
		kept            []string
		writes          bool
	}{
		{
			"today", "invokeai_metadata", `{"generation_mode": "sdxl_img2img", "positive_prompt": "a hut", "negative_prompt": "fog", "width": 512, "height": 768, "seed": 9, "rand_device": "cpu", "cfg_scale": 7.5,
			"cfg_rescale_multiplier": 0, "steps": 30, "scheduler": "dpmpp_3m_k", "clip_skip": 1, "model": {"key": "k", "hash": "blake3:12", "name": "dreamshaper", "base": "sdxl", "type": "main"},
			"loras": [{"model": {"key": "l", "hash": "blake3:34", "name": "snow", "base": "sdxl", "type": "lora"}, "weight": 0.75}], "strength": 0.5, "vae": null, "hrf_enabled": false, "app_version": "6.1.0",
			"controlnets": [{"image": {"image_name": "a.png"}, "control_model": {"name": "canny-sdxl"}, "control_weight": 0.5, "begin_step_percent": 0, "end_step_percent": 1, "control_mode": "more_control"}]}`,
			func() art.Recipe {
				r := base
				r.Mode, r.Strength, r.ClipSkip, r.SchedulerConfig = art.ModeImageToImage, new(0.5), new(2), map[string]any{"solver_order": 3.0}
				r.LoRAs = []art.LoRA{{Name: "snow", Weight: 0.75}}
				r.Controls = []art.Control{{Kind: "canny", Model: art.ModelRef{Name: "canny-sdxl"}, Weight: 0.5, End: 1, GuessMode: true}}
				return r
			}(),
			[]string{"app_version", "generation_mode", "hrf_enabled", "loras 0", "model"},
			true,
		},
		{
			"2.3", "sd-metadata", `{"model": "stable diffusion", "model_weights": "dreamshaper", "app_version": "2.3.5", "image": {"type": "txt2img", "prompt": [{"prompt": "a hut [fog]", "weight": 1.0}], "width": 512, "height": 768, "seed": 9, "cfg_scale": 7.5, "steps": 30, "sampler": "k_euler_a", "seamless": false}}`,
			func() art.Recipe {
				r := base
				r.NoiseSource, r.Sampler, r.Scheduler = "cuda", "euler_a", "normal"
				return r
			}(),
			[]string{"app_version", "model"},
			false,
		},
		{
			"before", "Dream", `"a hut [fog]" -s 30 -S 9 -W512 -H768 -C7.5 -A k_lms -G 0.8`,
			func() art.Recipe {
				r := base
				r.NoiseSource, r.Sampler, r.Scheduler, r.Model.Name = "cuda", "lms", "normal", ""
				return r
			}(),
			[]string{"Dream"},
			false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Read(Picture{Texts: []Entry{{c.key, c.text}}})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got.Recipe); d != "" {
				t.Errorf("recipe (-want +got):\n%s", d)
			}
			var kept []string
			for _, e := range got.Kept {
				kept = append(kept, e.Name)
			}
			slices.Sort(kept)
			if d := cmp.Diff(c.kept, kept); d != "" {
				t.Errorf("kept (-want +got):\n%s", d)
			}
			if c.writes {
				again(t, got)
			}
		})
	}
}

// TestMidjourney reads a description and a file's name as a note of Peter Kaminski's on exiftool shows them, read 2026-11.
func TestMidjourney(t *testing.T) {
	got, err := Read(Picture{
		Name: "peterkaminski_example_--ar_21_--stylize_80_--v_6_a7421d2f-b262-44f9-977c-ac23e9c7d3e3_2.png", Width: 1536, Height: 768,
		Texts: []Entry{{"Description", "example --ar 2:1 --stylize 80 --v 6 Job ID: a7421d2f-b262-44f9-977c-ac23e9c7d3e3"}, {"Author", "peterkaminski"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Record{
		Source: Midjourney, Missing: []string{"seed"},
		Recipe: art.Recipe{Mode: art.ModeTextToImage, Engine: "midjourney", Model: art.ModelRef{Name: "midjourney", Version: "6"}, Prompt: "example", Width: 1536, Height: 768},
		Kept:   []Entry{{"ar", "2:1"}, {"s", "80"}, {"job id", "a7421d2f-b262-44f9-977c-ac23e9c7d3e3"}, {"picture index", "2"}, {"file Author", "peterkaminski"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	text, err := Write(got, Midjourney)
	if err != nil || text != "example --ar 2:1 --s 80 --v 6 Job ID: a7421d2f-b262-44f9-977c-ac23e9c7d3e3" {
		t.Errorf("written: %q, %v", text, err)
	}
	name, ok := ParseFileName("peterkaminski_example_--ar_21_--stylize_80_--v_6_a7421d2f-b262-44f9-977c-ac23e9c7d3e3_2.png")
	if d := cmp.Diff(FileName{"peterkaminski", "example", "a7421d2f-b262-44f9-977c-ac23e9c7d3e3", 2}, name); !ok || d != "" {
		t.Errorf("file name (-want +got):\n%s", d)
	}
}

// TestMidjourneyRefusesNumbersOutOfRange: what the service would refuse is not written.
func TestMidjourneyRefusesNumbersOutOfRange(t *testing.T) {
	for _, e := range []Entry{{"s", "1001"}, {"c", "-1"}, {"w", "3001"}, {"iw", "3.5"}, {"stop", "9"}, {"ar", "16x9"}, {"q", "3"}, {"ow", "0"}, {"raw", "yes"}, {"s", "1e2"}} {
		_, err := Write(Record{Source: Midjourney, Recipe: art.Recipe{Mode: art.ModeTextToImage, Prompt: "a hut"}, Kept: []Entry{e}}, Midjourney)
		if !errors.Is(err, art.ErrInvalid) {
			t.Errorf("--%s %s: %v", e.Name, e.Value, err)
		}
	}
	got, err := Parse("a hut --s 2000 --seed 7", Midjourney)
	if err != nil || !slices.Contains(got.Kept, Entry{"s", "2000"}) || got.Recipe.Seed != 7 {
		t.Errorf("a strange number was not kept: %+v, %v", got, err)
	}
}

// TestNothingToRead: a file without texts, with a broken one, and with one that is too long.
func TestNothingToRead(t *testing.T) {
	for name, c := range map[string]struct {
		texts []Entry
		want  error
	}{
		"no texts":      {nil, art.ErrNotFound},
		"not ours":      {[]Entry{{"Software", "GIMP"}}, art.ErrNotFound},
		"cut off":       {[]Entry{{"prompt", `{"3": {"class_type": "KSampler", "inputs": {`}}, art.ErrInvalid},
		"no nodes":      {[]Entry{{"prompt", `{"a": 1}`}}, art.ErrInvalid},
		"cut off swarm": {[]Entry{{"parameters", `{"sui_image_params": {"prompt": "a`}}, art.ErrInvalid},
		"too long":      {[]Entry{{"parameters", strings.Repeat("a", maxText+1)}}, art.ErrInvalid},
	} {
		if _, err := Read(Picture{Texts: c.texts}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err := Read(Picture{Texts: []Entry{{"prompt", `{"broken`}, {"workflow", `{"nodes": [{"id": 1, "type": "SaveImage"}], "links": []}`}}})
	if err != nil || got.Source != ComfyUI {
		t.Errorf("a broken graph hid the workflow: %+v, %v", got, err)
	}
}

// TestModesThatATextCannotSay are refused with the field.
func TestModesThatATextCannotSay(t *testing.T) {
	for source, mode := range map[Source]string{A1111: art.ModeOutpaint, ComfyUI: art.ModeOutpaint, SwarmUI: art.ModeUpscale, InvokeAI: art.ModeUpscale, Midjourney: art.ModeInpaint, "paint": art.ModeTextToImage} {
		_, err := Write(Record{Recipe: art.Recipe{Mode: mode}}, source)
		if !errors.Is(err, art.ErrUnsupported) {
			t.Errorf("%s of %s: %v", mode, source, err)
		}
	}
}

// TestLostNamesTheFields that a text does not carry.
func TestLostNamesTheFields(t *testing.T) {
	r := art.Recipe{Mode: art.ModeTextToImage, Engine: "local", Model: art.ModelRef{Name: "m", SHA256: strings.Repeat("a", 64)}, Prompt: "a hut", Syntax: "a1111", Width: 512, Height: 512, Steps: 20, GuidanceScale: 7, Sampler: "euler", Scheduler: "karras", SchedulerConfig: linspace(), GuidanceStart: 0.25}
	for source, want := range map[Source][]string{A1111: {"guidance_start", "model"}, ComfyUI: {"guidance_start", "model"}, InvokeAI: {"guidance_start", "scheduler_config", "syntax"}} {
		got, err := Lost(r, source)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", source, d)
		}
	}
}

// TestALaterSamplersOwnWordsAreKept: a second pass with another prompt or a control of its own must not change the first's.
func TestALaterSamplersOwnWordsAreKept(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "hires.json"))
	if err != nil {
		t.Fatal(err)
	}
	other := strings.NewReplacer(
		`"denoise": 0.5, "model": ["3", 0], "positive": ["5", 0]`, `"denoise": 0.5, "model": ["3", 0], "positive": ["61", 0]`,
		"\n}\n", ",\n\"60\": {\"class_type\": \"CLIPTextEncode\", \"inputs\": {\"text\": \"a larger hut\", \"clip\": [\"4\", 0]}},\n"+
			"\"61\": {\"class_type\": \"ControlNetApply\", \"inputs\": {\"conditioning\": [\"60\", 0], \"control_net\": [\"31\", 0], \"image\": [\"32\", 0], \"strength\": 1}}\n}\n",
	).Replace(string(text))
	got, err := Parse(other, ComfyUI)
	if err != nil {
		t.Fatal(err)
	}
	if got.Recipe.Prompt != "a hut" || len(got.Recipe.Controls) != 1 || got.Recipe.Hires == nil {
		t.Errorf("the second pass changed the first: %+v", got.Recipe)
	}
	for _, name := range []string{"node 60 CLIPTextEncode", "node 61 ControlNetApply"} {
		if _, ok := got.kept(name); !ok {
			t.Errorf("%s was lost", name)
		}
	}
}

// TestSamplersOfOthers: a node that is no core sampler but has its inputs is read as one, and kept whole besides.
func TestSamplersOfOthers(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "plain.json"))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := Parse(string(text), ComfyUI)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(strings.Replace(string(text), `"KSampler"`, `"KSampler (Efficient)"`, 1), ComfyUI)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(plain.Recipe, got.Recipe); d != "" {
		t.Errorf("(-core +other):\n%s", d)
	}
	if _, ok := got.kept("node 3 KSampler (Efficient)"); !ok {
		t.Error("what else the node says was lost")
	}
}
