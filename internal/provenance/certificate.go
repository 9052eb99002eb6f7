package provenance

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"presswerk/internal/art"
)

// CSR asks an authority for a certificate of the identity's key, as PEM. Where the key is reached by a command, whoever has it makes the
// request with its own tools; then it gives art.ErrUnsupported.
//
// Source: RFC 2986, and the certificate profile of C2PA 2.3: a signature key, for claims (1.3.6.1.4.1.62558.2.1).
func (id *Identity) CSR(organisation, name string) ([]byte, error) {
	key, err := id.signingKey()
	if err != nil {
		return nil, err
	}
	purposes, err := asn1.Marshal([]asn1.ObjectIdentifier{claimSigning()})
	if err != nil {
		return nil, fmt.Errorf("provenance: writing the certificate request: %w", err)
	}
	usage, err := asn1.Marshal(asn1.BitString{Bytes: []byte{0x80}, BitLength: 1}) // digitalSignature
	if err != nil {
		return nil, fmt.Errorf("provenance: writing the certificate request: %w", err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{Organization: []string{organisationOr(organisation)}, CommonName: name},
		ExtraExtensions: []pkix.Extension{
			{Id: asn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true, Value: usage},
			{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Value: purposes},
		},
	}, key)
	if err != nil {
		return nil, fmt.Errorf("provenance: signing the certificate request: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}

// Names are who signs and who has certified that, as the certificate says it.
func (id *Identity) Names() (signer, issuer string) {
	all, err := certificates(id.Chain)
	if err != nil {
		return "", "" // it was read when the identity was
	}
	return all[0].Subject.String(), all[0].Issuer.String()
}

// signingKey is the private key, where it can be had.
func (id *Identity) signingKey() (crypto.Signer, error) {
	if id.external != nil {
		return nil, art.Unsupported("key", "it is reached by a command alone", "make the request with the tool that holds the key")
	}
	text, err := id.key()
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, fmt.Errorf("provenance: the signing key is no PEM; restore it from a backup: %w", art.ErrUnavailable)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("provenance: reading the signing key: %w: %w", err, art.ErrUnavailable)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("provenance: the signing key can't sign: %w", art.ErrUnavailable)
	}
	return signer, nil
}

// Install gives a folder's identity the certificates that an authority has issued for its key: the signer's first, then those between it and
// the root. Without a root the chain must end with it. What doesn't suit the key, or C2PA, gives art.ErrInvalid.
func Install(dir, chain, root string, keys Keys) error {
	id, err := load(dir, keys)
	if err != nil {
		return err
	}
	leaf, err := checkChain(chain, root)
	if err != nil {
		return err
	}
	if id.external == nil {
		key, err := id.signingKey()
		if err != nil {
			return err
		}
		public, ok := key.Public().(interface{ Equal(x crypto.PublicKey) bool })
		if !ok || !public.Equal(leaf.PublicKey) {
			return art.Invalid("certificate", "it is another key's than the one kept here", "ask for one with the request of 'presswerk sign request'")
		}
	}
	if root == "" {
		all, err := certificates(chain)
		if err != nil {
			return err
		}
		last := all[len(all)-1]
		root = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: last.Raw}))
	}
	return putChain(dir, chain, root)
}

// checkChain reads a chain, holds it against its root and against what C2PA asks of a signer's certificate, and gives that.
func checkChain(chain, root string) (*x509.Certificate, error) {
	all, err := certificates(chain)
	if err != nil {
		return nil, err
	}
	leaf, roots := all[0], all[len(all)-1:]
	if root != "" {
		if roots, err = certificates(root); err != nil {
			return nil, err
		}
	}
	if top := roots[0]; top.CheckSignatureFrom(top) != nil {
		return nil, art.Invalid("certificate", "the chain ends before its root", "give the authority's root certificate with --root FILE")
	}
	switch {
	case leaf.IsCA:
		return nil, art.Invalid("certificate", "the first one is an authority's", "put the signer's certificate first")
	case leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return nil, art.Invalid("certificate", "it isn't for signatures", "ask the authority for key usage digitalSignature")
	case !forClaims(leaf):
		return nil, art.Invalid("certificate", "it isn't for signing claims", "ask the authority for the extended key usage 1.3.6.1.4.1.62558.2.1, or emailProtection or documentSigning")
	}
	between, anchors := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range all[1:] {
		between.AddCert(c)
	}
	for _, c := range roots {
		anchors.AddCert(c)
	}
	leaf = withoutUnknown(leaf)
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: anchors, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		return nil, fmt.Errorf("provenance: the certificates don't lead to their root, or have ended: %w: %w", err, art.ErrInvalid)
	}
	return leaf, nil
}

// forClaims tells whether C2PA lets a certificate sign claims.
//
// Source: C2PA 2.3, "Certificate profile": claim signing, or one of the older purposes.
func forClaims(c *x509.Certificate) bool {
	documents := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 36}
	return slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageEmailProtection) || slices.ContainsFunc(c.UnknownExtKeyUsage, func(o asn1.ObjectIdentifier) bool {
		return o.Equal(claimSigning()) || o.Equal(documents)
	})
}

// withoutUnknown is a certificate whose critical extensions the standard library takes for known: what they mean for C2PA was looked at.
func withoutUnknown(c *x509.Certificate) *x509.Certificate {
	known := *c
	known.UnhandledCriticalExtensions = nil
	return &known
}

// Renew makes new keys and certificates in a folder. Roots of before stay trusted, so that files that were signed under them still are.
func Renew(dir, organisation string, now time.Time, random io.Reader) (*Identity, error) {
	if _, err := os.Stat(filepath.Join(dir, signerFile)); err == nil {
		return nil, art.Unsupported("key", "it is reached by a command", "renew its certificate with its authority, and install it")
	}
	files, err := newIdentity(organisation, now, random)
	if err != nil {
		return nil, err
	}
	if err := putChain(dir, files[chainFile], files[rootFile]); err != nil {
		return nil, err
	}
	if err := replace(filepath.Join(dir, keyFile), []byte(files[keyFile])); err != nil {
		return nil, err
	}
	if err := os.Remove(filepath.Join(dir, sealedFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("provenance: taking the old signing key away: %w", err)
	}
	return load(dir, Keys{})
}
