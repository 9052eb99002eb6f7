package blob

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"

	"presswerk/internal/art"
)

// Store is a bucket of bytes by SHA-256. It is safe for concurrent use.
type Store struct{ bucket *blob.Bucket }

// Open opens a folder as a store and makes it when it is missing. A write either appears whole or not at all.
func Open(dir string) (*Store, error) {
	bucket, err := fileblob.OpenBucket(dir, &fileblob.Options{CreateDir: true, NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		return nil, fmt.Errorf("blob: opening the folder %s: %w", dir, err)
	}
	return New(bucket), nil
}

// New makes a store of any bucket, such as one in memory or on S3.
func New(bucket *blob.Bucket) *Store { return &Store{bucket: bucket} }

// key spreads the names over 256 folders.
func key(sum string) (string, error) {
	if len(sum) != 64 {
		return "", fmt.Errorf("blob: %q is no SHA-256 in hex: %w", sum, art.ErrInvalid)
	}
	for _, c := range sum {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", fmt.Errorf("blob: %q is no SHA-256 in lower-case hex: %w", sum, art.ErrInvalid)
		}
	}
	return sum[:2] + "/" + sum, nil
}

// Put keeps data and returns its SHA-256 in lower-case hex. Bytes that are there already are not written again.
func (s *Store) Put(ctx context.Context, data []byte) (string, error) {
	sum := art.Digest(data)
	k, err := key(sum)
	if err != nil {
		return "", err
	}
	if there, err := s.bucket.Exists(ctx, k); err == nil && there {
		return sum, nil
	}
	if err := s.bucket.Upload(ctx, k, bytes.NewReader(data), &blob.WriterOptions{ContentType: "application/octet-stream"}); err != nil {
		return "", fmt.Errorf("blob: keeping %d bytes (is the disk full?): %w", len(data), err)
	}
	return sum, nil
}

// Get reads bytes back and checks that they still are what their name says; else it returns art.ErrMismatch.
func (s *Store) Get(ctx context.Context, sum string) ([]byte, error) {
	r, _, err := s.Open(ctx, sum)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("blob: reading %s: %w", sum, err)
	}
	if got := art.Digest(data); got != sum {
		return nil, fmt.Errorf("blob: the bytes kept as %s are %s now; restore them from a backup: %w", sum, got, art.ErrMismatch)
	}
	return data, nil
}

// Open gives the bytes for reading and seeking, with their length. The caller closes. Unlike Get it does not check
// them. A name that nobody put gives art.ErrNotFound.
func (s *Store) Open(ctx context.Context, sum string) (io.ReadSeekCloser, int64, error) {
	k, err := key(sum)
	if err != nil {
		return nil, 0, err
	}
	r, err := s.bucket.NewReader(ctx, k, nil)
	if err != nil {
		if gcerrors.Code(err) == gcerrors.NotFound {
			return nil, 0, fmt.Errorf("blob: nothing is kept as %s: %w", sum, art.ErrNotFound)
		}
		return nil, 0, fmt.Errorf("blob: opening %s: %w", sum, err)
	}
	return r, r.Size(), nil
}

// Delete removes bytes for good. Only what must be forgotten is: manifests, on request. A name that nobody put is no error.
func (s *Store) Delete(ctx context.Context, sum string) error {
	k, err := key(sum)
	if err != nil {
		return err
	}
	if err := s.bucket.Delete(ctx, k); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("blob: deleting %s: %w", sum, err)
	}
	return nil
}

// Close ends the store.
func (s *Store) Close() error {
	if err := s.bucket.Close(); err != nil {
		return fmt.Errorf("blob: closing: %w", err)
	}
	return nil
}
