package onnx

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// run converts, calls the library, and converts back. Checks were made before.
func (s *Session) run(ctx context.Context, inputs map[string]Tensor) (_ map[string]Tensor, err error) {
	in := make([]ort.Value, len(s.all))
	defer func() { err = errors.Join(err, destroy(in)) }()
	for i, info := range s.all {
		if in[i], err = toValue(info.Type, s.input(info.Name, inputs)); err != nil {
			return nil, fmt.Errorf("input %q: %w: %w", info.Name, err, ErrInput)
		}
	}
	out, err := s.outputValues(inputs)
	defer func() { err = errors.Join(err, destroy(out)) }()
	if err != nil {
		return nil, err
	}
	if err := s.call(ctx, in, out); err != nil {
		return nil, err
	}
	result := make(map[string]Tensor, len(out))
	for i, v := range out {
		if result[s.outputs[i].Name], err = fromValue(v); err != nil {
			return nil, fmt.Errorf("output %q: %w", s.outputs[i].Name, err)
		}
	}
	return result, nil
}

// input is a tensor that Run was given, or that the view has.
func (s *Session) input(name string, given map[string]Tensor) Tensor {
	if t, ok := s.bound[name]; ok {
		return t
	}
	return given[name]
}

// outputValues prepares what the binding can't allocate: it fails on float16 outputs, so those are given buffers of
// the shape that follows from the inputs.
func (s *Session) outputValues(inputs map[string]Tensor) ([]ort.Value, error) {
	out := make([]ort.Value, len(s.outputs))
	for i, info := range s.outputs {
		if info.Type != TypeFloat16 {
			continue
		}
		shape, err := info.resolve(s.sides(inputs))
		if err != nil {
			return out, err
		}
		v, err := ort.NewCustomDataTensor(shape, make([]byte, 2*ort.NewShape(shape...).FlattenedSize()), ort.TensorElementDataTypeFloat16)
		if err != nil {
			return out, fmt.Errorf("output %q: %w", info.Name, err)
		}
		out[i] = v
	}
	return out, nil
}

// sides gives the lengths of the open sides that the inputs' shapes decide.
func (s *Session) sides(inputs map[string]Tensor) map[string]int64 {
	sides := map[string]int64{}
	for _, info := range s.all {
		for k, symbol := range info.Symbols {
			if symbol != "" {
				sides[symbol] = s.input(info.Name, inputs).Shape[k]
			}
		}
	}
	return sides
}

// resolve works out the shape of an output from the lengths of the inputs' open sides. It understands what exporters
// write: a side's name, and a name times or by a whole number.
func (i Info) resolve(sides map[string]int64) ([]int64, error) {
	shape := slices.Clone(i.Dims)
	for k, d := range shape {
		if d >= 0 {
			continue
		}
		name, rest, _ := strings.Cut(i.Symbols[k], " ")
		n, known := sides[name]
		var factor int64
		switch {
		case !known:
		case rest == "":
			shape[k] = n
			continue
		case scan(rest, "* %d", &factor):
			shape[k] = n * factor
			continue
		case scan(rest, "/ %d", &factor) && factor > 0:
			shape[k] = n / factor
			continue
		}
		return nil, fmt.Errorf("output %q is float16 and its side %q doesn't follow from the inputs; export the network with float32 outputs: %w", i.Name, i.Symbols[k], ErrModel)
	}
	return shape, nil
}

func scan(text, format string, into *int64) bool {
	n, err := fmt.Sscanf(text, format, into)
	return n == 1 && err == nil
}

// call runs the network and lets the end of ctx stop it.
func (s *Session) call(ctx context.Context, in, out []ort.Value) error {
	if ctx.Done() == nil {
		return s.inner.Run(in, out)
	}
	run, err := ort.NewRunOptions()
	if err != nil {
		return err
	}
	var mu sync.Mutex // Terminate must not meet the freed options
	done := false
	stop := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		if !done {
			_ = run.Terminate() // the worst that happens is that the run goes on to its end
		}
	})
	err = s.inner.RunWithOptions(in, out, run)
	stop()
	mu.Lock()
	defer mu.Unlock()
	done = true
	return errors.Join(err, run.Destroy())
}

