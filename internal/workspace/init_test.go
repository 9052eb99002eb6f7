package workspace

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func needGit(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git program here")
	}
}

func TestInitTwiceTouchesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "demo")
	first, err := Init(context.Background(), dir, noon)
	if err != nil {
		t.Fatal(err)
	}
	if first.Existing || len(first.Files) < 15 {
		t.Errorf("first: %+v", first)
	}
	write(t, first.Workspace, "styles/flat.yaml", "mine\n")
	second, err := Init(context.Background(), dir, noon)
	if err != nil || !second.Existing || len(second.Files) > 0 {
		t.Errorf("second: %+v, %v", second, err)
	}
	if got := readText(t, first.Workspace, "styles/flat.yaml"); got != "mine\n" {
		t.Errorf("the second init wrote over a file: %q", got)
	}
}

func TestInitRefusesAFolderWithSomethingInIt(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter.txt"), []byte("dear"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Init(context.Background(), dir, noon); !errors.Is(err, art.ErrConflict) || !strings.Contains(err.Error(), "letter.txt") {
		t.Errorf("got %v; want ErrConflict with the file", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("init wrote into it: %v, %v", entries, err)
	}
}

func TestInitThatIsStoppedLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Init(ctx, dir, noon); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something is left: %v", err)
	}
}

func TestInitOverAFileFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Init(context.Background(), file, noon); !errors.Is(err, art.ErrUnavailable) {
		t.Errorf("got %v; want ErrUnavailable", err)
	}
}

func TestTheFirstCommitHoldsEverythingUnderANeutralName(t *testing.T) {
	needGit(t)
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_SYSTEM", os.DevNull)
	r, err := Init(context.Background(), filepath.Join(t.TempDir(), "demo"), noon)
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.Workspace.git(context.Background(), "log", "--format=%an|%ae|%cn|%aI|%cI|%H")
	if err != nil {
		t.Fatal(err)
	}
	want := "Presswerk|presswerk@localhost|Presswerk|2026-01-02T12:00:00+00:00|2026-01-02T12:00:00+00:00|" + r.Commit
	if got := strings.ReplaceAll(strings.TrimSpace(string(out)), "Z", "+00:00"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	status, err := r.Workspace.git(context.Background(), "status", "--porcelain")
	if err != nil || len(status) > 0 {
		t.Errorf("not everything is committed: %s %v", status, err)
	}
}

func TestStateTellsCommitsAndChanges(t *testing.T) {
	needGit(t)
	ctx := context.Background()
	w := newWorkspace(t)
	state := func() art.Commit {
		t.Helper()
		c, err := w.State(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	clean := state()
	if len(clean.Hash) != 40 || clean.Dirty || clean.DiffSHA256 != "" {
		t.Fatalf("clean: %+v", clean)
	}
	write(t, w, ".presswerk/presswerk.db", "records")
	write(t, w, "site/index.html", "pages")
	if got := state(); got != clean {
		t.Errorf("what the program writes makes the state dirty: %+v", got)
	}
	flat := readText(t, w, "styles/flat.yaml")
	write(t, w, "styles/flat.yaml", flat+"# changed\n")
	changed := state()
	if !changed.Dirty || len(changed.DiffSHA256) != 64 || changed.Hash != clean.Hash {
		t.Errorf("changed: %+v", changed)
	}
	if again := state(); again != changed {
		t.Errorf("the same change has two hashes: %+v, %+v", changed, again)
	}
	write(t, w, "styles/flat.yaml", flat)
	write(t, w, "briefs/neu ä.yaml", "one")
	one := state()
	write(t, w, "briefs/neu ä.yaml", "two")
	two := state()
	if !one.Dirty || !two.Dirty || one.DiffSHA256 == two.DiffSHA256 || one.DiffSHA256 == changed.DiffSHA256 {
		t.Errorf("untracked files: %+v, %+v", one, two)
	}
	if err := os.Remove(filepath.Join(w.Dir, "briefs", "neu ä.yaml")); err != nil {
		t.Fatal(err)
	}
	if got := state(); got != clean {
		t.Errorf("back again: %+v; want %+v", got, clean)
	}
}

func TestStateOutsideGitIsEmpty(t *testing.T) {
	needGit(t)
	dir := t.TempDir()
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(dir))
	w := Workspace{Dir: dir}
	write(t, w, "presswerk.yaml", "version: 1\n")
	if c, err := w.State(context.Background()); err != nil || c != (art.Commit{}) {
		t.Errorf("got %+v, %v", c, err)
	}
	t.Setenv("PATH", "")
	if c, err := w.State(context.Background()); err != nil || c != (art.Commit{}) {
		t.Errorf("without git: %+v, %v", c, err)
	}
	r, err := Init(context.Background(), filepath.Join(t.TempDir(), "demo"), noon)
	if err != nil || len(r.Notes) != 1 || r.Commit != "" {
		t.Errorf("init without git: %+v, %v", r, err)
	}
}

func TestAWorkspaceInsideARepositoryThatIgnoresItIsItsOwn(t *testing.T) {
	needGit(t)
	ctx := context.Background()
	outer := Workspace{Dir: t.TempDir()}
	if _, err := outer.git(ctx, "init", "--quiet"); err != nil {
		t.Fatal(err)
	}
	write(t, outer, ".gitignore", "/demo/\n")
	ignored, err := Init(ctx, filepath.Join(outer.Dir, "demo"), noon)
	if err != nil || ignored.Commit == "" {
		t.Errorf("ignored: %+v, %v", ignored, err)
	}
	kept, err := Init(ctx, filepath.Join(outer.Dir, "kept"), noon)
	if err != nil || kept.Commit != "" || len(kept.Notes) != 1 {
		t.Errorf("kept: %+v, %v", kept, err)
	}
	c, err := kept.Workspace.State(ctx)
	if err != nil || c.Hash != "" || !c.Dirty {
		t.Errorf("state without a commit: %+v, %v", c, err)
	}
	if d := cmp.Diff(1, len(kept.Notes)); d != "" {
		t.Error(d)
	}
}
