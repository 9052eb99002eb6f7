package modelstore

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"presswerk/internal/art"
	"presswerk/internal/model"
)

func TestAFolderIsKeptOnceAndOpenedByTheRenderer(t *testing.T) {
	s, dir := newStore(t), pipeline(t)
	m, err := s.Add(t.Context(), dir, AddOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if m.Ref() != "tiny-model@7" || m.Kind != art.ModelPipeline || m.Base != model.FamilySD1 || len(m.Files) != 7 {
		t.Errorf("%+v", m)
	}
	sums := map[string]string{}
	for _, f := range m.Files {
		if model.PartOfFolder(f.Path) {
			sums[f.Path] = f.SHA256
		}
	}
	if want := model.FolderDigest(sums); m.SHA256 != want || len(sums) != 5 {
		t.Errorf("identity %s, and the renderer's is %s of %d files", m.SHA256, want, len(sums))
	}
	about, err := os.ReadFile(filepath.Join(s.Folder(m), "model.json"))
	if err != nil || !strings.Contains(string(about), `"name": "tiny-model"`) || !strings.Contains(string(about), `"dialect": "plain"`) {
		t.Errorf("model.json is %s, %v", about, err)
	}
	again, err := s.Add(t.Context(), dir, AddOptions{})
	if err != nil || again.SHA256 != m.SHA256 {
		t.Errorf("adding twice: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "unet", "model.onnx"), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(t.Context(), dir, AddOptions{}); !errors.Is(err, art.ErrConflict) || !strings.Contains(err.Error(), "name another version") {
		t.Errorf("another model of the same version: %v", err)
	}
	if _, err := s.Add(t.Context(), dir, AddOptions{Version: "8"}); err != nil {
		t.Error(err)
	}
	if all, err := s.List(); err != nil || len(all) != 2 || all[0].Version != "8" {
		t.Errorf("%+v, %v", all, err)
	}
	if m, err := s.Find("tiny-model"); err != nil || m.Version != "8" {
		t.Errorf("the name alone means %s, %v", m.Ref(), err)
	}
	if _, err := s.Find("tiny"); !errors.Is(err, art.ErrNotFound) || !strings.Contains(err.Error(), "tiny-model@7") {
		t.Errorf("got %v", err)
	}
	if got := left(t, s, "tmp"); got != "" {
		t.Errorf("tmp holds %s", got)
	}
}

func TestEveryChangedByteIsFoundAndNamed(t *testing.T) {
	s := newStore(t)
	m, err := s.Add(t.Context(), pipeline(t), AddOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if d, err := s.Verify(t.Context(), m, nil); err != nil || len(d) != 0 {
		t.Fatal(d, err)
	}
	unet := filepath.Join(s.Folder(m), "unet", "model.onnx")
	if err := errors.Join(os.Chmod(unet, 0o600), os.WriteFile(unet, []byte("Unet"), 0o600)); err != nil {
		t.Fatal(err)
	}
	var gone string
	for _, f := range m.Files {
		if f.Path == "unet/config.json" {
			gone = s.Blob(f.SHA256)
		}
	}
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	d, err := s.Verify(t.Context(), m, nil)
	if err != nil || len(d) != 2 || d[0].File != "unet/config.json" || d[0].Reason != "missing" || d[1].File != "unet/model.onnx" || d[1].Reason != "changed" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestRemovingTakesWhatNobodyElseHas(t *testing.T) {
	s, dir := newStore(t), pipeline(t)
	first, err := s.Add(t.Context(), dir, AddOptions{Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, map[string]string{"unet/model.onnx": "a longer unet"})
	second, err := s.Add(t.Context(), dir, AddOptions{Version: "2"})
	if err != nil {
		t.Fatal(err)
	}
	freed, err := s.Remove(first)
	if err != nil || freed != int64(len("unet")) {
		t.Errorf("freed %d, %v", freed, err)
	}
	if d, err := s.Verify(t.Context(), second, nil); err != nil || len(d) > 0 {
		t.Errorf("the other one is damaged: %+v, %v", d, err)
	}
	if _, err := os.Stat(s.Folder(first)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its folder is still there: %v", err)
	}
	if _, err := s.Remove(second); err != nil || left(t, s, "blobs") != "" || left(t, s, "folders") != "" {
		t.Errorf("left: %s %s, %v", left(t, s, "blobs"), left(t, s, "folders"), err)
	}
}

func TestALoRAIsFoundByItsNames(t *testing.T) {
	s := newStore(t)
	file := filepath.Join(t.TempDir(), "Ink Style.safetensors")
	if err := os.WriteFile(file, lora(), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := s.Add(t.Context(), file, AddOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if m.Ref() != "ink-style@1" || m.Kind != art.ModelLoRA || m.Base != model.FamilySD1 || m.License != "CC-BY-4.0" || m.Metadata["triggers"] != "ink, brush" || m.SHA256 != art.Digest(lora()) {
		t.Errorf("%+v", m)
	}
	other := changed(1)
	if err := os.WriteFile(file, other, 0o600); err != nil {
		t.Fatal(err)
	}
	second, err := s.Add(t.Context(), file, AddOptions{Version: "2"})
	if err != nil {
		t.Fatal(err)
	}
	if got := left(t, s, "loras"); got != "ink-style.safetensors ink-style@1.safetensors ink-style@2.safetensors" {
		t.Errorf("loras holds %s", got)
	}
	bare := filepath.Join(s.Adapters(), "ink-style.safetensors")
	if data, err := os.ReadFile(bare); err != nil || !bytes.Equal(data, other) {
		t.Errorf("the name alone is not the newest: %v", err)
	}
	if _, err := s.Remove(second); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(bare); err != nil || !bytes.Equal(data, lora()) {
		t.Errorf("the older one does not take the name over: %v", err)
	}
}

func TestWhatIsEncryptedIsOnDiskOnlyEncrypted(t *testing.T) {
	s := newStore(t)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "secret.safetensors")
	if err := os.WriteFile(file, lora(), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := s.Add(t.Context(), file, AddOptions{Recipient: key.Recipient()})
	if err != nil {
		t.Fatal(err)
	}
	if !m.Encrypted || m.SHA256 != art.Digest(lora()) || m.Files[0].SHA256 == m.SHA256 || left(t, s, "loras") != "" || left(t, s, "folders") != "" {
		t.Errorf("%+v", m)
	}
	sealed, err := os.ReadFile(s.Blob(m.Files[0].SHA256))
	if err != nil || bytes.Contains(sealed, []byte("lora_unet")) {
		t.Errorf("the plain file is in the store, %v", err)
	}
	if plain, err := s.Unseal(m, key); err != nil || !bytes.Equal(plain, lora()) {
		t.Errorf("decrypting: %v", err)
	}
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Unseal(m, stranger); !errors.Is(err, art.ErrRefused) {
		t.Errorf("a stranger's key: %v", err)
	}
	if d, err := s.Verify(t.Context(), m, nil); err != nil || len(d) > 0 {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := s.Add(t.Context(), pipeline(t), AddOptions{Recipient: key.Recipient()}); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("a whole model: %v", err)
	}
}

func TestWhatIsNoModelIsRefusedWithTheReason(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"v1.ckpt": "PK\x03\x04 not a real zip but it begins like torch's", "old.pth": "\x80\x02}q\x00.............", "page.safetensors": "<!doctype html><html>",
		"pointer.safetensors": "version https://git-lfs.github.com/spec/v1\n", "cut.safetensors": string(lora()[:200]), "model.gguf": "GGUF............",
		"folder/model_index.json": "{}", "folder/unet/diffusion_pytorch_model.bin": "x", "empty/readme.md": "x", "short.safetensors": "abc",
	})
	for name, want := range map[string]string{
		"v1.ckpt": "Python pickle", "old.pth": "Python pickle", "page.safetensors": "web page", "pointer.safetensors": "pointer of Git LFS",
		"cut.safetensors": "no model that can be read", "model.gguf": "GGUF", "folder": "only as Python pickles", "empty": "no model folder", "nowhere": "no such file",
		"short.safetensors": "too short",
	} {
		s := newStore(t)
		_, err := s.Add(t.Context(), filepath.Join(dir, name), AddOptions{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		if all, err := s.List(); err != nil || len(all) > 0 {
			t.Errorf("%s: something was kept", name)
		}
	}
}

func TestCheckpointsAreToldApart(t *testing.T) {
	unet := "model.diffusion_model.input_blocks.0.0.weight"
	for want, shapes := range map[string]map[string][]int{
		model.FamilySD1:     {unet: {4, 4, 3, 3}, "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight": {1}},
		model.FamilySD2:     {unet: {4, 4, 3, 3}, "cond_stage_model.model.positional_embedding": {1}},
		model.FamilySDXL:    {unet: {4, 4, 3, 3}, "conditioner.embedders.0.transformer.text_model.embeddings.position_embedding.weight": {1}, "conditioner.embedders.1.model.ln_final.weight": {1}},
		model.FamilyRefiner: {unet: {4, 4, 3, 3}, "conditioner.embedders.0.model.ln_final.weight": {1}},
	} {
		data := tensors(shapes, nil)
		w, err := model.DetectWeights(bytes.NewReader(data), int64(len(data)), "x.safetensors")
		if err != nil || w.Kind != art.ModelCheckpoint || w.Family != want || w.Inpaint {
			t.Errorf("%s: %+v, %v", want, w, err)
		}
	}
	data := tensors(map[string][]int{unet: {4, 9, 3, 3}}, nil)
	if w, err := model.DetectWeights(bytes.NewReader(data), int64(len(data)), "x.safetensors"); err != nil || !w.Inpaint {
		t.Errorf("an inpainting model: %+v, %v", w, err)
	}
}

// A process that was killed leaves files in tmp, or a folder without a manifest. The next write sweeps and replaces them.
func TestWhatAKilledProcessLeftIsSwept(t *testing.T) {
	s := newStore(t)
	write(t, s.dir, map[string]string{"tmp/blob-1": "half", "tmp/folder-2/unet/model.onnx": "half", "folders/tiny-model/7/unet/model.onnx": "half"})
	m, err := s.Add(t.Context(), pipeline(t), AddOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := left(t, s, "tmp"); got != "" {
		t.Errorf("tmp holds %s", got)
	}
	if d, err := s.Verify(t.Context(), m, nil); err != nil || len(d) > 0 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestAnEndedContextKeepsNothing(t *testing.T) {
	s := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Add(ctx, pipeline(t), AddOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := left(t, s, "manifests") + left(t, s, "blobs"); got != "" {
		t.Errorf("kept %s", got)
	}
}
