package onnx

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// packedSums is y = x + w, where w is [2, 3] numbers of 8 bits with a scale for each column.
func packedSums(t testing.TB) string {
	bytes := func(name string, values []byte, dims ...uint64) []byte {
		var b []byte
		for _, d := range dims {
			b = number(b, 1, d)
		}
		b = number(b, 2, uint64(typeInt8))
		return field(field(b, 8, []byte(name)), 9, values)
	}
	return model(t, [][]byte{
		node("DequantizeLinear", []string{"q", "s", "z"}, []string{"w"}), node("Add", []string{"x", "w"}, []string{"y"}),
	}, [][]byte{
		bytes("q", []byte{1, 2, 3, 0xff, 0xfe, 0x80}, 2, 3), floats("s", 0.5, 1, 2), bytes("z", []byte{1, 0, 0xff}, 3),
	}, [][]byte{value("x", TypeFloat32, 2, 3)}, [][]byte{value("y", TypeFloat32, 2, 3)})
}

// TestPackedWeights: a weight of 8 bits is read as the library unpacks it, and another one takes its place.
func TestPackedWeights(t *testing.T) {
	rt := open(t)
	path := packedSums(t)
	g, err := OpenGraph(os.DirFS(filepath.Dir(path)), filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	w, err := g.Weight("w")
	want := []float32{0, 2, 8, -1, -2, -254}
	if err != nil || !slices.Equal(w.Raw, rawOf(want...)) || !slices.Equal(w.Dims, []int64{2, 3}) {
		t.Fatalf("got %+v, %v, want %v", w, err, want)
	}
	if rows, err := g.Rows("w", []int64{1}); err != nil || !slices.Equal(rows[0], want[3:]) {
		t.Errorf("its second row is %v, %v", rows, err)
	}
	other := []float32{1, 2, 3, 4, 5, 6}
	zeros := map[string]Tensor{"x": Float32(make([]float32, 6), 2, 3)}
	for _, test := range []struct {
		weights map[string]Weight
		limit   int64
		want    []float32
	}{
		{map[string]Weight{"w": {TypeFloat32, w.Dims, rawOf(other...)}}, maxInMemory, other},
		{map[string]Weight{"w": {TypeFloat32, w.Dims, rawOf(other...)}}, 0, other},
		{map[string]Weight{"s": {TypeFloat32, []int64{3}, rawOf(1, 1, 1)}}, maxInMemory, []float32{0, 2, 4, -2, -2, -127}},
	} {
		s := loadWithin(t, rt, path, test.weights, test.limit)
		out, err := s.Run(context.Background(), zeros)
		if err != nil || !slices.Equal(out["y"].F32, test.want) {
			t.Errorf("got %v, %v, want %v", out["y"].F32, err, test.want)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
