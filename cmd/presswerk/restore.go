package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"

	"presswerk/internal/art"
)

// restoreCmd brings a backup back.
type restoreCmd struct {
	File       string `arg:"" type:"existingfile" help:"${arg_backup}"`
	Passphrase string `name:"passphrase-file" type:"existingfile" placeholder:"FILE" help:"${flag_passphrase}"`
}

// Run unpacks into a workspace that has no records yet; it never writes over any.
func (c *restoreCmd) Run(_ context.Context, g *globals) error {
	ws, err := g.workspace("")
	if err != nil {
		return err
	}
	if _, err := os.Stat(ws.database()); err == nil {
		return fmt.Errorf("restore: %s has records already; restore into a fresh workspace (presswerk init DIR): %w", ws.Dir, art.ErrConflict)
	}
	secret, err := g.passphrase(c.Passphrase)
	if err != nil {
		return err
	}
	identity, err := age.NewScryptIdentity(secret)
	if err != nil {
		return fmt.Errorf("restore: preparing the passphrase: %w", err)
	}
	n, err := unpack(c.File, identity, ws)
	if err != nil {
		return err
	}
	answer := struct {
		Workspace string `json:"workspace"`
		Files     int    `json:"files"`
	}{ws.Dir, n}
	return g.answer(answer, func(w io.Writer) { fmt.Fprintln(w, g.words.say("restore_done", ws.Dir, n)) })
}

// unpack decrypts into a folder beside the data folder and moves all of it over at the end.
func unpack(file string, identity age.Identity, ws workspaceDir) (n int, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, fmt.Errorf("restore: opening %s: %w", file, err)
	}
	defer f.Close()
	plain, err := age.Decrypt(f, identity)
	if err != nil {
		return 0, fmt.Errorf("restore: %s cannot be opened with this passphrase (%w): %w", file, err, art.ErrInvalid)
	}
	staging, err := os.MkdirTemp(ws.Dir, ".restore-")
	if err != nil {
		return 0, fmt.Errorf("restore: making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(staging)) }()
	if n, err = unpackAll(tar.NewReader(plain), staging); err != nil {
		return n, err
	}
	if err := os.MkdirAll(ws.data(), 0o755); err != nil {
		return n, fmt.Errorf("restore: making %s: %w", ws.data(), err)
	}
	// The database comes last: while it is missing, the restore can be repeated.
	for _, part := range []string{blobsName, keysName, databaseName} {
		to := filepath.Join(ws.data(), part)
		if err := os.RemoveAll(to); err != nil {
			return n, fmt.Errorf("restore: making room for %s: %w", part, err)
		}
		if err := os.Rename(filepath.Join(staging, part), to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return n, fmt.Errorf("restore: putting %s in place: %w", part, err)
		}
	}
	return n, nil
}

func unpackAll(archive *tar.Reader, dir string) (int, error) {
	root, err := os.OpenRoot(dir) // names in the archive cannot lead out of it
	if err != nil {
		return 0, fmt.Errorf("restore: opening %s: %w", dir, err)
	}
	defer root.Close()
	for n := 0; ; n++ {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("restore: the backup is damaged: %w", errors.Join(err, art.ErrInvalid))
		}
		if err := unpackFile(root, head, archive); err != nil {
			return n, fmt.Errorf("restore: unpacking %s (is the disk full?): %w", head.Name, err)
		}
	}
}

func unpackFile(root *os.Root, head *tar.Header, from io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(head.Name), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(head.Name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fs.FileMode(head.Mode).Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}
