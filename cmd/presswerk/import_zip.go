package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"

	"presswerk/internal/art"
)

// An archive that somebody exported may hold this much. Each of its files has the limit of a file.
const (
	maxArchiveFiles = 20_000
	maxArchiveBytes = 16 << 30
)

// eachPicture hands over what a file says, or what each picture in an archive does, as it is read: an archive is never
// unpacked as a whole. The error of do ends it.
func eachPicture(ctx context.Context, file string, do func(name string, one imported, err error) error) error {
	if !strings.EqualFold(filepath.Ext(file), ".zip") {
		one, err := importFile(ctx, file)
		return do(file, one, err)
	}
	archive, err := zip.OpenReader(file)
	if err != nil {
		return do(file, imported{}, fmt.Errorf("%s is no archive that can be read: %w: %w", file, err, art.ErrInvalid))
	}
	defer archive.Close()
	if len(archive.File) > maxArchiveFiles {
		return do(file, imported{}, fmt.Errorf("%s holds %d files, and %d are the limit: %w", file, len(archive.File), maxArchiveFiles, art.ErrInvalid))
	}
	left := int64(maxArchiveBytes)
	for _, entry := range archive.File {
		name := path.Base(entry.Name)
		if entry.FileInfo().IsDir() || strings.HasPrefix(entry.Name, "__MACOSX/") || strings.HasPrefix(name, ".") {
			continue
		}
		whole := file + "/" + entry.Name
		data, err := readEntry(entry, min(left, maxImport))
		left -= int64(len(data))
		var one imported
		if err == nil {
			one, err = importData(ctx, whole, data)
		}
		if err := do(whole, one, err); err != nil {
			return err
		}
	}
	return nil
}

// readEntry reads a file of an archive. What its head says of its size is not believed.
func readEntry(entry *zip.File, most int64) ([]byte, error) {
	r, err := entry.Open()
	if err != nil {
		return nil, fmt.Errorf("%s can't be unpacked: %w: %w", entry.Name, err, art.ErrInvalid)
	}
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	err = errors.Join(err, r.Close())
	switch {
	case int64(len(data)) > most:
		return nil, fmt.Errorf("%s has more than the %d bytes that are left of the limit: %w", entry.Name, most, art.ErrInvalid)
	case err != nil:
		return nil, fmt.Errorf("%s can't be unpacked: %w: %w", entry.Name, err, art.ErrInvalid)
	}
	return data, nil
}
