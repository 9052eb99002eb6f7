package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"presswerk/internal/imaging"
	"presswerk/internal/vision"
)

// controls makes the control picture of every picture as the renderer's own preprocessor makes it, at the size that is
// trained at.
func (j *job) controls(ctx context.Context, t *tools) error {
	kind, err := vision.PreprocessorOf(j.Control)
	if err != nil {
		return err
	}
	networks, err := t.networks(kind)
	if err != nil {
		return err
	}
	dir := filepath.Join(j.Out, "controls")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making control pictures: %w", err)
	}
	made := map[string]string{}
	for _, list := range [][]lesson{j.Pictures, j.Validation} {
		for i := range list {
			file := list[i].File
			if made[file] == "" {
				made[file] = filepath.Join(dir, fmt.Sprintf("%05d.png", len(made)))
				if err := j.controlOf(ctx, func(p *imaging.RGB) (*imaging.RGB, error) { return kind.Make(ctx, p, networks, nil) }, file, made[file]); err != nil {
					return fmt.Errorf("the control picture of %s: %w", file, err)
				}
			}
			list[i].Control = made[file]
		}
	}
	return nil
}

func (j *job) controlOf(ctx context.Context, draw func(*imaging.RGB) (*imaging.RGB, error), file, to string) error {
	p, err := readPicture(ctx, file)
	if err != nil {
		return err
	}
	if p, err = imaging.CoverCrop(p, float64(j.Width)/float64(j.Height)); err != nil {
		return err
	}
	if p, err = imaging.Resize(p, j.Width, j.Height); err != nil {
		return err
	}
	drawn, err := draw(p)
	if err != nil {
		return err
	}
	data, err := imaging.Encode(drawn, imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		return err
	}
	return writeWhole(to, data)
}
