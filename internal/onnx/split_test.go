package onnx

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"presswerk/internal/testkit"
)

// TestSplitGivesTheSameNumbers cuts the house model's UNet and compares it, whole and in parts; as it is, and with other
// weights in both parts.
func TestSplitGivesTheSameNumbers(t *testing.T) {
	rt, err := Open(testkit.Native(t, "onnxruntime/libonnxruntime.so.1.32.0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Close() })
	path := filepath.Join(testkit.Root(t), "models", "house", "unet", "model.onnx")
	other := map[string]Weight{
		"spread.see.bias":                         {Type: TypeFloat32, Dims: []int64{48}, Raw: make([]byte, 4*48)},
		"down_blocks.2.resnets.0.conv1.bias":      {Type: TypeFloat32, Dims: []int64{96}, Raw: make([]byte, 4*96)},
		"down_blocks.2.attentions.0.proj_in.bias": {Type: TypeFloat32, Dims: []int64{96}, Raw: make([]byte, 4*96)},
	}
	plain := wholeAndSplit(t, rt, path, nil)
	changed := wholeAndSplit(t, rt, path, other)
	if slices.Equal(plain, changed) {
		t.Error("other weights change nothing")
	}
}

// wholeAndSplit runs the network whole and in parts, and gives what both say.
func wholeAndSplit(t *testing.T, rt *Runtime, path string, weights map[string]Weight) []float32 {
	t.Helper()
	data, err := ReadReplaced(path, weights)
	if err != nil {
		t.Fatal(err)
	}
	parts, ok, err := SplitInputs(data, []string{"encoder_hidden_states"}, nil)
	if err != nil || !ok || len(parts.Cut) == 0 {
		t.Fatalf("cut at %v, %t, %v", parts.Cut, ok, err)
	}
	if len(parts.First)+len(parts.Rest) > len(data)+len(data)/10 {
		t.Errorf("the parts have %d and %d bytes of %d", len(parts.First), len(parts.Rest), len(data))
	}
	o := Options{IntraOpThreads: 1, Config: map[string]string{"session.disable_quant_qdq": "1"}}
	first, err := rt.LoadBytes("first", parts.First, o)
	if err != nil {
		t.Fatal(err)
	}
	rest, err := rt.LoadBytes("rest", parts.Rest, o)
	if err != nil {
		t.Fatal(err)
	}
	o.Weights = weights
	whole, err := rt.Load(path, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Session{whole, first, rest} {
		t.Cleanup(func() { _ = s.Close() })
	}
	const rows = 4
	hidden, sample := ramp(rows*32*384), ramp(rows*8*16*16)
	inputs := map[string]Tensor{
		"sample": Float32(sample, rows, 8, 16, 16), "timestep": Int64([]int64{501}, 1), "encoder_hidden_states": Float32(hidden, rows, 32, 384),
	}
	want, err := whole.Run(t.Context(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	// Of the latents only the shape counts.
	fixed, err := first.Run(t.Context(), map[string]Tensor{
		"encoder_hidden_states": inputs["encoder_hidden_states"], "sample": Float32(make([]float32, len(sample)), rows, 8, 16, 16),
	})
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(inputs, fixed)
	for name := range inputs {
		if !slices.ContainsFunc(rest.Inputs(), func(in Info) bool { return in.Name == name }) {
			delete(inputs, name)
		}
	}
	got, err := rest.Run(t.Context(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got["out_sample"].F32, want["out_sample"].F32) {
		t.Error("the whole network and its parts differ")
	}
	return got["out_sample"].F32
}

// ramp is a row of numbers between −1 and 1.
func ramp(n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(i*7919%2003)/1001 - 1
	}
	return out
}

func TestSplitOfWhatCannotBeCut(t *testing.T) {
	for name, data := range map[string][]byte{"nothing": nil, "noise": []byte("no network at all")} {
		if _, ok, err := SplitInputs(data, []string{"x"}, nil); ok || err == nil {
			t.Errorf("%s: %t, %v", name, ok, err)
		}
	}
	data, err := os.ReadFile(filepath.Join(testkit.Root(t), "models", "house", "vae_decoder", "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := SplitInputs(data, []string{"encoder_hidden_states"}, nil); ok || err != nil {
		t.Errorf("a decoder: %t, %v", ok, err)
	}
}

func FuzzSplitInputs(f *testing.F) {
	f.Add([]byte{0x3a, 0x02, 0x0a, 0x00})
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _, _ = SplitInputs(data, []string{"x"}, nil) // strangers' bytes never end the program
	})
}
