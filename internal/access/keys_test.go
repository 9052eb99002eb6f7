package access

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
)

func TestAKeyIsFoundAndOnlyItsHashIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "api.json")
	ring, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	random := bytes.NewReader(bytes.Repeat([]byte{7}, 32))
	secret, ring, err := ring.Add("studio", []Scope{Read}, time.Unix(0, 0), random)
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Save(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), secret) {
		t.Error("the file holds the secret")
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the file: %v", info.Mode())
	}
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	key, ok := again.Find(secret)
	if !ok || key.Name != "studio" || !key.May(Read) || key.May(Decide) {
		t.Errorf("found %v %+v", ok, key)
	}
	for _, wrong := range []string{"", secret[1:], secret + "x", key.SHA256} {
		if _, ok := again.Find(wrong); ok {
			t.Errorf("%q opens", wrong)
		}
	}
}

func TestScopes(t *testing.T) {
	if s, err := ParseScopes("read, decide"); err != nil || len(s) != 2 || s[1] != Decide {
		t.Errorf("got %v, %v", s, err)
	}
	if s, err := ParseScopes("all"); err != nil || len(s) != 3 {
		t.Errorf("all gave %v, %v", s, err)
	}
	if _, err := ParseScopes("read,everything"); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("an unknown scope gave %v", err)
	}
}

func TestADamagedRingIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api.json")
	if err := os.WriteFile(path, []byte(`{"keys": [`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	short := bytes.NewReader([]byte{1})
	if _, _, err := (Ring{}).Add("x", nil, time.Time{}, short); err == nil {
		t.Error("a key of too few random bytes was made")
	}
}
