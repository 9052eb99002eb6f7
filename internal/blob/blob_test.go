package blob

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"presswerk/internal/art"
)

func TestPutGivesBackTheSameBytesAndKeepsThemOnce(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := []byte("a picture")
	first, err := s.Put(ctx, want)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.Put(ctx, want); err != nil || again != first {
		t.Fatalf("second Put gave %q, %v; want %q", again, err, first)
	}
	got, err := s.Get(ctx, first)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("Get gave %q, %v", got, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files in the store: %v, %v; want one", files, err)
	}
}

func TestGetTellsWhatIsWrong(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sum, err := s.Put(ctx, []byte("a picture"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, sum[:2], sum), []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		sum  string
		want error
	}{
		"changed bytes": {sum, art.ErrMismatch},
		"never put":     {art.Digest([]byte("nothing")), art.ErrNotFound},
		"no hash":       {"../../etc/passwd", art.ErrInvalid},
		"upper case":    {string(bytes.ToUpper([]byte(sum))), art.ErrInvalid},
	} {
		if _, err := s.Get(ctx, c.sum); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}
