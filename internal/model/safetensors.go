package model

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"presswerk/internal/art"
)

// Bounds on a stranger's safetensors file, so that a header can't ask for more than a real one needs.
const (
	maxHeader  = 16 << 20
	maxTensors = 1 << 16
	maxShape   = 8 // sides of one tensor
)

// Safetensors is an open safetensors file. It reads one tensor at a time; the file must stay open. It is safe for
// concurrent use when its io.ReaderAt is.
//
// Source: huggingface/safetensors, README.md, "Format"; safetensors/src/tensor.rs, Metadata.validate.
type Safetensors struct {
	r        io.ReaderAt
	data     int64 // where the tensors begin
	names    []string
	tensors  map[string]entry
	metadata map[string]string
}

// entry is what the header says of a tensor.
type entry struct {
	dtype      string
	shape      []int
	begin, end int64 // in the data
}

// OpenSafetensors reads and checks the header of a file of size bytes. Tensors must lie one after the other without
// gaps or overlaps, be as long as type and shape say, and fill the file; anything else gives art.ErrInvalid.
func OpenSafetensors(r io.ReaderAt, size int64) (*Safetensors, error) {
	header, err := readSafetensorsHeader(r, size)
	if err != nil {
		return nil, fmt.Errorf("model: safetensors: %w: %w", err, art.ErrInvalid)
	}
	s := &Safetensors{r: r, data: 8 + int64(len(header)), tensors: map[string]entry{}}
	if err := s.parse(header); err != nil {
		return nil, fmt.Errorf("model: safetensors header: %w: %w", err, art.ErrInvalid)
	}
	if err := s.checkLayout(size - s.data); err != nil {
		return nil, fmt.Errorf("model: safetensors: %w: %w", err, art.ErrInvalid)
	}
	slices.Sort(s.names)
	return s, nil
}

// Names lists the tensors, sorted. The caller must not change it.
func (s *Safetensors) Names() []string { return s.names }

// Has tells whether there is a tensor of this name.
func (s *Safetensors) Has(name string) bool {
	_, ok := s.tensors[name]
	return ok
}

// Shape is a tensor's shape: empty for a scalar, nil where there is no such tensor. The caller must not change it.
func (s *Safetensors) Shape(name string) []int { return s.tensors[name].shape }

// Metadata is the free text under a key of the file's __metadata__, "" where there is none.
func (s *Safetensors) Metadata(key string) string { return s.metadata[key] }

// MetadataKeys lists the keys of the file's __metadata__, sorted.
func (s *Safetensors) MetadataKeys() []string { return slices.Sorted(maps.Keys(s.metadata)) }

// Check says whether Floats can read a tensor, without reading it.
func (s *Safetensors) Check(name string) error {
	e, ok := s.tensors[name]
	if !ok {
		return fmt.Errorf("model: safetensors: there is no tensor %q: %w", name, art.ErrNotFound)
	}
	switch e.dtype {
	case "F32", "F16", "BF16":
		return nil
	}
	return fmt.Errorf("model: safetensors: tensor %q has type %s, only F32, F16 and BF16 can be read: %w", name, e.dtype, art.ErrUnsupported)
}

// Floats reads a tensor of 32-bit, 16-bit or bfloat16 numbers in row-major order.
func (s *Safetensors) Floats(name string) ([]float32, error) {
	if err := s.Check(name); err != nil {
		return nil, err
	}
	e := s.tensors[name]
	raw := make([]byte, e.end-e.begin)
	if n, err := s.r.ReadAt(raw, s.data+e.begin); n < len(raw) {
		return nil, fmt.Errorf("model: safetensors: reading tensor %q: %w", name, err)
	}
	return widen(e.dtype, raw), nil
}

// widen turns little-endian numbers of a type that Floats knows into float32.
func widen(dtype string, raw []byte) []float32 {
	if dtype == "F32" {
		out := make([]float32, len(raw)/4)
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		return out
	}
	out := make([]float32, len(raw)/2)
	for i := range out {
		bits := binary.LittleEndian.Uint16(raw[2*i:])
		if dtype == "BF16" {
			out[i] = math.Float32frombits(uint32(bits) << 16)
		} else {
			out[i] = half(bits)
		}
	}
	return out
}

func readSafetensorsHeader(r io.ReaderAt, size int64) ([]byte, error) {
	var head [8]byte
	if n, err := r.ReadAt(head[:], 0); n < len(head) {
		return nil, fmt.Errorf("the file ends inside its first eight bytes: %w", err)
	}
	length := binary.LittleEndian.Uint64(head[:])
	if length < 2 || length > maxHeader {
		return nil, fmt.Errorf("a header of %d bytes, 2 … %d are possible", length, maxHeader)
	}
	if int64(length) > size-8 {
		return nil, fmt.Errorf("a header of %d bytes in a file of %d", length, size)
	}
	header := make([]byte, length)
	if n, err := r.ReadAt(header, 8); n < len(header) {
		return nil, fmt.Errorf("the file ends inside its header: %w", err)
	}
	if header[0] != '{' {
		return nil, errors.New("the header does not begin with a brace")
	}
	if !utf8.Valid(header) {
		return nil, errors.New("the header is no UTF-8")
	}
	return header, nil
}

