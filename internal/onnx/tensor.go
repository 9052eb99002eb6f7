package onnx

import (
	"fmt"
	"math"
)

// Tensor is an array of numbers in row-major order. Exactly one of F32 and I64 is set.
// Shape must not be changed after the tensor is made; an empty Shape is a scalar.
type Tensor struct {
	Shape []int64
	F32   []float32
	I64   []int64
}

// Float32 makes a tensor over data, which is not copied.
func Float32(data []float32, shape ...int64) Tensor { return Tensor{Shape: shape, F32: data} }

// Int64 makes a tensor over data, which is not copied.
func Int64(data []int64, shape ...int64) Tensor { return Tensor{Shape: shape, I64: data} }

// Len is the number of elements that the shape asks for: 1 for a scalar, -1 when a side is negative or the product
// is beyond 2^40, which no memory here holds.
func (t Tensor) Len() int64 {
	n := int64(1)
	for _, d := range t.Shape {
		if d < 0 || (d > 0 && n > (1<<40)/d) {
			return -1
		}
		n *= d
	}
	return n
}

// check says what is wrong with the tensor itself.
func (t Tensor) check() error {
	n := t.Len()
	switch {
	case n < 0:
		return fmt.Errorf("shape %v is absurd", t.Shape)
	case n == 0:
		return fmt.Errorf("shape %v holds no element", t.Shape)
	case (t.F32 == nil) == (t.I64 == nil):
		return fmt.Errorf("set exactly one of F32 and I64")
	case t.F32 != nil && int64(len(t.F32)) != n:
		return fmt.Errorf("shape %v asks for %d elements, but there are %d", t.Shape, n, len(t.F32))
	case t.I64 != nil && int64(len(t.I64)) != n:
		return fmt.Errorf("shape %v asks for %d elements, but there are %d", t.Shape, n, len(t.I64))
	}
	return nil
}

// floats gives the elements as float32.
func (t Tensor) floats() []float32 {
	if t.F32 != nil {
		return t.F32
	}
	out := make([]float32, len(t.I64))
	for i, v := range t.I64 {
		out[i] = float32(v)
	}
	return out
}

// ints gives the elements as int64, or fails when one of them isn't whole.
func (t Tensor) ints() ([]int64, error) {
	if t.I64 != nil {
		return t.I64, nil
	}
	out := make([]int64, len(t.F32))
	for i, v := range t.F32 {
		out[i] = int64(v)
		if float32(out[i]) != v {
			return nil, fmt.Errorf("element %d is %v, but the graph wants whole numbers", i, v)
		}
	}
	return out, nil
}

// toHalf rounds a float32 to IEEE 754 binary16, ties to even, with infinities and NaN kept.
func toHalf(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b>>16) & 0x8000
	exp := int(b>>23&0xff) - 127
	man := b & 0x7fffff
	switch {
	case exp == 128: // infinity or NaN; the quiet bit keeps NaN from becoming infinity
		if man != 0 {
			return sign | 0x7e00
		}
		return sign | 0x7c00
	case exp > 15:
		return sign | 0x7c00
	case exp >= -14:
		return sign | roundShift(uint32(exp+15)<<23|man, 13)
	case exp >= -25:
		return sign | roundShift(man|0x800000, uint(-exp-1))
	}
	return sign
}

// roundShift divides by 2^n, ties to even. A carry out of the mantissa rightly raises the exponent.
func roundShift(v uint32, n uint) uint16 {
	half := uint32(1) << (n - 1)
	odd := v >> n & 1
	return uint16((v + half - 1 + odd) >> n)
}

// fromHalf widens an IEEE 754 binary16 number; every value is exact.
func fromHalf(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp := uint32(h >> 10 & 0x1f)
	man := uint32(h & 0x3ff)
	switch {
	case exp == 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | man<<13)
	case exp == 0 && man == 0:
		return math.Float32frombits(sign)
	case exp == 0:
		v := float32(man) / (1 << 24)
		if sign != 0 {
			return -v
		}
		return v
	}
	return math.Float32frombits(sign | (exp+112)<<23 | man<<13)
}
