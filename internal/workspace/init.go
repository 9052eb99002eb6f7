package workspace

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"time"

	"presswerk/internal/art"
)

//go:embed all:example
var exampleFiles embed.FS

//go:embed schemas/*.json
var schemaFiles embed.FS

// Report is what Init did.
type Report struct {
	Workspace Workspace
	Existing  bool     // it was a workspace before, and nothing was touched
	Files     []string // written, relative to the workspace, with slashes
	Commit    string   // of the first commit; "" where there is none
	Notes     []string // what a person should know, such as a missing git
}

// author signs the first commit: it is nobody's work yet.
const (
	authorName  = "Presswerk"
	authorEmail = "presswerk@localhost"
)

// Init makes the example workspace in a folder, which it creates when needed, and commits it to a new Git repository
// where there is a git program. A folder that is a workspace already is left alone, and the report says so. A folder
// with anything else in it gives art.ErrConflict, and nothing is written. Now dates the commit.
//
// A failure in the middle takes away what was written.
func Init(ctx context.Context, dir string, now time.Time) (Report, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Report{}, fmt.Errorf("workspace: making %s: %w", dir, err)
	}
	existing, err := vacant(abs)
	if err != nil {
		return Report{}, err
	}
	if existing {
		w, err := Open(abs)
		return Report{Workspace: w, Existing: true}, err
	}
	_, statErr := os.Stat(abs)
	fresh := errors.Is(statErr, fs.ErrNotExist)
	r := Report{Files: nil}
	if r.Files, err = writeExample(ctx, abs); err != nil {
		undo(abs, r.Files, fresh)
		return Report{}, fmt.Errorf("workspace: making %s: %w: %w", dir, art.ErrUnavailable, err)
	}
	if r.Workspace, err = Open(abs); err != nil {
		return Report{}, err
	}
	r.Commit, r.Notes = r.Workspace.firstCommit(ctx, now)
	return r, ctx.Err()
}

// vacant tells whether a folder is a workspace already. One that is neither that nor empty is an error; an empty Git
// repository counts as empty.
func vacant(dir string) (existing bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("workspace: looking into %s: %w: %w", dir, art.ErrUnavailable, err)
	}
	for _, e := range entries {
		if e.Name() == markerFile {
			return true, nil
		}
	}
	for _, e := range entries {
		if e.Name() != ".git" {
			return false, &art.FieldError{
				Field: "DIR", Reason: fmt.Sprintf("%s is not empty: it has %s", dir, e.Name()),
				Remedy: "name a new or an empty folder", Kind: art.ErrConflict,
			}
		}
	}
	return false, nil
}

// ExampleDrawings are the drawings that the example brings to train on: flat PNG files of 256 × 256 pixels.
func ExampleDrawings() fs.FS {
	drawings, err := fs.Sub(exampleFiles, "example/datasets/two-ink")
	if err != nil {
		return exampleFiles // can't be: the path is valid
	}
	return drawings
}

// writeExample writes all files of the example and the schemas. It returns those written so far even when it fails.
func writeExample(ctx context.Context, dir string) ([]string, error) {
	var written []string
	for _, tree := range []struct {
		files embed.FS
		root  string
		into  string
	}{{exampleFiles, "example", "."}, {schemaFiles, "schemas", ".schemas"}} {
		err := fs.WalkDir(tree.files, tree.root, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			data, err := tree.files.ReadFile(name)
			if err != nil {
				return err
			}
			rel := path.Join(tree.into, name[len(tree.root):])
			to := filepath.Join(dir, filepath.FromSlash(rel))
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			written = append(written, rel)
			return os.WriteFile(to, data, 0o644)
		})
		if err != nil {
			return written, err
		}
	}
	slices.Sort(written)
	return written, nil
}

// undo takes away what writeExample wrote, and the folders that it left empty.
func undo(dir string, files []string, fresh bool) {
	for _, f := range files {
		to := filepath.Join(dir, filepath.FromSlash(f))
		_ = os.Remove(to) // as far as possible: the error that led here is the one to tell
		for parent := filepath.Dir(to); parent != dir && len(parent) > len(dir); parent = filepath.Dir(parent) {
			_ = os.Remove(parent)
		}
	}
	if fresh {
		_ = os.Remove(dir)
	}
}

// firstCommit puts the new workspace under Git, unless it lies in a repository that would keep it already. Whatever
// does not work is no reason to give the workspace up; it is noted.
func (w Workspace) firstCommit(ctx context.Context, now time.Time) (hash string, notes []string) {
	if _, err := exec.LookPath("git"); err != nil {
		return "", []string{"there is no git program: runs will not record which state of the folder they were made from"}
	}
	if w.kept(ctx) {
		if _, err := os.Stat(filepath.Join(w.Dir, ".git")); err != nil {
			return "", []string{"the folder lies in a Git repository: commit it there"}
		}
	} else if _, err := w.git(ctx, "init", "--quiet", "--initial-branch=main"); err != nil {
		return "", []string{fmt.Sprintf("no Git repository could be made: %v", err)}
	}
	date := now.UTC().Format(time.RFC3339)
	who := []string{
		"-c", "user.name=" + authorName, "-c", "user.email=" + authorEmail, "-c", "commit.gpgSign=false", "-c", "core.hooksPath=/dev/null",
	}
	if _, err := w.git(ctx, "add", "--", "."); err != nil {
		return "", []string{fmt.Sprintf("the first commit could not be made: %v", err)}
	}
	commit := slices.Concat(who, []string{"commit", "--quiet", "--date=" + date, "--message=Begin with the example workspace"})
	if _, err := w.gitAt(ctx, []string{"GIT_COMMITTER_DATE=" + date}, commit...); err != nil {
		return "", []string{fmt.Sprintf("the first commit could not be made: %v", err)}
	}
	head, err := w.git(ctx, "rev-parse", "HEAD")
	if err != nil {
		return "", []string{fmt.Sprintf("the first commit could not be read: %v", err)}
	}
	return string(trimLine(head)), nil
}
