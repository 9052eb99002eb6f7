package local

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// Array is float32 numbers in row-major order with their shape, as NumPy's .npy files hold them.
type Array struct {
	Shape []int
	Data  []float32
}

// maxArray bounds what ReadNPY takes: 2^28 numbers are 1 GiB.
const maxArray = 1 << 28

const npyMagic = "\x93NUMPY"

var (
	npyDescr   = regexp.MustCompile(`'descr':\s*'([^']*)'`)
	npyFortran = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	npyShape   = regexp.MustCompile(`'shape':\s*\(([0-9,\s]*)\)`)
)

// ReadNPY reads a .npy file of floats (2, 4 or 8 bytes) in C order. Anything else gives art.ErrInvalid.
//
// Source: NumPy enhancement proposal 1, "A Simple File Format for NumPy Arrays", versions 1 to 3.
func ReadNPY(r io.Reader) (Array, error) {
	header, err := npyHeader(r)
	if err != nil {
		return Array{}, fmt.Errorf("local: reading .npy header: %w: %w", err, art.ErrInvalid)
	}
	descr, fortran, dims := npyDescr.FindStringSubmatch(header), npyFortran.FindStringSubmatch(header), npyShape.FindStringSubmatch(header)
	if descr == nil || fortran == nil || dims == nil {
		return Array{}, fmt.Errorf("local: reading .npy: the header lacks descr, fortran_order or shape: %w", art.ErrInvalid)
	}
	if fortran[1] == "True" {
		return Array{}, fmt.Errorf("local: reading .npy: the numbers are in Fortran order; save numpy.ascontiguousarray(x): %w", art.ErrInvalid)
	}
	shape, n, err := npyDims(dims[1])
	if err != nil {
		return Array{}, fmt.Errorf("local: reading .npy: %w: %w", err, art.ErrInvalid)
	}
	data, err := npyNumbers(r, descr[1], n)
	if err != nil {
		return Array{}, fmt.Errorf("local: reading .npy: %w: %w", err, art.ErrInvalid)
	}
	return Array{Shape: shape, Data: data}, nil
}

func npyHeader(r io.Reader) (string, error) {
	var start [8]byte
	if _, err := io.ReadFull(r, start[:]); err != nil {
		return "", err
	}
	if string(start[:6]) != npyMagic {
		return "", fmt.Errorf("not a .npy file")
	}
	var size [4]byte
	width := 4
	if start[6] == 1 {
		width = 2
	}
	if _, err := io.ReadFull(r, size[:width]); err != nil {
		return "", err
	}
	n := binary.LittleEndian.Uint32(size[:])
	if n > 1<<16 {
		return "", fmt.Errorf("a header of %d bytes", n)
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(r, header); err != nil {
		return "", err
	}
	return string(header), nil
}

func npyDims(text string) (shape []int, n int, err error) {
	n = 1
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		d, err := strconv.Atoi(part)
		if err != nil || d < 0 || d > maxArray || len(shape) == 32 {
			return nil, 0, fmt.Errorf("shape (%s) is absurd", text)
		}
		if n *= d; n > maxArray {
			return nil, 0, fmt.Errorf("shape (%s) is more than %d numbers", text, maxArray)
		}
		shape = append(shape, d)
	}
	return shape, n, nil
}

// npyNumbers reads n numbers in pieces, so that a lying header costs no more memory than the file has bytes.
func npyNumbers(r io.Reader, descr string, n int) ([]float32, error) {
	width, ok := map[string]int{"<f2": 2, "<f4": 4, "<f8": 8}[descr]
	if !ok {
		return nil, fmt.Errorf("element type %q; save x.astype('float32')", descr)
	}
	const piece = 1 << 16
	var out []float32
	buf := make([]byte, piece*width)
	for n > 0 {
		k := min(n, piece)
		if _, err := io.ReadFull(r, buf[:k*width]); err != nil {
			return nil, fmt.Errorf("%d numbers are missing: %w", n, err)
		}
		for i := range k {
			out = append(out, npyNumber(buf[i*width:], width))
		}
		n -= k
	}
	return out, nil
}

func npyNumber(b []byte, width int) float32 {
	switch width {
	case 2:
		return halfToFloat(binary.LittleEndian.Uint16(b))
	case 8:
		return float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	}
	return math.Float32frombits(binary.LittleEndian.Uint32(b))
}

// halfToFloat widens an IEEE 754 binary16 number.
func halfToFloat(h uint16) float32 {
	exp, man := int(h>>10&0x1f), float64(h&0x3ff)
	v := math.Ldexp(man, -24)
	switch {
	case exp == 0x1f && man != 0:
		v = math.NaN()
	case exp == 0x1f:
		v = math.Inf(1)
	case exp > 0:
		v = math.Ldexp(1024+man, exp-25)
	}
	if h&0x8000 != 0 {
		v = -v
	}
	return float32(v)
}

// WriteNPY writes a as float32 in C order, version 1.
func WriteNPY(w io.Writer, a Array) error {
	dims := make([]string, len(a.Shape))
	n := 1
	for i, d := range a.Shape {
		dims[i] = strconv.Itoa(d)
		n *= d
	}
	if n != len(a.Data) {
		return fmt.Errorf("local: writing .npy: shape %v asks for %d numbers, but there are %d: %w", a.Shape, n, len(a.Data), art.ErrInvalid)
	}
	shape := strings.Join(dims, ", ")
	if len(dims) == 1 {
		shape += ","
	}
	header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }", shape)
	pad := 63 - (len(npyMagic)+4+len(header))%64
	header += strings.Repeat(" ", pad) + "\n"

	out := []byte(npyMagic)
	out = append(out, 1, 0)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(header)))
	out = append(out, header...)
	for _, v := range a.Data {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	if _, err := w.Write(out); err != nil {
		return fmt.Errorf("local: writing .npy: %w", err)
	}
	return nil
}
