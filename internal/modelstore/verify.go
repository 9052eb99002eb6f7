package modelstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"

	"presswerk/internal/art"
)

// Damage is a file that is not what its manifest says.
type Damage struct {
	Model  string `json:"model"`
	File   string `json:"file"`
	Want   string `json:"want"`          // SHA-256
	Got    string `json:"got,omitempty"` // "" where it is missing
	Reason string `json:"reason"`
}

// Verify hashes every file of a model again, in the store and where the renderer opens it.
func (s *Store) Verify(ctx context.Context, m Manifest, progress Progress) ([]Damage, error) {
	var all []Damage
	for _, f := range m.Files {
		blob := s.Blob(f.SHA256)
		d, err := check(ctx, blob, f, progress)
		if err != nil {
			return all, err
		}
		if d.Reason == "" && !m.Encrypted && (f.Path != descriptionFile || m.Kind != art.ModelPipeline) {
			d, err = s.checkCopy(ctx, blob, filepath.Join(s.Folder(m), filepath.FromSlash(f.Path)), f)
			if err != nil {
				return all, err
			}
		}
		if d.Reason != "" {
			d.Model, d.File, d.Want = m.Ref(), f.Path, f.SHA256
			all = append(all, d)
		}
	}
	return all, nil
}

func check(ctx context.Context, path string, f File, progress Progress) (Damage, error) {
	in, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return Damage{Reason: "missing"}, nil
	}
	if err != nil {
		return Damage{}, outside("verifying", err)
	}
	defer in.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, reading{ctx, &counting{in, f.Path, 0, f.Size, progress}}); err != nil {
		return Damage{}, outside("verifying", err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != f.SHA256 {
		return Damage{Got: got, Reason: "changed"}, nil
	}
	return Damage{}, nil
}

// checkCopy looks at the renderer's place; where it is the same file on the disk, nothing is hashed twice.
func (s *Store) checkCopy(ctx context.Context, blob, path string, f File) (Damage, error) {
	a, errA := os.Stat(blob)
	b, errB := os.Stat(path)
	if errA == nil && errB == nil && os.SameFile(a, b) {
		return Damage{}, nil
	}
	d, err := check(ctx, path, f, nil)
	if d.Reason != "" {
		d.Reason += " in " + filepath.Dir(path)
	}
	return d, err
}

// Remove takes a model away, and every blob that no other model has. It says how many bytes became free.
func (s *Store) Remove(m Manifest) (freed int64, err error) {
	err = s.alone(func() error {
		if err := os.Remove(s.manifestPath(m.Ref())); err != nil {
			return outside("removing "+m.Ref(), err)
		}
		if err := os.RemoveAll(s.Folder(m)); err != nil {
			return outside("removing "+m.Ref(), err)
		}
		_ = os.Remove(filepath.Dir(s.Folder(m))) // stays while there are other versions
		rest, err := s.List()
		if err != nil {
			return err // a manifest that cannot be read may hold on to any blob
		}
		if err := s.unname(m, rest); err != nil {
			return err
		}
		freed, err = s.collect(rest)
		return err
	})
	return freed, err
}

// collect removes the blobs that no model has.
func (s *Store) collect(all []Manifest) (freed int64, err error) {
	wanted := map[string]bool{}
	for _, m := range all {
		for _, f := range m.Files {
			wanted[f.SHA256] = true
		}
	}
	entries, err := os.ReadDir(filepath.Join(s.dir, "blobs"))
	if err != nil {
		return 0, outside("collecting", err)
	}
	for _, e := range entries {
		if wanted[e.Name()] {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return freed, outside("collecting", err)
		}
		if err := os.Remove(s.Blob(e.Name())); err != nil {
			return freed, outside("collecting", err)
		}
		freed += info.Size()
	}
	return freed, nil
}
