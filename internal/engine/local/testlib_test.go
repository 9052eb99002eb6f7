package local

import (
	"os"
	"path/filepath"
	"testing"
)

// library finds ONNX Runtime, or skips; with PRESSWERK_ALL=1 a missing library is a failure.
func library(t testing.TB) string {
	t.Helper()
	root := os.Getenv("PRESSWERK_LIB")
	if root == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		root = filepath.Join(cache, "presswerk", "native")
	}
	dir := filepath.Join(root, "onnxruntime")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("PRESSWERK_ALL") == "1" {
			t.Fatalf("ONNX Runtime is missing: %v; run make setup", err)
		}
		t.Skipf("ONNX Runtime is missing: %v; run make setup", err)
	}
	return dir
}

const houseDir = "../../../models/house"

// newEngine opens an engine that is closed with the test.
func newEngine(t testing.TB, o Options) *Engine {
	t.Helper()
	o.Library = library(t)
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}
