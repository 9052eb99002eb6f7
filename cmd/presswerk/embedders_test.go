package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"presswerk/internal/art"
)

// House CLIP is taken by its name as soon as it comes with the house model; until then it is said how to get a network.
func TestHouseCLIPIsTakenAsSoonAsItIsHere(t *testing.T) {
	dir := t.TempDir()
	g := &globals{settings: settings{ModelDirs: []string{dir}, NativeDirs: []string{dir}, Store: filepath.Join(dir, "store")}}
	if _, _, err := g.source("", true); !errors.Is(err, art.ErrUnavailable) || !strings.Contains(err.Error(), "presswerk models pull openclip-vit-b-32") {
		t.Errorf("without a network: %v", err)
	}
	if _, _, err := g.source("inception", true); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("a network that reads nothing was taken for words: %v", err)
	}
	for name, text := range map[string]string{
		"house/image_encoder/model.onnx":  "a network",
		"house/image_encoder/config.json": `{"image_size": 64, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "resample": "area"}`,
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	s, path, err := g.source("", true)
	if err != nil || s.Name != houseCLIPName {
		t.Fatalf("%s, %v", s.Name, err)
	}
	if o, err := s.options(path); err != nil || o.Side != 64 || !o.Whole || o.Std[2] != 0.5 {
		t.Errorf("it wants its pictures as %+v, %v", o, err)
	}
	e := (&tools{g: g}).embedders()
	if name := e.Embedder(); name.Name != houseCLIPName || name.SHA256 != art.Digest([]byte("a network")) || name.Words != "" {
		t.Errorf("%+v", name)
	}
	if e.TasteSHA256() != "" {
		t.Error("there is a head")
	}
	if _, err := e.Taste(); !errors.Is(err, art.ErrUnavailable) || !strings.Contains(err.Error(), "models pull aesthetic-v2") {
		t.Errorf("%v", err)
	}
}
