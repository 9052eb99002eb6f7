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
	"strings"

	"filippo.io/age"

	"presswerk/internal/art"
	"presswerk/internal/store"
)

// backupCmd writes everything that cannot be made again into one encrypted file.
type backupCmd struct {
	Out        string `arg:"" type:"path" placeholder:"FILE" help:"${arg_backup}"`
	Passphrase string `name:"passphrase-file" type:"existingfile" placeholder:"FILE" help:"${flag_passphrase}"`
}

// backupMark remembers in the workspace's data folder that there is a backup.
const backupMark = "last-backup"

// Run copies database, blobs and keys through tar and age. The file appears whole or not at all.
func (c *backupCmd) Run(ctx context.Context, g *globals) error {
	ws, err := g.workspace("")
	if err != nil {
		return err
	}
	secret, err := g.passphrase(c.Passphrase)
	if err != nil {
		return err
	}
	recipient, err := age.NewScryptRecipient(secret)
	if err != nil {
		return fmt.Errorf("backup: preparing the passphrase: %w", err)
	}
	if err := os.MkdirAll(ws.data(), 0o700); err != nil { // nothing was made here yet
		return fmt.Errorf("backup: making the workspace's data folder: %w", err)
	}
	staging, err := os.MkdirTemp(ws.data(), "backup-")
	if err != nil {
		return fmt.Errorf("backup: making a folder for the copy: %w", err)
	}
	defer os.RemoveAll(staging)
	copied := filepath.Join(staging, databaseName)
	if err := copyDatabase(ctx, ws, copied); err != nil {
		return err
	}
	n, size, err := writeBackup(c.Out, recipient, ws, copied)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(ws.data(), backupMark), []byte(filepath.Base(c.Out)+"\n"), 0o600); err != nil {
		return fmt.Errorf("backup: remembering that there is one: %w", err)
	}
	answer := struct {
		File  string `json:"file"`
		Files int    `json:"files"`
		Bytes int64  `json:"bytes"`
	}{c.Out, n, size}
	return g.answer(answer, func(w io.Writer) { fmt.Fprintln(w, g.words.say("backup_done", c.Out, n, size)) })
}

func copyDatabase(ctx context.Context, ws workspaceDir, to string) error {
	db, err := store.Open(ctx, ws.database())
	if err != nil {
		return err
	}
	return errors.Join(db.Copy(ctx, to), db.Close())
}

// passphrase reads the secret from a file, else from the environment.
func (g *globals) passphrase(file string) (string, error) {
	secret := g.settings.Passphrase
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("backup: reading the passphrase: %w", err)
		}
		secret = strings.TrimRight(string(data), "\r\n")
	}
	if len(secret) < 8 {
		return "", art.Invalid("passphrase", "there is none, or it is shorter than 8 characters", "give --passphrase-file FILE or set PRESSWERK_PASSPHRASE")
	}
	return secret, nil
}

// writeBackup streams the archive into a temporary file beside out and renames it.
func writeBackup(out string, to age.Recipient, ws workspaceDir, database string) (files int, size int64, err error) {
	tmp, err := os.CreateTemp(filepath.Dir(out), ".presswerk-backup-")
	if err != nil {
		return 0, 0, fmt.Errorf("backup: making %s: %w", out, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tmp.Close(), os.Remove(tmp.Name()))
		}
	}()
	sealed, err := age.Encrypt(tmp, to)
	if err != nil {
		return 0, 0, fmt.Errorf("backup: encrypting: %w", err)
	}
	archive := tar.NewWriter(sealed)
	if files, err = archiveAll(archive, ws, database); err != nil {
		return 0, 0, err
	}
	for _, end := range []func() error{archive.Close, sealed.Close, tmp.Sync} {
		if err = end(); err != nil {
			return 0, 0, fmt.Errorf("backup: writing %s (is the disk full?): %w", out, err)
		}
	}
	info, err := tmp.Stat()
	if err != nil {
		return 0, 0, fmt.Errorf("backup: looking at %s: %w", out, err)
	}
	if err = tmp.Close(); err != nil {
		return 0, 0, fmt.Errorf("backup: closing %s: %w", out, err)
	}
	if err = os.Rename(tmp.Name(), out); err != nil {
		return 0, 0, fmt.Errorf("backup: putting %s in place: %w", out, err)
	}
	return files, info.Size(), nil
}

// archiveAll writes the copied database, then blobs and keys as they lie in the data folder.
func archiveAll(w *tar.Writer, ws workspaceDir, database string) (int, error) {
	if err := archiveFile(w, database, databaseName); err != nil {
		return 0, err
	}
	n := 1
	for _, part := range []string{blobsName, keysName} {
		err := filepath.WalkDir(filepath.Join(ws.data(), part), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			name, err := filepath.Rel(ws.data(), path)
			if err != nil {
				return err
			}
			n++
			return archiveFile(w, path, filepath.ToSlash(name))
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return n, fmt.Errorf("backup: reading %s: %w", part, err)
		}
	}
	return n, nil
}

func archiveFile(w *tar.Writer, path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("backup: opening %s: %w", path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("backup: looking at %s: %w", path, err)
	}
	head := &tar.Header{Name: name, Size: info.Size(), Mode: int64(info.Mode().Perm()), ModTime: info.ModTime(), Typeflag: tar.TypeReg}
	if err := w.WriteHeader(head); err != nil {
		return fmt.Errorf("backup: writing %s: %w", name, err)
	}
	if _, err := io.Copy(w, f); err != nil {
		return fmt.Errorf("backup: writing %s: %w", name, err)
	}
	return nil
}
