package provenance

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

	"presswerk/internal/imaging"
	"presswerk/internal/testkit"
)

// openssl gives the program's path.
func openssl(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("openssl")
	testkit.Need(t, err == nil, "openssl (run 'make tools')")
	return path
}

// under makes a key and a certificate of a template, signed by parent or by itself.
func under(t testing.TB, c *x509.Certificate, parent *issued) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber, c.NotBefore, c.NotAfter, c.BasicConstraintsValid = big.NewInt(time.Now().UnixNano()), time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour), true
	by := &issued{c, key}
	if parent != nil {
		by = parent
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by.certificate, &key.PublicKey, by.key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issued{made, key}
}

func pemOf(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

func keyPEM(t testing.TB, key *ecdsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// stampingAuthority is an RFC 3161 authority of openssl's on this machine.
func stampingAuthority(t testing.TB) Authority {
	t.Helper()
	program, dir := openssl(t), t.TempDir()
	root := under(t, &x509.Certificate{Subject: pkix.Name{CommonName: "TSA root"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}, nil)
	purpose, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		t.Fatal(err)
	}
	leaf := under(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "TSA"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: purpose}}, // RFC 3161, 2.3
	}, root)
	for name, text := range map[string]string{
		"root.pem": pemOf(root.certificate), "tsa.pem": pemOf(leaf.certificate), "tsa.key": keyPEM(t, leaf.key), "serial": "01\n",
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
	return Authority{Address: func() (string, error) { return server.URL, nil }, Roots: pemOf(root.certificate)}
}

func TestAMasterIsTimeStamped(t *testing.T) {
	l, id := library(t), identity(t)
	id.Authority = stampingAuthority(t)
	claim := generated()
	claim.Stamp = true
	for _, f := range []imaging.Format{imaging.PNG, imaging.JPEG} {
		s, err := l.Sign(t.Context(), id, f.MIME(), picture(t, f), claim)
		if err != nil || !s.Stamped {
			t.Fatalf("%v %s", err, s.Owed)
		}
		r, err := l.Read(t.Context(), f.MIME(), s.Data, id.Anchors())
		if err != nil || r.State != Trusted || r.StampedAt == nil || time.Since(*r.StampedAt).Abs() > time.Hour {
			t.Errorf("%s: %+v, %v", f, r, err)
		}
	}
}

func TestAStampThatCantBeHadIsOwedAndStampedLater(t *testing.T) {
	l, id := library(t), identity(t)
	authority := stampingAuthority(t)
	id.Authority = authority
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	id.Authority.Address = func() (string, error) { return closed.URL, nil }
	claim := generated()
	claim.Stamp = true
	s, err := l.Sign(t.Context(), id, "image/png", picture(t, imaging.PNG), claim)
	if err != nil || s.Stamped || s.Owed == "" {
		t.Fatalf("%v %+v", err, s.Owed)
	}
	r, err := l.Read(t.Context(), "image/png", s.Data, id.Anchors())
	if err != nil || r.State != Trusted || r.StampedAt != nil {
		t.Errorf("%+v, %v", r, err)
	}
	id.Authority = authority
	later, err := l.Stamp(t.Context(), id, Software{"Presswerk", "test"}, "image/png", s.Data)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = l.Read(t.Context(), "image/png", later, id.Anchors()); err != nil || r.State != Trusted || r.StampedAt == nil {
		t.Errorf("%+v, %v", r, err)
	}
	if r.Title != claim.Title || r.Parameters["com.presswerk.seed"] != float64(42) {
		t.Errorf("what the picture says of itself was lost: %+v", r)
	}
}
