package model

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"presswerk/internal/art"
)

// hdf5 reads arrays of floats out of an HDF5 file as Keras writes its weights: the oldest version of every structure,
// groups by symbol table, arrays in one piece. Anything else gives art.ErrUnsupported.
//
// Source: The HDF Group, "HDF5 File Format Specification Version 3.0", sections II.A, III.A, III.C, III.D, IV.A.
type hdf5 struct {
	data  []byte
	steps int // structures that one look-up may still read, so that a ring of them ends
}

const (
	hdf5Signature = "\x89HDF\r\n\x1a\n"
	hdf5Steps     = 1 << 14

	hdf5Dataspace, hdf5Datatype, hdf5Layout = 0x01, 0x03, 0x08
	hdf5Continuation, hdf5SymbolTable       = 0x10, 0x11
)

func openHDF5(data []byte) (*hdf5, error) {
	if len(data) < 96 || string(data[:8]) != hdf5Signature {
		return nil, fmt.Errorf("model: this is no HDF5 file: %w", art.ErrInvalid)
	}
	if data[8] != 0 || data[13] != 8 || data[14] != 8 || binary.LittleEndian.Uint64(data[24:]) != 0 {
		return nil, fmt.Errorf("model: an HDF5 file of version %d with addresses of %d bytes: %w", data[8], data[13], art.ErrUnsupported)
	}
	return &hdf5{data: data}, nil
}

// numbers reads the array at a path such as block1/vars/0, which must have that shape.
func (f *hdf5) numbers(path string, shape ...int) ([]float32, error) {
	f.steps = hdf5Steps
	at := binary.LittleEndian.Uint64(f.data[64:]) // the root's header
	var err error
	for name := range strings.SplitSeq(path, "/") {
		if at, err = f.child(at, name); err != nil {
			return nil, fmt.Errorf("model: looking for %s in the HDF5 file: %w", path, err)
		}
	}
	values, err := f.array(at, shape)
	if err != nil {
		return nil, fmt.Errorf("model: reading %s of the HDF5 file: %w", path, err)
	}
	return values, nil
}

// part gives n bytes, and counts a step.
func (f *hdf5) part(at uint64, n int) ([]byte, error) {
	if f.steps--; f.steps < 0 {
		return nil, fmt.Errorf("its structures have no end: %w", art.ErrInvalid)
	}
	size := uint64(len(f.data))
	if n < 0 || at > size || uint64(n) > size-at {
		return nil, fmt.Errorf("%d bytes at %d lie outside the file of %d: %w", n, at, size, art.ErrInvalid)
	}
	return f.data[at : at+uint64(n)], nil
}

// signed gives n bytes that begin with four known ones.
func (f *hdf5) signed(at uint64, n int, signature string) ([]byte, error) {
	b, err := f.part(at, n)
	if err == nil && string(b[:4]) != signature {
		err = fmt.Errorf("no %s at %d: %w", signature, at, art.ErrInvalid)
	}
	return b, err
}

// messages reads the header of a group or array: a list of messages by kind, which may go on elsewhere.
func (f *hdf5) messages(at uint64) (map[int][]byte, error) {
	head, err := f.part(at, 16)
	if err != nil {
		return nil, err
	}
	if head[0] != 1 {
		return nil, fmt.Errorf("a header of version %d: %w", head[0], art.ErrUnsupported)
	}
	found := map[int][]byte{}
	type block struct {
		at   uint64
		size int
	}
	blocks := []block{{at + 16, int(binary.LittleEndian.Uint32(head[8:]))}}
	for len(blocks) > 0 {
		b, err := f.part(blocks[0].at, blocks[0].size)
		if err != nil {
			return nil, err
		}
		blocks = blocks[1:]
		for len(b) >= 8 {
			kind, size := int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:]))
			if f.steps--; f.steps < 0 || size > len(b)-8 {
				return nil, fmt.Errorf("a message of %d bytes in the header at %d: %w", size, at, art.ErrInvalid)
			}
			body := b[8 : 8+size]
			if kind == hdf5Continuation && size >= 16 {
				length := binary.LittleEndian.Uint64(body[8:])
				blocks = append(blocks, block{binary.LittleEndian.Uint64(body), int(min(length, math.MaxInt32))})
			} else if found[kind] == nil {
				found[kind] = body
			}
			b = b[8+size:]
		}
	}
	return found, nil
}

