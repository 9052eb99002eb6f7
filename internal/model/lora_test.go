package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/onnx"
)

// Written by trainer/reference/make_lora.py.
const (
	adapters  = "../engine/local/testdata/lora"
	tinyModel = "../engine/local/testdata/models/sd-tiny"
	tinyXL    = "../engine/local/testdata/models/sdxl-base-tiny"
)

func openFile(t testing.TB, name string) *Safetensors {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(adapters, name+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := openBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// openNetworks opens the networks of a model that adapters change.
func openNetworks(t testing.TB, dir string) (map[string]*Network, map[string][]string) {
	t.Helper()
	networks, names := map[string]*Network{}, map[string][]string{}
	for _, name := range []string{UNet, TextEncoder, TextEncoder2} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			continue
		}
		n, err := OpenNetwork(os.DirFS(dir), name+"/model.onnx")
		if err != nil {
			t.Fatal(err)
		}
		networks[name], names[name] = n, n.Names()
	}
	return networks, names
}

func farthest(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	worst := 0.0
	for i, v := range a {
		if d := math.Abs(float64(v) - float64(b[i])); !(d <= worst) {
			worst = d
		}
	}
	return worst
}

// TestLoRAChanges: in each style the file holds the changes that torch computes.
func TestLoRAChanges(t *testing.T) {
	_, names := openNetworks(t, tinyModel)
	expected := openFile(t, "expected")
	for _, style := range []string{"tiny-peft", "tiny-kohya", "tiny-old"} {
		l, err := OpenLoRA(openFile(t, style), names)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Deltas) != 14 {
			t.Errorf("%s changes %d weights, want 14", style, len(l.Deltas))
		}
		compared := 0
		for _, d := range l.Deltas {
			name := fmt.Sprintf("delta.%s.%s", d.Network, d.Name)
			if !expected.Has(name) {
				continue
			}
			compared++
			want, err := expected.Floats(name)
			if err != nil {
				t.Fatal(err)
			}
			got, err := l.Values(d)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				got[i] *= d.Scale
				want[i] *= 0.5 // alpha 2 of rank 4
			}
			if off := farthest(got, want); !(off <= 1e-6) {
				t.Errorf("%s: %s is off by %g", style, name, off)
			}
		}
		if compared != 5 {
			t.Errorf("%s: %d changes were compared, want 5", style, compared)
		}
	}
}

