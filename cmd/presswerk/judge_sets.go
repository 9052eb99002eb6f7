package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/judge/sets"
	"presswerk/internal/vision"
)

// setsAnswer is the answer of judge --set.
type setsAnswer struct {
	Set      string         `json:"set"`
	Against  string         `json:"against"`
	Pictures [2]int         `json:"pictures"` // in each
	Features string         `json:"features"` // the network's name: numbers of another one can't be compared
	SHA256   string         `json:"features_sha256"`
	Measures []sets.Measure `json:"measures"`
}

// runSets compares two folders of pictures.
func (c *judgeCmd) runSets(ctx context.Context, g *globals) error {
	if c.Set == "" || c.Against == "" || len(c.Files) > 0 {
		return art.Invalid("set", "two folders are compared, and no files beside them", "give --set DIR --against DIR")
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written
	source, path, err := g.source(c.Features, false)
	if err != nil {
		return err
	}
	embedder, err := t.embedder(source, path)
	if err != nil {
		return err
	}
	answer := setsAnswer{Set: c.Set, Against: c.Against, Features: source.Name}
	if answer.SHA256, err = fileDigest(path); err != nil {
		return err
	}
	var both [2]sets.Set
	for i, dir := range []string{c.Set, c.Against} {
		rows, err := embedFolder(ctx, embedder, dir)
		if err != nil {
			return err
		}
		if both[i], err = sets.New(rows); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		answer.Pictures[i] = len(rows)
	}
	if answer.Measures, err = sets.Compare(ctx, both[0], both[1], sets.Options{Resamples: c.Resamples}); err != nil {
		return err
	}
	return g.answer(answer, func(w io.Writer) {
		fmt.Fprintln(w, g.words.say("sets_features", source.Name, answer.Pictures[0], answer.Pictures[1]))
		for _, m := range answer.Measures {
			fmt.Fprintf(w, "  %-14s %10.4f  %10.4f … %-10.4f %s\n", m.Name, m.Value, m.Low, m.High, m.Meaning.In(g.words.lang))
		}
	})
}

// embedFolder takes the pictures of a folder by name. Files that are no pictures are an error: a set should be what it's
// taken for.
func embedFolder(ctx context.Context, e *vision.Embedder, dir string) ([][]float32, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading a set: %w: %w", err, art.ErrInvalid)
	}
	files = slices.DeleteFunc(files, func(f os.DirEntry) bool { return f.IsDir() || strings.HasPrefix(f.Name(), ".") })
	rows := make([][]float32, 0, len(files))
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		p, _, err := readApart(ctx, data, imaging.Limits{})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		v, err := e.Embed(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		rows = append(rows, v)
	}
	return rows, nil
}
