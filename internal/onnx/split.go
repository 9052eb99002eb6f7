package onnx

import (
	"bytes"
	"fmt"
	"slices"

	ort "github.com/yalue/onnxruntime_go"
	"google.golang.org/protobuf/encoding/protowire"
)

// Split is a network in two: what depends on some of its inputs alone, and the rest. Whoever runs the rest often with
// the same inputs, as a sampler does with a prompt, runs the first part once.
type Split struct {
	First []byte   // a network from the fixed inputs, and the shapes of others, to Cut
	Rest  []byte   // the network, with Cut as further inputs
	Cut   []string // tensors of floats, in the order in which the rest needs them
}

// Field numbers of ONNX's messages.
//
// Source: onnx/onnx.proto, ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto, ValueInfoProto, TypeProto.
const (
	modelGraph = 7

	graphNode        = 1
	graphInitializer = 5
	graphInput       = 11
	graphOutput      = 12
	graphValueInfo   = 13

	nodeInput     = 1
	nodeOutput    = 2
	nodeOp        = 4
	nodeAttribute = 5

	attributeName     = 1
	attributeWhole    = 3
	attributeTensor   = 5
	attributeGraph    = 6
	attributeGraphs   = 11
	tensorElementType = 2
	tensorName        = 8
	valueName         = 1
	valueType         = 2
	typeTensor        = 1
	tensorTypeElement = 1
	elementFloat      = 1
	elementInt64      = 7
	elementBool       = 9
)

// splitter knows a graph's parts by their names.
type splitter struct {
	nodes    []splitNode
	weights  map[string][]byte // initialisers, encoded
	inputs   map[string][]byte // encoded
	outputs  []string
	fixed    map[string]bool // inputs that the first part may read
	producer map[string]int  // tensor → node
	kinds    map[string]int  // tensor → element type
	depends  map[string]int  // tensor → reach
}

// What a tensor depends on.
const (
	onNothing = iota
	onShapes  // of inputs
	onFixed
	onAny
)

type splitNode struct {
	raw         []byte
	op          string
	in, out     []string
	cast        int // element type that an attribute says; 0 when none does
	hasSubgraph bool
}

// SplitInputs cuts a network in two; fixed are the inputs that stay the same between runs, in which all others have the same
// shape. The first part may ask for another input, of which it only reads the shape. Inputs with a default that wanted
// names have none any more; nil names none. ok is false where nothing depends on the fixed inputs alone, or where the graph
// has parts that can't be cut.
func SplitInputs(data []byte, fixed []string, wanted func(name string) bool) (_ Split, ok bool, err error) {
	var before, after, graph []byte
	err = eachField(data, func(field protowire.Number, kind protowire.Type, whole, value []byte) {
		switch {
		case field == modelGraph && kind == protowire.BytesType:
			graph = value
		case graph == nil:
			before = append(before, whole...)
		default:
			after = append(after, whole...)
		}
	})
	if err != nil || graph == nil {
		return Split{}, false, fmt.Errorf("onnx: splitting: %w: %w", errNoGraph(err), ErrModel)
	}
	s := &splitter{weights: map[string][]byte{}, inputs: map[string][]byte{}, fixed: map[string]bool{}, producer: map[string]int{}, kinds: map[string]int{}, depends: map[string]int{}}
	for _, name := range fixed {
		s.fixed[name] = true
	}
	if err := s.read(graph); err != nil {
		return Split{}, false, fmt.Errorf("onnx: splitting: %w: %w", err, ErrModel)
	}
	for name := range s.inputs {
		if wanted != nil && wanted(name) {
			delete(s.weights, name)
		}
	}
	if !s.classify() {
		return Split{}, false, nil
	}
	rest, cut := s.closure(s.outputs, true)
	if len(cut) == 0 {
		return Split{}, false, nil
	}
	first, _ := s.closure(cut, false)
	wrap := func(g []byte) []byte {
		out := protowire.AppendTag(slices.Clone(before), modelGraph, protowire.BytesType)
		return append(protowire.AppendBytes(out, g), after...)
	}
	return Split{First: wrap(s.encode(first, nil, cut)), Rest: wrap(s.encode(rest, cut, s.outputs)), Cut: cut}, true, nil
}

func errNoGraph(err error) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("it has no graph")
}

