package onnx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// wrapPrefix begins the names of the tensors that wrapping adds.
const wrapPrefix = "presswerk_wrap_"

// circular makes a network's convolutions pad with what stands at the opposite edge in the place of zeros, as
// padding_mode="circular" of torch's Conv2d does, so that pictures continue across their edges. A convolution of a padded
// picture becomes slices, a Concat for each side, and the same convolution without padding, which every version of ONNX
// since opset 10 and every execution provider knows.
//
// A pad that isn't alike on both sides stays: torch's Conv2d has none such, so it is a Pad of its own that an optimiser
// moved into the convolution, and that one pads with zeros in torch, too.
type circular struct {
	convolutions int
	known        map[string]bool // constants that stand in the graph already
}

// edit gives the nodes that stand in the place of one; nil keeps it.
func (c *circular) edit(n Node, raw func() ([]byte, error)) ([][]byte, error) {
	switch n.Op {
	case "Conv", "ConvInteger", "QLinearConv", "FusedConv":
		message, err := raw()
		if err != nil {
			return nil, err
		}
		return c.convolution(n, message)
	case "NhwcConv", "NhwcFusedConv":
		return nil, fmt.Errorf("node %q (%s) is a convolution that can't be made circular", n.Name, n.Op)
	case "If", "Loop", "Scan":
		message, err := raw()
		inner := protowire.AppendString(protowire.AppendTag(nil, nodeOp, protowire.BytesType), "Conv")
		if err == nil && bytes.Contains(message, inner) {
			err = fmt.Errorf("node %q (%s) holds a convolution that can't be made circular", n.Name, n.Op)
		}
		return nil, err
	}
	return nil, nil
}

func (c *circular) convolution(n Node, message []byte) ([][]byte, error) {
	pads := n.Ints["pads"]
	half := len(pads) / 2
	switch {
	case bytes.Contains(message, []byte("SAME_")):
		return nil, fmt.Errorf("node %q pads by auto_pad, which can't be made circular", n.Name)
	case len(n.Inputs) == 0 || len(pads)%2 != 0 || !slices.Equal(pads[:half], pads[half:]):
		return nil, nil
	}
	var added [][]byte
	x := n.Inputs[0]
	for k, pad := range pads[:half] {
		if pad <= 0 {
			continue
		}
		nodes, wrapped := c.wrap(x, k+2, pad)
		added, x = append(added, nodes...), wrapped
	}
	if len(added) == 0 {
		return nil, nil
	}
	c.convolutions++
	conv, err := withoutPads(message, x, len(pads))
	return append(added, conv), err
}

// wrap puts the last pad rows of an axis before the first ones, and the first ones behind the last.
func (c *circular) wrap(x string, axis int, pad int64) (nodes [][]byte, wrapped string) {
	constant := func(v int64) string {
		name := wrapPrefix + "n" + strconv.FormatInt(v, 10)
		if !c.known[name] {
			c.known[name] = true
			nodes = append(nodes, constantNode(name, v))
		}
		return name
	}
	wrapped = fmt.Sprintf("%s%d_%d", wrapPrefix, c.convolutions, axis)
	before, after := wrapped+"_before", wrapped+"_after"
	along := constant(int64(axis))
	slice := func(from, to string, out string) []byte {
		return appendNode("Slice", out, []string{x, from, to, along}, nil)
	}
	last := slice(constant(-pad), constant(math.MaxInt64), before)
	first := slice(constant(0), constant(pad), after)
	return append(nodes, last, first, appendNode("Concat", wrapped, []string{before, x, after}, intAttribute("axis", int64(axis)))), wrapped
}

// appendNode writes a NodeProto with one output, named as its output is.
func appendNode(op, output string, inputs []string, attribute []byte) []byte {
	var b []byte
	text := func(field protowire.Number, s string) {
		b = protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
	}
	for _, in := range inputs {
		text(nodeInput, in)
	}
	text(nodeOutput, output)
	text(3, output) // name
	text(nodeOp, op)
	if attribute != nil {
		b = protowire.AppendBytes(protowire.AppendTag(b, nodeAttribute, protowire.BytesType), attribute)
	}
	return b
}

