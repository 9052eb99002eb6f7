package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/model"
	"presswerk/internal/onnx"
	"presswerk/internal/vision"
)

// controlDir is where the networks of preprocessors lie below a native folder.
const controlDir = "models/control"

// controlCmd makes the control picture of one kind.
type controlCmd struct {
	Kind      string   `arg:"" optional:"" help:"${arg_kind}"`
	File      string   `arg:"" optional:"" type:"existingfile" help:"${arg_picture}"`
	Out       string   `short:"o" name:"out" type:"path" placeholder:"PNG" help:"${flag_png}"`
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

// Run writes the PNG whole or not at all. Without a kind it lists the kinds.
func (c *controlCmd) Run(ctx context.Context, g *globals) error {
	if c.Kind == "" {
		return listControls(g)
	}
	if c.Kind == layoutKind {
		return c.layout(g)
	}
	kind, err := vision.PreprocessorOf(c.Kind)
	if err != nil {
		return err
	}
	if err := c.complete(); err != nil {
		return err
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // the picture is written by then
	p, err := readPicture(ctx, c.File)
	if err != nil {
		return err
	}
	networks, err := t.networks(kind)
	if err != nil {
		return err
	}
	levers := c.levers()
	drawn, err := kind.Make(ctx, p, networks, levers)
	if err != nil {
		return err
	}
	for _, l := range kind.Levers {
		if _, set := levers[l.Name]; !set {
			levers[l.Name] = l.Default
		}
	}
	return c.write(g, drawn, levers)
}

// layoutKind is drawn from a list of boxes instead of a picture.
const layoutKind = "layout"

func (c *controlCmd) layout(g *globals) error {
	if err := c.complete(); err != nil {
		return err
	}
	if levers := c.levers(); len(levers) > 0 {
		return art.Invalid("kind", "layout has no lever", "leave them out")
	}
	data, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("reading the layout: %w", err)
	}
	l, err := vision.ReadLayout(data)
	if err != nil {
		return err
	}
	drawn, err := l.Draw()
	if err != nil {
		return err
	}
	return c.write(g, drawn, map[string]float64{})
}

// complete refuses a call that lacks a file.
func (c *controlCmd) complete() error {
	if c.File == "" || c.Out == "" {
		return art.Invalid("file", "control needs a picture and a place for the control picture", "write: presswerk control "+c.Kind+" FILE -o PNG")
	}
	return nil
}

func (c *controlCmd) write(g *globals, drawn *imaging.RGB, levers map[string]float64) error {
	data, err := imaging.Encode(drawn, imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		return err
	}
	if err := writeWhole(c.Out, data); err != nil {
		return err
	}
	answer := controlled{Kind: c.Kind, File: c.Out, Width: drawn.Width, Height: drawn.Height, Levers: levers, SHA256: art.Digest(data)}
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

// listed is a kind of control picture, and what it lacks on this machine.
type listed struct {
	vision.Preprocessor
	Ready   bool             `json:"ready"`
	Missing []vision.Network `json:"missing"`
}

func listControls(g *globals) error {
	var answer struct {
		Kinds []listed `json:"kinds"`
	}
	for _, kind := range vision.Preprocessors() {
		l := listed{Preprocessor: kind, Missing: []vision.Network{}}
		for _, n := range kind.Networks {
			if _, err := os.Stat(g.controlNetwork(n)); err != nil {
				l.Missing = append(l.Missing, vision.Network{File: g.controlNetwork(n), Remedy: n.Remedy})
			}
		}
		l.Ready = len(l.Missing) == 0
		answer.Kinds = append(answer.Kinds, l)
	}
	drawn := listed{Preprocessor: vision.Preprocessor{Kind: layoutKind, Levers: []vision.Lever{}, Networks: []vision.Network{}}, Ready: true, Missing: []vision.Network{}}
	answer.Kinds = append(answer.Kinds, drawn)
	return g.answer(answer, func(w io.Writer) {
		for _, k := range answer.Kinds {
			fmt.Fprintf(w, "%-15s %s", k.Kind, g.words.say("draws_"+k.Kind))
			for _, l := range k.Levers {
				fmt.Fprintf(w, "  --%s %v", l.Name, l.Default)
			}
			fmt.Fprintln(w)
			for _, n := range k.Missing {
				fmt.Fprintf(w, "%15s %s\n", "", g.words.say("control_missing", n.File, g.remedy(n)))
			}
		}
	})
}

// remedy says in the user's language how to get a network.
func (g *globals) remedy(n vision.Network) string {
	if n.Remedy == vision.Fetched {
		return g.words.say("get_tools")
	}
	return g.words.say("get_" + strings.TrimSuffix(filepath.Base(n.File), filepath.Ext(n.File)))
}

// controlNetwork is where the file of a network lies.
func (g *globals) controlNetwork(n vision.Network) string {
	return g.settings.native(filepath.Join(controlDir, n.File))
}

// networks opens what a preprocessor needs, which may be nothing.
func (t *tools) networks(kind vision.Preprocessor) (opened []vision.Runner, err error) {
	for _, n := range kind.Networks {
		path := t.g.controlNetwork(n)
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s needs %s, which is missing: %s: %w", kind.Kind, path, t.g.remedy(n), art.ErrUnavailable)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the network of %s: %w", kind.Kind, err)
		}
		s, err := t.network(path, data, t.g.settings.Threads)
		if err != nil {
			return nil, err
		}
		opened = append(opened, s)
	}
	return opened, nil
}

// network opens a file, whose format its name says: it is converted here where it isn't ONNX, which takes a moment only. It
// computes with so many threads; 0 is all.
func (t *tools) network(path string, data []byte, threads int) (vision.Runner, error) {
	rt, err := onnx.Open(t.g.settings.native(onnxLibrary))
	if err != nil {
		return nil, err
	}
	t.later(rt.Close)
	options := onnx.Options{IntraOpThreads: threads, Providers: t.providers()}
	convert := map[string]func([]byte) ([]byte, error){".tflite": model.ConvertTFLite, ".h5": model.ConvertHED}[filepath.Ext(path)]
	var s *onnx.Session
	if convert == nil {
		s, err = rt.Load(path, options) // by name, as its weights may lie beside it
	} else if data, err = convert(data); err == nil {
		s, err = rt.LoadBytes(path, data, options)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	t.later(s.Close)
	return s, nil
}
