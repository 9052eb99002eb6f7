package model

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"presswerk/internal/art"
)

// Written by trainer/reference/make_embedding.py.
const embeddings = "testdata/embedding"

func openEmbedding(t testing.TB, name string) (Embedding, error) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(embeddings, name))
	if err != nil {
		t.Fatal(err)
	}
	return OpenEmbedding(bytes.NewReader(data), int64(len(data)), "file")
}

// counted are rows that count in quarters.
func counted(n, width int, start float32) [][]float32 {
	rows := make([][]float32, n)
	for i := range rows {
		for k := range width {
			rows[i] = append(rows[i], start+float32(i)+float32(k)/4)
		}
	}
	return rows
}

func TestEmbeddings(t *testing.T) {
	for _, test := range []struct {
		file, token string
		first       [][]float32
		second      [][]float32
	}{
		{"bare.pt", "file", counted(1, 8, 0), nil},
		{"token.bin", "<cat>", counted(1, 8, 0), nil},
		{"token.safetensors", "<cat>", counted(1, 8, 0), nil},
		{"params.safetensors", "file", counted(2, 8, 0), nil},
		{"a1111.pt", "my-style", counted(3, 8, 0), nil},
		{"a1111-old.pt", "*", counted(2, 8, 0), nil},
		{"view.pt", "emb", counted(2, 8, 6), nil},
		{"sdxl.safetensors", "file", counted(2, 8, 0), counted(2, 12, 1)},
	} {
		e, err := openEmbedding(t, test.file)
		if err != nil {
			t.Errorf("%s: %v", test.file, err)
			continue
		}
		equal := func(a, b [][]float32) bool { return slices.EqualFunc(a, b, slices.Equal) }
		if e.Token != test.token || !equal(e.Vectors[TextEncoder], test.first) || !equal(e.Vectors[TextEncoder2], test.second) {
			t.Errorf("%s: got %+v", test.file, e)
		}
		if names := e.Tokens(); len(names) != len(test.first) || names[0] != test.token || len(names) > 1 && names[1] != test.token+"_1" {
			t.Errorf("%s: tokens are %v", test.file, names)
		}
	}
}

// torchZip writes a torch file around a pickle.
func torchZip(t testing.TB, program string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: "archive/data.pkl", Method: zip.Store})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(program)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestBadEmbeddings: pickles that want more than tensors are refused, and told how to help themselves.
func TestBadEmbeddings(t *testing.T) {
	for name, words := range map[string]string{"turned.pt": "one after the other", "legacy.pt": "embedding file", "module.pt": "torch.nn"} {
		if _, err := openEmbedding(t, name); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", name, err, words)
		}
	}
	for name, test := range map[string]struct {
		file  []byte
		words string
		want  error
	}{
		"nothing":        {nil, "EOF", art.ErrInvalid},
		"a zip of air":   {[]byte("PK"), "safetensors", art.ErrUnsupported},
		"a shell":        {torchZip(t, "\x80\x02cposix\nsystem\nX\x02\x00\x00\x00ls\x85R."), "posix.system", art.ErrUnsupported},
		"builtins":       {torchZip(t, "\x80\x02c__builtin__\neval\n)R."), "__builtin__.eval", art.ErrUnsupported},
		"no stop":        {torchZip(t, "\x80\x02}"), "too early", art.ErrUnsupported},
		"protocol 4":     {torchZip(t, "\x80\x04."), "protocol 4", art.ErrUnsupported},
		"empty stack":    {torchZip(t, "\x80\x02R."), "too early", art.ErrUnsupported},
		"an empty dict":  {torchZip(t, "\x80\x02}."), "0 tensors", art.ErrUnsupported},
		"a number":       {torchZip(t, "\x80\x02K\x01."), "0 tensors", art.ErrUnsupported},
		"endless text":   {torchZip(t, "\x80\x02X\xff\xff\xff\xff."), "too early", art.ErrUnsupported},
		"BUILD":          {torchZip(t, "\x80\x02K\x01}b."), "no dictionary", art.ErrUnsupported},
		"no memo":        {torchZip(t, "\x80\x02h\x07."), "never made", art.ErrUnsupported},
		"three tensors":  {safetensorsFile(t, nil, f32("a", []float32{1}, 1), f32("b", []float32{1}, 1), f32("c", []float32{1}, 1)), "3 tensors", art.ErrUnsupported},
		"a cube":         {safetensorsFile(t, nil, f32("a", []float32{1}, 1, 1, 1)), "[1 1 1]", art.ErrInvalid},
		"a scalar":       {safetensorsFile(t, nil, f32("a", []float32{1})), "[]", art.ErrInvalid},
		"unequal counts": {safetensorsFile(t, nil, f32("clip_l", []float32{1, 2}, 2, 1), f32("clip_g", []float32{1}, 1)), "2 vectors", art.ErrInvalid},
	} {
		if _, err := OpenEmbedding(bytes.NewReader(test.file), int64(len(test.file)), "x"); !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: %v, want %v with %q", name, err, test.want, test.words)
		}
	}
}

// FuzzPickle: no pickle does more than make values or be refused.
func FuzzPickle(f *testing.F) {
	for _, name := range []string{"bare.pt", "token.bin", "a1111.pt", "a1111-old.pt", "module.pt"} {
		data, err := os.ReadFile(filepath.Join(embeddings, name))
		if err != nil {
			f.Fatal(err)
		}
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			f.Fatal(err)
		}
		t := &torchFile{files: map[string]*zip.File{}}
		for _, entry := range z.File {
			_, name, _ := strings.Cut(entry.Name, "/")
			t.files[name] = entry
		}
		program, err := t.read("data.pkl", maxPickle)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(program)
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		file := torchZip(t, string(program))
		_, _ = OpenEmbedding(bytes.NewReader(file), int64(len(file)), "x")
	})
}
