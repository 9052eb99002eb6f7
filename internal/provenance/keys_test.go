package provenance

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/testkit"
)

// folder is a folder of keys, with its identity.
func folder(t testing.TB) (string, *Identity) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "signing")
	id, err := LoadOrCreate(dir, "Test & Co", time.Now(), rand.Reader, Keys{})
	if err != nil {
		t.Fatal(err)
	}
	return dir, id
}

// trusts signs a picture and reads it back.
func trusts(t testing.TB, id *Identity) {
	t.Helper()
	l := library(t)
	signed, err := sign(t.Context(), l, id, "image/png", picture(t, imaging.PNG), generated())
	if err != nil {
		t.Fatal(err)
	}
	if r, err := l.Read(t.Context(), "image/png", signed, id.Root); err != nil || r.State != Trusted {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAnEncryptedKeyIsOpenedOnceAndOnlyToSign(t *testing.T) {
	dir, _ := folder(t)
	turned := func(text []byte) ([]byte, error) { // stands for age, which the command line brings
		text = bytes.Clone(text)
		for i := range text {
			text[i] ^= 0x55
		}
		return text, nil
	}
	if err := Seal(dir, turned); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.key")); len(left) > 0 {
		t.Errorf("the open key is still there: %v", left)
	}
	opened := 0
	id, err := LoadOrCreate(dir, "", time.Now(), rand.Reader, Keys{Unlock: func(sealed []byte) ([]byte, error) { opened++; return turned(sealed) }})
	if err != nil || id.Kept != "encrypted" || opened != 0 {
		t.Fatalf("%v, %d times opened", err, opened)
	}
	trusts(t, id)
	trusts(t, id)
	if opened != 1 {
		t.Errorf("it was opened %d times", opened)
	}
	closed, err := LoadOrCreate(dir, "", time.Now(), rand.Reader, Keys{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := library(t).Sign(t.Context(), closed, "image/png", picture(t, imaging.PNG), generated()); !errors.Is(err, art.ErrUnavailable) {
		t.Errorf("without a passphrase: %v", err)
	}
	if err := Seal(dir, turned); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("a second time: %v", err)
	}
}

// rawByOpenSSL signs with openssl, as a script beside an HSM would, and answers r and s.
func rawByOpenSSL(t testing.TB, key string) func(ctx context.Context, command []string, data []byte) ([]byte, error) {
	program := testkit.OpenSSL(t)
	path := filepath.Join(t.TempDir(), "away.key")
	if err := os.WriteFile(path, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, command []string, data []byte) ([]byte, error) {
		c := exec.CommandContext(ctx, program, append(command, path)...)
		c.Stdin = bytes.NewReader(data)
		der, err := c.Output()
		if err != nil {
			return nil, err
		}
		var rs struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(der, &rs); err != nil {
			return nil, err
		}
		return append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...), nil
	}
}

func TestACommandSignsWithAKeyThatIsElsewhere(t *testing.T) {
	dir, id := folder(t)
	key, err := id.key()
	if err != nil {
		t.Fatal(err)
	}
	command, keys := []string{"dgst", "-sha256", "-sign"}, Keys{Run: rawByOpenSSL(t, key)}
	lies := Keys{Run: func(context.Context, []string, []byte) ([]byte, error) { return make([]byte, 64), nil }}
	if err := UseCommand(t.Context(), dir, command, id.Chain, id.Root, lies); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "not DER") {
		t.Errorf("a command with another key: %v", err)
	}
	if err := UseCommand(t.Context(), dir, command, id.Chain, id.Root, keys); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.key")); len(left) > 0 {
		t.Errorf("the key is still here: %v", left)
	}
	away, err := LoadOrCreate(dir, "", time.Now(), rand.Reader, keys)
	if err != nil || away.Kept != "command" || away.Algorithm != "es256" {
		t.Fatalf("%+v, %v", away, err)
	}
	trusts(t, away)
	if _, err := away.CSR("Test", "x"); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("a request: %v", err)
	}
	fails := Keys{Run: func(context.Context, []string, []byte) ([]byte, error) {
		return nil, errors.New("the token was pulled out")
	}}
	if away, err = LoadOrCreate(dir, "", time.Now(), rand.Reader, fails); err != nil {
		t.Fatal(err)
	}
	if _, err := library(t).Sign(t.Context(), away, "image/png", picture(t, imaging.PNG), generated()); err == nil || !strings.Contains(err.Error(), "pulled out") {
		t.Errorf("a command that fails: %v", err)
	}
}

