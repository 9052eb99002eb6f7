package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	"presswerk/internal/imaging"
	"presswerk/internal/provenance/robustness"
	"presswerk/internal/workspace"
)

// markingPictures are up to so many pictures: those of a folder, then the drawings that come along with the example, then generated
// scenes, taken in turn so that the first few have some of each.
func markingPictures(ctx context.Context, g *globals, dir string, side, limit int) ([]robustness.Picture, error) {
	var sources [][]robustness.Picture
	if dir != "" {
		files, err := pictureFiles(os.DirFS(dir), "", func(name string, reason error) { g.note("%s", g.words.say("marking_left_out", name, reason)) })
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", dir, err)
		}
		sources = append(sources, files)
	}
	drawings, err := pictureFiles(workspace.ExampleDrawings(), robustness.Flat, func(string, error) {})
	if err != nil {
		return nil, err
	}
	scenes := make([]robustness.Picture, limit)
	for i := range scenes {
		scenes[i] = robustness.Picture{
			ID: fmt.Sprintf("scene-%04d", i), Name: fmt.Sprintf("scene %d", i), Group: robustness.Scenes,
			Open: func(context.Context) (*imaging.RGB, error) { return robustness.Scene(side, side*3/4, uint64(i)) },
		}
	}
	sources = append(sources, drawings, scenes)
	var all []robustness.Picture
	for i := 0; len(all) < limit; i++ {
		for _, s := range sources {
			if i < len(s) && len(all) < limit {
				all = append(all, s[i])
			}
		}
	}
	return all, ctx.Err()
}

// pictureFiles are the pictures of a folder and the folders in it, by name; files with the same bytes count once, and other files are
// told of when they pretend to be pictures.
func pictureFiles(files fs.FS, group robustness.Group, leftOut func(name string, reason error)) ([]robustness.Picture, error) {
	var all []robustness.Picture
	seen := map[string]bool{}
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !slices.Contains([]string{".png", ".jpg", ".jpeg", ".webp", ".avif", ".tif", ".tiff"}, path.Ext(name)) {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if _, err := imaging.Probe(data, imaging.Limits{}); err != nil {
			leftOut(name, err)
			return nil
		}
		sum := sha256.Sum256(data)
		id := hex.EncodeToString(sum[:8])
		if seen[id] {
			return nil
		}
		seen[id] = true
		all = append(all, robustness.Picture{ID: id, Name: name, Group: group, Open: func(ctx context.Context) (*imaging.RGB, error) {
			data, err := fs.ReadFile(files, name)
			if err != nil {
				return nil, err
			}
			return imaging.Decode(ctx, data, imaging.Limits{})
		}})
		return nil
	})
	return all, err
}
