package modelstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"filippo.io/age"

	"presswerk/internal/art"
)

// maxSealed is how large an encrypted file may be, in bytes: it is decrypted into memory.
const maxSealed = 4 << 30

// seal keeps a file encrypted for a recipient. Its plain bytes are never written to the disk.
func (s *Store) seal(ctx context.Context, r io.Reader, name string, size int64, to age.Recipient) (File, error) {
	if size > maxSealed {
		return File{}, art.Unsupported(name, fmt.Sprintf("has %s, and encrypted files are decrypted into memory", bytesOf(size)), "put the store on an encrypted disk")
	}
	plain := sha256.New()
	in, out := io.Pipe()
	go func() {
		w, err := age.Encrypt(out, to)
		if err == nil {
			_, err = io.Copy(io.MultiWriter(w, plain), reading{ctx, r})
		}
		if err == nil {
			err = w.Close()
		}
		_ = out.CloseWithError(err) // it never fails
	}()
	sum, sealed, err := s.keep(ctx, in, "", -1)
	_ = in.CloseWithError(err) // it never fails; it ends the writer when keep gave up
	if err != nil {
		return File{}, err
	}
	return File{Path: name, SHA256: sum, Size: sealed, Plain: hex.EncodeToString(plain.Sum(nil))}, nil
}

// Unseal decrypts a model of one file into memory and compares it with what was encrypted. A key that does not fit gives
// art.ErrRefused.
func (s *Store) Unseal(m Manifest, key age.Identity) ([]byte, error) {
	if !m.Encrypted || len(m.Files) != 1 {
		return nil, art.Invalid("model", m.Ref()+" is not encrypted", "")
	}
	f, err := os.Open(s.Blob(m.Files[0].SHA256))
	if err != nil {
		return nil, outside("opening "+m.Ref(), err)
	}
	defer f.Close()
	plain, err := age.Decrypt(f, key)
	if err != nil {
		return nil, fmt.Errorf("modelstore: %s is encrypted for another key than this workspace's: %w: %w", m.Ref(), err, art.ErrRefused)
	}
	var b bytes.Buffer
	if n, err := io.Copy(&b, io.LimitReader(plain, maxSealed+1)); err != nil || n > maxSealed {
		return nil, fmt.Errorf("modelstore: decrypting %s: the file is damaged: %w: %w", m.Ref(), err, art.ErrMismatch)
	}
	if sum := art.Digest(b.Bytes()); sum != m.Files[0].Plain {
		return nil, fmt.Errorf("modelstore: decrypting %s: SHA-256 %s, and %s was encrypted: %w", m.Ref(), sum, m.Files[0].Plain, art.ErrMismatch)
	}
	return b.Bytes(), nil
}
