package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/blob"
	"presswerk/internal/provenance"
	"presswerk/internal/store"
	"presswerk/internal/testkit"
	"presswerk/internal/workspace"
)

// told runs the program on a workspace and reads its answer. TestMain has put it onto the path under its name.
func told(t *testing.T, dir string, env map[string]string, code int, answer any, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "presswerk", append([]string{"--json", "--workspace", dir}, args...)...)
	c.Env = append(os.Environ(), "PRESSWERK_MODELS="+filepath.Join(testkit.Root(t), "models"))
	for name, value := range env {
		c.Env = append(c.Env, name+"="+value)
	}
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	if err := c.Run(); c.ProcessState == nil || c.ProcessState.ExitCode() != code {
		t.Fatalf("%v: %v, want %d: %s", args, err, code, said.String())
	}
	if answer != nil {
		if err := json.Unmarshal(out.Bytes(), answer); err != nil {
			t.Fatalf("%v: %v in %s", args, err, out.String())
		}
	}
	return said.String()
}

// signedBy is a picture that the workspace's key has signed, with the time stamp that its settings ask for.
func signedBy(t *testing.T, dir, passphrase string) provenance.Signed {
	t.Helper()
	ws, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	tools := tools{g: &globals{settings: settings{SigningPassphrase: passphrase}, words: wordsFor(os.Getenv), err: os.Stderr}}
	t.Cleanup(func() { _ = tools.close() })
	id, err := tools.identity(workspaceDir{ws})
	if err != nil {
		t.Fatal(err)
	}
	lib, err := provenance.Open(testkit.Native(t, c2paLibrary))
	if err != nil {
		t.Fatal(err)
	}
	s, err := lib.Sign(t.Context(), id, "image/png", drawn(t, 64), provenance.Claim{
		Title: "square", Generator: provenance.Software{Name: "Presswerk"}, Stamp: true,
		Actions: []provenance.Action{{Action: "c2pa.created", SourceType: provenance.Generated, Software: &provenance.Software{Name: "house"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// While the authority is away finishing goes on, and the stamp that is owed comes later.
func TestAMasterWithoutItsTimeStampGetsItLater(t *testing.T) {
	_ = testkit.Native(t, c2paLibrary)
	url, root := testkit.Stamps(t)
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	dir := filepath.Join(t.TempDir(), "ws")
	var none any
	told(t, dir, nil, 0, &none, "init", dir)
	write := func(address string) {
		t.Helper()
		text := fmt.Sprintf("version: 1\nname: Test\nsigning: {ta_url: %q, ta_roots: stamps.pem}\n", address)
		for name, text := range map[string]string{"presswerk.yaml": text, "stamps.pem": root} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(away.URL)
	ctx := t.Context()
	signed := signedBy(t, dir, "")
	if signed.Stamped || !strings.HasPrefix(signed.TimeStamp(), "owed: ") {
		t.Fatalf("%s", signed.TimeStamp())
	}
	data := signed.Data
	master := art.Rendition{Name: "m.png", MIME: "image/png", SHA256: art.Digest(data), C2PA: "signed", TimeStamp: signed.TimeStamp()}
	blobs, err := blob.Open(filepath.Join(dir, ".presswerk", blobsName))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(ctx, filepath.Join(dir, ".presswerk", databaseName))
	if err != nil {
		t.Fatal(err)
	}
	if again := signedBy(t, dir, ""); again.Stamped {
		t.Error("an authority that is away has stamped")
	}
	if _, err := blobs.Put(ctx, data); err != nil {
		t.Fatal(err)
	}
	run := art.Run{ID: "r", CreatedAt: time.Now()}
	if err := db.Commit(ctx, art.Change{NewRun: &run, NewCandidates: []art.Candidate{{ID: "c1", Run: "r"}}, Assets: []art.Asset{{ID: "a1", Run: "r", Candidate: "c1", Master: master}}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Stamped []string
		Owed    int
	}
	told(t, dir, nil, 1, &answer, "sign", "stamp") // still away
	if answer.Owed != 1 || len(answer.Stamped) != 0 {
		t.Errorf("%+v", answer)
	}
	write(url)
	if at := signedBy(t, dir, ""); !at.Stamped {
		t.Errorf("%s", at.Owed)
	}
	told(t, dir, nil, 0, &answer, "sign", "stamp")
	if answer.Owed != 0 || len(answer.Stamped) != 1 {
		t.Errorf("%+v", answer)
	}
	told(t, dir, nil, 0, &answer, "sign", "stamp")
	if answer.Owed != 0 || len(answer.Stamped) != 0 {
		t.Errorf("a second time: %+v", answer)
	}
	if db, err = store.Open(ctx, filepath.Join(dir, ".presswerk", databaseName)); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	a, err := db.Asset(ctx, "a1")
	if err != nil || a.Master.TimeStamp != "stamped" || a.Master.SHA256 == master.SHA256 {
		t.Fatalf("%+v, %v", a.Master, err)
	}
	if data, err = blobs.Get(ctx, a.Master.SHA256); err != nil || int64(len(data)) != a.Master.Bytes {
		t.Fatal(err)
	}
	stamped := filepath.Join(dir, "stamped.png")
	if err := os.WriteFile(stamped, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var v struct {
		Layers struct {
			C2PA struct {
				State     string
				StampedAt string `json:"stamped_at"`
			}
		}
	}
	told(t, dir, nil, 0, &v, "verify", stamped)
	if v.Layers.C2PA.State != "trusted" || v.Layers.C2PA.StampedAt == "" {
		t.Errorf("%+v", v)
	}
	if err := db.Commit(ctx, art.Change{NewCandidates: []art.Candidate{{ID: "c2", Run: "r", Index: 1}}, Assets: []art.Asset{{ID: "a2", Run: "r", Candidate: "c2", Master: master}}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	serving := exec.CommandContext(ctx, "presswerk", "--workspace", dir, "serve", "--listen", "127.0.0.1:0", "--stamp-every", "1s")
	serving.Env = append(os.Environ(), "PRESSWERK_MODELS="+filepath.Join(testkit.Root(t), "models"))
	if err := serving.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(3 * time.Minute); a.ID != "a2" || a.Master.TimeStamp != "stamped"; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) { // a studio that serves asks by itself
			t.Errorf("the studio got no stamp: %+v", a.Master)
			break
		}
		if a, err = db.Asset(ctx, "a2"); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(serving.Process.Signal(os.Interrupt), serving.Wait()); err != nil {
		t.Error(err)
	}
}

// A key is asked for, locked, opened with its passphrase alone, and renewed; what it signed stays trusted.
func TestASigningKeyIsLockedAndRenewed(t *testing.T) {
	_ = testkit.Native(t, c2paLibrary)
	dir := filepath.Join(t.TempDir(), "ws")
	var none any
	told(t, dir, nil, 0, &none, "init", dir)
	var s signState
	told(t, dir, nil, 0, &s, "sign")
	if s.Key != "file" || s.Algorithm != "es256" || s.Ending || s.Days < 390 || !strings.Contains(s.Signer, "claim signer") {
		t.Errorf("%+v", s)
	}
	var request struct{ Request string }
	told(t, dir, nil, 0, &request, "sign", "request", "--organisation", "Acme")
	if !strings.Contains(request.Request, "BEGIN CERTIFICATE REQUEST") {
		t.Errorf("%+v", request)
	}
	if said := told(t, dir, nil, 2, nil, "sign", "lock"); !strings.Contains(said, "PRESSWERK_SIGNING_PASSPHRASE") {
		t.Error(said)
	}
	with := map[string]string{"PRESSWERK_SIGNING_PASSPHRASE": "a-long-passphrase"}
	told(t, dir, with, 0, &s, "sign", "lock")
	if _, err := os.Stat(filepath.Join(dir, ".presswerk", "keys", "signing", "leaf.key")); s.Key != "encrypted" || err == nil {
		t.Errorf("%+v, %v", s, err)
	}
	file := filepath.Join(dir, "signed.png")
	if err := os.WriteFile(file, signedBy(t, dir, "a-long-passphrase").Data, 0o600); err != nil {
		t.Fatal(err)
	}
	for passphrase, want := range map[string]string{"": "is encrypted", "another-passphrase": "can't be opened with this passphrase"} {
		g := globals{settings: settings{SigningPassphrase: passphrase}}
		sealed, err := os.ReadFile(filepath.Join(dir, ".presswerk", "keys", "signing", "leaf.key.age"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.unlock(sealed); !errors.Is(err, art.ErrUnavailable) || !strings.Contains(err.Error(), want) {
			t.Errorf("with %q: %v", passphrase, err)
		}
	}
	told(t, dir, nil, 0, &s, "sign", "renew")
	if s.Key != "file" {
		t.Errorf("%+v", s)
	}
	var v struct {
		Layers struct{ C2PA struct{ State string } }
	}
	told(t, dir, nil, 0, &v, "verify", file) // needs no passphrase
	if v.Layers.C2PA.State != "trusted" {
		t.Errorf("%+v", v)
	}
}

// drawn is a grey square with a dark one inside.
func drawn(t *testing.T, side int) []byte {
	t.Helper()
	p := image.NewGray(image.Rect(0, 0, side, side))
	for i := range p.Pix {
		p.Pix[i] = 230
		if x, y := i%side, i/side; x > side/4 && x < 3*side/4 && y > side/4 && y < 3*side/4 {
			p.Pix[i] = 20
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The script of docs/provenance.md signs with a key that a PKCS#11 token holds and doesn't give away.
func TestAKeyInATokenSigns(t *testing.T) {
	_ = testkit.Native(t, c2paLibrary)
	for _, program := range []string{"softhsm2-util", "pkcs11-tool"} {
		_, err := exec.LookPath(program)
		testkit.Need(t, err == nil, program+" (run 'make tools')")
	}
	home := t.TempDir()
	dir, keys := filepath.Join(home, "ws"), filepath.Join(home, "ws", ".presswerk", "keys", "signing")
	var none any
	told(t, dir, nil, 0, &none, "init", dir)
	told(t, dir, nil, 0, &none, "sign") // makes the key
	token := map[string]string{"SOFTHSM2_CONF": filepath.Join(home, "softhsm2.conf")}
	for name, text := range map[string]string{
		"softhsm2.conf": "directories.tokendir = " + home + "\n", "pin": "1234",
		"sign.sh": documented(t, "provenance.md", "#!/bin/sh", "/etc/presswerk/pin", filepath.Join(home, "pin")),
	} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"--init-token", "--free", "--label", "presswerk", "--pin", "1234", "--so-pin", "5678"},
		{"--import", filepath.Join(keys, "leaf.key"), "--token", "presswerk", "--label", "claims", "--id", "01", "--pin", "1234"},
	} {
		c := exec.CommandContext(t.Context(), "softhsm2-util", args...)
		c.Env = append(os.Environ(), "SOFTHSM2_CONF="+token["SOFTHSM2_CONF"])
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	for _, name := range []string{"chain.pem", "root.pem"} {
		data, err := os.ReadFile(filepath.Join(keys, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(home, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var s signState
	told(t, dir, token, 0, &s, "sign", "external", "--chain", filepath.Join(home, "chain.pem"), "--root", filepath.Join(home, "root.pem"), "--", filepath.Join(home, "sign.sh"))
	if left, _ := filepath.Glob(filepath.Join(keys, "*.key*")); s.Key != "command" || len(left) > 0 {
		t.Fatalf("%+v, %v", s, left)
	}
	t.Setenv("SOFTHSM2_CONF", token["SOFTHSM2_CONF"])
	file := filepath.Join(dir, "signed.png")
	if err := os.WriteFile(file, signedBy(t, dir, "").Data, 0o600); err != nil {
		t.Fatal(err)
	}
	var v struct {
		Layers struct{ C2PA struct{ State string } }
	}
	told(t, dir, nil, 0, &v, "verify", file)
	if v.Layers.C2PA.State != "trusted" {
		t.Errorf("%+v", v)
	}
}

// documented takes the indented program that begins with a line out of a page of docs, with one thing in it replaced.
func documented(t *testing.T, page, begin, old, instead string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testkit.Root(t), "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "\n    "+begin+"\n")
	if !found || !strings.Contains(after, old) {
		t.Fatalf("%s has no program that begins with %s and says %s", page, begin, old)
	}
	program := begin + "\n"
	for line := range strings.Lines(after) {
		if !strings.HasPrefix(line, "    ") {
			break
		}
		program += strings.TrimPrefix(line, "    ")
	}
	return strings.ReplaceAll(program, old, instead)
}
