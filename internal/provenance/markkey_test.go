package provenance_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/provenance"
)

func TestAWorkspaceHasOneMarkKey(t *testing.T) {
	dir := t.TempDir()
	if _, err := provenance.MarkKey(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none yet: %v", err)
	}
	first, err := provenance.MarkKeyOrNew(dir, rand.Reader)
	if err != nil || len(first) != 32 {
		t.Fatal(err)
	}
	again, err := provenance.MarkKeyOrNew(dir, bytes.NewReader(nil)) // nothing is drawn any more
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("%x and %x, %v", first, again, err)
	}
	file := filepath.Join(dir, "watermark.key")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(file, []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := provenance.MarkKeyOrNew(dir, rand.Reader); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("a torn key is replaced silently: %v", err)
	}
}
