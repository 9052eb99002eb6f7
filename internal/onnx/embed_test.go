package onnx

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// table is floats of two dimensions.
func table(name string, width int, v ...float32) []byte {
	b := number(number(nil, 1, uint64(len(v)/width)), 1, uint64(width))
	b = number(b, 2, uint64(TypeFloat32))
	return field(field(b, 8, []byte(name)), 9, rawOf(v...))
}

// lookups is y = table[ids] · other, where ids go through a Reshape.
func lookups(t testing.TB, shared bool) string {
	other := "other"
	if shared {
		other = "table"
	}
	shape := field(field(number(number(nil, 1, 2), 2, uint64(TypeInt64)), 8, []byte("shape")), 7, []byte{1, 2})
	return model(t, [][]byte{
		node("Reshape", []string{"input_ids", "shape"}, []string{"ids"}),
		node("Gather", []string{"table", "ids"}, []string{"words"}),
		node("MatMul", []string{"words", other}, []string{"y"}),
	}, [][]byte{shape, table("table", 2, 1, 2, 3, 4), table("other", 2, 1, 0, 0, 1)},
		[][]byte{value("input_ids", TypeInt64, 1, 2)}, [][]byte{value("y", TypeFloat32, 1, 2, 2)})
}

func TestEmbeds(t *testing.T) {
	path := lookups(t, false)
	g, err := OpenGraph(os.DirFS(filepath.Dir(path)), filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	l, ok := g.Lookup(TokenInput)
	rows, err := g.Rows(l.Table, []int64{1, 0})
	if !ok || err != nil || !slices.Equal(rows[0], []float32{3, 4}) || !slices.Equal(rows[1], []float32{1, 2}) {
		t.Fatalf("%v, %v, %v, %v", l, ok, rows, err)
	}
	if _, err := g.Rows(l.Table, []int64{2}); !errors.Is(err, ErrInput) {
		t.Errorf("a row behind the last: %v", err)
	}
	rt := open(t)
	s, err := rt.Load(path, Options{Embeds: "vectors", Weights: map[string]Weight{"other": {TypeFloat32, []int64{2, 2}, rawOf(10, 0, 0, 10)}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	out, err := s.Run(context.Background(), map[string]Tensor{
		TokenInput: Int64([]int64{1, 9}, 1, 2), "vectors": Float32([]float32{3, 4, 7, 8}, 1, 2, 2), // no row is 9
	})
	if err != nil || !slices.Equal(out["y"].F32, []float32{30, 40, 70, 80}) {
		t.Errorf("%v, %v", out, err)
	}
	if _, err := rt.Load(lookups(t, true), Options{Embeds: "vectors"}); !errors.Is(err, ErrModel) {
		t.Errorf("a table that something else reads: %v, want ErrModel", err)
	}
	if _, err := rt.Load(sums(t), Options{Embeds: "vectors"}); !errors.Is(err, ErrModel) {
		t.Errorf("no table: %v, want ErrModel", err)
	}
}
