package provenance

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"presswerk/internal/art"
)

// markKeyFile lies beside the signing key. Whoever has it can find, remove and forge the workspace's watermarks.
const markKeyFile = "watermark.key"

const markKeyBytes = 32

// MarkKey reads the key of a workspace's watermarks out of the folder of its signing key. Without one it gives fs.ErrNotExist.
func MarkKey(dir string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(dir, markKeyFile))
	if err != nil {
		return nil, fmt.Errorf("provenance: reading the key of watermarks: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != markKeyBytes {
		return nil, fmt.Errorf("provenance: %s is no key of watermarks; restore it from a backup: %w", filepath.Join(dir, markKeyFile), art.ErrInvalid)
	}
	return key, nil
}

// MarkKeyOrNew is MarkKey, and makes the key on first use. The folder must be there.
func MarkKeyOrNew(dir string, random io.Reader) ([]byte, error) {
	key, err := MarkKey(dir)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	key = make([]byte, markKeyBytes)
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, fmt.Errorf("provenance: drawing a key of watermarks: %w", err)
	}
	tmp, err := os.CreateTemp(dir, ".watermark-")
	if err != nil {
		return nil, fmt.Errorf("provenance: keeping the key of watermarks: %w", err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // the name is gone, or stays as a hidden file
	_, err = tmp.WriteString(hex.EncodeToString(key) + "\n")
	if err := errors.Join(err, tmp.Chmod(0o600), tmp.Sync(), tmp.Close()); err != nil {
		return nil, fmt.Errorf("provenance: keeping the key of watermarks: %w", err)
	}
	// Link fails where another process was quicker: then its key counts.
	if err := os.Link(tmp.Name(), filepath.Join(dir, markKeyFile)); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("provenance: keeping the key of watermarks: %w", err)
	}
	return MarkKey(dir)
}
