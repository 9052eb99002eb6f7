package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
	"presswerk/internal/vision"
)

// controlDir is where the networks of preprocessors lie below a native folder.
const controlDir = "models/control"

// controlCmd makes the control picture of one kind.
type controlCmd struct {
	Kind      string   `arg:"" help:"${arg_kind}"`
	File      string   `arg:"" type:"existingfile" help:"${arg_picture}"`
	Out       string   `short:"o" name:"out" type:"path" required:"" placeholder:"PNG" help:"${flag_png}"`
	Low       *float64 `name:"low" placeholder:"N" help:"${flag_low}"`
	High      *float64 `name:"high" placeholder:"N" help:"${flag_high}"`
	Threshold *float64 `name:"threshold" placeholder:"N" help:"${flag_threshold}"`
}

// controlled is the answer of control.
type controlled struct {
	Kind   string             `json:"kind"`
	File   string             `json:"file"`
	Width  int                `json:"width"`
	Height int                `json:"height"`
	Levers map[string]float64 `json:"levers"`
	SHA256 string             `json:"sha256"` // of the file
}

// Run writes the PNG whole or not at all.
func (c *controlCmd) Run(ctx context.Context, g *globals) error {
	kind, err := vision.PreprocessorOf(c.Kind)
	if err != nil {
		return err
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // the picture is written by then
	p, err := readPicture(ctx, c.File)
	if err != nil {
		return err
	}
	network, err := t.network(kind)
	if err != nil {
		return err
	}
	levers := c.levers()
	drawn, err := kind.Make(ctx, p, network, levers)
	if err != nil {
		return err
	}
	data, err := imaging.Encode(drawn.RGB(), imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		return err
	}
	if err := writeWhole(c.Out, data); err != nil {
		return err
	}
	for _, l := range kind.Levers {
		if _, set := levers[l.Name]; !set {
			levers[l.Name] = l.Default
		}
	}
	answer := controlled{Kind: kind.Kind, File: c.Out, Width: drawn.Width, Height: drawn.Height, Levers: levers, SHA256: art.Digest(data)}
	return g.answer(answer, func(w io.Writer) { fmt.Fprintln(w, answer.File) })
}

// levers are those that were set.
func (c *controlCmd) levers() map[string]float64 {
	set := map[string]float64{}
	for name, v := range map[string]*float64{"low": c.Low, "high": c.High, "threshold": c.Threshold} {
		if v != nil {
			set[name] = *v
		}
	}
	return set
}

// network opens what a preprocessor needs, which may be nothing.
func (t *tools) network(kind vision.Preprocessor) (vision.Runner, error) {
	if kind.Network == "" {
		return nil, nil //nolint:nilnil // arithmetic needs no network
	}
	path := t.g.settings.native(filepath.Join(controlDir, kind.Network))
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s needs %s, which is missing: %s: %w", kind.Kind, path, kind.Remedy, art.ErrUnavailable)
	}
	rt, err := onnx.Open(t.g.settings.native(onnxLibrary))
	if err != nil {
		return nil, err
	}
	t.later(rt.Close)
	s, err := rt.Load(path, onnx.Options{IntraOpThreads: t.g.settings.Threads, Providers: t.providers()})
	if err != nil {
		return nil, err
	}
	t.later(s.Close)
	return s, nil
}
