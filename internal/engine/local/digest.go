package local

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	weights "presswerk/internal/model"
)

// hasher remembers the SHA-256 of files by path, size and time of change. It is safe for concurrent use.
type hasher struct{ seen sync.Map } // fileKey → string

type fileKey struct {
	path    string
	size    int64
	changed time.Time
}

// files gives the SHA-256 of each file of a model folder by its slash path, see model.PartOfFolder.
func (h *hasher) files(dir string) (map[string]string, error) {
	sums := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name != "." && strings.HasPrefix(path.Base(name), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() || !weights.PartOfFolder(name) {
			return nil
		}
		sum, err := h.file(path.Join(dir, name))
		sums[name] = sum
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("local: hashing %s: %w", dir, err)
	}
	return sums, nil
}

func (h *hasher) file(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	key := fileKey{name, info.Size(), info.ModTime()}
	known, _ := h.seen.Load(key)
	if sum, ok := known.(string); ok {
		return sum, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", err
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	h.seen.Store(key, sum)
	return sum, nil
}
