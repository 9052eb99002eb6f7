package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// Families of models: whose checkpoint it is, or what an adapter was made for.
const (
	FamilySD1     = "sd1"
	FamilySD2     = "sd2"
	FamilySDXL    = "sdxl"
	FamilyRefiner = "sdxl-refiner"
)

// Weights is what a single file of weights turned out to be.
type Weights struct {
	Kind     string            // art.ModelCheckpoint, art.ModelLoRA, art.ModelEmbedding or art.ModelNetwork
	Form     string            // safetensors, torch or onnx
	Family   string            // "" where the file does not tell
	Inpaint  bool              // a checkpoint whose UNet also takes a mask
	Triggers []string          // of a LoRA, as its metadata name them; the most used first
	Metadata map[string]string // what its maker wrote into it: kohya's ss_ keys, modelspec's
}

// DetectWeights tells what a file is by its content; name is its name, for embeddings and for messages. Pickles that would
// have to be run, and formats that nothing here reads, give art.ErrUnsupported with the reason; damaged files art.ErrInvalid.
func DetectWeights(r io.ReaderAt, size int64, name string) (Weights, error) {
	head := make([]byte, min(size, 16))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return Weights{}, fmt.Errorf("model: %s: %w: %w", name, err, art.ErrInvalid)
	}
	switch {
	case len(head) < 8:
		return Weights{}, art.Unsupported(name, "is too short for a model", "is this the right file?")
	case bytes.HasPrefix(head, []byte("PK")):
		return detectTorch(r, size, name)
	case head[0] == 0x80 && head[1] <= 5:
		return Weights{}, pickled(name)
	case bytes.HasPrefix(head, []byte("GGUF")):
		return Weights{}, art.Unsupported(name, "is GGUF, whose quantised weights nothing here reads", "fetch the model as safetensors")
	case head[0] == 0x08 && strings.HasSuffix(name, ".onnx"):
		return Weights{Kind: art.ModelNetwork, Form: "onnx"}, nil
	case bytes.HasPrefix(head, []byte("version https://")):
		return Weights{}, art.Unsupported(name, "is only a pointer of Git LFS", "fetch the file itself: git lfs pull")
	case bytes.HasPrefix(head, []byte("<!")) || bytes.HasPrefix(bytes.ToLower(head), []byte("<html")):
		return Weights{}, art.Unsupported(name, "is a web page", "the download gave a page instead of the file; is a login needed?")
	}
	file, err := OpenSafetensors(r, size)
	if err != nil {
		return Weights{}, fmt.Errorf("%s is no model that can be read: %w", name, err)
	}
	w, err := detectSafetensors(file, r, size, name)
	w.Form, w.Metadata = "safetensors", ownWords(file)
	return w, err
}

// pickled refuses what could run a stranger's code.
func pickled(name string) error {
	return art.Unsupported(name, "is a Python pickle: opening one can run whatever its author wrote into it, so nothing here does", "fetch the model as safetensors; most hubs offer both")
}

// detectTorch takes an embedding in torch's zip format, which OpenEmbedding reads without running it, and nothing else.
func detectTorch(r io.ReaderAt, size int64, name string) (Weights, error) {
	e, err := OpenEmbedding(r, size, "embedding")
	if err != nil {
		return Weights{}, pickled(name)
	}
	return Weights{Kind: art.ModelEmbedding, Form: "torch", Family: embeddingFamily(e)}, nil
}

func embeddingFamily(e Embedding) string {
	switch {
	case len(e.Vectors[TextEncoder2]) > 0 && len(e.Vectors[TextEncoder]) > 0:
		return FamilySDXL
	case len(e.Vectors[TextEncoder2]) > 0:
		return FamilyRefiner
	case len(e.Vectors[TextEncoder]) > 0 && len(e.Vectors[TextEncoder][0]) == 768:
		return FamilySD1
	case len(e.Vectors[TextEncoder]) > 0 && len(e.Vectors[TextEncoder][0]) == 1024:
		return FamilySD2
	}
	return ""
}

func detectSafetensors(file *Safetensors, r io.ReaderAt, size int64, name string) (Weights, error) {
	lora, checkpoint := 0, false
	for _, key := range file.Names() {
		if _, part := splitKey(key); part == "up" || part == "down" || otherMethod(key) != "" {
			lora++
		}
		checkpoint = checkpoint || strings.HasPrefix(key, "model.diffusion_model.")
	}
	switch {
	case checkpoint:
		return detectCheckpoint(file), nil
	case lora > 0:
		return Weights{Kind: art.ModelLoRA, Family: loraFamily(file), Triggers: triggers(file)}, nil
	}
	if e, err := OpenEmbedding(r, size, "embedding"); err == nil {
		return Weights{Kind: art.ModelEmbedding, Family: embeddingFamily(e)}, nil
	}
	first := ""
	if len(file.Names()) > 0 {
		first = file.Names()[0]
	}
	return Weights{}, art.Unsupported(name, fmt.Sprintf("is neither a checkpoint nor a LoRA nor an embedding: it holds %d tensors, such as %q", len(file.Names()), first), "single networks are added as the diffusers folder that they belong to")
}

