package model

import (
	"bytes"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/onnx"
)

func input(name string, dims ...int64) onnx.Info {
	return onnx.Info{Name: name, Type: onnx.TypeFloat32, Dims: dims}
}

// TestBranchesAreThePatch: up·down of what the inputs are given is the change that Patch adds to the weights, for one
// adapter and for two of different rank, for linear layers and convolutions.
func TestBranchesAreThePatch(t *testing.T) {
	network, err := OpenNetwork(os.DirFS("../engine/local/testdata/models/sd-tiny"), "unet/model.onnx")
	if err != nil {
		t.Fatal(err)
	}
	var inputs []onnx.Info
	for _, name := range network.Names() {
		module, shape := strings.TrimSuffix(name, ".weight"), network.Shape(name)
		if len(shape) == 4 {
			inputs = append(inputs, input("lora."+module+".down", -1, int64(shape[1]), int64(shape[2]), int64(shape[3])), input("lora."+module+".up", int64(shape[0]), -1, 1, 1))
		} else if len(shape) == 2 {
			inputs = append(inputs, input("lora."+module+".down", int64(shape[1]), -1), input("lora."+module+".up", -1, int64(shape[0])))
		}
	}
	branches, err := FindBranches(append(inputs, input("sample", -1, 4, -1, -1)))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string][]string{UNet: branches.Names(), TextEncoder: encoderNames(t)}
	first, second := openTiny(t, "tiny-kohya", names), openTiny(t, "second", names)
	for _, set := range [][]Weighted{nil, {{first, "first", 0.8}}, {{first, "first", 0.8}, {second, "second", -0.5}}} {
		tensors, err := branches.Fill(UNet, set)
		if err != nil {
			t.Fatal(err)
		}
		if len(tensors) != len(inputs) {
			t.Fatalf("%d of %d inputs are filled", len(tensors), len(inputs))
		}
		want := map[string][]float32{}
		for _, a := range set {
			for _, d := range a.LoRA.Deltas {
				if d.Network != UNet {
					continue
				}
				values, err := a.LoRA.Values(d)
				if err != nil {
					t.Fatal(err)
				}
				if want[d.Name] == nil {
					want[d.Name] = make([]float32, len(values))
				}
				add(want[d.Name], values, d.Scale*float32(a.Weight), false, d.Shape[0])
			}
		}
		for _, name := range branches.Names() {
			module := "lora." + strings.TrimSuffix(name, ".weight")
			got := multiplied(tensors[module+".down"], tensors[module+".up"])
			expected := slices.Concat(want[name], make([]float32, len(got)))
			for i, v := range got {
				if w := expected[i]; math.Abs(float64(v-w)) > 1e-5 {
					t.Fatalf("%s[%d] is %g, want %g", name, i, v, w)
				}
			}
		}
	}
}

// multiplied is up·down as [out, in …], from the matrices as the graph multiplies them.
func multiplied(down, up onnx.Tensor) []float32 {
	conv := len(down.Shape) == 4
	rank, out := int(up.Shape[0]), int(up.Shape[1])
	if conv {
		rank, out = out, rank
	}
	width := len(down.F32) / rank
	change := make([]float32, out*width)
	for o := range out {
		for i := range width {
			for r := range rank {
				if conv {
					change[o*width+i] += up.F32[o*rank+r] * down.F32[r*width+i]
				} else {
					change[o*width+i] += up.F32[r*out+o] * down.F32[i*rank+r]
				}
			}
		}
	}
	return change
}

func openTiny(t *testing.T, name string, names map[string][]string) *LoRA {
	t.Helper()
	data, err := os.ReadFile("../engine/local/testdata/lora/" + name + ".safetensors")
	if err != nil {
		t.Fatal(err)
	}
	s, err := OpenSafetensors(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	l, err := OpenLoRA(s, names)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func encoderNames(t *testing.T) []string {
	t.Helper()
	n, err := OpenNetwork(os.DirFS("../engine/local/testdata/models/sd-tiny"), "text_encoder/model.onnx")
	if err != nil {
		t.Fatal(err)
	}
	return n.Names()
}

func TestOddBranches(t *testing.T) {
	half := input("lora.a.down", 3, -1)
	half.Type = onnx.TypeFloat16
	for name, inputs := range map[string][]onnx.Info{
		"one half":          {input("lora.a.down", 3, -1)},
		"neither":           {input("lora.a", 3, -1)},
		"closed rank":       {input("lora.a.down", 3, 4), input("lora.a.up", 4, 3)},
		"open width":        {input("lora.a.down", -1, -1), input("lora.a.up", -1, 3)},
		"one dimension":     {input("lora.a.down", -1), input("lora.a.up", -1)},
		"no dimension":      {input("lora.a.down"), input("lora.a.up")},
		"half precision":    {half, input("lora.a.up", -1, 3)},
		"up of 3×3":         {input("lora.a.down", -1, 4, 3, 3), input("lora.a.up", 8, -1, 3, 3)},
		"linear and kernel": {input("lora.a.down", 4, -1), input("lora.a.up", 8, -1, 1, 1)},
	} {
		if _, err := FindBranches(inputs); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b, err := FindBranches([]onnx.Info{input("sample", -1, 4, -1, -1)}); err != nil || b.Any() {
		t.Errorf("a plain network: %v, %v", b, err)
	}
	b, err := FindBranches([]onnx.Info{input("lora.conv_in.down", -1, 4, 3, 3), input("lora.conv_in.up", 99, -1, 1, 1)})
	if err != nil {
		t.Fatal(err)
	}
	lora := openTiny(t, "tiny-kohya", map[string][]string{UNet: unetNames(t), TextEncoder: encoderNames(t)})
	if _, err := b.Fill(UNet, []Weighted{{lora, "tiny", 1}}); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "[99 4 3 3]") {
		t.Errorf("another shape: %v", err)
	}
}

func unetNames(t *testing.T) []string {
	t.Helper()
	n, err := OpenNetwork(os.DirFS("../engine/local/testdata/models/sd-tiny"), "unet/model.onnx")
	if err != nil {
		t.Fatal(err)
	}
	return n.Names()
}
