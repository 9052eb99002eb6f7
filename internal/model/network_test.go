package model

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/onnx"
)

// tinyNode is a NodeProto of one output, named by its node.
func tinyNode(name, op string, in ...string) []byte {
	var b []byte
	for _, s := range in {
		b = text(b, 1, s)
	}
	b = text(b, 2, name)
	return text(text(b, 3, name), 4, op)
}

// tinyWeight is a TensorProto of raw numbers.
func tinyWeight(name string, kind onnx.ElementType, raw []byte, dims ...int64) []byte {
	var b []byte
	for _, d := range dims {
		b = number(b, 1, d)
	}
	return message(text(number(b, 2, int64(kind)), 8, name), 9, raw)
}

// tinyNetwork writes an ONNX file into a new folder, which it returns.
func tinyNetwork(t testing.TB, nodes, weights [][]byte) string {
	t.Helper()
	var g []byte
	for _, n := range nodes {
		g = message(g, 1, n)
	}
	for _, w := range weights {
		g = message(g, 5, w)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "model.onnx"), message(number(nil, 1, irVersion), 7, g), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func halves(values ...float32) []byte {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint16(raw, toHalf(v))
	}
	return raw
}

// halfLayer is a linear layer "a.b" of [2, 3] half-precision numbers, stored as MatMul wants them.
func halfLayer(t testing.TB) string {
	return tinyNetwork(t, [][]byte{tinyNode("/a/b/MatMul", "MatMul", "x", "w")},
		[][]byte{tinyWeight("w", onnx.TypeFloat16, halves(1, 2, 3, 4, 5, 6), 3, 2)})
}

// ones is a LoRA of rank 1 that adds columns to every row of a layer of [2, 3], times up.
func ones(t testing.TB, up float32, module string) *LoRA {
	t.Helper()
	s, err := openBytes(safetensorsFile(t, nil, f32("unet."+module+".lora_A.weight", []float32{1, 10, 100}, 1, 3), f32("unet."+module+".lora_B.weight", []float32{up, 2 * up}, 2, 1)))
	if err != nil {
		t.Fatal(err)
	}
	l, err := OpenLoRA(s, map[string][]string{UNet: {module + ".weight"}})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestHalfPrecisionStays(t *testing.T) {
	n, err := OpenNetwork(os.DirFS(halfLayer(t)), "model.onnx")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(n.Shape("a.b.weight"), []int{2, 3}) {
		t.Errorf("the shape is %v", n.Shape("a.b.weight"))
	}
	patch, err := n.Patch(UNet, []Weighted{{ones(t, 1, "a.b"), "x", 0.5}})
	if err != nil {
		t.Fatal(err)
	}
	w := patch["w"]
	// W is [[1 3 5] [2 4 6]], the change [[1 10 100] [2 20 200]], halved.
	want := halves(1.5, 3, 8, 14, 55, 106)
	if w.Type != onnx.TypeFloat16 || !slices.Equal(w.Dims, []int64{3, 2}) || !slices.Equal(w.Raw, want) {
		t.Errorf("got %+v, want %v", w, want)
	}
	if _, err := n.Patch(UNet, []Weighted{{ones(t, 1000, "a.b"), "x", 1}}); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "a.b.weight") {
		t.Errorf("an overflow: %v", err)
	}
	if patch, err := n.Patch(TextEncoder, []Weighted{{ones(t, 1, "a.b"), "x", 1}}); err != nil || patch != nil {
		t.Errorf("another network: %v, %v", patch, err)
	}
}

