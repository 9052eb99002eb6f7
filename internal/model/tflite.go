package model

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
)

// Bounds on strangers' files.
const (
	tfMost = 1 << 14 // tensors, buffers and operators of a network
	tfRank = 8       // dimensions of a tensor
)

// Kinds of numbers and operators, as the schema of TensorFlow Lite counts them.
const (
	tfFloat32, tfFloat16, tfInt32 = 0, 1, 2

	tfAdd, tfConcat, tfConv, tfDepthwise, tfDepthToSpace, tfDequantize = 0, 2, 3, 4, 5, 6
	tfFullyConnected, tfLogistic, tfMaxPool, tfRelu, tfReshape         = 9, 14, 17, 19, 22
	tfResizeBilinear, tfPad, tfMean, tfPRelu, tfDensify                = 23, 34, 40, 54, 124
)

// ConvertTFLite turns a TensorFlow Lite network with float weights, whole, half or sparse, into an ONNX file of the same
// arithmetic, with the same inputs and outputs by name, order and layout (pictures stay [1, h, w, channels]). It knows
// the operators of MediaPipe's detectors and landmark networks; another one gives art.ErrUnsupported, a damaged file
// art.ErrInvalid.
//
// Source: tensorflow/tensorflow, tensorflow/compiler/mlir/lite/schema/schema.fbs, version 3.
func ConvertTFLite(data []byte) ([]byte, error) {
	if len(data) < 8 || string(data[4:8]) != "TFL3" {
		return nil, fmt.Errorf("model: this is no TensorFlow Lite network: %w", art.ErrInvalid)
	}
	c := &tflite{file: &flat{data: data}, constants: map[int][]float32{}, made: map[string]bool{}, budget: 16 * len(data)}
	operators, in, out := c.read()
	if c.file.err != nil {
		return nil, fmt.Errorf("model: reading the TensorFlow Lite network: %w", c.file.err)
	}
	inputs, err := c.inputs(in)
	if err != nil {
		return nil, fmt.Errorf("model: inputs of the TensorFlow Lite network: %w", err)
	}
	for i, o := range operators {
		if err := c.operator(o); err != nil {
			return nil, fmt.Errorf("model: operator %d of the TensorFlow Lite network: %w", i, err)
		}
	}
	outputs, err := c.outputs(out, in)
	if err != nil {
		return nil, fmt.Errorf("model: outputs of the TensorFlow Lite network: %w", err)
	}
	return c.graph.encode("tflite", inputs, outputs), nil
}

// tflite walks the operators in their order, which is one of calculation.
type tflite struct {
	file      *flat
	tensors   []tfTensor
	buffers   []flatTable
	graph     graph
	constants map[int][]float32 // tensors whose numbers are known, as far as they were asked for
	made      map[string]bool   // tensors that the written network holds
	budget    int               // numbers that may still be unpacked, so that a small file cannot grow without end
}

type tfTensor struct {
	name     string
	shape    []int
	kind     int
	buffer   int
	sparsity flatTable
}

// size is how many numbers it has.
func (t tfTensor) size() int {
	n := 1
	for _, d := range t.shape {
		n *= d
	}
	return n
}

// tfOperator has inputs and outputs by their tensors' numbers; −1 is one that was left out.
type tfOperator struct {
	kind    int
	in, out []int
	options flatTable
}