// TestPatchedWeights: one adapter and two give the weights that torch computes, in every style.
func TestPatchedWeights(t *testing.T) {
	networks, names := openNetworks(t, tinyModel)
	expected := openFile(t, "expected")
	open := func(name string) *LoRA {
		l, err := OpenLoRA(openFile(t, name), names)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	for _, style := range []string{"tiny-peft", "tiny-kohya", "tiny-old"} {
		one := []Weighted{{open(style), style, 0.8}}
		two := []Weighted{one[0], {open("second"), "second", -0.5}}
		for label, set := range map[string][]Weighted{"one": one, "two": two} {
			compared := 0
			for network, n := range networks {
				patch, err := n.Patch(network, set)
				if err != nil {
					t.Fatal(err)
				}
				compared += comparePatch(t, n, patch, expected, label+"."+network+".")
			}
			if want := map[string]int{"one": 14, "two": 3}[label]; compared != want {
				t.Errorf("%s, %s: %d weights were compared, want %d", style, label, compared, want)
			}
		}
	}
}

// comparePatch compares the weights that are expected under a prefix and tells how many.
func comparePatch(t *testing.T, n *Network, patch map[string]onnx.Weight, expected *Safetensors, prefix string) int {
	t.Helper()
	compared := 0
	for _, name := range expected.Names() {
		torch, ok := strings.CutPrefix(name, prefix)
		if !ok || strings.HasPrefix(torch, "out") {
			continue
		}
		compared++
		want, err := expected.Floats(name)
		if err != nil {
			t.Fatal(err)
		}
		p := n.places[torch]
		got := widen("F32", patch[p.Initializer].Raw)
		if p.Transposed {
			got = transposed(got, expected.Shape(name)[0])
		}
		if off := farthest(got, want); !(off <= 1e-6) {
			t.Errorf("%s is off by %g", name, off)
		}
	}
	return compared
}

// transposed turns [columns, rows] into [rows, columns].
func transposed(v []float32, rows int) []float32 {
	out := make([]float32, len(v))
	columns := len(v) / rows
	for i, x := range v {
		out[i%rows*columns+i/rows] = x
	}
	return out
}

// TestKohyaNamesOfSDXL: the original code's names mean what diffusers makes of them.
func TestKohyaNamesOfSDXL(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(adapters, "sgm.json"))
	if err != nil {
		t.Fatal(err)
	}
	var table map[string]string
	if err := json.Unmarshal(data, &table); err != nil {
		t.Fatal(err)
	}
	_, names := openNetworks(t, tinyXL)
	k := newKeys(names)
	for key, want := range table {
		network, module, err := k.find(key)
		if err != nil || network != UNet || module+".weight" != want {
			t.Errorf("%s is %s %s, %v, want %s", key, network, module, err, want)
		}
	}
	if len(table) < 50 {
		t.Errorf("only %d names were compared", len(table))
	}
	for _, key := range []string{"lora_te1_text_model_encoder_layers_0_self_attn_q_proj", "lora_te2_text_projection", "text_encoder_2.text_model.encoder.layers.0.mlp.fc1"} {
		if _, _, err := k.find(key); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
}

const (
	someLayer = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
	peftLayer = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
)

// TestScales: alpha over rank; peft's settings where alpha is there; over the root of the rank where they say so.
func TestScales(t *testing.T) {
	_, names := openNetworks(t, tinyModel)
	matrices := func(layer, down, up string) []rawTensor {
		return []rawTensor{f32(layer+down, make([]float32, 64), 4, 16), f32(layer+up, make([]float32, 64), 16, 4)}
	}
	kohya := matrices(someLayer, ".lora_down.weight", ".lora_up.weight")
	peft := matrices(peftLayer, ".lora_A.weight", ".lora_B.weight")
	for _, test := range []struct {
		name     string
		settings string
		tensors  []rawTensor
		want     float32
	}{
		{"nothing", "", kohya, 1},
		{"alpha", "", append(kohya[:2:2], f32(someLayer+".alpha", []float32{1})), 0.25},
		{"alpha of one side", "", append(kohya[:2:2], f32(someLayer+".alpha", []float32{8}, 1)), 2},
		{"settings", `{"unet.lora_alpha": 6, "unet.r": 4}`, peft, 1.5},
		{"settings of another network", `{"text_encoder.lora_alpha": 6}`, peft, 1},
		{"pattern", `{"unet.lora_alpha": 6, "unet.alpha_pattern": {"attn1.to_q": 2, "to_k": 9}}`, peft, 0.5},
		{"root", `{"unet.lora_alpha": 6, "unet.use_rslora": true}`, peft, 3},
		{"settings without prefix", `{"lora_alpha": 12}`, peft, 3},
		{"no settings", `{"unet.lora_alpha": null}`, peft, 1},
		{"default adapter", "", matrices(peftLayer, ".lora_A.default.weight", ".lora_B.default.weight"), 1},
		{"peft alone", "", matrices("base_model.model."+strings.TrimPrefix(peftLayer, "unet."), ".lora_A.weight", ".lora_B.weight"), 1},
		{"the original's name", "", matrices("diffusion_model.middle_block.1.transformer_blocks.0.attn1.to_q", ".lora_A.weight", ".lora_B.weight"), 1},
	} {
		var metadata map[string]string
		if test.settings != "" {
			metadata = map[string]string{"lora_adapter_metadata": test.settings}
		}
		s, err := openBytes(safetensorsFile(t, metadata, test.tensors...))
		if err != nil {
			t.Fatal(err)
		}
		l, err := OpenLoRA(s, names)
		if err != nil || len(l.Deltas) != 1 || l.Deltas[0].Scale != test.want {
			t.Errorf("%s: %+v, %v, want the scale %v", test.name, l, err, test.want)
		}
	}
}

// TestBadLoRA: each is refused with the key and the reason.
func TestBadLoRA(t *testing.T) {
	_, names := openNetworks(t, tinyModel)
	down, up := f32(someLayer+".lora_down.weight", make([]float32, 64), 4, 16), f32(someLayer+".lora_up.weight", make([]float32, 64), 16, 4)
	for _, test := range []struct {
		name, words string
		want        error
		tensors     []rawTensor
	}{
		{"nothing", "changes nothing", art.ErrInvalid, nil},
		{"DoRA", "DoRA", art.ErrUnsupported, []rawTensor{down, up, f32(someLayer+".dora_scale", []float32{1}, 1)}},
		{"peft's DoRA", "DoRA", art.ErrUnsupported, []rawTensor{f32(peftLayer+".lora_magnitude_vector", []float32{1}, 1)}},
		{"LoHa", "LoHa", art.ErrUnsupported, []rawTensor{f32(someLayer+".hada_w1_a", []float32{1}, 1)}},
		{"LoKr", "LoKr", art.ErrUnsupported, []rawTensor{f32(someLayer+".lokr_w1", []float32{1}, 1)}},
		{"Tucker", "Tucker", art.ErrUnsupported, []rawTensor{f32(someLayer+".lora_mid.weight", []float32{1}, 1)}},
		{"difference", "differences", art.ErrUnsupported, []rawTensor{f32(someLayer+".diff", []float32{1}, 1)}},
		{"unknown layer", `"lora_unet_foo.lora_down.weight"`, art.ErrInvalid, []rawTensor{f32("lora_unet_foo.lora_down.weight", []float32{1}, 1, 1)}},
		{"unknown ending", `"foo.weight"`, art.ErrInvalid, []rawTensor{f32("foo.weight", []float32{1}, 1, 1)}},
		{"unknown network", `"flux.a.lora_A.weight"`, art.ErrInvalid, []rawTensor{f32("flux.a.lora_A.weight", []float32{1}, 1, 1)}},
		{"missing network", "no text_encoder_2", art.ErrInvalid, []rawTensor{f32("lora_te2_a.lora_down.weight", []float32{1}, 1, 1)}},
		{"half a pair", "only one", art.ErrInvalid, []rawTensor{down}},
		{"alpha alone", "only one", art.ErrInvalid, []rawTensor{f32(someLayer+".alpha", []float32{1})}},
		{"two spellings", "means the same", art.ErrInvalid, []rawTensor{down, up, f32(peftLayer+".lora_A.weight", make([]float32, 64), 4, 16)}},
		{"ranks", "don't go together", art.ErrInvalid, []rawTensor{down, f32(someLayer+".lora_up.weight", make([]float32, 48), 16, 3)}},
		{"rank 0", "don't go together", art.ErrInvalid, []rawTensor{f32(someLayer+".lora_down.weight", nil, 0, 16), f32(someLayer+".lora_up.weight", nil, 16, 0)}},
		{"one side", "neither", art.ErrInvalid, []rawTensor{f32(someLayer+".lora_down.weight", []float32{1}, 1), up}},
		{"alpha NaN", "NaN", art.ErrInvalid, []rawTensor{down, up, f32(someLayer+".alpha", []float32{float32(math.NaN())})}},
		{"many alphas", "one number", art.ErrInvalid, []rawTensor{down, up, f32(someLayer+".alpha", []float32{1, 2}, 2)}},
		{"whole numbers", "I64", art.ErrUnsupported, []rawTensor{{someLayer + ".alpha", "I64", nil, make([]byte, 8)}}},
	} {
		s, err := openBytes(safetensorsFile(t, nil, test.tensors...))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := OpenLoRA(s, names); !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: %v, want %v with %q", test.name, err, test.want, test.words)
		}
	}
}