// detectCheckpoint goes by the text encoders' keys, which differ between the families.
//
// Source: diffusers, loaders/single_file_utils.py, CHECKPOINT_KEY_NAMES.
func detectCheckpoint(file *Safetensors) Weights {
	w := Weights{Kind: art.ModelCheckpoint}
	has := map[string]bool{}
	prefixes := []string{"conditioner.embedders.1.", "conditioner.embedders.0.model.", "conditioner.embedders.0.transformer.", "cond_stage_model.model.", "cond_stage_model.transformer."}
	for _, key := range file.Names() {
		for _, p := range prefixes {
			has[p] = has[p] || strings.HasPrefix(key, p)
		}
	}
	switch {
	case has["conditioner.embedders.1."] || has["conditioner.embedders.0.transformer."]:
		w.Family = FamilySDXL
	case has["conditioner.embedders.0.model."]:
		w.Family = FamilyRefiner
	case has["cond_stage_model.model."]:
		w.Family = FamilySD2
	case has["cond_stage_model.transformer."]:
		w.Family = FamilySD1
	}
	if in := file.Shape("model.diffusion_model.input_blocks.0.0.weight"); len(in) == 4 {
		w.Inpaint = in[1] == 9
	}
	return w
}

// loraFamily goes by what the maker wrote, else by the width of what the cross attention reads.
func loraFamily(file *Safetensors) string {
	said := strings.ToLower(file.Metadata("ss_base_model_version") + " " + file.Metadata("modelspec.architecture"))
	for _, f := range []struct{ part, family string }{
		{"sdxl", FamilySDXL},
		{"stable-diffusion-xl", FamilySDXL},
		{"sd_v2", FamilySD2},
		{"stable-diffusion-v2", FamilySD2},
		{"sd_v1", FamilySD1},
		{"stable-diffusion-v1", FamilySD1},
	} {
		if strings.Contains(said, f.part) {
			return f.family
		}
	}
	for _, key := range file.Names() {
		if _, part := splitKey(key); part != "down" || !strings.Contains(key, "attn2") || !strings.Contains(key, "to_k") && !strings.Contains(key, "to_v") {
			continue
		}
		if shape := file.Shape(key); len(shape) >= 2 {
			return map[int]string{768: FamilySD1, 1024: FamilySD2, 2048: FamilySDXL, 1280: FamilyRefiner}[shape[1]]
		}
	}
	return ""
}

// maxWord bounds what is kept of one entry of a file's metadata.
const maxWord = 2000

// ownWords keeps what people should see of a file's metadata: kohya's, modelspec's and our own entries, without thumbnails.
//
// Source: kohya-ss/sd-scripts, library/sai_model_spec.py; Stability-AI/ModelSpec.
func ownWords(file *Safetensors) map[string]string {
	kept := map[string]string{}
	for _, key := range file.MetadataKeys() {
		if value := file.Metadata(key); (strings.HasPrefix(key, "ss_") || strings.HasPrefix(key, "modelspec.") || strings.HasPrefix(key, "presswerk.")) && !strings.HasPrefix(value, "data:") {
			if len(value) > maxWord {
				value = strings.ToValidUTF8(value[:maxWord], "") + "…"
			}
			kept[key] = value
		}
	}
	return kept
}

// maxTriggers is how many of the most used words of a training are kept.
const maxTriggers = 12

// triggers are the words that a LoRA was trained on: what modelspec names, else the most frequent of kohya's tags.
func triggers(file *Safetensors) []string {
	if said := file.Metadata(MetadataTrigger); said != "" {
		return []string{said}
	}
	var byFolder map[string]map[string]float64
	if json.Unmarshal([]byte(file.Metadata("ss_tag_frequency")), &byFolder) != nil {
		return nil
	}
	count := map[string]float64{}
	for _, tags := range byFolder {
		for tag, n := range tags {
			count[strings.TrimSpace(tag)] += n
		}
	}
	delete(count, "")
	words := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		if count[a] != count[b] {
			return int(min(max(count[b]-count[a], -1), 1))
		}
		return strings.Compare(a, b)
	})
	return words[:min(len(words), maxTriggers)]
}
