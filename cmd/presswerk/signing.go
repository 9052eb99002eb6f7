package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"filippo.io/age"

	"presswerk/internal/art"
	"presswerk/internal/provenance"
)

// identity is the workspace's signing key, made on first use. That its certificate ends soon is said each time.
func (t *tools) identity(ws workspaceDir) (*provenance.Identity, error) {
	id, err := provenance.LoadOrCreate(ws.signing(), ws.Name, time.Now(), rand.Reader, t.g.keys())
	if err != nil {
		return nil, err
	}
	if left, soon := id.Ending(time.Now()); soon {
		t.g.note("%s", t.g.words.say("sign_ending", id.Expires.Format(time.DateOnly), int(left.Hours()/24)))
	}
	id.Authority, err = t.authority(ws)
	return id, err
}

// keys opens keys that are encrypted, and runs the program that signs where they lie elsewhere.
func (g *globals) keys() provenance.Keys {
	return provenance.Keys{Unlock: g.unlock, Run: runSigner}
}

// unlock decrypts a signing key with the passphrase of the environment.
func (g *globals) unlock(sealed []byte) ([]byte, error) {
	if g.settings.SigningPassphrase == "" {
		return nil, fmt.Errorf("the signing key is encrypted; set PRESSWERK_SIGNING_PASSPHRASE, or PRESSWERK_SIGNING_PASSPHRASE_FILE: %w", art.ErrUnavailable)
	}
	identity, err := age.NewScryptIdentity(g.settings.SigningPassphrase)
	if err != nil {
		return nil, fmt.Errorf("preparing the passphrase of the signing key: %w", err)
	}
	plain, err := age.Decrypt(bytes.NewReader(sealed), identity)
	if err != nil {
		return nil, fmt.Errorf("the signing key can't be opened with this passphrase (%w): %w", err, art.ErrUnavailable)
	}
	return io.ReadAll(plain)
}

// seal encrypts a signing key.
func seal(passphrase string) func(key []byte) ([]byte, error) {
	return func(key []byte) ([]byte, error) {
		recipient, err := age.NewScryptRecipient(passphrase)
		if err != nil {
			return nil, fmt.Errorf("preparing the passphrase of the signing key: %w", err)
		}
		var b bytes.Buffer
		w, err := age.Encrypt(&b, recipient)
		if err == nil {
			_, err = w.Write(key)
			err = errors.Join(err, w.Close())
		}
		if err != nil {
			return nil, fmt.Errorf("encrypting the signing key: %w", err)
		}
		return b.Bytes(), nil
	}
}

// A program that signs has so long, and answers no more than the longest signature.
const (
	signerTime = 30 * time.Second
	signerMost = 4096
)

// runSigner feeds a program what is to be signed and reads the raw signature.
func runSigner(ctx context.Context, command []string, data []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, signerTime)
	defer cancel()
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Stdin = bytes.NewReader(data)
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	switch {
	case err != nil:
		return nil, fmt.Errorf("the signing command %s: %w: %s: %w", filepath.Base(command[0]), err, strings.Join(strings.Fields(said.String()), " "), art.ErrUnavailable)
	case len(out) > signerMost:
		return nil, fmt.Errorf("the signing command %s answered %d bytes, which is no signature: %w", filepath.Base(command[0]), len(out), art.ErrUnavailable)
	}
	return out, nil
}

// authority is the time-stamping authority of a workspace's settings.
func (t *tools) authority(ws workspaceDir) (provenance.Authority, error) {
	var a provenance.Authority
	s := ws.Signing
	if s.StampURL == "" {
		return a, nil
	}
	if s.StampRoots != "" {
		path := s.StampRoots
		if !filepath.IsAbs(path) {
			path = filepath.Join(ws.Dir, path)
		}
		roots, err := os.ReadFile(path)
		if err != nil {
			return a, fmt.Errorf("signing.ta_roots: %w: %w", err, art.ErrInvalid)
		}
		a.Roots = string(roots)
	}
	r := &relay{authority: s.StampURL}
	t.later(r.close)
	a.Address = r.address
	return a, nil
}

// relay carries questions for time stamps from the C2PA library, which would wait for ever, to the authority: with a limit of time and size,
// and over this process' own TLS. It listens on this machine alone, at an address that nobody can guess.
type relay struct {
	authority string
	mu        sync.Mutex
	url       string // "" before it is asked for
	server    *http.Server
}

// A time-stamping authority has so long to answer, and its answers are smaller than this.
const (
	stampTime = 10 * time.Second
	stampMost = 1 << 20
)

// address begins to listen when it is asked first.
func (r *relay) address() (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.url != "" {
		return r.url, nil
	}
	token := make([]byte, 16)
	if _, err := rand.Read(token); err != nil {
		return "", fmt.Errorf("drawing an address for time stamps: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it listens for as long as the process signs
	if err != nil {
		return "", fmt.Errorf("listening for time stamps: %w", err)
	}
	path := "/" + hex.EncodeToString(token)
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+path, r.forward)
	r.server = &http.Server{Handler: mux, ReadHeaderTimeout: stampTime}
	go r.server.Serve(listener) //nolint:errcheck // it ends when it is closed; who asks afterwards gets no answer
	r.url = "http://" + listener.Addr().String() + path
	return r.url, nil
}

// forward asks the authority.
func (r *relay) forward(w http.ResponseWriter, q *http.Request) {
	ctx, cancel := context.WithTimeout(q.Context(), stampTime)
	defer cancel()
	out, err := http.NewRequestWithContext(ctx, http.MethodPost, r.authority, http.MaxBytesReader(w, q.Body, stampMost))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	out.Header.Set("Content-Type", "application/timestamp-query")
	answer, err := http.DefaultClient.Do(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, io.LimitReader(answer.Body, stampMost)) // what is cut is no stamp, and the library says so
}

func (r *relay) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.server == nil {
		return nil
	}
	return r.server.Close()
}
