package onnx

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// ElementType is the number type of an input or output, as ONNX numbers them (onnx.proto3, TensorProto.DataType).
type ElementType int

// Element types that Run converts to and from.
const (
	TypeFloat32  ElementType = 1
	TypeInt32    ElementType = 6
	TypeInt64    ElementType = 7
	TypeBool     ElementType = 9
	TypeFloat16  ElementType = 10
	TypeFloat64  ElementType = 11
	TypeBFloat16 ElementType = 16 // as weights only
	typeMaximum  ElementType = 64 // far above what ONNX defines; larger numbers mean a broken file
	maxNameBytes             = 1 << 16
	maxRank                  = 64
	maxValues                = 1 << 16
)

// Info describes one input or output of a network.
type Info struct {
	Name    string
	Type    ElementType
	Dims    []int64  // -1 where the graph leaves the side open
	Symbols []string // the graph's name for an open side, "" where it has none; as long as Dims
}

// header is what a graph says of its own inputs and outputs, in its order.
type header struct {
	inputs, outputs []Info
	defaults        []Info // inputs that have numbers of their own, which a caller may replace
}

// with moves defaults that a caller wants to give to the inputs.
func (h header) with(wanted func(name string) bool) header {
	if wanted == nil {
		return h
	}
	h.inputs = slices.Clip(h.inputs)
	for _, in := range h.defaults {
		if wanted(in.Name) {
			h.inputs = append(h.inputs, in)
		}
	}
	return h
}

// readHeader reads the inputs and outputs of an ONNX file without loading the weights: it walks the protobuf and
// skips what is large. The field numbers are those of onnx.proto3 (ModelProto, GraphProto, ValueInfoProto).
// ONNX Runtime can only tell the same by loading the network a second time.
func readHeader(r io.ReaderAt, size int64) (header, error) {
	var h header
	found := false
	w := &wire{r: r, end: size}
	err := w.fields(func(field int, sub *wire) error {
		if field != 7 || sub == nil { // ModelProto.graph
			return nil
		}
		found = true
		return readGraph(sub, &h)
	})
	if err == nil && !found {
		err = errors.New("the file holds no graph")
	}
	if err != nil {
		return header{}, fmt.Errorf("reading the ONNX header: %w: %w", err, ErrModel)
	}
	return h, nil
}

// ReadInputs tells what the network at path must be given, without loading it.
func ReadInputs(path string) ([]Info, error) {
	h, err := headerOf(path)
	if err != nil {
		return nil, fmt.Errorf("onnx: reading %s: %w", path, err)
	}
	return h.inputs, nil
}

func readGraph(w *wire, h *header) error {
	constants := map[string]bool{}
	var inputs []Info
	err := w.fields(func(field int, sub *wire) error {
		if sub == nil {
			return nil
		}
		switch field {
		case 5: // initializer
			name, err := readInitializerName(sub)
			constants[name] = true
			return err
		case 11, 12: // input, output
			if len(inputs) >= maxValues || len(h.outputs) >= maxValues {
				return errors.New("too many inputs or outputs")
			}
			info, err := readValueInfo(sub)
			if err != nil {
				return err
			}
			if field == 11 {
				inputs = append(inputs, info)
			} else {
				h.outputs = append(h.outputs, info)
			}
		}
		return nil
	})
	// An input with an initialiser has a default: nothing that a caller must give. Old files list all their weights so.
	for _, in := range inputs {
		if constants[in.Name] {
			h.defaults = append(h.defaults, in)
		} else {
			h.inputs = append(h.inputs, in)
		}
	}
	return err
}

func readInitializerName(w *wire) (string, error) {
	var name string
	err := w.fields(func(field int, sub *wire) (err error) {
		if field == 8 && sub != nil { // TensorProto.name
			name, err = sub.text()
		}
		return err
	})
	return name, err
}

func readValueInfo(w *wire) (Info, error) {
	var info Info
	err := w.fields(func(field int, sub *wire) (err error) {
		switch {
		case sub == nil:
		case field == 1: // name
			info.Name, err = sub.text()
		case field == 2: // type
			err = sub.fields(func(field int, tensor *wire) error {
				if field != 1 || tensor == nil { // tensor_type; sequences and maps have no shape
					return nil
				}
				return readTensorType(tensor, &info)
			})
		}
		return err
	})
	return info, err
}

func readTensorType(w *wire, info *Info) error {
	return w.fields(func(field int, sub *wire) error {
		switch {
		case field == 1 && sub == nil: // elem_type
			if w.value >= uint64(typeMaximum) {
				return fmt.Errorf("element type %d", w.value)
			}
			info.Type = ElementType(w.value)
		case field == 2 && sub != nil: // shape
			return sub.fields(func(field int, dim *wire) error {
				if field != 1 || dim == nil {
					return nil
				}
				if len(info.Dims) >= maxRank {
					return errors.New("too many dimensions")
				}
				return readDim(dim, info)
			})
		}
		return nil
	})
}

func readDim(w *wire, info *Info) error {
	side, symbol := int64(-1), ""
	err := w.fields(func(field int, sub *wire) (err error) {
		switch {
		case field == 1 && sub == nil: // dim_value
			side = int64(w.value)
			if side <= 0 { // some exporters write 0 or -1 for an open side
				side = -1
			}
		case field == 2 && sub != nil: // dim_param
			symbol, err = sub.text()
		}
		return err
	})
	info.Dims, info.Symbols = append(info.Dims, side), append(info.Symbols, symbol)
	return err
}
