package modelstore

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"presswerk/internal/art"
)

// Fingerprint names a public key for people: SHA256: and the hash in base64, as ssh writes it.
func Fingerprint(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// Key is the store's own key for signing bundles, made on first use and readable by its owner only.
func (s *Store) Key(random io.Reader) (ed25519.PrivateKey, error) {
	path := filepath.Join(s.dir, "keys", "bundle.pem")
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return s.newKey(path, random)
	}
	if err != nil {
		return nil, outside("reading the key for bundles", err)
	}
	key, err := decodePEM(data, "PRIVATE KEY", x509.ParsePKCS8PrivateKey)
	if private, ok := key.(ed25519.PrivateKey); err == nil && ok {
		return private, nil
	}
	return nil, fmt.Errorf("modelstore: %s holds no ed25519 key: %w", path, errors.Join(err, art.ErrInvalid))
}

func (s *Store) newKey(path string, random io.Reader) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(random)
	if err != nil {
		return nil, fmt.Errorf("modelstore: making a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("modelstore: making a key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, outside("making a key", err)
	}
	if err := os.WriteFile(path+".new", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		return nil, outside("making a key", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return nil, outside("making a key", err)
	}
	return key, nil
}

// EncodePublicKey writes a public key as PEM, for those who import.
func EncodePublicKey(key ed25519.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("modelstore: writing a key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// DecodePublicKey reads what EncodePublicKey writes.
func DecodePublicKey(data []byte) (ed25519.PublicKey, error) {
	key, err := decodePEM(data, "PUBLIC KEY", x509.ParsePKIXPublicKey)
	if public, ok := key.(ed25519.PublicKey); err == nil && ok {
		return public, nil
	}
	return nil, fmt.Errorf("modelstore: this is no ed25519 public key in PEM: %w", errors.Join(err, art.ErrInvalid))
}

func decodePEM(data []byte, kind string, parse func([]byte) (any, error)) (any, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("there is no %s in it", kind)
	}
	return parse(block.Bytes)
}
