package onnx

import (
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// The functions below write tiny ONNX files, so that tests need no exporter.

func field(b []byte, n protowire.Number, body []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), body)
}

func number(b []byte, n protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), v)
}

// value is a ValueInfoProto; a side is an int or the name of an open one.
func value(name string, kind ElementType, sides ...any) []byte {
	var shape []byte
	for _, s := range sides {
		switch s := s.(type) {
		case int:
			shape = field(shape, 1, number(nil, 1, uint64(s)))
		case string:
			shape = field(shape, 1, field(nil, 2, []byte(s)))
		}
	}
	tensor := field(number(nil, 1, uint64(kind)), 2, shape)
	return field(field(nil, 1, []byte(name)), 2, field(nil, 1, tensor))
}

// node is a NodeProto; extra are attributes.
func node(op string, inputs, outputs []string, extra ...[]byte) []byte {
	var b []byte
	for _, in := range inputs {
		b = field(b, 1, []byte(in))
	}
	for _, out := range outputs {
		b = field(b, 2, []byte(out))
	}
	b = field(b, 4, []byte(op))
	for _, a := range extra {
		b = field(b, 5, a)
	}
	return b
}

// intAttr is an AttributeProto of one integer.
func intAttr(name string, v int) []byte {
	return number(number(field(nil, 1, []byte(name)), 3, uint64(v)), 20, 2)
}

// floats is a TensorProto with one dimension.
func floats(name string, v ...float32) []byte {
	b := number(nil, 1, uint64(len(v)))
	b = number(b, 2, uint64(TypeFloat32))
	var raw []byte
	for _, f := range v {
		raw = protowire.AppendFixed32(raw, bits(f))
	}
	return field(field(b, 8, []byte(name)), 9, raw)
}

// model wraps a graph's fields into a file and returns its path.
func model(t testing.TB, nodes, initializers, inputs, outputs [][]byte) string {
	t.Helper()
	var g []byte
	for _, n := range nodes {
		g = field(g, 1, n)
	}
	g = field(g, 2, []byte("test"))
	for _, in := range initializers {
		g = field(g, 5, in)
	}
	for _, in := range inputs {
		g = field(g, 11, in)
	}
	for _, out := range outputs {
		g = field(g, 12, out)
	}
	file := field(number(nil, 1, 8), 7, g)
	file = field(file, 8, number(field(nil, 1, nil), 2, 17))
	path := filepath.Join(t.TempDir(), "model.onnx")
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// doubler adds x to itself.
func doubler(t testing.TB, kind ElementType) string {
	return model(t, [][]byte{node("Add", []string{"x", "x"}, []string{"y"})}, nil,
		[][]byte{value("x", kind, "n", 2)}, [][]byte{value("y", kind, "n", 2)})
}
