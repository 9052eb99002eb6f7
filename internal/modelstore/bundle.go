package modelstore

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"presswerk/internal/art"
)

// A bundle is a plain tar: bundle.json, what is in it; bundle.sig, who says so; then every blob once, in the order in which
// bundle.json lists them. It is not compressed: weights hardly shrink, and nothing can unfold into more than was announced.
const (
	bundleFormat = 1
	bundleIndex  = "bundle.json"
	bundleSig    = "bundle.sig"
	blobPrefix   = "blobs/"
	maxIndex     = 16 << 20
	maxSignature = 4 << 10
)

// bundle is bundle.json.
type bundle struct {
	Format int        `json:"format"`
	Made   time.Time  `json:"made"`
	Models []Manifest `json:"models"`
	Blobs  []File     `json:"blobs"` // Path is not used
}

// signature is bundle.sig.
type signature struct {
	Key       []byte `json:"key"`       // ed25519, 32 bytes
	Signature []byte `json:"signature"` // over bundle.json as it stands
}

// Export writes models with all their files as a bundle that the key signs. It says how many bytes the files have.
func (s *Store) Export(ctx context.Context, w io.Writer, models []Manifest, key ed25519.PrivateKey, progress Progress) (int64, error) {
	b := bundle{Format: bundleFormat, Made: s.now().UTC().Truncate(time.Second), Models: models}
	seen := map[string]bool{}
	var size int64
	for _, m := range models {
		for _, f := range m.Files {
			if !seen[f.SHA256] {
				seen[f.SHA256] = true
				b.Blobs = append(b.Blobs, File{SHA256: f.SHA256, Size: f.Size})
				size += f.Size
			}
		}
	}
	index, err := json.MarshalIndent(b, "", " ")
	if err != nil {
		return 0, fmt.Errorf("modelstore: writing a bundle: %w", err)
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return 0, art.Invalid("key", "is no ed25519 key", "make one with presswerk models export")
	}
	sig, err := json.Marshal(signature{public, ed25519.Sign(key, index)})
	if err != nil {
		return 0, fmt.Errorf("modelstore: writing a bundle: %w", err)
	}
	t := tar.NewWriter(w)
	for _, part := range []struct {
		name string
		data []byte
	}{{bundleIndex, index}, {bundleSig, sig}} {
		if err := addEntry(t, part.name, int64(len(part.data)), bytes.NewReader(part.data)); err != nil {
			return 0, err
		}
	}
	for _, f := range b.Blobs {
		if err := s.exportBlob(ctx, t, f, progress); err != nil {
			return 0, err
		}
	}
	if err := t.Close(); err != nil {
		return 0, outside("writing a bundle", err)
	}
	return size, nil
}

func addEntry(t *tar.Writer, name string, size int64, r io.Reader) error {
	if err := t.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o644, Typeflag: tar.TypeReg, Format: tar.FormatPAX}); err != nil {
		return outside("writing a bundle", err)
	}
	if _, err := io.Copy(t, r); err != nil {
		return outside("writing a bundle", err)
	}
	return nil
}

func (s *Store) exportBlob(ctx context.Context, t *tar.Writer, f File, progress Progress) error {
	in, err := os.Open(s.Blob(f.SHA256))
	if err != nil {
		return outside("exporting", err)
	}
	defer in.Close()
	if info, err := in.Stat(); err != nil || info.Size() != f.Size {
		return errors.Join(err, fmt.Errorf("modelstore: blob %s is not as long as it was; run presswerk models verify: %w", f.SHA256, art.ErrMismatch))
	}
	return addEntry(t, blobPrefix+f.SHA256, f.Size, reading{ctx, &counting{in, f.SHA256[:12], 0, f.Size, progress}})
}

// Import takes all models of a bundle into the store. Trusted decides by the Fingerprint of the key that signed it; a no gives
// art.ErrRefused, before any file is read. A bundle appears model by model, each whole or not at all.
func (s *Store) Import(ctx context.Context, r io.Reader, trusted func(fingerprint string) bool, progress Progress) ([]Manifest, error) {
	t := tar.NewReader(r)
	b, key, err := readIndex(t)
	if err != nil {
		return nil, err
	}
	if print := Fingerprint(key); !trusted(print) {
		return nil, &art.FieldError{
			Field: "bundle", Reason: "it was signed by " + print + ", whom nobody has named",
			Remedy: "compare this with what its maker tells you by another way, then name it: --trust " + print + ", or --key FILE", Kind: art.ErrRefused,
		}
	}
	var done []Manifest
	err = s.write(func() error {
		if err := s.importBlobs(ctx, t, b, progress); err != nil {
			return err
		}
		for _, m := range b.Models {
			if m.Trust != TrustCatalogue {
				m.Trust = TrustBundle
			}
			kept, err := s.commit(m)
			if err != nil {
				return err
			}
			done = append(done, kept)
		}
		return nil
	})
	return done, err
}

