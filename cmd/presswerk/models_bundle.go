package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"presswerk/internal/art"
	"presswerk/internal/modelstore"
)

// modelsExportCmd writes models into a signed bundle.
type modelsExportCmd struct {
	Names []string `arg:"" placeholder:"NAME" help:"${arg_models}"`
	Out   string   `short:"o" name:"out" type:"path" required:"" placeholder:"FILE" help:"${flag_bundle}"`
}

// Run writes FILE and, for whoever imports it, FILE.pub with the public key.
func (c *modelsExportCmd) Run(ctx context.Context, g *globals) error {
	models, err := g.stored(c.Names)
	if err != nil {
		return err
	}
	key, err := g.store().Key(rand.Reader)
	if err != nil {
		return err
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return art.Invalid("key", "is no ed25519 key", "")
	}
	pem, err := modelstore.EncodePublicKey(public)
	if err != nil {
		return err
	}
	bars := newTransfers(g)
	size, err := writeBundle(ctx, g, c.Out, models, key, bars.show)
	bars.close()
	if err != nil {
		return err
	}
	if err := writeWhole(c.Out+".pub", pem); err != nil {
		return err
	}
	print := modelstore.Fingerprint(public)
	return g.answer(struct {
		File   string                `json:"file"`
		Key    string                `json:"key"` // fingerprint
		Bytes  int64                 `json:"bytes"`
		Models []modelstore.Manifest `json:"models"`
	}{c.Out, print, size, models}, func(w io.Writer) {
		fmt.Fprintln(w, g.words.say("bundle_written", c.Out, len(models), float64(size)/1e6, print))
	})
}

// writeBundle writes beside the bundle's place and renames.
func writeBundle(ctx context.Context, g *globals, out string, models []modelstore.Manifest, key ed25519.PrivateKey, progress modelstore.Progress) (size int64, err error) {
	tmp, err := os.CreateTemp(filepath.Dir(out), ".presswerk-bundle-")
	if err != nil {
		return 0, fmt.Errorf("writing %s: %w", out, err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // renamed by then, or not wanted
	size, err = g.store().Export(ctx, tmp, models, key, progress)
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close()); err != nil {
		return size, fmt.Errorf("writing %s: %w", out, err)
	}
	if err := os.Rename(tmp.Name(), out); err != nil {
		return size, fmt.Errorf("writing %s: %w", out, err)
	}
	return size, nil
}

// modelsImportCmd takes the models of a bundle.
type modelsImportCmd struct {
	File  string   `arg:"" type:"existingfile" help:"${arg_bundle}"`
	Key   string   `name:"key" type:"existingfile" placeholder:"FILE" help:"${flag_bundle_key}"`
	Trust []string `name:"trust" placeholder:"FINGERPRINT" help:"${flag_trust}"`
}

// Run checks who signed before anything is taken; the store's own key is trusted.
func (c *modelsImportCmd) Run(ctx context.Context, g *globals) error {
	trusted, err := c.trusted(g)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("opening %s: %w", c.File, err)
	}
	defer f.Close()
	bars := newTransfers(g)
	models, err := g.store().Import(ctx, f, func(fingerprint string) bool { return trusted[fingerprint] }, bars.show)
	bars.close()
	if err != nil {
		return err
	}
	return g.kept(models...)
}

func (c *modelsImportCmd) trusted(g *globals) (map[string]bool, error) {
	trusted := map[string]bool{}
	for _, t := range c.Trust {
		trusted[t] = true
	}
	if c.Key != "" {
		data, err := os.ReadFile(c.Key)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", c.Key, err)
		}
		key, err := modelstore.DecodePublicKey(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Key, err)
		}
		return map[string]bool{modelstore.Fingerprint(key): true}, nil // this one and nobody else
	}
	key, err := g.store().Key(rand.Reader)
	if err != nil {
		return nil, err
	}
	if public, ok := key.Public().(ed25519.PublicKey); ok {
		trusted[modelstore.Fingerprint(public)] = true
	}
	return trusted, nil
}
