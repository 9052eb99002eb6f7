package provenance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"presswerk/internal/art"
)

// Identity is what a workspace signs with: a leaf key and certificate under an issuing certificate under the
// workspace's own root. Readers who do not know that root say "valid, signer unknown".
type Identity struct {
	Root      string // PEM of the root certificate: the trust anchor
	Chain     string // PEM of leaf and issuing certificate
	Algorithm string // of signatures, one of Algorithms
	Expires   time.Time
	Authority Authority

	Kept string // where the key is: "file", "encrypted", or behind a "command"

	key      func() (string, error) // PEM of the leaf's private key; nil where it lies elsewhere
	external External               // signs where the key lies elsewhere
}

// The files of an identity. Only the certificates may leave the workspace.
const (
	rootFile  = "root.pem"
	chainFile = "chain.pem"
	keyFile   = "leaf.key"
)

// How long the certificates live. The leaf's age is what C2PA conformance allows at most.
const (
	caYears  = 10
	leafDays = 397
)

// claimSigning is the extended key usage that the C2PA trust model names for signing claims.
func claimSigning() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62558, 2, 1}
}

// LoadOrCreate reads the identity kept in dir or makes one there on first use. The folder appears whole or not at all. A key that is
// encrypted, or reached by a command, is asked for when something is signed.
func LoadOrCreate(dir, organisation string, now time.Time, random io.Reader, keys Keys) (*Identity, error) {
	id, err := load(dir, keys)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return id, err
	}
	files, err := newIdentity(organisation, now, random)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return nil, fmt.Errorf("provenance: making the folder for the signing key: %w", err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".signing-")
	if err != nil {
		return nil, fmt.Errorf("provenance: making the folder for the signing key: %w", err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(tmp, name), []byte(text), 0o600); err != nil {
			return nil, errors.Join(fmt.Errorf("provenance: keeping %s: %w", name, err), os.RemoveAll(tmp))
		}
	}
	if err := os.Rename(tmp, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, errors.Join(fmt.Errorf("provenance: keeping the signing key in %s: %w", dir, err), os.RemoveAll(tmp))
	}
	return load(dir, keys)
}

// load reads an identity; fs.ErrNotExist when there is none.
func load(dir string, keys Keys) (*Identity, error) {
	text := map[string]string{}
	for _, name := range []string{rootFile, chainFile} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			if _, there := os.Stat(dir); there == nil && errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("provenance: the signing key in %s is incomplete (%s is missing); restore it from a backup: %w", dir, name, art.ErrUnavailable)
			}
			return nil, fmt.Errorf("provenance: reading the signing key: %w", err)
		}
		text[name] = string(data)
	}
	chain, err := certificates(text[chainFile])
	if err != nil {
		return nil, fmt.Errorf("provenance: %s/%s can't be read; restore it from a backup: %w: %w", dir, chainFile, err, art.ErrUnavailable)
	}
	id := &Identity{Root: text[rootFile], Chain: text[chainFile], Expires: chain[0].NotAfter}
	if id.Algorithm, err = algorithmOf(chain[0].PublicKey); err != nil {
		return nil, err
	}
	return id, id.private(dir, keys)
}

// newIdentity makes keys and certificates and returns them as PEM by file name. The root's and the issuer's keys are
// forgotten, so that nobody can ever issue a second signer under this root.
func newIdentity(organisation string, now time.Time, random io.Reader) (map[string]string, error) {
	root, err := newCertificate(request{name: "Presswerk workspace root", organisation: organisation, ca: true, pathLen: 1, until: now.AddDate(caYears, 0, 0)}, nil, now, random)
	if err != nil {
		return nil, err
	}
	issuer, err := newCertificate(request{name: "Presswerk workspace issuer", organisation: organisation, ca: true, until: now.AddDate(caYears, 0, 0)}, root, now, random)
	if err != nil {
		return nil, err
	}
	leaf, err := newCertificate(request{name: "Presswerk claim signer", organisation: organisation, until: now.AddDate(0, 0, leafDays)}, issuer, now, random)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(leaf.key)
	if err != nil {
		return nil, fmt.Errorf("provenance: writing the signing key: %w", err)
	}
	certificate := func(c *issued) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.certificate.Raw}))
	}
	return map[string]string{
		rootFile:  certificate(root),
		chainFile: certificate(leaf) + certificate(issuer),
		keyFile:   string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
	}, nil
}

type request struct {
	name, organisation string
	ca                 bool
	pathLen            int
	until              time.Time
}

type issued struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// newCertificate makes a key and a certificate for it, signed by parent or, without one, by itself.
func newCertificate(r request, parent *issued, now time.Time, random io.Reader) (*issued, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return nil, fmt.Errorf("provenance: making a key: %w", err)
	}
	serial := make([]byte, 16)
	if _, err := io.ReadFull(random, serial); err != nil {
		return nil, fmt.Errorf("provenance: making a serial number: %w", err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, fmt.Errorf("provenance: writing a public key: %w", err)
	}
	id := sha1.Sum(point) // RFC 5280, 4.2.1.2: an identifier, not a protection
	c := &x509.Certificate{
		SerialNumber: new(big.Int).Rsh(new(big.Int).SetBytes(serial), 1),
		Subject:      pkix.Name{Organization: []string{organisationOr(r.organisation)}, CommonName: r.name},
		NotBefore:    now.Add(-time.Hour), NotAfter: r.until, SubjectKeyId: id[:], BasicConstraintsValid: true, IsCA: r.ca,
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if r.ca {
		c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		c.MaxPathLen, c.MaxPathLenZero = r.pathLen, r.pathLen == 0
	} else {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
		c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{claimSigning()}
	}
	signer := &issued{certificate: c, key: key}
	if parent != nil {
		signer = parent
	}
	c.AuthorityKeyId = signer.certificate.SubjectKeyId
	der, err := x509.CreateCertificate(random, c, signer.certificate, &key.PublicKey, signer.key)
	if err != nil {
		return nil, fmt.Errorf("provenance: signing the certificate of %q: %w", r.name, err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("provenance: reading back the certificate of %q: %w", r.name, err)
	}
	return &issued{certificate: parsed, key: key}, nil
}

func organisationOr(name string) string {
	if name == "" {
		return "Presswerk"
	}
	return name
}