// eachField visits the fields of a message.
func eachField(data []byte, visit func(field protowire.Number, kind protowire.Type, whole, value []byte)) error {
	for len(data) > 0 {
		field, kind, tag := protowire.ConsumeTag(data)
		if tag < 0 {
			return protowire.ParseError(tag)
		}
		n := protowire.ConsumeFieldValue(field, kind, data[tag:])
		if n < 0 {
			return protowire.ParseError(n)
		}
		value := data[tag : tag+n]
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		visit(field, kind, data[:tag+n], value)
		data = data[tag+n:]
	}
	return nil
}

func (s *splitter) read(graph []byte) error {
	var all error
	err := eachField(graph, func(field protowire.Number, _ protowire.Type, _, value []byte) {
		var err error
		switch field {
		case graphNode:
			var n splitNode
			if n, err = readSplitNode(value); err == nil {
				for _, name := range n.out {
					s.producer[name] = len(s.nodes)
				}
				s.nodes = append(s.nodes, n)
			}
		case graphInitializer:
			name, kind := "", 0
			err = eachField(value, func(f protowire.Number, _ protowire.Type, _, v []byte) {
				switch f {
				case tensorName:
					name = string(v)
				case tensorElementType:
					kind = smallNumber(v)
				}
			})
			s.weights[name], s.kinds[name] = value, kind
		case graphInput, graphOutput:
			name, kind, problem := readSplitValue(value)
			err = problem
			if field == graphInput {
				s.inputs[name], s.kinds[name] = value, kind
			} else {
				s.outputs = append(s.outputs, name)
			}
		}
		if err != nil {
			all = err
		}
	})
	if err != nil {
		return err
	}
	return all
}

func smallNumber(v []byte) int {
	n, _ := protowire.ConsumeVarint(v)
	return int(n)
}

func readSplitValue(value []byte) (name string, kind int, err error) {
	err = eachField(value, func(f protowire.Number, _ protowire.Type, _, v []byte) {
		switch f {
		case valueName:
			name = string(v)
		case valueType:
			_ = eachField(v, func(f protowire.Number, _ protowire.Type, _, v []byte) {
				if f == typeTensor {
					_ = eachField(v, func(f protowire.Number, _ protowire.Type, _, v []byte) {
						if f == tensorTypeElement {
							kind = smallNumber(v)
						}
					})
				}
			})
		}
	})
	return name, kind, err
}

func readSplitNode(raw []byte) (splitNode, error) {
	n := splitNode{raw: raw}
	err := eachField(raw, func(f protowire.Number, _ protowire.Type, _, v []byte) {
		switch f {
		case nodeInput:
			n.in = append(n.in, string(v))
		case nodeOutput:
			n.out = append(n.out, string(v))
		case nodeOp:
			n.op = string(v)
		case nodeAttribute:
			n.readAttribute(v)
		}
	})
	return n, err
}

func (n *splitNode) readAttribute(raw []byte) {
	name, whole, tensor := "", 0, 0
	_ = eachField(raw, func(f protowire.Number, _ protowire.Type, _, v []byte) {
		switch f {
		case attributeName:
			name = string(v)
		case attributeWhole:
			whole = smallNumber(v)
		case attributeGraph, attributeGraphs:
			n.hasSubgraph = true
		case attributeTensor:
			_ = eachField(v, func(f protowire.Number, _ protowire.Type, _, v []byte) {
				if f == tensorElementType {
					tensor = smallNumber(v)
				}
			})
		}
	})
	switch {
	case n.op == "Cast" && name == "to":
		n.cast = whole
	case name == "value" && tensor != 0:
		n.cast = tensor
	}
}

// classify finds out what each tensor depends on and of which type it is; false where subgraphs make that unclear.
func (s *splitter) classify() bool {
	for name := range s.inputs {
		if s.fixed[name] {
			s.depends[name] = onFixed
		} else if _, weight := s.weights[name]; !weight {
			s.depends[name] = onAny
		}
	}
	for _, n := range s.nodes {
		if n.hasSubgraph {
			return false
		}
		reach, kind := onNothing, n.kind(s.kinds)
		for _, in := range n.in {
			reach = max(reach, s.depends[in])
		}
		if n.op == "Shape" && len(n.in) == 1 && s.inputs[n.in[0]] != nil {
			reach = min(reach, onShapes)
		}
		for _, out := range n.out {
			s.depends[out], s.kinds[out] = reach, kind
		}
	}
	return true
}