// importBlobs reads the files in the order in which they were announced; anything else is refused.
func (s *Store) importBlobs(ctx context.Context, t *tar.Reader, b bundle, progress Progress) error {
	var need int64
	for _, f := range b.Blobs {
		if !s.has(f) {
			need += f.Size
		}
	}
	if err := s.room(need); err != nil {
		return err
	}
	for _, f := range b.Blobs {
		head, err := t.Next()
		if err != nil {
			return fmt.Errorf("modelstore: the bundle ends before %s: %w: %w", f.SHA256, err, art.ErrInvalid)
		}
		if head.Name != blobPrefix+f.SHA256 || head.Typeflag != tar.TypeReg || head.Size != f.Size {
			return fmt.Errorf("modelstore: the bundle holds %q of %d bytes where %s of %d was announced: %w", head.Name, head.Size, blobPrefix+f.SHA256, f.Size, art.ErrMismatch)
		}
		if s.has(f) {
			continue
		}
		if _, _, err := s.keep(ctx, &counting{t, f.SHA256[:12], 0, f.Size, progress}, f.SHA256, f.Size); err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = errors.Join(err, art.ErrInvalid)
			}
			return fmt.Errorf("modelstore: reading %s of the bundle: %w", f.SHA256, err)
		}
	}
	if head, err := t.Next(); !errors.Is(err, io.EOF) {
		name := "something that cannot be read"
		if err == nil {
			name = head.Name
		}
		return fmt.Errorf("modelstore: the bundle goes on with %q, which was not announced: %w", name, art.ErrInvalid)
	}
	return nil
}

// readIndex reads and checks what a bundle says of itself.
func readIndex(t *tar.Reader) (bundle, ed25519.PublicKey, error) {
	index, err := smallEntry(t, bundleIndex, maxIndex)
	if err != nil {
		return bundle{}, nil, err
	}
	sig, err := smallEntry(t, bundleSig, maxSignature)
	if err != nil {
		return bundle{}, nil, err
	}
	var by signature
	if err := json.Unmarshal(sig, &by); err != nil || len(by.Key) != ed25519.PublicKeySize {
		return bundle{}, nil, fmt.Errorf("modelstore: %s holds no signature: %w", bundleSig, errors.Join(err, art.ErrInvalid))
	}
	if !ed25519.Verify(by.Key, index, by.Signature) {
		return bundle{}, nil, fmt.Errorf("modelstore: the bundle was changed after it was signed: %w", art.ErrMismatch)
	}
	var b bundle
	d := json.NewDecoder(bytes.NewReader(index))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return b, nil, fmt.Errorf("modelstore: %s cannot be read: %w: %w", bundleIndex, err, art.ErrInvalid)
	}
	return b, by.Key, b.check()
}

// check wants every file of every model to be announced once, with its size, and nothing else.
func (b bundle) check() error {
	if b.Format != bundleFormat {
		return art.Unsupported("format", fmt.Sprintf("the bundle has format %d, and this program reads %d", b.Format, bundleFormat), "use a newer presswerk")
	}
	sizes := map[string]int64{}
	for _, f := range b.Blobs {
		if _, twice := sizes[f.SHA256]; twice || !hashPattern.MatchString(f.SHA256) || f.Size < 0 {
			return art.Invalid("blobs", fmt.Sprintf("%q is no SHA-256, or there twice, or has no size", f.SHA256), "")
		}
		sizes[f.SHA256] = f.Size
	}
	used := map[string]bool{}
	for _, m := range b.Models {
		if err := m.Check(); err != nil {
			return err
		}
		for _, f := range m.Files {
			if size, ok := sizes[f.SHA256]; !ok || size != f.Size {
				return art.Invalid("blobs", fmt.Sprintf("%s of %s is not in the bundle", f.Path, m.Ref()), "")
			}
			used[f.SHA256] = true
		}
	}
	if len(b.Models) == 0 || len(used) != len(sizes) {
		return art.Invalid("blobs", "the bundle holds no model, or files of none", "")
	}
	return nil
}

// smallEntry reads the next entry, which must have this name.
func smallEntry(t *tar.Reader, name string, most int64) ([]byte, error) {
	head, err := t.Next()
	if err != nil {
		return nil, fmt.Errorf("modelstore: this is no bundle: it has no %s (bundles are plain tar files, not compressed): %w: %w", name, err, art.ErrInvalid)
	}
	if head.Name != name || head.Typeflag != tar.TypeReg || head.Size > most {
		return nil, fmt.Errorf("modelstore: this is no bundle: it holds %q of %d bytes where %s belongs: %w", head.Name, head.Size, name, art.ErrInvalid)
	}
	data, err := io.ReadAll(io.LimitReader(t, most))
	if err != nil {
		return nil, fmt.Errorf("modelstore: reading %s: %w: %w", name, err, art.ErrInvalid)
	}
	return data, nil
}
