package model

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The pieces of an ONNX file that a convolutional network needs. Field numbers are those of onnx.proto3.
//
// Source: onnx/onnx, onnx/onnx.proto; operators of opset 17.
const (
	irVersion    = 8
	opsetVersion = 17

	attributeFloat  = 1
	attributeInt    = 2
	attributeString = 3
	attributeInts   = 7

	tensorFloat = 1
	tensorInt64 = 7
)

// graph collects nodes and weights of a network that is being written.
type graph struct {
	nodes   [][]byte
	weights [][]byte
}

type attribute struct {
	name  string
	kind  int
	value any // float32, int64, string or []int64, as kind says
}

func message(b []byte, field protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), m)
}

func text(b []byte, field protowire.Number, s string) []byte { return message(b, field, []byte(s)) }

func number(b []byte, field protowire.Number, n int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(n))
}

// encode writes an AttributeProto.
func (a attribute) encode() []byte {
	b := text(nil, 1, a.name)
	switch v := a.value.(type) {
	case float32:
		b = protowire.AppendFixed32(protowire.AppendTag(b, 2, protowire.Fixed32Type), math.Float32bits(v))
	case int64:
		b = number(b, 3, v)
	case string:
		b = text(b, 4, v)
	case []int64:
		for _, n := range v {
			b = number(b, 8, n)
		}
	}
	return number(b, 20, int64(a.kind))
}

func float(name string, v float32) attribute   { return attribute{name, attributeFloat, v} }
func whole(name string, v int64) attribute     { return attribute{name, attributeInt, v} }
func words(name, v string) attribute           { return attribute{name, attributeString, v} }
func wholes(name string, v ...int64) attribute { return attribute{name, attributeInts, v} }

// node adds an operator.
func (g *graph) node(op string, in, out []string, attributes ...attribute) {
	var b []byte
	for _, s := range in {
		b = text(b, 1, s)
	}
	for _, s := range out {
		b = text(b, 2, s)
	}
	b = text(b, 3, out[0])
	b = text(b, 4, op)
	for _, a := range attributes {
		b = message(b, 5, a.encode())
	}
	g.nodes = append(g.nodes, b)
}

// weight adds a float tensor and returns its name. No dims make a scalar.
func (g *graph) weight(name string, values []float32, dims ...int64) string {
	var b []byte
	for _, d := range dims {
		b = number(b, 1, d)
	}
	b = number(b, 2, tensorFloat)
	b = text(b, 8, name)
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	g.weights = append(g.weights, message(b, 9, raw))
	return name
}

// integers adds a list of whole numbers and returns its name.
func (g *graph) integers(name string, values ...int64) string {
	b := number(nil, 1, int64(len(values)))
	b = number(b, 2, tensorInt64)
	b = text(b, 8, name)
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	g.weights = append(g.weights, message(b, 9, raw))
	return name
}

// picture describes an input or output of [n, channels, height, width], with named sizes.
func picture(name string, channels int64, height, width string) []byte {
	var shape []byte
	shape = message(shape, 1, text(nil, 2, "n"))
	shape = message(shape, 1, number(nil, 1, channels))
	shape = message(shape, 1, text(nil, 2, height))
	shape = message(shape, 1, text(nil, 2, width))
	return value(name, shape)
}

// floats describes an input or output of fixed sizes.
func floats(name string, dims ...int64) []byte {
	var shape []byte
	for _, d := range dims {
		shape = message(shape, 1, number(nil, 1, d))
	}
	return value(name, shape)
}

// value is a ValueInfoProto of floats.
func value(name string, shape []byte) []byte {
	tensor := message(number(nil, 1, tensorFloat), 2, shape)
	return message(text(nil, 1, name), 2, message(nil, 1, tensor))
}

// encode writes the ModelProto; inputs and outputs are ValueInfoProtos.
func (g *graph) encode(name string, inputs, outputs [][]byte) []byte {
	var b []byte
	for _, n := range g.nodes {
		b = message(b, 1, n)
	}
	b = text(b, 2, name)
	for _, w := range g.weights {
		b = message(b, 5, w)
	}
	for _, v := range inputs {
		b = message(b, 11, v)
	}
	for _, v := range outputs {
		b = message(b, 12, v)
	}
	opset := number(text(nil, 1, ""), 2, opsetVersion)
	return message(text(message(number(nil, 1, irVersion), 7, b), 2, "presswerk"), 8, opset)
}
