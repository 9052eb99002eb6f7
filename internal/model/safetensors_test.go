package model

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"presswerk/internal/art"
)

// rawTensor is a tensor that a test writes.
type rawTensor struct {
	name  string
	dtype string
	shape []int
	data  []byte
}

// f32 makes a tensor to write.
func f32(name string, values []float32, shape ...int) rawTensor {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return rawTensor{name, "F32", shape, raw}
}

// safetensorsFile writes a good file.
func safetensorsFile(t testing.TB, metadata map[string]string, tensors ...rawTensor) []byte {
	t.Helper()
	header := map[string]any{}
	if metadata != nil {
		header["__metadata__"] = metadata
	}
	var data []byte
	for _, e := range tensors {
		shape := e.shape
		if shape == nil {
			shape = []int{}
		}
		header[e.name] = map[string]any{"dtype": e.dtype, "shape": shape, "data_offsets": []int{len(data), len(data) + len(e.data)}}
		data = append(data, e.data...)
	}
	text, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	return withHeader(string(text), data)
}

// withHeader puts length, header and data together.
func withHeader(header string, data []byte) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), data...)
}

func openBytes(b []byte) (*Safetensors, error) {
	return OpenSafetensors(bytes.NewReader(b), int64(len(b)))
}

func TestSafetensors(t *testing.T) {
	file := safetensorsFile(t, map[string]string{"format": "pt"},
		f32("whole", []float32{1, -2.5, 3e-8, 4, 5, 6}, 2, 3),
		rawTensor{"half", "F16", []int{2}, []byte{0x00, 0x3c, 0x01, 0x80}},
		rawTensor{"brain", "BF16", []int{1}, []byte{0x80, 0xbf}},
		f32("scalar", []float32{8}),
		f32("empty", nil, 0, 4),
		rawTensor{"ids", "I64", []int{1}, make([]byte, 8)})
	s, err := openBytes(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"brain", "empty", "half", "ids", "scalar", "whole"}; !slices.Equal(s.Names(), want) {
		t.Errorf("names are %v, want %v", s.Names(), want)
	}
	for name, want := range map[string][]float32{
		"whole": {1, -2.5, 3e-8, 4, 5, 6}, "half": {1, -1.0 / (1 << 24)}, "brain": {-1}, "scalar": {8}, "empty": {},
	} {
		got, err := s.Floats(name)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s is %v, %v, want %v", name, got, err, want)
		}
	}
	if s.Metadata("format") != "pt" || !slices.Equal(s.Shape("whole"), []int{2, 3}) || s.Shape("scalar") == nil || s.Has("no") {
		t.Error("metadata or shapes are wrong")
	}
	if _, err := s.Floats("ids"); !errors.Is(err, art.ErrUnsupported) || !strings.Contains(err.Error(), `"ids"`) {
		t.Errorf("whole numbers: %v", err)
	}
	if _, err := s.Floats("no"); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("a missing tensor: %v", err)
	}
}

