package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"presswerk/internal/modelstore"
	"presswerk/internal/testkit"
)

// A diffusers folder and the same weights in one file become the same model, to the byte, and the renderer draws with it.
// Setting up torch takes longer than all other tests together, so this one runs where a Python that has it is named.
func TestACheckpointBecomesAModel(t *testing.T) {
	python := os.Getenv("PRESSWERK_TRAINER_PYTHON")
	if python == "" {
		t.Skip("set PRESSWERK_TRAINER_PYTHON to a Python with what trainer/requirements.txt lists")
	}
	root := testkit.Root(t)
	testkit.Native(t, onnxLibrary)
	p := newStoreProcess(t)
	made := filepath.Join(t.TempDir(), "made")
	script := exec.CommandContext(t.Context(), python, "-m", "trainer.reference.make_tiny_checkpoint", made)
	script.Dir = root
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Setenv("PRESSWERK_TRAINER", filepath.Join(root, "trainer"))
	t.Setenv("PRESSWERK_LIB", filepath.Dir(filepath.Dir(testkit.Native(t, onnxLibrary))))
	p.must(t, "models", "add", filepath.Join(made, "tiny"))
	p.must(t, "models", "convert", "tiny", "--check")
	p.must(t, "models", "convert", filepath.Join(made, "tiny-single.safetensors"), "--config", filepath.Join(made, "tiny"), "--as", "single@1")
	all, err := p.list()
	if err != nil {
		t.Fatal(err)
	}
	if a, b := all["tiny@1-onnx"], all["single@1"]; a == "" || a != b {
		t.Errorf("folder %s, file %s", a, b)
	}
	recipe := filepath.Join(t.TempDir(), "r.json")
	const text = `{"mode":"text-to-image","engine":"local","model":{"name":"single"},"prompt":"a red apple","negative_prompt":"","width":64,"height":64,"steps":2,"guidance_scale":2,"sampler":"euler","seed":1}`
	if err := os.WriteFile(recipe, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p.must(t, "render", recipe, "-o", filepath.Join(t.TempDir(), "out"))
}

// list gives the SHA-256 of every model in the store.
func (p storeProcess) list() (map[string]string, error) {
	all, err := modelstore.New(p.store, nil).List()
	sums := map[string]string{}
	for _, m := range all {
		sums[m.Ref()] = m.SHA256
	}
	return sums, err
}
