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
	"time"

	"presswerk/internal/art"
	"presswerk/internal/blob"
	"presswerk/internal/provenance"
	"presswerk/internal/provenance/watermark"
	"presswerk/internal/store"
	"presswerk/internal/web"
)

// verifyCmd says what a file tells about its origin.
type verifyCmd struct {
	File string `arg:"" type:"existingfile" help:"${arg_files}"`
}

// Run asks every layer; exit 1 when the manifest is broken. It works outside a workspace, too: then no root is trusted
// and no fingerprint is known.
func (c *verifyCmd) Run(ctx context.Context, g *globals) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("reading %s: %w", c.File, err)
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written
	o, done, err := verifyOptions(ctx, g, t, c.File)
	if err != nil {
		return err
	}
	defer done()
	v, err := provenance.Verify(ctx, data, o)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if err := g.answer(v, func(w io.Writer) { verifyText(w, g.words, v) }); err != nil {
		return err
	}
	if v.Verdict == provenance.Tampered {
		return errNo
	}
	return nil
}

// verifyOptions trusts the root of the workspace, if there is one around the file or named by --workspace.
func verifyOptions(ctx context.Context, g *globals, t *tools, near string) (provenance.VerifyOptions, func(), error) {
	var o provenance.VerifyOptions
	lib, err := t.library()
	if err != nil {
		g.note("%v", err)
	}
	o.Library, o.Poster, o.Read = lib, t.poster, readApart
	ws, err := g.workspace(near)
	if errors.Is(err, art.ErrNotFound) && g.Workspace == "" {
		return o, func() {}, nil
	}
	if err != nil {
		return o, nil, err
	}
	if _, err := os.Stat(ws.signing()); err == nil {
		id, err := t.identity(ws)
		if err != nil {
			return o, nil, err
		}
		o.Anchors = id.Anchors()
	}
	key, err := provenance.MarkKey(ws.signing())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return o, nil, err
	}
	if err == nil {
		o.Mark, o.Search = watermark.New(key), watermark.Everything()
	}
	if _, err := os.Stat(ws.database()); errors.Is(err, fs.ErrNotExist) {
		return o, func() {}, nil // nothing was made here yet
	}
	db, err := store.Open(ctx, ws.database())
	if err != nil {
		return o, nil, err
	}
	blobs, err := blob.Open(filepath.Join(ws.data(), blobsName))
	if err != nil {
		return o, nil, errors.Join(err, db.Close())
	}
	l := &line{db: db}
	o.Lookup, o.Numbers, o.Recover = l.lookup, l.numberOf, resolver(db, blobs, o.Mark, o.Search).Recover
	return o, func() { _ = errors.Join(blobs.Close(), db.Close()) }, nil
}

func verifyText(w io.Writer, words words, v provenance.Verification) {
	say := func(key string, args ...any) string { return web.Say(words.lang, key, args...) }
	c := v.Layers.C2PA
	fmt.Fprintf(w, "%s\n", v.Verdict)
	fmt.Fprintf(w, "  C2PA         %s %s\n", c.State, strings.TrimSpace(c.Generator+" "+strings.Join(c.Codes, " ")+c.Reason))
	if c.StampedAt != nil {
		fmt.Fprintf(w, "               %s\n", c.StampedAt.UTC().Format(time.RFC3339))
	}
	fmt.Fprintf(w, "  XMP          %s %s\n", v.Layers.Metadata.SourceType, v.Layers.Metadata.Credit)
	m := v.Layers.Watermark
	fmt.Fprintf(w, "  watermark    %s\n", strings.TrimSpace(fmt.Sprintf("%t %s %s %s", m.Found, m.ID, m.Asset, m.Reason)))
	fmt.Fprintf(w, "  fingerprint  %s\n", v.Layers.Fingerprint.Match)
	for _, f := range v.Findings {
		fmt.Fprintf(w, "  %s: %s\n", say("layer_"+f.Layer), say("sure_"+string(f.Sure)))
	}
	if r := v.Recovered; r != nil {
		fmt.Fprintf(w, "%s\n  %s\n", say(r.Sentence(), say("found_"+r.By), r.File), r.ID)
	}
	for _, s := range steps(v) {
		fmt.Fprintf(w, "  %s%s\n", strings.Repeat("  ", s.Depth), strings.Join(append([]string{s.Title, s.Generator, s.Signer}, s.Actions...), " · "))
	}
	if len(v.Unsure) > 0 {
		fmt.Fprintln(w, say("unsure"))
	}
	for _, d := range v.Unsure {
		fmt.Fprintf(w, "  %s\n", say("doubt_"+d))
	}
}

// steps are the history of a file, or of what it was.
func steps(v provenance.Verification) []provenance.Step {
	if v.Recovered != nil {
		return v.Recovered.History
	}
	return v.History
}
