package model

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"presswerk/internal/art"
	"presswerk/internal/onnx"
)

// Weighted is an adapter with the strength that the caller gives it.
type Weighted struct {
	LoRA   *LoRA
	Name   string // for errors
	Weight float64
}

// Patch computes a network's weights with adapters added: W + Σ weight·scale·ΔW in float32, rounded to the type that the
// network stores. The answer maps initialisers to what takes their place; nothing is written. It is nil when the
// adapters don't change this network. An adapter that doesn't fit gives art.ErrInvalid with the tensor and both
// shapes, a quantised weight art.ErrUnsupported.
func (n *Network) Patch(network string, adapters []Weighted) (map[string]onnx.Weight, error) {
	type share struct {
		adapter Weighted
		delta   Delta
	}
	shares := map[string][]share{}
	var names []string
	for _, a := range adapters {
		for _, d := range a.LoRA.Deltas {
			if d.Network != network {
				continue
			}
			if err := n.fits(d); err != nil {
				return nil, fmt.Errorf("model: LoRA %s: %w", a.Name, err)
			}
			if shares[d.Name] == nil {
				names = append(names, d.Name)
			}
			shares[d.Name] = append(shares[d.Name], share{a, d})
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	slices.Sort(names)
	patched := map[string]onnx.Weight{}
	for _, name := range names {
		p := n.places[name]
		w, err := n.graph.Weight(p.Initializer)
		if err != nil {
			return nil, fmt.Errorf("model: %w", err)
		}
		values := widen(dtypeOf(w.Type), w.Raw)
		for _, s := range shares[name] {
			change, err := s.adapter.LoRA.Values(s.delta)
			if err != nil {
				return nil, fmt.Errorf("model: LoRA %s: %w", s.adapter.Name, err)
			}
			add(values, change, s.delta.Scale*float32(s.adapter.Weight), p.Transposed, s.delta.Shape[0])
		}
		if w.Raw, err = narrow(w.Type, values); err != nil {
			return nil, fmt.Errorf("model: %s with LoRA %s: %w", name, shares[name][0].adapter.Name, err)
		}
		patched[p.Initializer] = w
	}
	return patched, nil
}

// fits makes sure that a change goes with its weight. A 1×1 convolution and a linear layer are the same.
func (n *Network) fits(d Delta) error {
	if reason, ok := n.reasons[d.Name]; ok {
		return fmt.Errorf("key %q: this model's %s %s, so nothing can be added to it; export the model with --adapters, and it takes LoRA as inputs: %w", d.Key, d.Name, reason, art.ErrUnsupported)
	}
	p, ok := n.places[d.Name]
	if !ok {
		return fmt.Errorf("key %q: this model has no %s: %w", d.Key, d.Name, art.ErrInvalid)
	}
	if dtypeOf(n.graph.Stored[p.Initializer].Type) == "" {
		return fmt.Errorf("key %q: this model's %s has element type %d, so nothing can be added to it: %w", d.Key, d.Name, n.graph.Stored[p.Initializer].Type, art.ErrUnsupported)
	}
	shape := n.Shape(d.Name)
	if !slices.Equal(squeezed(shape), squeezed(d.Shape)) || p.Transposed && len(shape) != 2 {
		return misfit(d, shape)
	}
	return nil
}

// misfit is a change for a weight of another shape.
func misfit(d Delta, shape []int) error {
	return fmt.Errorf("key %q: it changes %s by shape %v, but this model's has %v, so it was made for another model: %w", d.Key, d.Name, d.Shape, shape, art.ErrInvalid)
}

// squeezed is a weight's shape without a 1×1 kernel.
func squeezed(shape []int) []int {
	if len(shape) == 4 && shape[2] == 1 && shape[3] == 1 {
		return shape[:2]
	}
	return shape
}

// Values computes the change of a weight without its scale, in the shape of torch's weight: up·down over the rank. For
// a convolution that is ΔW[o,i,k,l] = Σᵣ up[o,r]·down[r,i,k,l].
func (l *LoRA) Values(d Delta) ([]float32, error) {
	up, err := l.file.Floats(d.up)
	if err != nil {
		return nil, err
	}
	down, err := l.file.Floats(d.down)
	if err != nil {
		return nil, err
	}
	out := make([]float32, d.Shape[0]*(len(down)/d.rank))
	product(out, up, down, d.rank)
	return out, nil
}

// product multiplies up [rows, rank] by down [rank, columns], several rows at a time.
func product(out, up, down []float32, rank int) {
	columns, rows := len(down)/rank, len(up)/rank
	workers := max(1, min(runtime.GOMAXPROCS(0), rows/16))
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for o := w * rows / workers; o < (w+1)*rows/workers; o++ {
				row := out[o*columns : (o+1)*columns]
				for r := range rank {
					u := up[o*rank+r]
					for i, v := range down[r*columns : (r+1)*columns] {
						row[i] += u * v
					}
				}
			}
		})
	}
	group.Wait()
}

// add adds a change of [rows, …] to a weight that is stored so, or transposed.
func add(values, change []float32, scale float32, transposed bool, rows int) {
	if !transposed {
		for i, v := range change {
			values[i] += scale * v
		}
		return
	}
	columns := len(change) / rows
	for o := range rows {
		for i, v := range change[o*columns : (o+1)*columns] {
			values[i*rows+o] += scale * v
		}
	}
}

// dtypeOf is safetensors' word for an element type that can be added to; "" for others.
func dtypeOf(t onnx.ElementType) string {
	switch t {
	case onnx.TypeFloat32:
		return "F32"
	case onnx.TypeFloat16:
		return "F16"
	case onnx.TypeBFloat16:
		return "BF16"
	}
	return ""
}

// narrow writes numbers in an element type, ties to even. What isn't finite there is refused.
func narrow(t onnx.ElementType, values []float32) ([]byte, error) {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		bits := math.Float32bits(v)
		bad := bits&0x7f800000 == 0x7f800000
		switch t {
		case onnx.TypeFloat32:
			raw = binary.LittleEndian.AppendUint32(raw, bits)
		case onnx.TypeFloat16:
			h := toHalf(v)
			bad = bad || h&0x7c00 == 0x7c00
			raw = binary.LittleEndian.AppendUint16(raw, h)
		default: // bfloat16: the upper half
			h := uint16((bits + 0x7fff + bits>>16&1) >> 16)
			bad = bad || h&0x7f80 == 0x7f80
			raw = binary.LittleEndian.AppendUint16(raw, h)
		}
		if bad {
			return nil, fmt.Errorf("becomes %v, which its type does not hold: %w", v, art.ErrInvalid)
		}
	}
	return raw, nil
}

// toHalf rounds to IEEE 754 half precision, ties to even; what is too large becomes infinite.
func toHalf(v float32) uint16 {
	bits := math.Float32bits(v)
	sign := uint16(bits>>16) & 0x8000
	size := math.Abs(float64(v))
	switch {
	case !(size < 65520): // the middle between the largest half and the next power of two
		return sign | 0x7c00
	case size < 1.0/(1<<14): // multiples of 2⁻²⁴
		return sign | uint16(math.RoundToEven(size*(1<<24)))
	}
	exponent := bits>>23&0xff - 112
	fraction := bits & 0x7fffff
	whole := exponent<<23 | fraction
	return sign | uint16((whole+0xfff+whole>>13&1)>>13) // a carry rightly raises the exponent
}
