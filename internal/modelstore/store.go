package modelstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"presswerk/internal/art"
)

// Store is a folder of models. It is safe for concurrent use, also by several processes.
type Store struct {
	dir string
	now func() time.Time
}

// New opens the store in a folder, which is made when something is first kept in it.
func New(dir string, now func() time.Time) *Store { return &Store{dir, now} }

// Dir is the store's folder.
func (s *Store) Dir() string { return s.dir }

// Folder is where the renderer opens a model.
func (s *Store) Folder(m Manifest) string { return filepath.Join(s.dir, "folders", m.Name, m.Version) }

// Adapters is the folder in which LoRA files stand under their names.
func (s *Store) Adapters() string { return filepath.Join(s.dir, "loras") }

// Embeddings is the folder in which embeddings stand under their names.
func (s *Store) Embeddings() string { return filepath.Join(s.dir, "embeddings") }

// Blob is where a file's bytes are.
func (s *Store) Blob(sha256 string) string { return filepath.Join(s.dir, "blobs", sha256) }

// outside wraps a failure of the disk; a full one is told as such.
func outside(doing string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("modelstore: %s: the disk is full; make room and call again, nothing is half written: %w: %w", doing, err, art.ErrUnavailable)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("modelstore: %s: %w: %w", doing, err, art.ErrNotFound)
	}
	return fmt.Errorf("modelstore: %s: %w: %w", doing, err, art.ErrUnavailable)
}

// write makes the folders, takes the store for writing beside other writers, and calls do. What a killed process left
// in tmp is swept when nobody else is writing.
func (s *Store) write(do func() error) error {
	for _, name := range []string{"blobs", "manifests", "folders", "loras", "embeddings", "firstseen", "partial", "tmp"} {
		if err := os.MkdirAll(filepath.Join(s.dir, name), 0o755); err != nil {
			return outside("making the store", err)
		}
	}
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		if err := s.sweep(); err != nil {
			return err
		}
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_SH); err != nil {
		return outside("taking the store", err)
	}
	return do()
}

// alone is write without others, for what takes files away. Somebody else writing gives art.ErrConflict.
func (s *Store) alone(do func() error) error {
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("modelstore: another presswerk is writing to %s; wait until it is done: %w", s.dir, art.ErrConflict)
	}
	return do()
}

func (s *Store) lock() (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, outside("taking the store", err)
	}
	return f, nil
}

func (s *Store) sweep() error {
	entries, err := os.ReadDir(filepath.Join(s.dir, "tmp"))
	if err != nil {
		return outside("sweeping", err)
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(s.dir, "tmp", e.Name())); err != nil {
			return outside("sweeping", err)
		}
	}
	return nil
}

// keep stores what r gives as a blob and says its SHA-256 and size. A want that is not "" must be the SHA-256, else
// art.ErrMismatch; a limit ≥ 0 is how many bytes there may be.
func (s *Store) keep(ctx context.Context, r io.Reader, want string, limit int64) (sum string, size int64, err error) {
	tmp, err := os.CreateTemp(filepath.Join(s.dir, "tmp"), "blob-")
	if err != nil {
		return "", 0, outside("making a file", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // renamed by then, or not wanted
	defer tmp.Close()
	hash := sha256.New()
	if limit >= 0 {
		r = io.LimitReader(r, limit+1)
	}
	size, err = io.Copy(io.MultiWriter(tmp, hash), reading{ctx, r})
	if err != nil {
		return "", size, writing(err)
	}
	if limit >= 0 && size > limit {
		return "", size, fmt.Errorf("modelstore: there are more than the %d bytes that were announced: %w", limit, art.ErrMismatch)
	}
	sum = hex.EncodeToString(hash.Sum(nil))
	if want != "" && sum != want {
		return sum, size, fmt.Errorf("modelstore: the bytes have SHA-256 %s, and %s was expected: %w", sum, want, art.ErrMismatch)
	}
	return sum, size, s.place(tmp, sum)
}

// writing tells a failing disk from a source that failed or a user who had enough.
func writing(err error) error {
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return outside("writing", err)
	}
	return err
}

// place gives a written file its name as a blob, after its bytes are on the disk.
func (s *Store) place(tmp *os.File, sum string) error {
	if err := errors.Join(tmp.Chmod(0o444), tmp.Sync(), tmp.Close()); err != nil {
		return outside("writing", err)
	}
	if err := os.Rename(tmp.Name(), s.Blob(sum)); err != nil {
		return outside("writing", err)
	}
	return nil
}

// reading ends when its context does.
type reading struct {
	ctx context.Context //nolint:containedctx // it lives as long as one copy
	r   io.Reader
}

// Read implements io.Reader.
func (r reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// has tells whether a blob of this size is there. Its bytes are not looked at; see Verify.
func (s *Store) has(f File) bool {
	info, err := os.Stat(s.Blob(f.SHA256))
	return err == nil && info.Size() == f.Size
}

// commit makes a model visible: first the folder for the renderer, then the manifest.
func (s *Store) commit(m Manifest) (Manifest, error) {
	m.Format, m.Added, m.SHA256 = manifestFormat, s.now().UTC().Truncate(time.Second), m.identity()
	if err := m.Check(); err != nil {
		return m, err
	}
	there, err := s.read(m.Ref())
	switch {
	case err == nil && there.SHA256 != m.SHA256:
		return there, &art.FieldError{
			Field: "version", Reason: fmt.Sprintf("the store has %s already, with SHA-256 %s, and these bytes have %s", m.Ref(), there.SHA256, m.SHA256),
			Remedy: "name another version, or remove the old one first: presswerk models rm " + m.Ref(), Kind: art.ErrConflict,
		}
	case err != nil && !errors.Is(err, art.ErrNotFound):
		return m, err
	}
	if err := s.materialise(m); err != nil {
		return m, err
	}
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, fmt.Errorf("modelstore: writing the manifest of %s: %w", m.Ref(), err)
	}
	return m, s.writeWhole(s.manifestPath(m.Ref()), data)
}

// writeWhole writes a small file beside others and renames it.
func (s *Store) writeWhole(to string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Join(s.dir, "tmp"), "file-")
	if err != nil {
		return outside("making a file", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // renamed by then, or not wanted
	_, err = tmp.Write(append(data, '\n'))
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close()); err != nil {
		return outside("writing "+to, err)
	}
	if err := os.Rename(tmp.Name(), to); err != nil {
		return outside("writing "+to, err)
	}
	return nil
}

// free says how many bytes the store's disk has left.
func (s *Store) free() (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(s.dir, &st); err != nil {
		return 0, outside("looking at the disk", err)
	}
	return int64(st.Bavail) * st.Bsize, nil
}

// spare is what a disk has to have left beside a model.
const spare = 64 << 20

// room refuses what would not fit on the disk.
func (s *Store) room(need int64) error {
	free, err := s.free()
	if err != nil {
		return err
	}
	if need > 0 && need+spare > free {
		return fmt.Errorf("modelstore: %s are needed and %s has %s free; make room, or set PRESSWERK_STORE to a larger disk: %w", bytesOf(need), s.dir, bytesOf(free), art.ErrUnavailable)
	}
	return nil
}

// bytesOf writes a number of bytes for people.
func bytesOf(n int64) string {
	const step = 1024
	value, unit := float64(n), "bytes"
	for next := range strings.FieldsSeq("KiB MiB GiB TiB") {
		if value < step {
			break
		}
		value, unit = value/step, next
	}
	if unit == "bytes" {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f %s", value, unit)
}