// read takes the one graph of a file apart.
func (c *tflite) read() (operators []tfOperator, in, out []int) {
	root := c.file.root()
	graphs := root.tables(2, tfMost)
	if len(graphs) != 1 {
		c.file.fail("%d graphs instead of one", len(graphs))
		return nil, nil, nil
	}
	c.buffers = root.tables(4, tfMost)
	for _, t := range graphs[0].tables(0, tfMost) {
		tensor := tfTensor{shape: t.wholes(0, tfRank), kind: t.small(1), buffer: t.whole(2, 0), sparsity: t.table(6)}
		if name := t.bytes(3); len(name) <= maxName {
			tensor.name = string(name)
		}
		for i, d := range tensor.shape {
			if d < 1 || d > maxWeights || (tfTensor{shape: tensor.shape[:i+1]}).size() > maxWeights {
				c.file.fail("a tensor of shape %v", tensor.shape)
			}
		}
		c.tensors = append(c.tensors, tensor)
	}
	var kinds []int
	for _, k := range root.tables(1, tfMost) {
		kinds = append(kinds, max(k.small(0), k.whole(3, 0)))
	}
	for _, o := range graphs[0].tables(3, tfMost) {
		code := o.whole(0, 0)
		if code < 0 || code >= len(kinds) {
			c.file.fail("an operator of kind %d, of %d", code, len(kinds))
			return nil, nil, nil
		}
		operator := tfOperator{kind: kinds[code], in: o.wholes(1, tfMost), out: o.wholes(2, tfMost), options: o.table(4)}
		operators = append(operators, operator)
		c.known(-1, operator.in)
		c.known(0, operator.out)
	}
	in, out = graphs[0].wholes(1, tfMost), graphs[0].wholes(2, tfMost)
	c.known(0, in)
	c.known(0, out)
	return operators, in, out
}

// known tells whether all numbers are those of tensors.
func (c *tflite) known(least int, numbers []int) {
	for _, i := range numbers {
		if i < least || i >= len(c.tensors) {
			c.file.fail("tensor %d, of %d", i, len(c.tensors))
		}
	}
}

// inner names a tensor in the written network. Channels first is the layout that ONNX's operators on pictures have.
func inner(i int, channelsFirst bool) string {
	if channelsFirst {
		return fmt.Sprintf("tensor %d, channels first", i)
	}
	return fmt.Sprintf("tensor %d", i)
}

func (c *tflite) inputs(in []int) (values [][]byte, err error) {
	if len(in) == 0 {
		return nil, fmt.Errorf("there is none: %w", art.ErrInvalid)
	}
	for _, i := range in {
		value, err := c.outer(i)
		if err != nil {
			return nil, err
		}
		if c.made[inner(i, false)] {
			return nil, fmt.Errorf("%q occurs twice: %w", c.tensors[i].name, art.ErrInvalid)
		}
		values = append(values, value)
		c.graph.node("Identity", []string{c.tensors[i].name}, []string{inner(i, false)})
		c.made[inner(i, false)] = true
	}
	return values, nil
}

func (c *tflite) outputs(out, in []int) (values [][]byte, err error) {
	if len(out) == 0 {
		return nil, fmt.Errorf("there is none: %w", art.ErrInvalid)
	}
	for k, i := range out {
		value, err := c.outer(i)
		if err != nil {
			return nil, err
		}
		for _, other := range slices.Concat(in, out[:k]) {
			if c.tensors[other].name == c.tensors[i].name {
				return nil, fmt.Errorf("%q occurs twice: %w", c.tensors[i].name, art.ErrInvalid)
			}
		}
		from, err := c.plain(i)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
		c.graph.node("Identity", []string{from}, []string{c.tensors[i].name})
	}
	return values, nil
}

// outer describes an input or output of the network.
func (c *tflite) outer(i int) ([]byte, error) {
	t := c.tensors[i]
	if t.kind != tfFloat32 || t.name == "" || len(t.name) >= 6 && t.name[:6] == "tensor" {
		return nil, fmt.Errorf("%q, of numbers of kind %d, cannot be one: %w", t.name, t.kind, art.ErrUnsupported)
	}
	return floats(t.name, wide(t.shape)...), nil
}

func wide(shape []int) []int64 {
	all := make([]int64, len(shape))
	for i, d := range shape {
		all[i] = int64(d)
	}
	return all
}

// plain names a tensor in the layout of the file.
func (c *tflite) plain(i int) (string, error) { return c.laidOut(i, false, 0, 2, 3, 1) }

// first names a tensor of four dimensions with the channels before height and width.
func (c *tflite) first(i int) (string, error) { return c.laidOut(i, true, 0, 3, 1, 2) }