// issue makes certificates for a request, as a public authority would; responder is named in them where it isn't "".
func issue(t testing.TB, request []byte, responder string) (chain, root string) {
	t.Helper()
	block, _ := pem.Decode(request)
	r, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil || r.CheckSignature() != nil {
		t.Fatal(err)
	}
	ca, key := testkit.Certify(t, &x509.Certificate{Subject: pkix.Name{CommonName: "A public root"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, SubjectKeyId: []byte{7, 7}}, nil, nil)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(77), Subject: r.Subject, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(100 * time.Hour), BasicConstraintsValid: true,
		ExtraExtensions: r.Extensions, AuthorityKeyId: ca.SubjectKeyId, SubjectKeyId: []byte{8, 8},
	}
	if responder != "" {
		c.OCSPServer = []string{responder}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, ca, r.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return testkit.PEM(t, leaf), testkit.PEM(t, ca)
}

func TestACertificateOfAnAuthorityIsAskedForAndInstalled(t *testing.T) {
	dir, id := folder(t)
	request, err := id.CSR("Test & Co", "Presswerk claim signer")
	if err != nil {
		t.Fatal(err)
	}
	chain, root := issue(t, request, "")
	if err := Install(dir, chain, "", Keys{}); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "--root") {
		t.Errorf("without its root: %v", err)
	}
	if err := Install(dir, chain, root, Keys{}); err != nil {
		t.Fatal(err)
	}
	now, err := LoadOrCreate(dir, "", time.Now(), rand.Reader, Keys{})
	if err != nil || now.Expires.Equal(id.Expires) || !strings.Contains(now.Root, strings.TrimSpace(id.Root)) {
		t.Fatalf("%v", err)
	}
	trusts(t, now)
	_, soon := now.Ending(time.Now())
	if !soon {
		t.Error("a certificate that ends in four days isn't told to end soon")
	}
	other, _ := folder(t)
	if err := Install(other, chain, root, Keys{}); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "another key") {
		t.Errorf("another key's: %v", err)
	}
	if err := Install(dir, root, root, Keys{}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("an authority's own: %v", err)
	}
	if err := Install(dir, "nothing", root, Keys{}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("no certificate: %v", err)
	}
	if err := Install(dir, id.Chain, root, Keys{}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("under another root: %v", err)
	}
}

func TestWhatWasSignedStaysTrustedWhenKeysAreRenewed(t *testing.T) {
	dir, id := folder(t)
	l := library(t)
	old, err := sign(t.Context(), l, id, "image/png", picture(t, imaging.PNG), generated())
	if err != nil {
		t.Fatal(err)
	}
	renewed, err := Renew(dir, "Test & Co", time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	trusts(t, renewed)
	if r, err := l.Read(t.Context(), "image/png", old, renewed.Root); err != nil || r.State != Trusted {
		t.Errorf("what was signed before: %+v, %v", r, err)
	}
}

// Nobody is asked while reading, whatever addresses a file and the certificate in it name.
func TestNobodyIsAskedWhileReading(t *testing.T) {
	dir, id := folder(t)
	request, err := id.CSR("Test & Co", "Presswerk claim signer")
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	responder := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer responder.Close()
	chain, root := issue(t, request, responder.URL)
	if err := Install(dir, chain, root, Keys{}); err != nil {
		t.Fatal(err)
	}
	if id, err = LoadOrCreate(dir, "", time.Now(), rand.Reader, Keys{}); err != nil {
		t.Fatal(err)
	}
	l := library(t)
	signed, err := sign(t.Context(), l, id, "image/png", picture(t, imaging.PNG), generated())
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Verify(t.Context(), signed, VerifyOptions{Library: l, Anchors: id.Root}); err != nil || v.Layers.C2PA.State != Trusted {
		t.Errorf("%+v, %v", v.Layers.C2PA, err)
	}
	// A context whose settings would let the library ask is closed all the same.
	settings, err := options{anchors: id.Root}.settings()
	if err != nil {
		t.Fatal(err)
	}
	open := strings.Replace(settings, `"ocsp_fetch":false`, `"ocsp_fetch":true`, 1)
	if _, err := locked(func() (bool, error) {
		c2pa, err := l.context(open, false)
		if err != nil {
			return false, err
		}
		defer l.calls.free(c2pa)
		s, done := l.stream(&memory{data: signed})
		defer done()
		reader := l.calls.readerWithStream(l.calls.readerFromContext(c2pa), "image/png", s)
		l.calls.free(reader)
		return reader != 0, nil
	}); err != nil {
		t.Error(err)
	}
	if asked != 0 {
		t.Errorf("%d requests were made", asked)
	}
}
