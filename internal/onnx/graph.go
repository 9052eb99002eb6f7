package onnx

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
)

// Bounds on what a graph may hold, far above what real ones do.
const (
	maxNodes      = 1 << 18
	maxConstants  = 1 << 17
	maxAttributes = 256
	maxInts       = 1 << 12
	maxNodeBytes  = 1 << 20 // of a convolution's description
)

// Graph is what an ONNX file says of its operators and weights. The weights themselves stay in the file.
type Graph struct {
	Nodes  []Node
	Stored map[string]Stored // the initialisers by name, and what DequantizeLinear makes of those of 8 bits

	folder fs.FS
	name   string
}

// Node is one operator.
type Node struct {
	Name, Op, Domain string
	Inputs, Outputs  []string
	Ints             map[string][]int64 // attributes that are one or several whole numbers
}

// Stored is a weight and where it lies.
type Stored struct {
	Type ElementType
	Dims []int64

	file           string // beside the ONNX file; "" in it
	offset, length int64  // of the little-endian numbers; length −1 reaches to the end of file
	odd            bool   // stored in a way that Weight doesn't read
	packed         *packed
}

// Weight is a tensor of weights: little-endian numbers in row-major order.
type Weight struct {
	Type ElementType
	Dims []int64
	Raw  []byte
}

// External tells whether the weight lies in a file beside the ONNX file.
func (s Stored) External() bool { return s.file != "" }

// OpenGraph reads operators and names of weights of an ONNX file in a folder, whose files must be io.ReaderAt, as
// those of os.DirFS are. A file that is no ONNX gives ErrModel.
func OpenGraph(folder fs.FS, name string) (*Graph, error) {
	f, size, err := openAt(folder, name)
	if err != nil {
		return nil, fmt.Errorf("onnx: reading the graph of %s: %w", name, err)
	}
	defer f.Close()
	g := &Graph{Stored: map[string]Stored{}, folder: folder, name: name}
	found := false
	w := &wire{r: f, end: size}
	err = w.fields(func(field int, sub *wire) error {
		if field != 7 || sub == nil { // ModelProto.graph
			return nil
		}
		found = true
		return g.read(sub)
	})
	if err == nil && !found {
		err = errors.New("the file holds no graph")
	}
	if err != nil {
		return nil, fmt.Errorf("onnx: reading the graph of %s: %w: %w", name, err, ErrModel)
	}
	g.findPacked()
	return g, nil
}

// file is an open file that can be read anywhere.
type file interface {
	io.ReaderAt
	io.Closer
}

func openAt(folder fs.FS, name string) (file, int64, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	at, ok := f.(file)
	if !ok || info.IsDir() {
		return nil, 0, errors.Join(fmt.Errorf("%s is no file that can be read anywhere: %w", name, ErrModel), f.Close())
	}
	return at, info.Size(), nil
}

func (g *Graph) read(w *wire) error {
	return w.fields(func(field int, sub *wire) error {
		switch {
		case sub == nil:
		case field == 1: // node
			if len(g.Nodes) == maxNodes {
				return errors.New("too many nodes")
			}
			n, err := readNode(sub)
			g.Nodes = append(g.Nodes, n)
			return err
		case field == 5: // initializer
			if len(g.Stored) == maxConstants {
				return errors.New("too many initialisers")
			}
			name, s, err := readStored(sub)
			if err != nil {
				return fmt.Errorf("initialiser %q: %w", name, err)
			}
			if _, ok := g.Stored[name]; ok {
				return fmt.Errorf("initialiser %q stands twice", name)
			}
			g.Stored[name] = s
		}
		return nil
	})
}

// readNode reads a NodeProto.
func readNode(w *wire) (Node, error) {
	var n Node
	attributes := 0
	err := w.fields(func(field int, sub *wire) error {
		if sub == nil {
			return nil
		}
		if field == 5 { // attribute
			if attributes++; attributes > maxAttributes {
				return errors.New("too many attributes")
			}
			return n.readAttribute(sub)
		}
		if field > 7 || field == 6 { // 6 is documentation
			return nil
		}
		s, err := sub.text()
		switch field {
		case 1:
			n.Inputs = append(n.Inputs, s)
		case 2:
			n.Outputs = append(n.Outputs, s)
		case 3:
			n.Name = s
		case 4:
			n.Op = s
		case 7:
			n.Domain = s
		}
		return err
	})
	return n, err
}

// readAttribute keeps an AttributeProto's whole numbers; others are skipped.
func (n *Node) readAttribute(w *wire) error {
	var name string
	var ints []int64
	err := w.fields(func(field int, sub *wire) (err error) {
		switch {
		case field == 1 && sub != nil:
			name, err = sub.text()
		case field == 3 && sub == nil:
			ints = append(ints, int64(w.value))
		case field == 8:
			ints, err = appendInts(ints, w, sub)
		}
		return err
	})
	if len(ints) > 0 {
		if n.Ints == nil {
			n.Ints = map[string][]int64{}
		}
		n.Ints[name] = ints
	}
	return err
}

