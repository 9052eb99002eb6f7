package infotext

import (
	"os"
	"path/filepath"
	"testing"
)

// seeds are texts of every tool, for the fuzzers to begin with.
func seeds(f *testing.F) {
	f.Helper()
	for _, text := range []string{
		"a hut <lora:a:0.8>\nNegative prompt: fog\nSteps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 1, Size: 512x768, Hires upscale: 2, Hires upscaler: Latent, Denoising strength: 0.5, ControlNet 0: \"Module: canny, Model: a [0123456789], Weight: 1\", Hashes: {\"model\": \"x\"}, First pass size: 0x0",
		`{"sui_image_params": {"prompt": "a", "steps": 20, "loras": ["a"], "loraweights": ["1"], "refinerupscale": 2, "refinercontrolpercentage": 0.5}}`,
		`{"generation_mode": "sdxl_inpaint", "positive_prompt": "a", "loras": [{"model": {"name": "b"}, "weight": 1}], "controlnets": [{"control_model": {"name": "c"}}], "scheduler": "euler_k"}`,
		"a hut --ar 16:9 --s 250 --no fog —raw --seed 5 --v 7 Job ID: a7421d2f-b262-44f9-977c-ac23e9c7d3e3",
		`"a hut [fog]" -s50 -S 42 -W512 -A k_lms`,
		`{"image": {"prompt": [{"prompt": "a"}], "sampler": "k_lms"}}`,
		`{"1": {"class_type": "KSampler", "inputs": {"latent_image": ["1", 0], "model": ["1", 0], "positive": ["1", 0]}}}`,
		`{"nodes": [{"id": 1, "type": "Reroute", "inputs": [{"name": "", "type": "*", "link": 1}]}], "links": [[1, 1, 0, 1, 0, "*"]]}`,
	} {
		f.Add(text)
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
}

// FuzzRead: whatever a stranger writes is read or refused, and what was read can be said again in the words of its tool,
// or is refused there.
func FuzzRead(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"parameters", "prompt", "Description", "text", "invokeai_metadata", "sd-metadata", "Dream", "exif:UserComment"} {
			r, err := Read(Picture{Name: text, Width: 8, Height: 8, Texts: []Entry{{name, text}}})
			if err != nil {
				continue
			}
			if _, err := r.Recipe.Canonical(); err != nil {
				t.Fatalf("%s: a recipe that has no canonical form: %v", name, err)
			}
			for _, s := range Sources() {
				if _, err := Write(r, s); err != nil {
					continue
				}
			}
		}
	})
}

// FuzzParse: the parsers alone; what is written of a record is read without an error.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range Sources() {
			r, err := Parse(text, s)
			if err != nil {
				continue
			}
			again, err := Write(r, s)
			if err != nil {
				continue
			}
			if _, err := Parse(again, s); err != nil {
				t.Fatalf("%s: what was written can't be read: %v\n%s", s, err, again)
			}
		}
	})
}