// kind is the element type of a node's outputs.
func (n splitNode) kind(kinds map[string]int) int {
	of := func(i int) int {
		if i < len(n.in) {
			return kinds[n.in[i]]
		}
		return 0
	}
	switch n.op {
	case "Shape", "Size", "NonZero", "ArgMax", "ArgMin":
		return elementInt64
	case "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Not", "Xor", "IsNaN", "IsInf":
		return elementBool
	case "Where", "DequantizeLinear":
		return of(1)
	case "Cast", "Constant":
		return n.cast
	case "ConstantOfShape":
		if n.cast == 0 {
			return elementFloat
		}
		return n.cast
	default:
		return of(0)
	}
}

// closure lists the nodes that some tensors need, in the graph's order. With cutting it stops at floats that depend on
// the fixed inputs alone, and lists those.
func (s *splitter) closure(wanted []string, cutting bool) (nodes []int, cut []string) {
	seen := map[int]bool{}
	stopped := map[string]bool{}
	open := slices.Clone(wanted)
	for len(open) > 0 {
		name := open[len(open)-1]
		open = open[:len(open)-1]
		i, produced := s.producer[name]
		if !produced || seen[i] || stopped[name] {
			continue
		}
		if cutting && s.depends[name] == onFixed && s.kinds[name] == elementFloat {
			stopped[name] = true
			cut = append(cut, name)
			continue
		}
		seen[i] = true
		open = append(open, s.nodes[i].in...)
	}
	for i := range s.nodes {
		if seen[i] {
			nodes = append(nodes, i)
		}
	}
	slices.Sort(cut)
	return nodes, cut
}

// encode writes a graph of some nodes; extra are further inputs of floats of any shape.
func (s *splitter) encode(nodes []int, extra, outputs []string) []byte {
	var g []byte
	add := func(field protowire.Number, value []byte) {
		g = protowire.AppendBytes(protowire.AppendTag(g, field, protowire.BytesType), value)
	}
	used := map[string]bool{}
	for _, i := range nodes {
		add(graphNode, s.nodes[i].raw)
		for _, in := range s.nodes[i].in {
			used[in] = true
		}
	}
	add(2, []byte("split")) // the graph's name
	for _, name := range sortedKeys(s.weights) {
		if used[name] {
			add(graphInitializer, s.weights[name])
		}
	}
	for _, name := range sortedKeys(s.inputs) {
		if used[name] && s.weights[name] == nil {
			add(graphInput, s.inputs[name])
		}
	}
	for _, name := range extra {
		add(graphInput, floatValue(name))
	}
	for _, name := range outputs {
		add(graphOutput, floatValue(name))
	}
	return g
}

func sortedKeys(m map[string][]byte) []string {
	all := make([]string, 0, len(m))
	for name := range m {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// floatValue describes a tensor of floats of any shape.
func floatValue(name string) []byte {
	element := protowire.AppendVarint(protowire.AppendTag(nil, tensorTypeElement, protowire.VarintType), elementFloat)
	kind := protowire.AppendBytes(protowire.AppendTag(nil, typeTensor, protowire.BytesType), element)
	v := protowire.AppendBytes(protowire.AppendTag(nil, valueName, protowire.BytesType), []byte(name))
	return protowire.AppendBytes(protowire.AppendTag(v, valueType, protowire.BytesType), kind)
}

// LoadBytes is Load for a network in memory that keeps nothing in other files. Name stands in errors.
func (r *Runtime) LoadBytes(name string, data []byte, o Options) (*Session, error) {
	h, err := readHeader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("onnx: loading %s: %w", name, err)
	}
	outputs, err := choose(h.outputs, o.Outputs)
	if err != nil {
		return nil, fmt.Errorf("onnx: loading %s: %w", name, err)
	}
	if o.Circular {
		if data, err = circularBytes(data); err != nil {
			return nil, fmt.Errorf("onnx: loading %s: %w", name, err)
		}
	}
	in, out := names(h.inputs), names(outputs)
	inner, err := r.session(o, in, out, func(s *ort.SessionOptions) (*ort.DynamicAdvancedSession, error) {
		inner, err := ort.NewDynamicAdvancedSessionWithONNXData(data, in, out, s)
		return inner, modelError(err)
	})
	if err != nil {
		return nil, fmt.Errorf("onnx: loading %s: %w", name, err)
	}
	return newSession(name, h, outputs, inner, ""), nil
}