// intAttribute is an AttributeProto of one whole number.
func intAttribute(name string, v int64) []byte {
	b := protowire.AppendString(protowire.AppendTag(nil, attributeName, protowire.BytesType), name)
	b = protowire.AppendVarint(protowire.AppendTag(b, attributeWhole, protowire.VarintType), uint64(v))
	return protowire.AppendVarint(protowire.AppendTag(b, 20, protowire.VarintType), 2) // type INT
}

// constantNode gives a tensor of one whole number.
func constantNode(name string, v int64) []byte {
	tensor := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 1) // dims
	tensor = protowire.AppendVarint(protowire.AppendTag(tensor, tensorElementType, protowire.VarintType), elementInt64)
	tensor = protowire.AppendVarint(protowire.AppendTag(tensor, 7, protowire.VarintType), uint64(v)) // int64_data
	b := protowire.AppendString(protowire.AppendTag(nil, attributeName, protowire.BytesType), "value")
	b = protowire.AppendBytes(protowire.AppendTag(b, attributeTensor, protowire.BytesType), tensor)
	b = protowire.AppendVarint(protowire.AppendTag(b, 20, protowire.VarintType), 4) // type TENSOR
	return appendNode("Constant", name, nil, b)
}

// withoutPads is a convolution's NodeProto with another first input and zeros for its pads.
func withoutPads(raw []byte, x string, pads int) ([]byte, error) {
	var b []byte
	seen := false
	err := eachField(raw, func(field protowire.Number, _ protowire.Type, whole, value []byte) {
		switch {
		case field == nodeInput && !seen:
			seen = true
			b = protowire.AppendString(protowire.AppendTag(b, nodeInput, protowire.BytesType), x)
		case field == nodeAttribute && attributeIs(value, "pads"):
		default:
			b = append(b, whole...)
		}
	})
	zeros := protowire.AppendString(protowire.AppendTag(nil, attributeName, protowire.BytesType), "pads")
	for range pads {
		zeros = protowire.AppendVarint(protowire.AppendTag(zeros, 8, protowire.VarintType), 0) // ints
	}
	zeros = protowire.AppendVarint(protowire.AppendTag(zeros, 20, protowire.VarintType), 7) // type INTS
	return protowire.AppendBytes(protowire.AppendTag(b, nodeAttribute, protowire.BytesType), zeros), err
}

func attributeIs(raw []byte, name string) bool {
	found := false
	_ = eachField(raw, func(field protowire.Number, _ protowire.Type, _, value []byte) { // the node was read before
		found = found || field == attributeName && string(value) == name
	})
	return found
}

// checkOpset refuses graphs of the time when Slice took no inputs.
func checkOpset(r io.ReaderAt, size int64) error {
	w := &wire{r: r, end: size}
	return w.fields(func(field int, sub *wire) error {
		if field != 8 || sub == nil { // opset_import
			return nil
		}
		domain, version := "", uint64(0)
		err := sub.fields(func(field int, text *wire) (err error) {
			if field == 1 && text != nil {
				domain, err = text.text()
			}
			if field == 2 && text == nil {
				version = sub.value
			}
			return err
		})
		if err == nil && (domain == "" || domain == "ai.onnx") && version < 10 {
			err = errors.New("its opset is below 10; export it again")
		}
		return err
	})
}

// circularBytes makes a network in memory circular.
func circularBytes(data []byte) ([]byte, error) {
	r, size := bytes.NewReader(data), int64(len(data))
	if err := checkOpset(r, size); err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrModel)
	}
	list, err := segments(r, size, edit{node: newCircular().edit})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrModel)
	}
	return joined(list, r)
}

func newCircular() *circular { return &circular{known: map[string]bool{}} }