// child finds the header of a group's member.
func (f *hdf5) child(group uint64, name string) (uint64, error) {
	m, err := f.messages(group)
	if err != nil {
		return 0, err
	}
	table := m[hdf5SymbolTable]
	if len(table) < 16 {
		return 0, fmt.Errorf("%q lies in no group with a symbol table: %w", name, art.ErrUnsupported)
	}
	heap, err := f.signed(binary.LittleEndian.Uint64(table[8:]), 32, "HEAP")
	if err != nil {
		return 0, err
	}
	nodes := []uint64{binary.LittleEndian.Uint64(table)}
	for len(nodes) > 0 {
		at, more, err := f.node(nodes[0], binary.LittleEndian.Uint64(heap[24:]), name)
		if err != nil || at != 0 {
			return at, err
		}
		nodes = append(nodes[1:], more...)
	}
	return 0, fmt.Errorf("there is no %q: %w", name, art.ErrInvalid)
}

// node looks for a name in one node of a group's tree, or gives the nodes below it.
func (f *hdf5) node(at, names uint64, name string) (header uint64, below []uint64, err error) {
	head, err := f.part(at, 8)
	if err != nil {
		return 0, nil, err
	}
	count := int(binary.LittleEndian.Uint16(head[6:]))
	switch string(head[:4]) {
	case "TREE":
		b, err := f.part(at, 24+16*count)
		if err != nil {
			return 0, nil, err
		}
		for i := range count {
			below = append(below, binary.LittleEndian.Uint64(b[32+16*i:]))
		}
		return 0, below, nil
	case "SNOD":
		b, err := f.part(at+8, 40*count)
		if err != nil {
			return 0, nil, err
		}
		for i := range count {
			entry := b[40*i:]
			text, err := f.part(names+binary.LittleEndian.Uint64(entry), len(name)+1)
			if err != nil {
				continue // a shorter name at the end of the file
			}
			if string(text) == name+"\x00" {
				return binary.LittleEndian.Uint64(entry[8:]), nil, nil
			}
		}
		return 0, nil, nil
	}
	return 0, nil, fmt.Errorf("no node of a group at %d: %w", at, art.ErrInvalid)
}

// array reads little-endian 32-bit floats that lie in one piece.
func (f *hdf5) array(at uint64, shape []int) ([]float32, error) {
	m, err := f.messages(at)
	if err != nil {
		return nil, err
	}
	space, kind, layout := m[hdf5Dataspace], m[hdf5Datatype], m[hdf5Layout]
	if len(space) < 8+8*len(shape) || space[0] != 1 || int(space[1]) != len(shape) {
		return nil, fmt.Errorf("an array of other dimensions than %v: %w", shape, art.ErrUnsupported)
	}
	n := 1
	for i, d := range shape {
		if binary.LittleEndian.Uint64(space[8+8*i:]) != uint64(d) {
			return nil, fmt.Errorf("dimension %d is not %d: %w", i, d, art.ErrUnsupported)
		}
		n *= d
	}
	if len(kind) < 8 || kind[0]&15 != 1 || kind[1]&1 != 0 || binary.LittleEndian.Uint32(kind[4:]) != 4 {
		return nil, fmt.Errorf("numbers that are no little-endian floats of 32 bits: %w", art.ErrUnsupported)
	}
	if len(layout) < 18 || layout[0] != 3 || layout[1] != 1 || binary.LittleEndian.Uint64(layout[10:]) != uint64(4*n) {
		return nil, fmt.Errorf("an array that doesn't lie in one piece: %w", art.ErrUnsupported)
	}
	data, err := f.part(binary.LittleEndian.Uint64(layout[2:]), 4*n)
	if err != nil {
		return nil, err
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return values, nil
}
