package local

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"presswerk/internal/art"
)

// signed writes an adapter of the tests anew, as one that was trained on a model.
func signed(t *testing.T, to, base, sha256 string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(adapterFiles, "tiny-peft.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	length := binary.LittleEndian.Uint64(data)
	var header map[string]any
	if err := json.Unmarshal(data[8:8+length], &header); err != nil {
		t.Fatal(err)
	}
	metadata, _ := header["__metadata__"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
	}
	metadata["presswerk.base.name"], metadata["presswerk.base.sha256"] = base, sha256
	header["__metadata__"] = metadata
	text, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	out := append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)
	if err := os.WriteFile(to, append(out, data[8+length:]...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAnAdapterIsForOneBase: a LoRA that says what it was trained on is added to that model and to no other; the refusal
// names both.
func TestAnAdapterIsForOneBase(t *testing.T) {
	dir := t.TempDir()
	e := newEngine(t, Options{})
	f, err := e.folder(tinyRecipe().Model)
	if err != nil {
		t.Fatal(err)
	}
	signed(t, filepath.Join(dir, "own@2.safetensors"), "tiny@1", f.SHA256)
	signed(t, filepath.Join(dir, "own@10.safetensors"), "tiny@1", f.SHA256)
	signed(t, filepath.Join(dir, "other.safetensors"), "elsewhere@7", strings.Repeat("ab", 32))
	e = newEngine(t, Options{Adapters: []string{dir}, Models: []string{houseDir}})
	render := func(name string) error {
		_, err := e.RenderArrays(context.Background(), adapted(art.LoRA{Name: name, Weight: 1}), Inputs{}, nil)
		return err
	}
	if err := render("own@2"); err != nil {
		t.Error(err)
	}
	if err := render("other"); !errors.Is(err, art.ErrMismatch) || !strings.Contains(err.Error(), "elsewhere@7") || !strings.Contains(err.Error(), f.Ref().Told()) {
		t.Errorf("another base: %v", err)
	}
	var names []string
	for _, a := range e.Info().Models[0].LoRAs {
		names = append(names, a.Name+" "+a.Base.Name)
	}
	if got := strings.Join(names, ", "); got != "other elsewhere, own@2 tiny, own@10 tiny" {
		t.Errorf("the engine lists %s", got)
	}
}
