package infotext

import (
	"errors"
	"strings"
	"testing"

	"presswerk/internal/art"
)

// TestLimits: what is longer than any tool writes is refused before it is taken apart.
func TestLimits(t *testing.T) {
	line := "\nSteps: 1, Sampler: Euler, Seed: 2"
	for name, c := range map[string]struct {
		text   string
		source Source
	}{
		"A1111":      {strings.Repeat("a", maxPrompt) + line, A1111},
		"Midjourney": {strings.Repeat("a", maxWords) + " --ar 2:1", Midjourney},
		"ComfyUI":    {"{" + strings.Repeat(" ", maxText) + "}", ComfyUI},
		"nodes":      {`{"nodes": [` + strings.Repeat("{},", maxNodes) + `{}]}`, ComfyUI},
	} {
		if _, err := Parse(c.text, c.source); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Read(Picture{Texts: []Entry{{"parameters", strings.Repeat("a", maxPrompt) + line}}}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("parameters over the limit: %v", err)
	}
	ring := `{"1": {"class_type": "VAEDecode", "inputs": {"samples": ["2", 0]}}, "2": {"class_type": "LatentUpscaleBy", "inputs": {"samples": ["1", 0]}}, "3": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}}`
	got, err := Parse(ring, ComfyUI)
	if err != nil || got.Recipe.Sampler != "" {
		t.Errorf("a ring of nodes: %+v, %v", got, err)
	}
}
