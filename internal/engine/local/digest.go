package local

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	weights "presswerk/internal/model"
)

// hasher remembers the SHA-256 of files by path, size and time of change. It is safe for concurrent use.
type hasher struct {
	seen  sync.Map                                         // fileKey → string
	known func(name string, info fs.FileInfo) (sha string) // of files that were hashed when they were kept; nil knows none
}

type fileKey struct {
	path    string
	size    int64
	changed time.Time
}

// files gives the SHA-256 of each file of a model folder by its slash path, see model.PartOfFolder.
func (h *hasher) files(dir string) (map[string]string, error) {
	var names []string
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
		if !d.IsDir() && weights.PartOfFolder(name) {
			names = append(names, name)
		}
		return nil
	})
	sums := make([]string, len(names))
	if err == nil {
		var all errgroup.Group
		all.SetLimit(runtime.GOMAXPROCS(0))
		for i, name := range names {
			all.Go(func() (err error) {
				sums[i], err = h.file(path.Join(dir, name))
				return err
			})
		}
		err = all.Wait()
	}
	if err != nil {
		return nil, fmt.Errorf("local: hashing %s: %w", dir, err)
	}
	named := map[string]string{}
	for i, name := range names {
		named[name] = sums[i]
	}
	return named, nil
}

func (h *hasher) file(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if h.known != nil {
		if sum := h.known(name, info); sum != "" {
			return sum, nil
		}
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
