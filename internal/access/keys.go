package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
)

// Scope is one kind of thing that a key may do.
type Scope string

// The scopes. Read sees everything, Make starts runs and makes pictures again, Decide approves, rejects and sends back.
const (
	Read   Scope = "read"
	Make   Scope = "make"
	Decide Scope = "decide"
)

// Scopes lists all scopes.
func Scopes() []Scope { return []Scope{Read, Make, Decide} }

// ParseScopes reads names separated by commas; "all" stands for every scope.
func ParseScopes(text string) ([]Scope, error) {
	if text == "all" {
		return Scopes(), nil
	}
	var scopes []Scope
	for name := range strings.SplitSeq(text, ",") {
		s := Scope(strings.TrimSpace(name))
		if !slices.Contains(Scopes(), s) {
			return nil, art.Invalid("scopes", fmt.Sprintf("%q is no scope", name), "use all, or some of read, make, decide separated by commas")
		}
		scopes = append(scopes, s)
	}
	return scopes, nil
}

// Key is what is kept of a key: never the secret itself.
type Key struct {
	Name    string    `json:"name"`
	SHA256  string    `json:"sha256"` // of the secret, lower-case hex
	Scopes  []Scope   `json:"scopes"`
	Created time.Time `json:"created"`
}

// May tells whether the key opens a scope.
func (k Key) May(s Scope) bool { return slices.Contains(k.Scopes, s) }

// Ring is all keys of a workspace. The zero value is empty.
type Ring struct {
	Keys []Key `json:"keys"`
}

// secretPrefix marks secrets, so that scanners for leaked ones can find them.
const secretPrefix = "pw_"

// Add makes a key of 256 random bits. The secret is returned this one time.
func (r Ring) Add(name string, scopes []Scope, now time.Time, random io.Reader) (secret string, with Ring, err error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", r, fmt.Errorf("access: drawing a key: %w", err)
	}
	secret = secretPrefix + base64.RawURLEncoding.EncodeToString(raw)
	key := Key{Name: name, SHA256: digest(secret), Scopes: scopes, Created: now.UTC()}
	return secret, Ring{append(slices.Clone(r.Keys), key)}, nil
}

// Find gives the key of a secret. It takes the same time wherever the secret is wrong.
func (r Ring) Find(secret string) (Key, bool) {
	sum, found, at := []byte(digest(secret)), 0, 0
	for i, k := range r.Keys {
		same := subtle.ConstantTimeCompare(sum, []byte(k.SHA256))
		found |= same
		at = subtle.ConstantTimeSelect(same, i, at)
	}
	if found == 0 {
		return Key{}, false
	}
	return r.Keys[at], true
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Load reads a ring. A file that isn't there gives an empty one.
func Load(path string) (Ring, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Ring{}, nil
	}
	if err != nil {
		return Ring{}, fmt.Errorf("access: reading the keys: %w", err)
	}
	var r Ring
	if err := json.Unmarshal(data, &r); err != nil {
		return Ring{}, fmt.Errorf("access: %s is damaged; remove it and make new keys with 'presswerk keys new': %w: %w", path, err, art.ErrInvalid)
	}
	return r, nil
}

// Save writes the ring whole or not at all, readable by its owner only.
func (r Ring) Save(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("access: writing the keys: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("access: writing the keys: %w", err)
	}
	part := path + ".part"
	if err := os.WriteFile(part, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("access: writing the keys: %w", err)
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("access: writing the keys: %w", err)
	}
	return nil
}
