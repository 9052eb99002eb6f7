package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"presswerk/internal/art"
	"presswerk/internal/modelstore"
)

// modelsAddCmd takes a model from the disk into the store.
type modelsAddCmd struct {
	Path    string `arg:"" type:"existingpath" placeholder:"DIR|FILE" help:"${arg_add}"`
	As      string `name:"as" placeholder:"NAME[@VERSION]" help:"${flag_as}"`
	Kind    string `name:"kind" placeholder:"KIND" help:"${flag_kind}"`
	License string `name:"licence" aliases:"license" placeholder:"ID" help:"${flag_licence}"`
	Encrypt bool   `name:"encrypt" help:"${flag_encrypt}"`
}

// Run copies the model in, or says why it is none.
func (c *modelsAddCmd) Run(ctx context.Context, g *globals) error {
	o := modelstore.AddOptions{Kind: c.Kind, License: c.License}
	o.Name, o.Version, _ = strings.Cut(c.As, "@")
	if c.Encrypt {
		ws, err := g.workspace("")
		if err != nil {
			return err
		}
		key, err := ws.modelKey(true)
		if err != nil {
			return err
		}
		o.Recipient = key.Recipient()
	}
	bars := newTransfers(g)
	o.Progress = bars.show
	m, err := g.store().Add(ctx, c.Path, o)
	bars.close()
	if err != nil {
		return err
	}
	if m.Encrypted {
		g.note("%s", g.words.say("models_sealed", c.Path))
	}
	if err := g.draftFor(m); err != nil {
		return err
	}
	return g.kept(m)
}

// modelKey is the age identity of the workspace for encrypted models, in its keys folder, which backups hold. It is made
// when somebody first encrypts.
func (w workspaceDir) modelKey(create bool) (*age.X25519Identity, error) {
	file := filepath.Join(w.data(), keysName, "models", "identity.txt")
	data, err := os.ReadFile(file)
	if err == nil {
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				key, err := age.ParseX25519Identity(line)
				if err != nil {
					return nil, fmt.Errorf("%s holds no age identity: %w: %w", file, err, art.ErrInvalid)
				}
				return key, nil
			}
		}
		return nil, fmt.Errorf("%s is empty: %w", file, art.ErrInvalid)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading the workspace's key for models: %w", err)
	}
	if !create {
		return nil, fmt.Errorf("the workspace %s has no key for encrypted models; restore it from a backup, or use the workspace that encrypted them: %w", w.Name, art.ErrRefused)
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	text := fmt.Sprintf("# The key of this workspace's encrypted models. Whoever has it can read them; without it nobody can.\n# public key: %s\n%s\n", key.Recipient(), key)
	return key, writeSecret(file, []byte(text))
}

// writeSecret writes a file that only its owner may read, whole or not at all.
func writeSecret(file string, data []byte) error {
	tmp := file + ".new"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return fmt.Errorf("writing %s (is the disk full?): %w", file, err)
	}
	if err := os.Rename(tmp, file); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return nil
}
