package workspace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/brand"
)

// Pictures that a brief names lie in the workspace, and nowhere else.
func TestOnlyPicturesOfTheWorkspaceAreRead(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret.png")
	w := Workspace{Dir: t.TempDir()}
	for path, text := range map[string]string{outside: "secret", filepath.Join(w.Dir, "a.png"): "picture", filepath.Join(w.Dir, "empty.png"): ""} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(w.Dir, "link.png")); err != nil {
		t.Fatal(err)
	}
	for path, ok := range map[string]bool{"a.png": true, "sha256:" + strings.Repeat("a", 64): true, "": true, "empty.png": false, "link.png": false, "../" + filepath.Base(filepath.Dir(outside)) + "/secret.png": false, outside: false, "none.png": false} {
		found, bad := w.pictures(art.Brief{Clip: &art.ClipBrief{First: path, Last: path}}, brand.Kit{})
		if (len(bad) == 0) != ok || path == "a.png" && string(found[path]) != "picture" || !ok && len(found) > 0 {
			t.Errorf("%q: %q, %v", path, found, bad)
		}
	}
}
