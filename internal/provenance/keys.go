package provenance

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"sync"

	"presswerk/internal/art"
)

// Beside the files of an identity: its key where it is encrypted, and who signs where there is none.
const (
	sealedFile = keyFile + ".age"
	signerFile = "signer.json"
)

// Keys opens what a folder of keys alone can't: a key that is encrypted, or lies in another program or device. The zero value opens
// neither.
type Keys struct {
	Unlock func(sealed []byte) (key []byte, err error)                                      // decrypts with age
	Run    func(ctx context.Context, command []string, data []byte) (out []byte, err error) // feeds a program and gives what it answers
}

// device is signer.json: a command that signs.
type device struct {
	Algorithm string   `json:"algorithm"`
	Command   []string `json:"command"` // gets what is to be signed and answers the raw signature
}

// private says how an identity signs: by a key in its folder, an encrypted one, or a command.
func (id *Identity) private(dir string, keys Keys) error {
	text, err := os.ReadFile(filepath.Join(dir, signerFile))
	if err == nil {
		var d device
		if err := json.Unmarshal(text, &d); err != nil || len(d.Command) == 0 {
			return fmt.Errorf("provenance: %s/%s names no command; write it anew with 'presswerk sign external': %w", dir, signerFile, art.ErrUnavailable)
		}
		id.Algorithm, id.Kept = d.Algorithm, "command"
		id.external = func(ctx context.Context, data []byte) ([]byte, error) {
			if keys.Run == nil {
				return nil, fmt.Errorf("provenance: the signing key is reached by a command, and none may be run here: %w", art.ErrUnavailable)
			}
			return keys.Run(ctx, d.Command, data)
		}
		return nil
	}
	text, err = os.ReadFile(filepath.Join(dir, keyFile))
	if err == nil {
		id.Kept, id.key = "file", func() (string, error) { return string(text), nil }
		return nil
	}
	if text, err = os.ReadFile(filepath.Join(dir, sealedFile)); err != nil {
		return fmt.Errorf("provenance: the signing key in %s is incomplete (%s is missing); restore it from a backup: %w", dir, keyFile, art.ErrUnavailable)
	}
	id.Kept = "encrypted"
	id.key = sync.OnceValues(func() (string, error) { // a passphrase costs a second
		if keys.Unlock == nil {
			return "", fmt.Errorf("provenance: the signing key is encrypted, and nobody can open it here: %w", art.ErrUnavailable)
		}
		key, err := keys.Unlock(text)
		return string(key), err
	})
	return nil
}

// Seal encrypts the signing key of a folder. The open one is gone when the encrypted one is there.
func Seal(dir string, seal func(key []byte) (sealed []byte, err error)) error {
	key, err := os.ReadFile(filepath.Join(dir, keyFile))
	if err != nil {
		return fmt.Errorf("provenance: there is no open signing key in %s: %w: %w", dir, err, art.ErrNotFound)
	}
	sealed, err := seal(key)
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(dir, sealedFile), sealed); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, keyFile)); err != nil {
		return fmt.Errorf("provenance: taking the open signing key away: %w", err)
	}
	return nil
}

// UseCommand makes a command the signer of a folder's identity, with the certificates of its key, after it has signed a word rightly. A key that
// lay in the folder is no longer used, and taken away.
func UseCommand(ctx context.Context, dir string, command []string, chain, root string, keys Keys) error {
	leaf, err := checkChain(chain, root)
	if err != nil {
		return err
	}
	algorithm, err := algorithmOf(leaf.PublicKey)
	if err != nil {
		return err
	}
	if keys.Run == nil {
		return fmt.Errorf("provenance: no command may be run here: %w", art.ErrUnavailable)
	}
	word := []byte("presswerk asks whether this command holds the certificate's key")
	signature, err := keys.Run(ctx, command, word)
	if err != nil {
		return err
	}
	if !signs(algorithm, leaf.PublicKey, word, signature) {
		return art.Invalid("command", fmt.Sprintf("its answer of %d bytes is no %s signature by the certificate's key", len(signature), algorithm),
			"answer the raw signature; of ECDSA that is r and s, one after the other, not DER")
	}
	text, err := json.Marshal(device{algorithm, command})
	if err != nil {
		return fmt.Errorf("provenance: writing who signs: %w", err)
	}
	if err := putChain(dir, chain, root); err != nil {
		return err
	}
	if err := replace(filepath.Join(dir, signerFile), append(text, '\n')); err != nil {
		return err
	}
	for _, name := range []string{keyFile, sealedFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("provenance: taking the old signing key away: %w", err)
		}
	}
	return nil
}

// algorithmOf is the signature algorithm of C2PA that suits a public key.
func algorithmOf(public any) (string, error) {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return "es256", nil
		case elliptic.P384():
			return "es384", nil
		case elliptic.P521():
			return "es512", nil
		}
	case *rsa.PublicKey:
		if key.N.BitLen() >= 2048 {
			return "ps256", nil
		}
	case ed25519.PublicKey:
		return "ed25519", nil
	}
	return "", art.Unsupported("certificate", "C2PA signs with no key of this kind", "use P-256, P-384, P-521, RSA of 2048 bits or more, or Ed25519")
}

// signs tells whether a raw signature is that of a key over data.
func signs(algorithm string, public any, data, signature []byte) bool {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		size := (key.Curve.Params().BitSize + 7) / 8
		if len(signature) != 2*size {
			return false
		}
		var digest []byte
		switch algorithm {
		case "es256":
			d := sha256.Sum256(data)
			digest = d[:]
		case "es384":
			d := sha512.Sum384(data)
			digest = d[:]
		default:
			d := sha512.Sum512(data)
			digest = d[:]
		}
		return ecdsa.Verify(key, digest, new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:]))
	case *rsa.PublicKey:
		d := sha256.Sum256(data)
		return rsa.VerifyPSS(key, crypto.SHA256, d[:], signature, &rsa.PSSOptions{SaltLength: sha256.Size}) == nil
	case ed25519.PublicKey:
		return ed25519.Verify(key, data, signature)
	}
	return false
}

// replace writes a file of a folder of keys, whole or not at all.
func replace(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".signing-")
	if err != nil {
		return fmt.Errorf("provenance: keeping %s: %w", filepath.Base(path), err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // the name is gone, or stays as a hidden file
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Chmod(0o600), tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("provenance: keeping %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("provenance: keeping %s: %w", filepath.Base(path), err)
	}
	return nil
}

// certificates reads all certificates of a PEM text.
func certificates(text string) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("provenance: reading a certificate: %w: %w", err, art.ErrInvalid)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, art.Invalid("certificate", "there is none in the file", "give certificates as PEM")
	}
	return all, nil
}

// putChain replaces the certificates of a folder. Roots that were trusted stay trusted: files that were signed under them are there.
func putChain(dir, chain, root string) error {
	before, err := os.ReadFile(filepath.Join(dir, rootFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("provenance: reading the root certificate: %w", err)
	}
	if !bytes.Contains(before, bytes.TrimSpace([]byte(root))) {
		if err := replace(filepath.Join(dir, rootFile), append([]byte(root+"\n"), before...)); err != nil {
			return err
		}
	}
	return replace(filepath.Join(dir, chainFile), []byte(chain))
}
