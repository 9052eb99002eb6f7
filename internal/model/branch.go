package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/onnx"
)

// Branches are the inputs through which a network takes LoRA's matrices while it runs, so that adapters are changed
// without loading it anew and whatever the precision of its weights. Each layer that adapters may change computes
// y = Wx + up·(down·x) with two inputs:
//
//	lora.MODULE.down   linear [in, rank], convolution [rank, in, height, width]
//	lora.MODULE.up     linear [rank, out], convolution [out, rank, 1, 1]
//
// MODULE is torch's name and the rank is open. trainer/export writes them when it is asked for adapters.
type Branches struct{ slots map[string]slot } // by torch's name of the weight

// slot is one layer's inputs.
type slot struct{ down, up onnx.Info }

const branchPrefix = "lora."

// Any tells whether a network has such inputs.
func (b *Branches) Any() bool { return len(b.slots) > 0 }

// FindBranches finds such inputs. One without its other half, or of another form, gives art.ErrInvalid.
func FindBranches(inputs []onnx.Info) (*Branches, error) {
	b := &Branches{slots: map[string]slot{}}
	for _, in := range inputs {
		rest, ok := strings.CutPrefix(in.Name, branchPrefix)
		if !ok {
			continue
		}
		module, isDown := strings.CutSuffix(rest, ".down")
		module, isUp := strings.CutSuffix(module, ".up")
		s := b.slots[module+".weight"]
		switch {
		case isDown == isUp:
			return nil, fmt.Errorf("model: input %q is neither down nor up: %w", in.Name, art.ErrInvalid)
		case isDown:
			s.down = in
		default:
			s.up = in
		}
		b.slots[module+".weight"] = s
	}
	for name, s := range b.slots {
		if !s.right() {
			return nil, fmt.Errorf("model: the inputs for LoRA of %s have shapes %v and %v, which don't go together; export the model again: %w", name, s.down.Dims, s.up.Dims, art.ErrInvalid)
		}
	}
	return b, nil
}

// conv tells whether the layer is a convolution.
func (s slot) conv() bool { return len(s.down.Dims) == 4 }

// right tells whether both inputs are there and only the rank is open.
func (s slot) right() bool {
	switch {
	case s.down.Type != onnx.TypeFloat32 || s.up.Type != onnx.TypeFloat32 || len(s.down.Dims) != len(s.up.Dims):
		return false
	case s.conv():
		return s.down.Dims[0] == -1 && slices.Min(s.down.Dims[1:]) > 0 && s.up.Dims[0] > 0 && slices.Equal(s.up.Dims[1:], []int64{-1, 1, 1})
	}
	return len(s.down.Dims) == 2 && s.down.Dims[0] > 0 && s.down.Dims[1] == -1 && s.up.Dims[0] == -1 && s.up.Dims[1] > 0
}

// shape is the weight's as torch has it, [out, in] or [out, in, height, width].
func (s slot) shape() []int {
	if !s.conv() {
		return []int{int(s.up.Dims[1]), int(s.down.Dims[0])}
	}
	shape := []int{int(s.up.Dims[0])}
	for _, d := range s.down.Dims[1:] {
		shape = append(shape, int(d))
	}
	return shape
}

// Names lists torch's names of the weights that adapters may change, sorted.
func (b *Branches) Names() []string { return slices.Sorted(maps.Keys(b.slots)) }

// Fill gives all inputs' numbers with adapters added: along the rank they stand one after the other, each with its weight
// and scale in up. A layer that none of them changes gets zeros of rank 1. An adapter that doesn't fit gives
// art.ErrInvalid with the tensor and both shapes.
func (b *Branches) Fill(network string, adapters []Weighted) (map[string]onnx.Tensor, error) {
	layers := map[string]*branch{}
	for _, a := range adapters {
		for _, d := range a.LoRA.Deltas {
			if d.Network != network {
				continue
			}
			s, ok := b.slots[d.Name]
			if !ok {
				return nil, fmt.Errorf("model: LoRA %s: key %q: this model has no %s: %w", a.Name, d.Key, d.Name, art.ErrInvalid)
			}
			if !slices.Equal(squeezed(s.shape()), squeezed(d.Shape)) {
				return nil, fmt.Errorf("model: LoRA %s: %w", a.Name, misfit(d, s.shape()))
			}
			if layers[d.Name] == nil {
				layers[d.Name] = &branch{}
			}
			if err := layers[d.Name].add(a, d); err != nil {
				return nil, fmt.Errorf("model: LoRA %s: %w", a.Name, err)
			}
		}
	}
	inputs := map[string]onnx.Tensor{}
	for name, s := range b.slots {
		l := layers[name]
		if l == nil {
			l = &branch{}
		}
		inputs[s.down.Name], inputs[s.up.Name] = l.tensors(s)
	}
	return inputs, nil
}

// branch collects the matrices of one layer.
type branch struct {
	parts []part
	rank  int
}

// part is one adapter's share: down [rank, …] and up [out, rank], scaled.
type part struct {
	down, up []float32
	rank     int
}

func (b *branch) add(a Weighted, d Delta) error {
	down, err := a.LoRA.file.Floats(d.down)
	if err != nil {
		return err
	}
	up, err := a.LoRA.file.Floats(d.up)
	if err != nil {
		return err
	}
	scale := d.Scale * float32(a.Weight)
	for i := range up {
		up[i] *= scale
	}
	b.parts = append(b.parts, part{down, up, d.rank})
	b.rank += d.rank
	return nil
}

// tensors puts the parts side by side in the form that the graph multiplies them.
func (b *branch) tensors(s slot) (down, up onnx.Tensor) {
	rank, shape := max(b.rank, 1), s.shape()
	out, width := shape[0], 1
	for _, n := range shape[1:] {
		width *= n
	}
	downs, ups := make([]float32, rank*width), make([]float32, out*rank)
	at := 0
	for _, p := range b.parts {
		for r := range p.rank {
			for i, v := range p.down[r*width : (r+1)*width] {
				if s.conv() {
					downs[at*width+i] = v
				} else {
					downs[i*rank+at] = v
				}
			}
			for o := range out {
				if s.conv() {
					ups[o*rank+at] = p.up[o*p.rank+r]
				} else {
					ups[at*out+o] = p.up[o*p.rank+r]
				}
			}
			at++
		}
	}
	return onnx.Float32(downs, filled(s.down.Dims, rank)...), onnx.Float32(ups, filled(s.up.Dims, rank)...)
}

// filled is a shape with the rank in its open side.
func filled(dims []int64, rank int) []int64 {
	shape := slices.Clone(dims)
	shape[slices.Index(shape, -1)] = int64(rank)
	return shape
}
