package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Types of whole numbers that weights are kept in.
const (
	typeUint8 ElementType = 2
	typeInt8  ElementType = 3
)

// packed is how a DequantizeLinear makes a weight of 8-bit numbers: (q − zero) · scale, with a scale for each index along
// an axis, or one for all.
//
// Source: onnx/onnx, docs/Operators.md, DequantizeLinear.
type packed struct {
	numbers, scale, zero string // initialisers; zero is "" where there is none
	axis                 int
}

// findPacked adds the weights that are kept as 8-bit numbers to Stored, as the float32 weights that the rest of the graph
// sees, under the names of what the operators give. Those of other forms are left alone.
func (g *Graph) findPacked() {
	for _, n := range g.Nodes {
		if n.Op != "DequantizeLinear" || len(n.Inputs) < 2 || len(n.Outputs) != 1 || n.Ints["block_size"] != nil {
			continue
		}
		p := packed{numbers: n.Inputs[0], scale: n.Inputs[1], axis: 1}
		if len(n.Inputs) > 2 {
			p.zero = n.Inputs[2]
		}
		if axis := n.Ints["axis"]; axis != nil {
			p.axis = int(axis[0])
		}
		q, ok := g.Stored[p.numbers]
		if p.axis < 0 {
			p.axis += len(q.Dims)
		}
		if _, taken := g.Stored[n.Outputs[0]]; !ok || taken || !g.readable(p) {
			continue
		}
		g.Stored[n.Outputs[0]] = Stored{Type: TypeFloat32, Dims: q.Dims, packed: &p}
	}
}

// readable tells whether a packed weight is of a form that unpack reads.
func (g *Graph) readable(p packed) bool {
	q, s, z := g.Stored[p.numbers], g.Stored[p.scale], g.Stored[p.zero]
	if q.Type != typeInt8 && q.Type != typeUint8 || q.odd || s.Type != TypeFloat32 || s.odd || z.odd {
		return false
	}
	count := Tensor{Shape: s.Dims}.Len()
	if p.zero != "" && (z.Type != q.Type || Tensor{Shape: z.Dims}.Len() != count) {
		return false
	}
	return count == 1 || len(s.Dims) == 1 && p.axis >= 0 && p.axis < len(q.Dims) && count == q.Dims[p.axis]
}

// unpack gives count float32 numbers of a packed weight, little-endian, beginning at from.
func (g *Graph) unpack(p packed, from, count int64) ([]byte, error) {
	q := g.Stored[p.numbers]
	numbers, err := g.part(q, from, count)
	if err != nil {
		return nil, err
	}
	scales, err := g.bytes(g.Stored[p.scale])
	if err != nil {
		return nil, err
	}
	zeros := make([]byte, len(scales)/4)
	if p.zero != "" {
		if zeros, err = g.bytes(g.Stored[p.zero]); err != nil {
			return nil, err
		}
	}
	stride, channels := int64(1), int64(len(zeros))
	if channels == 0 || int64(len(scales)) != 4*channels {
		return nil, errors.New("its scales don't go with its zeros")
	}
	if channels > 1 { // then the axis is one of the weight's
		for _, d := range q.Dims[p.axis+1:] {
			stride *= d
		}
	}
	out := make([]byte, 0, 4*count)
	for i, v := range numbers {
		c := (from + int64(i)) / stride % channels
		value := eightBits(q.Type, v) - eightBits(q.Type, zeros[c])
		scale := math.Float32frombits(binary.LittleEndian.Uint32(scales[4*c:]))
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(value)*scale))
	}
	return out, nil
}

// eightBits is a byte as a number of its type.
func eightBits(t ElementType, v byte) int {
	if t == typeInt8 {
		return int(int8(v))
	}
	return int(v)
}

// unpacking is the edit that writes weights which an operator unpacked, without the operator.
func (e edit) unpacking(g *Graph, weights map[string]Weight, message func(name string, w Weight) []byte) edit {
	replaced := map[string]bool{}
	for name, w := range weights {
		if g.Stored[name].packed != nil {
			replaced[name] = true
			e.initializers = append(e.initializers, message(name, w))
		}
	}
	if len(replaced) == 0 {
		return e
	}
	own := e.node
	e.node = func(n Node, raw func() ([]byte, error)) ([][]byte, error) {
		if n.Op == "DequantizeLinear" && len(n.Outputs) == 1 && replaced[n.Outputs[0]] {
			return [][]byte{}, nil
		}
		if own == nil {
			return nil, nil
		}
		messages, err := own(n, raw)
		if err != nil {
			return nil, fmt.Errorf("rewriting %q: %w", n.Name, err)
		}
		return messages, nil
	}
	return e
}