// parse reads the header's JSON token by token: encoding/json alone would let a name stand twice.
func (s *Safetensors) parse(header []byte) error {
	d := json.NewDecoder(bytes.NewReader(header))
	d.UseNumber()
	err := object(d, func(name string) error {
		if name == "__metadata__" {
			if s.metadata != nil {
				return errors.New("__metadata__ stands twice")
			}
			s.metadata = map[string]string{}
			return d.Decode(&s.metadata)
		}
		if _, ok := s.tensors[name]; ok {
			return fmt.Errorf("tensor %q stands twice", name)
		}
		if len(s.names) == maxTensors {
			return fmt.Errorf("more than %d tensors", maxTensors)
		}
		e, err := parseEntry(d)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		s.names = append(s.names, name)
		s.tensors[name] = e
		return nil
	})
	if err != nil {
		return err
	}
	if rest := header[d.InputOffset():]; strings.Trim(string(rest), " \t\r\n") != "" {
		return errors.New("something stands behind the JSON")
	}
	return nil
}

// object reads a JSON object and calls field for each key, which must consume the value.
func object(d *json.Decoder, field func(key string) error) error {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(err, errors.New("an object is expected"))
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		key, ok := t.(string)
		if !ok {
			return errors.New("a name is expected")
		}
		if err := field(key); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func parseEntry(d *json.Decoder) (entry, error) {
	var e entry
	seen := map[string]bool{}
	err := object(d, func(key string) error {
		if seen[key] {
			return fmt.Errorf("%.40q stands twice", key)
		}
		seen[key] = true
		switch key {
		case "dtype":
			t, err := d.Token()
			if err != nil {
				return err
			}
			dtype, ok := t.(string)
			if !ok || sizeOf(dtype) == 0 {
				return fmt.Errorf("type %.40q is unknown", fmt.Sprint(t))
			}
			e.dtype = dtype
			return nil
		case "shape":
			sides, err := counts(d, maxShape)
			for _, n := range sides {
				e.shape = append(e.shape, int(n))
			}
			return err
		case "data_offsets":
			offsets, err := counts(d, 2)
			if err != nil {
				return err
			}
			if len(offsets) != 2 || offsets[0] > offsets[1] {
				return fmt.Errorf("data_offsets are %v", offsets)
			}
			e.begin, e.end = offsets[0], offsets[1]
			return nil
		}
		return fmt.Errorf("%.40q is unknown", key)
	})
	if err != nil {
		return e, err
	}
	for _, key := range []string{"dtype", "shape", "data_offsets"} {
		if !seen[key] {
			return e, fmt.Errorf("%s is missing", key)
		}
	}
	if e.shape == nil {
		e.shape = []int{}
	}
	return e, nil
}

// counts reads a list of whole numbers from 0, no more than most.
func counts(d *json.Decoder, most int) ([]int64, error) {
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, errors.Join(err, errors.New("a list is expected"))
	}
	var list []int64
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		number, ok := t.(json.Number)
		if !ok {
			return nil, errors.New("a list of numbers is expected")
		}
		n, err := number.Int64()
		if err != nil || n < 0 || n > 1<<48 {
			return nil, fmt.Errorf("%.40s is no possible size", number)
		}
		if len(list) == most {
			return nil, fmt.Errorf("more than %d numbers", most)
		}
		list = append(list, n)
	}
	_, err := d.Token()
	return list, err
}

// sizeOf is how many bytes a number of a type has; 0 for types that nobody knows.
func sizeOf(dtype string) int64 {
	switch dtype {
	case "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3":
		return 1
	case "U16", "I16", "F16", "BF16":
		return 2
	case "U32", "I32", "F32":
		return 4
	case "U64", "I64", "F64":
		return 8
	}
	return 0
}

// checkLayout makes sure that each tensor has the bytes that its shape asks for, and each byte one tensor.
func (s *Safetensors) checkLayout(size int64) error {
	ordered := slices.Clone(s.names)
	slices.SortFunc(ordered, func(a, b string) int {
		x, y := s.tensors[a], s.tensors[b]
		if x.begin != y.begin {
			return int(min(max(x.begin-y.begin, -1), 1))
		}
		if x.end != y.end {
			return int(min(max(x.end-y.end, -1), 1)) // an empty tensor comes before the one that begins at the same place
		}
		return strings.Compare(a, b)
	})
	at := int64(0)
	for _, name := range ordered {
		e := s.tensors[name]
		want := sizeOf(e.dtype)
		for _, n := range e.shape {
			if n > 0 && want > math.MaxInt64/int64(n) {
				return fmt.Errorf("tensor %q has the absurd shape %v", name, e.shape)
			}
			want *= int64(n)
		}
		switch {
		case e.end-e.begin != want:
			return fmt.Errorf("tensor %q has %d bytes, but its shape %v of %s asks for %d", name, e.end-e.begin, e.shape, e.dtype, want)
		case e.begin < at:
			return fmt.Errorf("tensor %q overlaps the one before it", name)
		case e.begin > at:
			return fmt.Errorf("there are %d bytes before tensor %q that belong to none", e.begin-at, name)
		case e.end > size:
			return fmt.Errorf("tensor %q ends %d bytes behind the end of the file", name, e.end-size)
		}
		at = e.end
	}
	if at != size {
		return fmt.Errorf("the last %d bytes belong to no tensor", size-at)
	}
	return nil
}
