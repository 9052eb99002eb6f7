package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"presswerk/internal/art"
)

// trainer is Python with what the folder trainer/ needs, and the folder around it.
type trainer struct {
	python string
	root   string // in which "python -m trainer.export" finds the package
}

// trainer finds the trainer and a Python for it: the one that PRESSWERK_TRAINER_PYTHON names, else an environment of its own
// in the cache folder, made from trainer/requirements.txt, where every package has its hash. It is made once for each state
// of that file.
func (g *globals) trainer(ctx context.Context) (trainer, error) {
	var t trainer
	for _, dir := range g.settings.Trainer {
		if _, err := os.Stat(filepath.Join(dir, "export", "__main__.py")); err == nil {
			t.root = filepath.Dir(dir)
			break
		}
	}
	if t.root == "" {
		return t, fmt.Errorf("the folder trainer/ is missing: it belongs beside bin/, or name it with PRESSWERK_TRAINER (looked in %s): %w", strings.Join(g.settings.Trainer, ", "), art.ErrUnavailable)
	}
	if t.python = g.settings.Python; t.python != "" {
		if _, err := exec.LookPath(t.python); err != nil {
			return t, fmt.Errorf("PRESSWERK_TRAINER_PYTHON names %s, which cannot be run: %w: %w", t.python, err, art.ErrUnavailable)
		}
		return t, nil
	}
	var err error
	t.python, err = g.environment(ctx, filepath.Join(t.root, "trainer", "requirements.txt"))
	return t, err
}

// environment makes the virtual environment of a requirements file, or finds it made.
func (g *globals) environment(ctx context.Context, requirements string) (string, error) {
	text, err := os.ReadFile(requirements)
	if err != nil {
		return "", fmt.Errorf("reading what the trainer needs: %w", err)
	}
	dir := filepath.Join(g.settings.Cache, fmt.Sprintf("trainer-%.8x", sha256.Sum256(text)))
	python := filepath.Join(dir, "bin", "python")
	done := filepath.Join(dir, ".done")
	if _, err := os.Stat(done); err == nil {
		return python, nil
	}
	base, err := exec.LookPath("python3")
	if err != nil {
		return "", fmt.Errorf("converting needs Python, and there is no python3; install Python 3.11 with its venv module (Debian: apt-get install python3-venv), or name one that has everything with PRESSWERK_TRAINER_PYTHON: %w", art.ErrUnavailable)
	}
	if err := os.MkdirAll(g.settings.Cache, 0o755); err != nil {
		return "", fmt.Errorf("making %s: %w", g.settings.Cache, err)
	}
	lock, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", fmt.Errorf("making %s: %w", dir, err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil { // another process may be making it
		return "", fmt.Errorf("making %s: %w", dir, err)
	}
	if _, err := os.Stat(done); err == nil {
		return python, nil
	}
	g.note("%s", g.words.say("trainer_setup", dir))
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("making %s: %w", dir, err)
	}
	for _, step := range [][]string{
		{base, "-m", "venv", dir},
		{python, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "--requirement", requirements},
	} {
		if err := g.runTool(ctx, "", step...); err != nil {
			return "", fmt.Errorf("setting up the trainer's Python: %w (is this CPython 3.11 on linux/amd64, and is the network there?)", err)
		}
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		return "", fmt.Errorf("making %s: %w", dir, err)
	}
	return python, nil
}

// maxComplaint is how much of a program's words an error repeats.
const maxComplaint = 2000

// runTool runs a program in a folder. What it writes goes to the messages; the end of its complaint into the error.
func (g *globals) runTool(ctx context.Context, dir string, command ...string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = dir
	var complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = g.err, &complaint
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "HF_HUB_OFFLINE=1", "TRANSFORMERS_OFFLINE=1")
	err := cmd.Run()
	if err == nil || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	text := complaint.Bytes()
	return fmt.Errorf("%s: %w: %w: %s", filepath.Base(command[0]), err, art.ErrUnavailable, bytes.TrimSpace(text[max(0, len(text)-maxComplaint):]))
}
