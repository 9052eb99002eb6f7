package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// OpenSSL gives the program's path.
func OpenSSL(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("openssl")
	Need(t, err == nil, "openssl (run 'make tools')")
	return path
}

// Certify makes a key and a certificate of a template that holds for a day, signed by parent or, without one, by itself.
func Certify(t testing.TB, c *x509.Certificate, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c.SerialNumber, c.NotBefore, c.NotAfter, c.BasicConstraintsValid = big.NewInt(now.UnixNano()), now.Add(-time.Hour), now.Add(24*time.Hour), true
	if parent == nil {
		parent, by = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made, key
}

// PEM writes a certificate, or a private key, as text.
func PEM(t testing.TB, what any) string {
	t.Helper()
	switch v := what.(type) {
	case *x509.Certificate:
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: v.Raw}))
	default:
		der, err := x509.MarshalPKCS8PrivateKey(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
}

// Stamps is an RFC 3161 authority of openssl's on this machine: its address, and its root certificate.
func Stamps(t testing.TB) (url, root string) {
	t.Helper()
	program, dir := OpenSSL(t), t.TempDir()
	ca, caKey := Certify(t, &x509.Certificate{Subject: pkix.Name{CommonName: "TSA root"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}, nil, nil)
	purpose, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		t.Fatal(err)
	}
	leaf, key := Certify(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "TSA"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: purpose}}, // RFC 3161, 2.3
	}, ca, caKey)
	for name, text := range map[string]string{
		"root.pem": PEM(t, ca), "tsa.pem": PEM(t, leaf), "tsa.key": PEM(t, key), "serial": "01\n",
		"openssl.cnf": fmt.Sprintf("[tsa]\ndefault_tsa = a\n[a]\ndir = %[1]s\nserial = %[1]s/serial\nsigner_cert = %[1]s/tsa.pem\ncerts = %[1]s/root.pem\nsigner_key = %[1]s/tsa.key\nsigner_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256, sha384, sha512\naccuracy = secs:1\n", dir),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := filepath.Join(dir, "query")
		body, _ := io.ReadAll(r.Body)
		if err := os.WriteFile(query, body, 0o600); err != nil {
			t.Error(err)
		}
		answer, err := exec.CommandContext(r.Context(), program, "ts", "-reply", "-config", filepath.Join(dir, "openssl.cnf"), "-queryfile", query).Output()
		if err != nil {
			t.Errorf("openssl ts: %v", err)
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = w.Write(answer)
	}))
	t.Cleanup(server.Close)
	return server.URL, PEM(t, ca)
}
