package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"presswerk/internal/access"
)

// keysCmd is about API keys.
type keysCmd struct {
	New  keysNewCmd  `cmd:"" help:"${keys_new}"`
	List keysListCmd `cmd:"" default:"1" help:"${keys_list}"`
}

func (w workspaceDir) keyRing() string { return filepath.Join(w.data(), keysName, "api.json") }

type keysNewCmd struct {
	Scopes string `name:"scopes" default:"all" help:"${flag_scopes}"`
	Name   string `name:"name" default:"key" help:"${flag_key_name}"`
}

// Run prints the new key once; only its hash is kept.
func (c *keysNewCmd) Run(g *globals) error {
	scopes, err := access.ParseScopes(c.Scopes)
	if err != nil {
		return err
	}
	ws, err := g.workspace("")
	if err != nil {
		return err
	}
	secret, err := newKey(ws, c.Name, scopes)
	if err != nil {
		return err
	}
	return g.answer(struct {
		Key    string         `json:"key"`
		Name   string         `json:"name"`
		Scopes []access.Scope `json:"scopes"`
	}{secret, c.Name, scopes}, func(w io.Writer) { fmt.Fprintln(w, secret) })
}

func newKey(ws workspaceDir, name string, scopes []access.Scope) (string, error) {
	ring, err := access.Load(ws.keyRing())
	if err != nil {
		return "", err
	}
	secret, ring, err := ring.Add(name, scopes, time.Now(), rand.Reader)
	if err != nil {
		return "", err
	}
	return secret, ring.Save(ws.keyRing())
}

type keysListCmd struct{}

// Run lists what is known of the keys, never the keys themselves.
func (*keysListCmd) Run(g *globals) error {
	ws, err := g.workspace("")
	if err != nil {
		return err
	}
	ring, err := access.Load(ws.keyRing())
	if err != nil {
		return err
	}
	return g.answer(struct {
		Keys []access.Key `json:"keys"`
	}{append([]access.Key{}, ring.Keys...)}, func(w io.Writer) {
		for _, k := range ring.Keys {
			names := make([]string, len(k.Scopes))
			for i, s := range k.Scopes {
				names[i] = string(s)
			}
			fmt.Fprintf(w, "%-16s %-20s %s\n", k.Name, strings.Join(names, ","), k.Created.Format(time.DateOnly))
		}
	})
}
