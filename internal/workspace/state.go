package workspace

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// State tells which state of the folder this is: the commit that Git has checked out and, with uncommitted changes,
// "dirty" and a SHA-256 over them. What the program itself writes (.presswerk, site) does not count. Outside Git, or
// where there is no git program, the answer is empty and no error.
//
// The hash covers the diff of tracked files against the commit, then each untracked and not ignored file: its name, a
// zero byte, the SHA-256 of its content in hex, a newline; files in the order of their names.
func (w Workspace) State(ctx context.Context) (art.Commit, error) {
	if !w.kept(ctx) {
		return art.Commit{}, ctx.Err()
	}
	var c art.Commit
	against := "HEAD"
	if head, err := w.git(ctx, "rev-parse", "--verify", "--quiet", "HEAD"); err == nil {
		c.Hash = string(trimLine(head))
	} else {
		against = "" // no commit yet: everything tracked is shown by the index alone
	}
	changes, err := w.changes(ctx, against)
	if err != nil {
		return art.Commit{}, fmt.Errorf("workspace: asking Git about %s: %w", w.Dir, err)
	}
	if len(changes) > 0 {
		sum := sha256.Sum256(changes)
		c.Dirty, c.DiffSHA256 = true, hex.EncodeToString(sum[:])
	}
	return c, nil
}

// changes is what lies between the commit and the folder, as bytes to be hashed.
func (w Workspace) changes(ctx context.Context, against string) ([]byte, error) {
	ours := []string{"--", ".", ":(exclude)" + stateDir, ":(exclude)" + siteDir}
	diff := []string{"diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--full-index", "--binary", "--relative", "--src-prefix=a/", "--dst-prefix=b/"}
	if against == "" {
		diff = append(diff, "--cached", emptyTree)
	} else {
		diff = append(diff, against)
	}
	out, err := w.git(ctx, append(diff, ours...)...)
	if err != nil {
		return nil, err
	}
	others, err := w.git(ctx, append([]string{"ls-files", "--others", "--exclude-standard", "-z"}, ours...)...)
	if err != nil {
		return nil, err
	}
	names := strings.Split(strings.TrimRight(string(others), "\x00"), "\x00")
	slices.Sort(names)
	for _, name := range names {
		if name == "" {
			continue
		}
		sum, err := fileSum(filepath.Join(w.Dir, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		out = fmt.Appendf(out, "%s\x00%s\n", name, sum)
	}
	return out, nil
}

// emptyTree is the well-known name of a tree without files, against which a folder without a commit is compared.
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

// fileSum is the SHA-256 of a file's content; of a link it is that of its target's name, and a file that has gone
// meanwhile has an empty one.
func fileSum(path string) (string, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	h := sha256.New()
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		h.Write([]byte(target))
	case info.Mode().IsRegular():
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		if _, err := io.Copy(h, f); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// kept tells whether there is Git and the folder is part of a repository: it lies in a work tree, and is not ignored there.
func (w Workspace) kept(ctx context.Context) bool {
	if _, err := exec.LookPath("git"); err != nil {
		return false
	}
	if _, err := w.git(ctx, "rev-parse", "--is-inside-work-tree"); err != nil {
		return false
	}
	_, err := w.git(ctx, "check-ignore", "--quiet", ".")
	return err != nil // 1: not ignored
}

func trimLine(b []byte) []byte { return bytes.TrimSpace(b) }

// git runs git in the workspace and returns what it wrote.
func (w Workspace) git(ctx context.Context, args ...string) ([]byte, error) {
	return w.gitAt(ctx, nil, args...)
}

// gitAt is git with more environment. What a surrounding git command has set for itself, as in a hook, is left out.
func (w Workspace) gitAt(ctx context.Context, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", w.Dir, "-c", "core.quotePath=false", "-c", "core.fsmonitor=false"}, args...)...)
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "GIT_DIR=") && !strings.HasPrefix(e, "GIT_WORK_TREE=") && !strings.HasPrefix(e, "GIT_INDEX_FILE=") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	cmd.Env = append(cmd.Env, "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C", "GIT_TERMINAL_PROMPT=0")
	cmd.Env = append(cmd.Env, env...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("git: %w: %s", err, bytes.TrimSpace(complaint.Bytes()))
	}
	return out.Bytes(), nil
}
