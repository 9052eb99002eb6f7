package local

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"presswerk/internal/art"
)

func TestNPYRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Array{Shape: rapid.SliceOfN(rapid.IntRange(0, 4), 0, 5).Draw(t, "shape")}
		n := 1
		for _, d := range a.Shape {
			n *= d
		}
		for range n {
			a.Data = append(a.Data, rapid.Float32().Draw(t, "x"))
		}
		var buf bytes.Buffer
		if err := WriteNPY(&buf, a); err != nil {
			t.Fatal(err)
		}
		if (buf.Len()-4*n)%64 != 0 {
			t.Fatalf("the numbers start at %d, no multiple of 64", buf.Len()-4*n)
		}
		b, err := ReadNPY(&buf)
		if err != nil || !slices.Equal(a.Shape, b.Shape) || !slices.Equal(a.Data, b.Data) {
			t.Fatalf("%v becomes %v, %v", a, b, err)
		}
	})
}

// npy makes a version-1 file by hand.
func npy(header string, body ...byte) []byte {
	return append(append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8)), append([]byte(header), body...)...)
}

func TestNPYElementTypes(t *testing.T) {
	for descr, body := range map[string][]byte{
		"<f2": {0x00, 0x3c, 0x00, 0xc5, 0x01, 0x00, 0x00, 0x7c},
		"<f4": {0, 0, 0x80, 0x3f, 0, 0, 0xa0, 0xc0, 0, 0, 0x80, 0x33, 0, 0, 0x80, 0x7f},
	} {
		a, err := ReadNPY(bytes.NewReader(npy("{'descr': '"+descr+"', 'fortran_order': False, 'shape': (4,), }", body...)))
		if want := []float32{1, -5, 1.0 / (1 << 24), float32(math.Inf(1))}; err != nil || !slices.Equal(a.Data, want) {
			t.Errorf("%s: %v, %v", descr, a, err)
		}
	}
}

func TestNPYRefuses(t *testing.T) {
	good := "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"
	for name, data := range map[string][]byte{
		"nothing":        nil,
		"not npy":        []byte("PNG and more bytes"),
		"no header":      []byte("\x93NUMPY\x01\x00\xff\xff"),
		"long header":    []byte("\x93NUMPY\x02\x00\xff\xff\xff\xff"),
		"no shape":       npy("{'descr': '<f4', 'fortran_order': False}"),
		"fortran":        npy(strings.Replace(good, "False", "True", 1), 0, 0, 0, 0),
		"strings":        npy(strings.Replace(good, "<f4", "|S4", 1), 0, 0, 0, 0),
		"numbers lack":   npy(good, 0, 0),
		"absurd shape":   npy(strings.Replace(good, "(1,)", "(99999999999,)", 1)),
		"absurd product": npy(strings.Replace(good, "(1,)", "(99999, 99999)", 1)),
		"lying shape":    npy(strings.Replace(good, "(1,)", "(99999999,)", 1), 0, 0, 0, 0),
	} {
		if _, err := ReadNPY(bytes.NewReader(data)); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	if err := WriteNPY(&bytes.Buffer{}, Array{Shape: []int{2}, Data: []float32{1}}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("a shape that lies gives %v", err)
	}
}

func FuzzReadNPY(f *testing.F) {
	data, err := os.ReadFile(filepath.Join("testdata", "cases", "sd_inpaint_ddim_10_legacy4ch", "mask_in.npy"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(npy("{'descr': '<f2', 'fortran_order': False, 'shape': (2, 0), }"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := ReadNPY(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, art.ErrInvalid) {
				t.Fatalf("error without ErrInvalid: %v", err)
			}
			return
		}
		n := 1
		for _, d := range a.Shape {
			n *= d
		}
		if n != len(a.Data) || n > len(data) {
			t.Fatalf("shape %v, %d numbers from %d bytes", a.Shape, len(a.Data), len(data))
		}
	})
}
