package onnx

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCacheKeepsOneEntryForEachNetwork: the second loading is out of the cache and computes the same; a damaged entry is made
// anew; other options are another entry.
func TestCacheKeepsOneEntryForEachNetwork(t *testing.T) {
	rt := open(t)
	path, dir := doubler(t, TypeFloat32), filepath.Join(t.TempDir(), "cache")
	o := Options{IntraOpThreads: 1, Cache: Cache{Dir: dir, Key: "doubler"}}
	compute := func(o Options) []float32 {
		t.Helper()
		out, err := load(t, rt, path, o).Run(context.Background(), map[string]Tensor{"x": Float32([]float32{1, -2, 3, 4}, 2, 2)})
		if err != nil {
			t.Fatal(err)
		}
		return out["y"].F32
	}
	want := compute(Options{IntraOpThreads: 1})
	for range 2 {
		if diff := cmp.Diff(want, compute(o)); diff != "" {
			t.Errorf("another result through the cache:\n%s", diff)
		}
	}
	entries := cacheEntries(t, dir)
	if len(entries) != 1 {
		t.Fatalf("%d entries instead of 1: %v", len(entries), entries)
	}
	network := filepath.Join(entries[0], cachedNetwork)
	whole, err := os.ReadFile(network)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(network, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, compute(o)); diff != "" {
		t.Errorf("another result after damage:\n%s", diff)
	}
	if again, err := os.ReadFile(network); err != nil || len(again) != len(whole) {
		t.Errorf("the damaged entry was not made anew: %d bytes instead of %d, %v", len(again), len(whole), err)
	}
	o.Config = map[string]string{"session.disable_quant_qdq": "1"}
	compute(o)
	if n := len(cacheEntries(t, dir)); n != 2 {
		t.Errorf("%d entries after other options instead of 2", n)
	}
	o.Cache.Key, o.Cache.Limit = "another", 1
	compute(o)
	if n := len(cacheEntries(t, dir)); n != 1 {
		t.Errorf("%d entries over the limit instead of the newest alone", n)
	}
}

// TestCacheThatCannotBeWritten: networks are loaded all the same.
func TestCacheThatCannotBeWritten(t *testing.T) {
	rt := open(t)
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	load(t, rt, doubler(t, TypeFloat32), Options{Cache: Cache{Dir: filepath.Join(blocked, "cache"), Key: "doubler"}})
}

func cacheEntries(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return entries
}