// TestHostileSafetensors: what doesn't fit together is refused, with the tensor's name where there is one.
func TestHostileSafetensors(t *testing.T) {
	eight := make([]byte, 8)
	entryOf := func(more string) string { return `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}` + more + `}` }
	for _, test := range []struct {
		name, words string
		file        []byte
	}{
		{"nothing", "first eight", nil},
		{"seven bytes", "first eight", eight[:7]},
		{"no header", "header of 0", eight},
		{"endless header", "header of", binary.LittleEndian.AppendUint64(nil, math.MaxUint64)},
		{"header beyond the file", "header of 90", append(binary.LittleEndian.AppendUint64(nil, 90), '{', '}')},
		{"a list", "brace", withHeader("[]", nil)},
		{"no JSON", "header", withHeader("{a}", nil)},
		{"unclosed", "header", withHeader("{", nil)},
		{"no UTF-8", "UTF-8", withHeader("{\"\xff\":1}", nil)},
		{"two values", "behind", withHeader("{}{}", nil)},
		{"twice", `"a" stands twice`, withHeader(entryOf(`,"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`), eight)},
		{"a number", `"a"`, withHeader(`{"a":1}`, nil)},
		{"no dtype", "dtype is missing", withHeader(`{"a":{"shape":[2],"data_offsets":[0,8]}}`, eight)},
		{"two dtypes", "twice", withHeader(`{"a":{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8]}}`, eight)},
		{"unknown dtype", `"F4"`, withHeader(`{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,8]}}`, eight)},
		{"unknown key", `"x"`, withHeader(`{"a":{"x":1,"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, eight)},
		{"fraction", "1.5", withHeader(`{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}`, eight)},
		{"negative", "-2", withHeader(`{"a":{"dtype":"F32","shape":[-2,-1],"data_offsets":[0,8]}}`, eight)},
		{"overflow", "absurd", withHeader(`{"a":{"dtype":"F64","shape":[281474976710656,281474976710656],"data_offsets":[0,8]}}`, eight)},
		{"many sides", "more than 8", withHeader(`{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}`, eight)},
		{"turned offsets", "data_offsets", withHeader(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, eight)},
		{"one offset", "data_offsets", withHeader(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8]}}`, eight)},
		{"wrong product", "asks for 12", withHeader(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, eight)},
		{"truncated", "behind the end", withHeader(entryOf(""), eight[:7])},
		{"left over", "belong to no tensor", withHeader(entryOf(""), make([]byte, 9))},
		{"a gap", "belong to none", withHeader(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, eight)},
		{"overlap", "overlaps", withHeader(entryOf(`,"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}`), make([]byte, 12))},
		{"metadata twice", "__metadata__", withHeader(`{"__metadata__":{},"__metadata__":{}}`, nil)},
		{"metadata of numbers", "header", withHeader(`{"__metadata__":{"a":1}}`, nil)},
	} {
		_, err := openBytes(test.file)
		if !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: %v, want art.ErrInvalid with %q", test.name, err, test.words)
		}
	}
}

// TestTruncatedSafetensors: no beginning of a good file is a good file.
func TestTruncatedSafetensors(t *testing.T) {
	file := safetensorsFile(t, nil, f32("a", []float32{1, 2}, 2), f32("b", []float32{3}, 1))
	for n := range file {
		if _, err := openBytes(file[:n]); !errors.Is(err, art.ErrInvalid) {
			t.Fatalf("the first %d bytes: %v", n, err)
		}
	}
}

// FuzzSafetensors: whatever opens can be read, and holds as many numbers as its shape says.
func FuzzSafetensors(f *testing.F) {
	f.Add(safetensorsFile(f, map[string]string{"a": "b"}, f32("x", []float32{1, 2}, 2), f32("y", nil, 0)))
	f.Add(withHeader(`{"a":{"dtype":"BF16","shape":[],"data_offsets":[0,2]}} `, []byte{1, 2}))
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := openBytes(file)
		if err != nil {
			return
		}
		for _, name := range s.Names() {
			values, err := s.Floats(name)
			if errors.Is(err, art.ErrUnsupported) {
				continue
			}
			n := 1
			for _, d := range s.Shape(name) {
				n *= d
			}
			if err != nil || len(values) != n {
				t.Errorf("%q of shape %v has %d numbers: %v", name, s.Shape(name), len(values), err)
			}
		}
	})
}

// FuzzDetectWeights: whatever a file is, it is told apart or refused, and never more is read than it has.
func FuzzDetectWeights(f *testing.F) {
	for _, name := range []string{"testdata/embedding/a1111.pt", "testdata/embedding/token.safetensors", "testdata/embedding/sdxl.safetensors"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("GGUF............"))
	f.Add([]byte("\x80\x02}q\x00............"))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := DetectWeights(bytes.NewReader(data), int64(len(data)), "x.safetensors")
		if (err == nil) != (w.Kind != "") {
			t.Errorf("%+v with %v", w, err)
		}
		if err != nil && !errors.Is(err, art.ErrInvalid) && !errors.Is(err, art.ErrUnsupported) {
			t.Errorf("no sentinel: %v", err)
		}
	})
}