// TestSidecar: our own exports say where their weights are, and for which file they say it.
func TestSidecar(t *testing.T) {
	dir := halfLayer(t)
	data, err := os.ReadFile(filepath.Join(dir, "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	place := `{"c.d.weight": {"initializer": "w", "transposed": true}}`
	for _, test := range []struct {
		name, text string
		want       error
	}{
		{"plain", place, nil},
		{"with digest", fmt.Sprintf(`{"sha256": %q, "weights": %s}`, art.Digest(data), place), nil},
		{"of another file", fmt.Sprintf(`{"sha256": %q, "weights": %s}`, art.Digest(nil), place), art.ErrMismatch},
		{"no JSON", "{", art.ErrInvalid},
		{"a list", "[]", art.ErrInvalid},
		{"a missing initialiser", strings.ReplaceAll(place, `"w"`, `"v"`), art.ErrInvalid},
		{"one initialiser twice", `{"a.weight": {"initializer": "w"}, "b.weight": {"initializer": "w"}}`, art.ErrInvalid},
	} {
		if err := os.WriteFile(filepath.Join(dir, SidecarFile), []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		n, err := OpenNetwork(os.DirFS(dir), "model.onnx")
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		if test.want != nil {
			continue
		}
		if !slices.Equal(n.Names(), []string{"c.d.weight"}) {
			t.Errorf("%s: names are %v", test.name, n.Names())
		}
		if _, err := n.Patch(UNet, []Weighted{{ones(t, 1, "c.d"), "x", 1}}); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// TestWeightsThatCannotBeChanged: each is refused with the reason.
func TestWeightsThatCannotBeChanged(t *testing.T) {
	w := tinyWeight("w", onnx.TypeFloat32, make([]byte, 24), 3, 2)
	for _, test := range []struct {
		name, words string
		nodes       [][]byte
		weights     [][]byte
	}{
		{
			"int16", "DequantizeLinear",
			[][]byte{tinyNode("dq", "DequantizeLinear", "q", "s"), tinyNode("/a/b/MatMul", "MatMul", "x", "dq")},
			[][]byte{tinyWeight("q", 5, make([]byte, 12), 3, 2), tinyWeight("s", onnx.TypeFloat32, make([]byte, 4))},
		},
		{"int4", "MatMulNBits", [][]byte{tinyNode("/a/b/MatMul_Q4", "MatMulNBits", "x", "w")}, [][]byte{w}},
		{"shared", "shares", [][]byte{tinyNode("/a/b/MatMul", "MatMul", "x", "w"), tinyNode("/c/MatMul", "MatMul", "x", "w")}, [][]byte{w}},
		{"shared by a gather", "shares", [][]byte{tinyNode("/a/b/MatMul", "MatMul", "x", "w"), tinyNode("/c/Gather", "Gather", "w", "x")}, [][]byte{w}},
		{"shared through Identity", "shares", [][]byte{tinyNode("i", "Identity", "w"), tinyNode("/a/b/MatMul", "MatMul", "x", "i"), tinyNode("/c/MatMul", "MatMul", "x", "w")}, [][]byte{w}},
	} {
		n, err := OpenNetwork(os.DirFS(tinyNetwork(t, test.nodes, test.weights)), "model.onnx")
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(n.Names(), "a.b.weight") {
			t.Errorf("%s: names are %v", test.name, n.Names())
		}
		if _, err := n.Patch(UNet, []Weighted{{ones(t, 1, "a.b"), "x", 1}}); !errors.Is(err, art.ErrUnsupported) || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: %v, want art.ErrUnsupported with %q", test.name, err, test.words)
		}
	}
}

// TestHouseModelIsKnown: what the house model keeps as numbers of 8 bits has torch's names and shapes, and can be added to.
func TestHouseModelIsKnown(t *testing.T) {
	n, err := OpenNetwork(os.DirFS("../../models/house/unet"), "model.onnx")
	if err != nil {
		t.Fatal(err)
	}
	const conv = "mid_block.resnets.0.conv1"
	shape := n.Shape(conv + ".weight")
	if len(n.reasons) > 0 || len(shape) != 4 || shape[2] != 3 {
		t.Fatalf("%s has shape %v; there are %d weights and the reasons %v", conv, shape, len(n.places), n.reasons)
	}
	up, down := make([]float32, shape[0]), make([]float32, shape[1]*9)
	for i := range up {
		up[i] = 1
	}
	s, err := openBytes(safetensorsFile(t, nil, f32("unet."+conv+".lora_A.weight", down, 1, shape[1], 3, 3), f32("unet."+conv+".lora_B.weight", up, shape[0], 1, 1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	l, err := OpenLoRA(s, map[string][]string{UNet: n.Names()})
	if err != nil {
		t.Fatal(err)
	}
	patch, err := n.Patch(UNet, []Weighted{{l, "zero", 1}})
	if err != nil {
		t.Fatal(err)
	}
	own, err := n.graph.Weight(n.places[conv+".weight"].Initializer)
	if w := patch[n.places[conv+".weight"].Initializer]; err != nil || w.Type != onnx.TypeFloat32 || !slices.Equal(w.Raw, own.Raw) {
		t.Errorf("a change of nothing gives %d bytes of type %d for %d, %v", len(w.Raw), w.Type, len(own.Raw), err)
	}
}
