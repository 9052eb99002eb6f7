package model

import (
	"fmt"
	"io"
	"strings"

	"presswerk/internal/art"
)

// Linear is a function of a vector that networks without activations are: a weighted sum and a constant.
type Linear struct {
	Weights []float64
	Bias    float64
}

// Of gives the sum for a vector as long as the weights; one of another length gives art.ErrInvalid.
func (l Linear) Of(v []float32) (float64, error) {
	if len(v) != len(l.Weights) {
		return 0, art.Invalid("vector", fmt.Sprintf("it has %d numbers, and the weights are %d", len(v), len(l.Weights)), "take the network that the weights were trained on")
	}
	sum := l.Bias
	for i, w := range l.Weights {
		sum += w * float64(v[i])
	}
	return sum, nil
}

// OpenLinear reads the weights of a network of linear layers without activations, in safetensors or in torch's zip format, as
// one function: the LAION aesthetic heads are such, one layer or five in a row. Layers follow each other as they stand in the
// file, NAME.weight [out, in] with NAME.bias [out], and the last has one output. Anything else gives art.ErrUnsupported.
func OpenLinear(r io.ReaderAt, size int64) (Linear, error) {
	layers, err := linearLayers(r, size)
	if err != nil {
		return Linear{}, fmt.Errorf("model: linear head: %w", err)
	}
	var whole Linear
	for i, l := range layers {
		if i == 0 {
			whole = Linear{Weights: make([]float64, l.out), Bias: 0}
			if l.out != 1 {
				return Linear{}, fmt.Errorf("model: linear head: the last layer has %d outputs, not one: %w", l.out, art.ErrUnsupported)
			}
			whole.Weights[0] = 1
		}
		if whole, err = whole.after(l); err != nil {
			return Linear{}, err
		}
	}
	return whole, nil
}

// linearLayer is one linear layer, row by row.
type linearLayer struct {
	out, in       int
	weights, bias []float32
}

// after is the function of what a layer makes, as a function of what the layer takes.
func (l Linear) after(before linearLayer) (Linear, error) {
	if len(l.Weights) != before.out {
		return Linear{}, fmt.Errorf("model: linear head: a layer of %d outputs before one of %d inputs: %w", before.out, len(l.Weights), art.ErrUnsupported)
	}
	made := Linear{Weights: make([]float64, before.in), Bias: l.Bias}
	for o, w := range l.Weights {
		made.Bias += w * float64(before.bias[o])
		for i := range made.Weights {
			made.Weights[i] += w * float64(before.weights[o*before.in+i])
		}
	}
	return made, nil
}

// linearLayers lists the layers of a file, the last first.
func linearLayers(r io.ReaderAt, size int64) (all []linearLayer, err error) {
	names, named, err := tensorsOf(r, size)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		root, ok := strings.CutSuffix(name, "weight")
		if !ok {
			continue
		}
		w, b := named[name], named[root+"bias"]
		if len(w.shape) != 2 || len(b.shape) != 1 || w.shape[0] != b.shape[0] || w.shape[0] < 1 || w.shape[1] < 1 {
			return nil, fmt.Errorf("%s has shape %v and %sbias %v: %w", name, w.shape, root, b.shape, art.ErrUnsupported)
		}
		l := linearLayer{out: w.shape[0], in: w.shape[1]}
		if l.weights, err = w.floats(); err != nil {
			return nil, err
		}
		if l.bias, err = b.floats(); err != nil {
			return nil, err
		}
		all = append([]linearLayer{l}, all...)
	}
	if len(all) == 0 || 2*len(all) != len(names) {
		return nil, fmt.Errorf("it holds %d tensors, %d of them layers: %w", len(names), len(all), art.ErrUnsupported)
	}
	return all, nil
}

// tensorsOf finds the tensors of a file of either format, in its order.
func tensorsOf(r io.ReaderAt, size int64) (names []string, named map[string]array, err error) {
	var magic [2]byte
	if n, err := r.ReadAt(magic[:], 0); n < len(magic) {
		return nil, nil, fmt.Errorf("%w: %w", err, art.ErrInvalid)
	}
	named = map[string]array{}
	if string(magic[:]) != "PK" {
		s, err := OpenSafetensors(r, size)
		if err != nil {
			return nil, nil, err
		}
		for _, key := range s.Names() {
			named[key] = array{key, s.Shape(key), func() ([]float32, error) { return s.Floats(key) }}
		}
		return s.Names(), named, nil
	}
	file, err := openTorch(r, size)
	if err != nil {
		return nil, nil, err
	}
	values, ok := file.value.(*dict)
	if !ok {
		return nil, nil, fmt.Errorf("it holds no named tensors: %w", art.ErrUnsupported)
	}
	for _, key := range values.keys {
		if t, ok := values.values[key].(*torchTensor); ok {
			names, named[key] = append(names, key), file.array(key, t)
		}
	}
	return names, named, nil
}
