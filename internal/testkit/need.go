package testkit

import (
	"os"
	"path/filepath"
	"testing"
)

// all tells whether make test runs, under which nothing may be skipped.
func all() bool { return os.Getenv("PRESSWERK_ALL") == "1" }

// Need skips a test that lacks something outside the tree, and fails it under PRESSWERK_ALL=1. What says what is
// missing and how to get it.
func Need(t testing.TB, ok bool, what string) {
	t.Helper()
	switch {
	case ok:
	case all():
		t.Fatalf("missing: %s", what)
	default:
		t.Skipf("missing: %s", what)
	}
}

// cache is the folder in which make setup puts what it installs for this user.
func cache(part, variable string) string {
	if dir := os.Getenv(variable); dir != "" {
		return dir
	}
	base := os.Getenv("XDG_CACHE_HOME")
	if base == "" {
		base = filepath.Join(os.Getenv("HOME"), ".cache")
	}
	return filepath.Join(base, "presswerk", part)
}

// Native gives the path of a native library or a converted model, such as "c2pa/libc2pa_c.so".
func Native(t testing.TB, name string) string { return file(t, cache("native", "PRESSWERK_LIB"), name) }

// Tool gives the path of a program that only tests need, such as "node/node_modules/.bin/html-validate".
func Tool(t testing.TB, name string) string { return file(t, cache("tools", "PRESSWERK_TOOLS"), name) }

func file(t testing.TB, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	_, err := os.Stat(path)
	Need(t, err == nil, path+" (run 'make setup')")
	return path
}

// Root is the top of the source tree.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("there is no go.mod above the test")
		}
		dir = up
	}
}
