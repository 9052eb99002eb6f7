package onnx

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func rawOf(values ...float32) []byte {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, bits(v))
	}
	return raw
}

// external is floats whose numbers lie in a file beside the network.
func external(name, file string, count int, pairs ...string) []byte {
	b := number(nil, 1, uint64(count))
	b = number(b, 2, uint64(TypeFloat32))
	b = field(b, 8, []byte(name))
	for i := 0; i+1 < len(pairs); i += 2 {
		b = field(b, 13, field(field(nil, 1, []byte(pairs[i])), 2, []byte(pairs[i+1])))
	}
	b = field(b, 13, field(field(nil, 1, []byte("location")), 2, []byte(file)))
	return number(b, 14, 1)
}

// sums is y = (x + a) + (b + c): a is in the file, b and c lie outside.
func sums(t testing.TB) string {
	path := model(t, [][]byte{
		node("Add", []string{"x", "a"}, []string{"xa"}), node("Add", []string{"b", "c"}, []string{"bc"}),
		node("Add", []string{"xa", "bc"}, []string{"y"}),
	}, [][]byte{
		floats("a", 1, 2), external("b", "data/bc.bin", 2, "offset", "0", "length", "8"), external("c", "data/bc.bin", 2, "offset", "8", "length", "8"),
	}, [][]byte{value("x", TypeFloat32, 2)}, [][]byte{value("y", TypeFloat32, 2)})
	data := filepath.Join(filepath.Dir(path), "data")
	if err := os.Mkdir(data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "bc.bin"), rawOf(10, 20, 100, 200), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestGraph(t *testing.T) {
	path := sums(t)
	g, err := OpenGraph(os.DirFS(filepath.Dir(path)), filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Nodes) != 3 || g.Nodes[1].Op != "Add" || !slices.Equal(g.Nodes[1].Inputs, []string{"b", "c"}) {
		t.Errorf("nodes are %+v", g.Nodes)
	}
	for name, want := range map[string][]byte{"a": rawOf(1, 2), "b": rawOf(10, 20), "c": rawOf(100, 200)} {
		w, err := g.Weight(name)
		if err != nil || !slices.Equal(w.Raw, want) || !slices.Equal(w.Dims, []int64{2}) {
			t.Errorf("%s is %+v, %v", name, w, err)
		}
	}
	if _, err := g.Weight("no"); !errors.Is(err, ErrModel) {
		t.Errorf("a missing weight: %v", err)
	}
}

// TestGraphRefusesPlacesOutside: a network can't name files outside its folder.
func TestGraphRefusesPlacesOutside(t *testing.T) {
	for _, place := range []string{"/etc/hostname", "../x", "a/../../x", "", "."} {
		path := model(t, nil, [][]byte{external("b", place, 2)}, nil, nil)
		if _, err := OpenGraph(os.DirFS(filepath.Dir(path)), filepath.Base(path)); !errors.Is(err, ErrModel) {
			t.Errorf("%q: %v, want ErrModel", place, err)
		}
	}
}

// TestReplace: weights inside and outside of the file are replaced, in memory and on disk; the others stay, and so do
// the files.
func TestReplace(t *testing.T) {
	rt := open(t)
	path := sums(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	one := Weight{TypeFloat32, []int64{2}, rawOf(0.5, 0.25)}
	for _, test := range []struct {
		name    string
		weights map[string]Weight
		want    []float32
	}{
		{"none", nil, []float32{111, 222}},
		{"inside", map[string]Weight{"a": one}, []float32{110.5, 220.25}},
		{"outside", map[string]Weight{"c": one}, []float32{11.5, 22.25}},
		{"all", map[string]Weight{"a": one, "b": one, "c": one}, []float32{1.5, 0.75}},
	} {
		for _, limit := range []int64{maxInMemory, 0} {
			if test.weights == nil {
				limit = maxInMemory
			}
			s := loadWithin(t, rt, path, test.weights, limit)
			out, err := s.Run(context.Background(), map[string]Tensor{"x": Float32([]float32{0, 0}, 2)})
			if err != nil || !slices.Equal(out["y"].F32, test.want) {
				t.Errorf("%s within %d bytes: %v, %v, want %v", test.name, limit, out["y"].F32, err, test.want)
			}
			owned := s.owned
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(owned); owned != "" && !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s is left: %v", owned, err)
			}
		}
	}
	after, err := os.ReadFile(path)
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("the network's file was changed: %v", err)
	}
}

// loadWithin is Load with another bound on what is handed over in memory.
func loadWithin(t *testing.T, rt *Runtime, path string, weights map[string]Weight, limit int64) *Session {
	t.Helper()
	o := Options{IntraOpThreads: 1, Weights: weights, Scratch: t.TempDir()}
	if limit == maxInMemory {
		s, err := rt.Load(path, o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	h, err := headerOf(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := replace(path, o, limit)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := file.load(path, o, names(h.inputs), names(h.outputs))
	if err != nil {
		t.Fatal(err)
	}
	return newSession(path, h, h.outputs, inner, file.folder)
}

func TestReplaceRefuses(t *testing.T) {
	rt := open(t)
	path := sums(t)
	for name, weights := range map[string]map[string]Weight{
		"another name":  {"x": {TypeFloat32, []int64{2}, rawOf(1, 2)}},
		"another shape": {"a": {TypeFloat32, []int64{1, 2}, rawOf(1, 2)}},
		"another type":  {"a": {TypeFloat16, []int64{2}, rawOf(1)}},
		"too short":     {"a": {TypeFloat32, []int64{2}, rawOf(1)}},
	} {
		if _, err := rt.Load(path, Options{Weights: weights}); !errors.Is(err, ErrModel) {
			t.Errorf("%s: %v, want ErrModel", name, err)
		}
	}
}

// FuzzGraph: whatever is read has no more nodes than bytes, and reading its weights never asks for absurd memory.
func FuzzGraph(f *testing.F) {
	for _, path := range []string{sums(f), packedSums(f)} {
		file, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		path := filepath.Join(t.TempDir(), "model.onnx")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		g, err := OpenGraph(os.DirFS(filepath.Dir(path)), "model.onnx")
		if err != nil {
			return
		}
		if len(g.Nodes) > len(file) {
			t.Errorf("%d nodes in %d bytes", len(g.Nodes), len(file))
		}
		for name := range g.Stored {
			if w, err := g.Weight(name); err == nil && len(w.Raw) > 4*len(file) { // numbers of 8 bits become floats
				t.Errorf("%q has %d bytes of a file of %d", name, len(w.Raw), len(file))
			}
		}
	})
}