// TestLoRAOfAnotherModel: the first weight that doesn't fit is named with both shapes.
func TestLoRAOfAnotherModel(t *testing.T) {
	networks, names := openNetworks(t, tinyModel)
	s, err := openBytes(safetensorsFile(t, nil, f32(someLayer+".lora_down.weight", make([]float32, 4*320), 4, 320), f32(someLayer+".lora_up.weight", make([]float32, 4*320), 320, 4)))
	if err != nil {
		t.Fatal(err)
	}
	l, err := OpenLoRA(s, names)
	if err != nil {
		t.Fatal(err)
	}
	_, err = networks[UNet].Patch(UNet, []Weighted{{l, "big", 1}})
	if !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "[320 320]") || !strings.Contains(err.Error(), "[16 16]") || !strings.Contains(err.Error(), someLayer) {
		t.Errorf("got %v", err)
	}
}

// TestEveryLayerIsFound: all linear layers and convolutions of the tiny models are found by their nodes' names.
func TestEveryLayerIsFound(t *testing.T) {
	for dir, want := range map[string]map[string]int{
		tinyModel: {UNet: 83, TextEncoder: 18}, tinyXL: {UNet: 0, TextEncoder: 0, TextEncoder2: 19},
	} {
		networks, _ := openNetworks(t, dir)
		for name, n := range networks {
			if len(n.reasons) > 0 || want[name] != 0 && len(n.places) != want[name] {
				t.Errorf("%s of %s: %d weights, want %d; not usable: %v", name, dir, len(n.places), want[name], n.reasons)
			}
		}
	}
}

// TestHalfRounds: numbers become half precision as IEEE 754 rounds them, and come back where half holds them.
func TestHalfRounds(t *testing.T) {
	for h := range 1 << 16 {
		v := half(uint16(h))
		if math.IsNaN(float64(v)) {
			continue
		}
		if got := toHalf(v); got != uint16(h) {
			t.Fatalf("%v is %#x, want %#x", v, got, h)
		}
	}
	for v, want := range map[float32]uint16{
		1 + 1.0/2048: 0x3c00, 1 + 3.0/2048: 0x3c02, 65519: 0x7bff, 65520: 0x7c00, -1e30: 0xfc00, 1e-9: 0, 6.2e-5: 0x0410, 2047.4: 0x67ff, 2047.6: 0x6800, 6.1e-5: 0x03ff,
	} {
		if got := toHalf(v); got != want {
			t.Errorf("%v is %#x, want %#x", v, got, want)
		}
	}
}

// FuzzLoRA: a stranger's adapter either fits or is refused; nothing panics.
func FuzzLoRA(f *testing.F) {
	networks, names := openNetworks(f, tinyModel)
	for _, style := range []string{"tiny-peft", "tiny-kohya", "tiny-old", "second"} {
		data, err := os.ReadFile(filepath.Join(adapters, style+".safetensors"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(_ *testing.T, file []byte) {
		s, err := OpenSafetensors(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		l, err := OpenLoRA(s, names)
		if err != nil {
			return
		}
		for name, n := range networks {
			_, _ = n.Patch(name, []Weighted{{l, "fuzz", 1}})
		}
	})
}