func destroy(values []ort.Value) error {
	var all []error
	for _, v := range values {
		// After a failure the binding leaves nil pointers of its own types, which are not nil as interfaces.
		if v != nil && !reflect.ValueOf(v).IsNil() {
			all = append(all, v.Destroy())
		}
	}
	return errors.Join(all...)
}

// toValue makes the library's tensor of the type that the graph asks for.
func toValue(want ElementType, t Tensor) (ort.Value, error) {
	switch want {
	case TypeFloat32:
		return newValue(t.Shape, t.floats())
	case TypeFloat64:
		return newValue(t.Shape, convert(t.floats(), func(v float32) float64 { return float64(v) }))
	case TypeFloat16:
		return halfValue(t)
	}
	ints, err := t.ints()
	if err != nil {
		return nil, err
	}
	switch want {
	case TypeInt64:
		return newValue(t.Shape, ints)
	case TypeInt32:
		return newValue(t.Shape, convert(ints, func(v int64) int32 { return int32(v) }))
	case TypeBool:
		return newValue(t.Shape, convert(ints, func(v int64) bool { return v != 0 }))
	}
	return nil, fmt.Errorf("the network wants element type %d, which is not supported", want)
}

func newValue[T ort.TensorData](shape []int64, data []T) (ort.Value, error) {
	var v ort.Value
	var err error
	if len(shape) == 0 {
		v, err = ort.NewScalar(data[0])
	} else {
		v, err = ort.NewTensor(ort.NewShape(shape...), data)
	}
	if err != nil {
		return nil, err // not v: a nil pointer in an interface is not nil
	}
	return v, nil
}

func halfValue(t Tensor) (ort.Value, error) {
	if len(t.Shape) == 0 {
		return nil, errors.New("float16 scalars are not supported by the Go binding")
	}
	floats := t.floats()
	data := make([]byte, 0, 2*len(floats))
	for _, v := range floats {
		data = binary.NativeEndian.AppendUint16(data, toHalf(v))
	}
	v, err := ort.NewCustomDataTensor(ort.NewShape(t.Shape...), data, ort.TensorElementDataTypeFloat16)
	if err != nil {
		return nil, err // not v: a nil pointer in an interface is not nil
	}
	return v, nil
}

func convert[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}

// fromValue takes an output over. Its memory is Go's, so it outlives the library's value.
func fromValue(v ort.Value) (Tensor, error) {
	shape := []int64(v.GetShape())
	switch t := v.(type) {
	case *ort.Tensor[float32]:
		return Tensor{Shape: shape, F32: t.GetData()}, nil
	case *ort.Tensor[float64]:
		return Tensor{Shape: shape, F32: convert(t.GetData(), func(v float64) float32 { return float32(v) })}, nil
	case *ort.Tensor[int64]:
		return Tensor{Shape: shape, I64: t.GetData()}, nil
	case *ort.Tensor[int32]:
		return Tensor{Shape: shape, I64: convert(t.GetData(), func(v int32) int64 { return int64(v) })}, nil
	case *ort.Tensor[uint8]:
		return Tensor{Shape: shape, I64: convert(t.GetData(), func(v uint8) int64 { return int64(v) })}, nil
	case *ort.Tensor[bool]:
		return Tensor{Shape: shape, I64: convert(t.GetData(), func(v bool) int64 {
			if v {
				return 1
			}
			return 0
		})}, nil
	case *ort.CustomDataTensor:
		data := t.GetData()
		if ElementType(t.DataType()) != TypeFloat16 {
			break
		}
		out := make([]float32, len(data)/2)
		for i := range out {
			out[i] = fromHalf(binary.NativeEndian.Uint16(data[2*i:]))
		}
		return Tensor{Shape: shape, F32: out}, nil
	}
	return Tensor{}, fmt.Errorf("a %T is not supported", v)
}