// appendInts reads a repeated whole number, packed or not.
func appendInts(ints []int64, w, sub *wire) ([]int64, error) {
	if sub == nil {
		if len(ints) == maxInts {
			return nil, errors.New("too many numbers")
		}
		return append(ints, int64(w.value)), nil
	}
	for sub.pos < sub.end {
		v, err := sub.varint()
		if err != nil {
			return nil, err
		}
		if len(ints) == maxInts {
			return nil, errors.New("too many numbers")
		}
		ints = append(ints, int64(v))
	}
	return ints, nil
}

// readStored reads a TensorProto without its numbers.
func readStored(w *wire) (string, Stored, error) {
	var name string
	var s Stored
	external, places := false, 0
	err := w.fields(func(field int, sub *wire) (err error) {
		switch field {
		case 1: // dims
			s.Dims, err = appendInts(s.Dims, w, sub)
		case 2: // data_type
			if sub == nil {
				if w.value >= uint64(typeMaximum) {
					return fmt.Errorf("element type %d", w.value)
				}
				s.Type = ElementType(w.value)
			}
		case 8: // name
			if sub != nil {
				name, err = sub.text()
			}
		case 4, 9: // float_data, which packed has the bytes of raw_data; raw_data
			places++
			if sub == nil || places > 1 || field == 4 && s.Type != TypeFloat32 && s.Type != 0 {
				s.odd = true
				return nil
			}
			s.offset, s.length = sub.pos, sub.end-sub.pos
		case 5, 6, 7, 10, 11: // other typed data
			s.odd = true
		case 13: // external_data
			if sub != nil {
				err = s.readExternal(sub)
			}
		case 14: // data_location: 1 is external
			external = sub == nil && w.value == 1
		}
		return err
	})
	if err == nil && external != (s.file != "") {
		err = errors.New("it is half external")
	}
	if len(s.Dims) > maxRank {
		err = errors.Join(err, errors.New("too many dimensions"))
	}
	return name, s, err
}

// readExternal reads one pair of external_data. A place outside the folder is refused.
func (s *Stored) readExternal(w *wire) error {
	var key, value string
	err := w.fields(func(field int, sub *wire) (err error) {
		if sub == nil {
			return nil
		}
		switch field {
		case 1:
			key, err = sub.text()
		case 2:
			value, err = sub.text()
		}
		return err
	})
	if err != nil {
		return err
	}
	switch key {
	case "location":
		s.file = path.Clean(value)
		if value == "" || s.file == "." || !fs.ValidPath(s.file) {
			return fmt.Errorf("its data lie in %.80q, which is no file beside the network", value)
		}
		if s.length == 0 {
			s.length = -1
		}
	case "offset":
		if !scan(value, "%d", &s.offset) || s.offset < 0 {
			return fmt.Errorf("its data begin at %.40q", value)
		}
	case "length":
		if !scan(value, "%d", &s.length) || s.length < 0 {
			return fmt.Errorf("its data are %.40q long", value)
		}
	}
	return nil
}

// width is how many bytes a number of a type that Weight reads has; 0 for others.
func width(t ElementType) int64 {
	switch t {
	case TypeFloat32:
		return 4
	case TypeFloat16, TypeBFloat16:
		return 2
	case typeInt8, typeUint8:
		return 1
	}
	return 0
}

// bytesOf is how many bytes a weight of this type and shape has; −1 when that is absurd.
func bytesOf(t ElementType, dims []int64) int64 {
	n := Tensor{Shape: dims}.Len()
	if n < 0 {
		return -1
	}
	return n * width(t)
}

// Weight reads a weight of float32, float16 or bfloat16 numbers, or one of 8 bits as float32.
func (g *Graph) Weight(name string) (Weight, error) {
	s, ok := g.Stored[name]
	if !ok || width(s.Type) < 2 {
		return Weight{}, fmt.Errorf("onnx: %s has no initialiser %q of floats: %w", g.name, name, ErrModel)
	}
	raw, err := g.bytes(s)
	if err != nil {
		return Weight{}, fmt.Errorf("onnx: initialiser %q of %s: %w: %w", name, g.name, err, ErrModel)
	}
	return Weight{Type: s.Type, Dims: s.Dims, Raw: raw}, nil
}

func (g *Graph) bytes(s Stored) ([]byte, error) {
	return g.part(s, 0, max(Tensor{Shape: s.Dims}.Len(), 0))
}

// part reads so many numbers of a weight.
func (g *Graph) part(s Stored, from, count int64) ([]byte, error) {
	if s.packed != nil {
		return g.unpack(*s.packed, from, count)
	}
	if width(s.Type) == 0 {
		return nil, fmt.Errorf("element type %d is none that can be read", s.Type)
	}
	if s.odd {
		return nil, errors.New("its numbers are stored in an unusual way")
	}
	want := bytesOf(s.Type, s.Dims)
	if want < 0 || s.length >= 0 && s.length != want {
		return nil, fmt.Errorf("it has %d bytes for shape %v", s.length, s.Dims)
	}
	name := g.name
	if s.file != "" {
		name = path.Join(path.Dir(g.name), s.file)
	}
	f, size, err := openAt(g.folder, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if s.offset > size || want > size-s.offset {
		return nil, fmt.Errorf("%s ends before its data", name)
	}
	raw := make([]byte, count*width(s.Type))
	if n, err := f.ReadAt(raw, s.offset+from*width(s.Type)); n < len(raw) {
		return nil, err
	}
	return raw, nil
}
