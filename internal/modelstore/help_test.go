package modelstore

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func newStore(t *testing.T) *Store {
	t.Helper()
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	return New(t.TempDir(), func() time.Time { now = now.Add(time.Second); return now })
}

// tensors writes a safetensors file of float32 zeros, name → shape.
func tensors(shapes map[string][]int, metadata map[string]string) []byte {
	header := map[string]any{}
	if metadata != nil {
		header["__metadata__"] = metadata
	}
	size := 0
	for _, name := range sortedKeys(shapes) {
		n := 4
		for _, side := range shapes[name] {
			n *= side
		}
		header[name] = map[string]any{"dtype": "F32", "shape": shapes[name], "data_offsets": []int{size, size + n}}
		size += n
	}
	text, err := json.Marshal(header)
	if err != nil {
		panic(err)
	}
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(out, text...), make([]byte, size)...)
}

func sortedKeys(m map[string][]int) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	for i := range keys {
		for j := i; j > 0 && keys[j] < keys[j-1]; j-- {
			keys[j], keys[j-1] = keys[j-1], keys[j]
		}
	}
	return keys
}

// lora is a kohya LoRA for SD 1.5.
func lora() []byte {
	return tensors(map[string][]int{
		"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight": {2, 768},
		"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_up.weight":   {320, 2},
	}, map[string]string{"ss_tag_frequency": `{"10_style":{"brush":5,"ink":9}}`, "modelspec.license": "CC-BY-4.0"})
}

// changed is lora with another last byte.
func changed(last byte) []byte {
	data := lora()
	data[len(data)-1] = last
	return data
}

// write makes files below a folder, path → content.
func write(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	for name, text := range files {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// pipeline is a folder that looks like an ONNX pipeline.
func pipeline(t *testing.T) string {
	t.Helper()
	return write(t, filepath.Join(t.TempDir(), "Tiny Model"), map[string]string{
		"model_index.json": `{"_class_name":"StableDiffusionPipeline"}`, "unet/model.onnx": "unet", "unet/config.json": `{"cross_attention_dim":768}`,
		"vae_decoder/model.onnx": "vae", "scheduler/scheduler_config.json": "{}", "card.yaml": "model: tiny", "model.json": `{"dialect":"plain","version":"7"}`,
		".cache/junk": "no",
	})
}

// left lists what lies below a folder of the store.
func left(t *testing.T, s *Store, name string) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return fmt.Sprint(strings.Join(names, " "))
}
