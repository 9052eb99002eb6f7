package onnx

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// run converts, calls the library, and converts back. Checks were made before.
func (s *Session) run(ctx context.Context, inputs map[string]Tensor) (_ map[string]Tensor, err error) {
	in := make([]ort.Value, len(s.inputs))
	defer func() { err = errors.Join(err, destroy(in)) }()
	var key strings.Builder
	for i, info := range s.inputs {
		t := inputs[info.Name]
		fmt.Fprint(&key, t.Shape)
		if in[i], err = toValue(info.Type, t); err != nil {
			return nil, fmt.Errorf("input %q: %w: %w", info.Name, err, ErrInput)
		}
	}
	out, err := s.outputValues(ctx, key.String(), in)
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

// outputValues prepares what the binding can't allocate. It hands float16 outputs that the library allocated back
// with half their bytes, so those are given buffers of the right shape; where the shape isn't known yet, the network
// runs once only to learn it.
func (s *Session) outputValues(ctx context.Context, key string, in []ort.Value) ([]ort.Value, error) {
	out := make([]ort.Value, len(s.outputs))
	half := false
	for _, info := range s.outputs {
		half = half || info.Type == TypeFloat16
	}
	if !half {
		return out, nil
	}
	known, ok := s.shapes.Load(key)
	if !ok {
		if err := s.call(ctx, in, out); err != nil {
			return out, err
		}
		var shapes []ort.Shape
		for _, v := range out {
			shapes = append(shapes, v.GetShape())
		}
		if err := destroy(out); err != nil {
			return nil, err
		}
		clear(out)
		known, _ = s.shapes.LoadOrStore(key, shapes)
	}
	for i, shape := range known.([]ort.Shape) {
		if s.outputs[i].Type != TypeFloat16 {
			continue
		}
		v, err := ort.NewCustomDataTensor(shape, make([]byte, 2*shape.FlattenedSize()), ort.TensorElementDataTypeFloat16)
		if err != nil {
			return out, err
		}
		out[i] = v
	}
	return out, nil
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
		if v != nil {
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
	if len(shape) == 0 {
		return ort.NewScalar(data[0])
	}
	return ort.NewTensor(ort.NewShape(shape...), data)
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
	return ort.NewCustomDataTensor(ort.NewShape(t.Shape...), data, ort.TensorElementDataTypeFloat16)
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
