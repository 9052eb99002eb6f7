package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/finish"
	"presswerk/internal/imaging"
	"presswerk/internal/press"
	"presswerk/internal/prompt"
	"presswerk/internal/provenance"
)

// finishCmd makes master and renditions of one picture file, by a brand's rules.
type finishCmd struct {
	File    string `arg:"" type:"existingfile" help:"${arg_files}"`
	Out     string `short:"o" name:"out" type:"path" required:"" placeholder:"DIR" help:"${flag_out}"`
	Brand   string `name:"brand" required:"" placeholder:"ID" help:"${flag_brand}"`
	Channel string `name:"channel" placeholder:"NAME" help:"${flag_channel}"`
	Alt     string `name:"alt" required:"" help:"${flag_alt}"`
}

// Run writes the files and lists them.
func (c *finishCmd) Run(ctx context.Context, g *globals) error {
	ws, err := g.workspace("")
	if err != nil {
		return err
	}
	k, err := ws.ReadKit(c.Brand)
	if err != nil {
		return err
	}
	channels := k.Channels
	if c.Channel != "" {
		if channels, err = k.ChannelsNamed(strings.Split(c.Channel, ",")); err != nil {
			return err
		}
	}
	data, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("reading %s: %w", c.File, err)
	}
	t := newTools(g)
	t.ws = &ws
	defer t.close() //nolint:errcheck // files are written by then
	if _, err := probeApart(ctx, data, imaging.Limits{}); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	id, err := t.identity(ws)
	if err != nil {
		return err
	}
	origin, err := t.originOf(ctx, data)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	f, err := t.finisher(id, ws.signing())
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(filepath.Base(c.File), filepath.Ext(c.File))
	text := art.Text{art.English: c.Alt}
	out, err := f.Finish(ctx, finish.Input{
		Picture: data, Origin: origin, AssetID: art.Digest(data), Slug: prompt.Slugify(name), Title: text, Alt: text,
		Channels: channels, Layout: k.Layout, Finishing: k.Finishing, Rights: k.Rights, PromptInFiles: k.PromptMode(),
	})
	if err != nil {
		return err
	}
	if err := c.write(g, out); err != nil {
		return err
	}
	for _, r := range out.Renditions {
		if len(r.Checks) > 0 && !press.Passed(r.Checks) {
			return errNo
		}
	}
	return nil
}

// originOf is the digital source type that a file gives itself, in its manifest before its metadata.
func (t *tools) originOf(ctx context.Context, data []byte) (string, error) {
	lib, _ := t.library() // without it the metadata still say something
	v, err := provenance.Verify(ctx, data, provenance.VerifyOptions{Library: lib, Read: readApart})
	if err != nil {
		return "", err
	}
	if types := v.Layers.C2PA.SourceTypes; v.Layers.C2PA.State != provenance.Invalid && len(types) > 0 {
		return types[0], nil
	}
	return v.Layers.Metadata.SourceType, nil
}

func (c *finishCmd) write(g *globals, out finish.Output) error {
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return fmt.Errorf("making %s: %w", c.Out, err)
	}
	var all []art.Rendition
	for _, f := range append([]finish.File{out.Master}, out.Renditions...) {
		if err := writeWhole(filepath.Join(c.Out, f.Name), f.Data); err != nil {
			return err
		}
		all = append(all, f.Rendition)
	}
	return g.answer(struct {
		Files []art.Rendition `json:"files"`
	}{all}, func(w io.Writer) {
		for _, r := range all {
			fmt.Fprintf(w, "%-60s %5d×%-5d %8d  %s\n", r.Name, r.Width, r.Height, r.Bytes, r.C2PA)
			g.checkLines(w, r.Checks)
		}
	})
}