// laidOut turns a tensor over the first time that a layout is asked for.
func (c *tflite) laidOut(i int, channelsFirst bool, turn ...int64) (string, error) {
	if i < 0 {
		return "", fmt.Errorf("an input is missing: %w", art.ErrInvalid)
	}
	if channelsFirst && len(c.tensors[i].shape) != 4 {
		return "", fmt.Errorf("shape %v, where pictures are worked on: %w", c.tensors[i].shape, art.ErrUnsupported)
	}
	want, other := inner(i, channelsFirst), inner(i, !channelsFirst)
	if !c.made[want] {
		if !c.made[other] {
			return "", fmt.Errorf("tensor %d is used before it was made: %w", i, art.ErrInvalid)
		}
		c.graph.node("Transpose", []string{other}, []string{want}, wholes("perm", turn...))
		c.made[want] = true
	}
	return want, nil
}

// numbers are those of a constant tensor.
func (c *tflite) numbers(i int) ([]float32, error) {
	if i < 0 {
		return nil, fmt.Errorf("weights are missing: %w", art.ErrInvalid)
	}
	if values, ok := c.constants[i]; ok {
		return values, nil
	}
	t := c.tensors[i]
	values, err := c.stored(t)
	if err != nil {
		return nil, err
	}
	if len(values) != t.size() {
		return nil, fmt.Errorf("%d numbers in a tensor of shape %v: %w", len(values), t.shape, art.ErrInvalid)
	}
	c.constants[i] = values
	return values, nil
}

// stored unpacks the bytes of a tensor, which has fewer numbers than its shape says when it is sparse.
func (c *tflite) stored(t tfTensor) ([]float32, error) {
	data, err := c.bytes(t)
	if err != nil {
		return nil, err
	}
	width := map[int]int{tfFloat32: 4, tfFloat16: 2}[t.kind]
	if width == 0 {
		return nil, fmt.Errorf("weights of kind %d: %w", t.kind, art.ErrUnsupported)
	}
	if err := c.spend(len(data) / width); err != nil {
		return nil, err
	}
	values := make([]float32, len(data)/width)
	for i := range values {
		if width == 4 {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		} else {
			values[i] = half(binary.LittleEndian.Uint16(data[2*i:]))
		}
	}
	return values, nil
}

func (c *tflite) bytes(t tfTensor) ([]byte, error) {
	if t.buffer < 0 || t.buffer >= len(c.buffers) {
		return nil, fmt.Errorf("buffer %d, of %d: %w", t.buffer, len(c.buffers), art.ErrInvalid)
	}
	data := c.buffers[t.buffer].bytes(0)
	if c.file.err != nil {
		return nil, c.file.err
	}
	if len(data) == 0 {
		return nil, fmt.Errorf("numbers that are not known beforehand: %w", art.ErrUnsupported)
	}
	return data, nil
}

// wholes are a constant tensor of so many whole numbers.
func (c *tflite) wholes(i, n int) ([]int64, error) {
	if i < 0 || c.tensors[i].kind != tfInt32 || c.tensors[i].size() != n {
		return nil, fmt.Errorf("a parameter that is no list of %d whole numbers: %w", n, art.ErrUnsupported)
	}
	data, err := c.bytes(c.tensors[i])
	if err != nil {
		return nil, err
	}
	if len(data) != 4*n {
		return nil, fmt.Errorf("%d bytes for %d whole numbers: %w", len(data), n, art.ErrInvalid)
	}
	all := make([]int64, n)
	for k := range all {
		all[k] = int64(int32(binary.LittleEndian.Uint32(data[4*k:])))
	}
	return all, nil
}

// spend refuses files that unpack to many times their size.
func (c *tflite) spend(numbers int) error {
	if c.budget -= numbers; c.budget < 0 {
		return fmt.Errorf("the weights unpack to more than 16 numbers a byte: %w", art.ErrInvalid)
	}
	return nil
}
