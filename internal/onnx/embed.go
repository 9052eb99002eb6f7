package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// elementOne is the type of an attribute that is one whole number.
const elementOne = 2

// Lookup is where a text encoder turns tokens into vectors: rows of a table, by the numbers in an input.
type Lookup struct {
	Table string // the initialiser, [vocabulary, width]
	node  string // the first output of the operator
}

// Lookup finds the operator that takes rows of a table by the numbers of an input. ok is false where there is none.
func (g *Graph) Lookup(input string) (_ Lookup, ok bool) {
	same := map[string]bool{input: true} // the input, however it is laid out
	for _, n := range g.Nodes {
		if len(n.Inputs) == 0 || len(n.Outputs) == 0 {
			continue
		}
		switch n.Op {
		case "Reshape", "Cast", "Identity", "Unsqueeze", "Squeeze", "Flatten":
			if same[n.Inputs[0]] {
				same[n.Outputs[0]] = true
			}
		case "Gather":
			axis := n.Ints["axis"]
			if len(n.Inputs) == 2 && same[n.Inputs[1]] && len(g.Stored[n.Inputs[0]].Dims) == 2 && (axis == nil || axis[0] == 0) {
				return Lookup{n.Inputs[0], n.Outputs[0]}, true
			}
		}
	}
	return Lookup{}, false
}

// Rows reads rows of a table of float32, float16 or bfloat16 numbers, and no more of it.
func (g *Graph) Rows(table string, rows []int64) ([][]float32, error) {
	s, ok := g.Stored[table]
	if !ok || len(s.Dims) != 2 {
		return nil, fmt.Errorf("onnx: %s has no table %q: %w", g.name, table, ErrModel)
	}
	out := make([][]float32, len(rows))
	for i, row := range rows {
		if row < 0 || row >= s.Dims[0] {
			return nil, fmt.Errorf("onnx: table %q of %s has %d rows, and row %d was asked for: %w", table, g.name, s.Dims[0], row, ErrInput)
		}
		raw, err := g.part(s, row*s.Dims[1], s.Dims[1])
		if err != nil {
			return nil, fmt.Errorf("onnx: table %q of %s: %w: %w", table, g.name, err, ErrModel)
		}
		out[i] = floatsOf(s.Type, raw)
	}
	return out, nil
}

// floatsOf widens the little-endian numbers of a weight.
func floatsOf(t ElementType, raw []byte) []float32 {
	out := make([]float32, int64(len(raw))/width(t))
	for i := range out {
		switch t {
		case TypeFloat32:
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		case TypeFloat16:
			out[i] = fromHalf(binary.LittleEndian.Uint16(raw[2*i:]))
		default:
			out[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw[2*i:])) << 16)
		}
	}
	return out
}

// edit is what is written otherwise than in the file. A nil function keeps everything.
type edit struct {
	tensor func(name string) (message []byte, known bool)             // an initialiser; nil and true drops it
	node   func(n Node, raw func() ([]byte, error)) ([][]byte, error) // what stands in an operator's place; nil keeps it
	inputs [][]byte                                                   // further inputs
	// initializers are further ones.
	initializers [][]byte
}

// embedding is the edit that takes the vectors of tokens from an input of this name in the place of a table's rows. The
// table is dropped: it is the largest weight, and nothing needs it.
func (g *Graph) embedding(l Lookup, name string) edit {
	return edit{
		tensor: func(initializer string) ([]byte, bool) { return nil, initializer == l.Table },
		node: func(n Node, _ func() ([]byte, error)) ([][]byte, error) {
			if len(n.Outputs) == 0 || n.Outputs[0] != l.node {
				return nil, nil
			}
			return [][]byte{castNode(name, l.node, g.Stored[l.Table].Type)}, nil
		},
		inputs: [][]byte{floatValue(name)},
	}
}

// shared tells whether anything but the lookup reads its table.
func (g *Graph) shared(l Lookup) bool {
	return slices.ContainsFunc(g.Nodes, func(n Node) bool {
		return slices.Contains(n.Inputs, l.Table) && n.Outputs[0] != l.node
	})
}

// castNode is an operator that turns floats into another type.
func castNode(from, to string, kind ElementType) []byte {
	attribute := protowire.AppendString(protowire.AppendTag(nil, attributeName, protowire.BytesType), "to")
	attribute = protowire.AppendVarint(protowire.AppendTag(attribute, attributeWhole, protowire.VarintType), uint64(kind))
	attribute = protowire.AppendVarint(protowire.AppendTag(attribute, 20, protowire.VarintType), elementOne)
	n := protowire.AppendString(protowire.AppendTag(nil, nodeInput, protowire.BytesType), from)
	n = protowire.AppendString(protowire.AppendTag(n, nodeOutput, protowire.BytesType), to)
	n = protowire.AppendString(protowire.AppendTag(n, nodeOp, protowire.BytesType), "Cast")
	return protowire.AppendBytes(protowire.AppendTag(n, nodeAttribute, protowire.BytesType), attribute)
}
