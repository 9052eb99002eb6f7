package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"presswerk/internal/art"
)

// mustAccept makes sure that somebody has accepted a licence for the workspace around: an earlier record, the name that was
// given, or an answer on the terminal. Otherwise the answer is no.
func (g *globals) mustAccept(model string, l art.License, who string) error {
	ws, err := g.workspace("")
	if err != nil {
		return fmt.Errorf("the licence %s of %s is accepted for a workspace: %w", l.ID, model, err)
	}
	known, err := ws.ReadModels()
	if err != nil {
		return err
	}
	if known.Accepts(l.ID) {
		return nil
	}
	text := licenseText(g.words, model, l)
	g.note("%s", text)
	if who == "" {
		who = g.askName()
	}
	if who == "" {
		return &art.FieldError{
			Field: "licence", Reason: fmt.Sprintf("nobody has accepted %s for this workspace", l.ID),
			Remedy: "read it, then call again with --accept-licence and the name of whoever accepts it", Kind: art.ErrRefused,
		}
	}
	err = ws.Accept(art.Acceptance{License: l.ID, Model: model, SHA256: art.Digest([]byte(text)), By: who, Date: time.Now().Format(time.DateOnly)})
	if err == nil {
		g.note("%s", g.words.say("licence_accepted", l.ID, who))
	}
	return err
}

// licenseText is what a person is shown: the licence's name, where its text stands, and its points in short.
func licenseText(words words, model string, l art.License) string {
	return words.say("licence_shown", model, cmp.Or(l.Name, l.ID), l.URL, l.Summary.In(words.lang))
}

// askName asks on the terminal; elsewhere nobody answers.
func (g *globals) askName() string {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return ""
	}
	g.note("%s", g.words.say("licence_ask"))
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		return ""
	}
	return strings.TrimSpace(line)
}

// modelsAcceptCmd records that somebody has accepted a model's licence.
type modelsAcceptCmd struct {
	Name   string `arg:"" help:"${arg_model}"`
	Accept string `name:"accept-licence" aliases:"accept-license,by" placeholder:"NAME" help:"${flag_accept}"`
}

// Run shows the licence and writes the record into models/licences.yaml.
func (c *modelsAcceptCmd) Run(_ context.Context, g *globals) error {
	here, err := g.inventory()
	if err != nil {
		return err
	}
	card, err := here.cardOf(c.Name)
	if err != nil {
		return err
	}
	if err := g.mustAccept(card.Model, card.License, c.Accept); err != nil {
		return err
	}
	return g.answer(card.License, func(w io.Writer) { fmt.Fprintln(w, card.License.ID) })
}

// modelsPinCmd ties a brand's production to one exact model.
type modelsPinCmd struct {
	Name   string `arg:"" placeholder:"NAME[@VERSION]" help:"${arg_model}"`
	Brand  string `name:"brand" placeholder:"ID" help:"${flag_brand}"`
	By     string `name:"by" placeholder:"NAME" help:"${flag_by}"`
	Reason string `name:"reason" placeholder:"WHY" help:"${flag_reason}"`
	Remove bool   `name:"remove" help:"${flag_unpin}"`
}

// Run writes models/pins.yaml.
func (c *modelsPinCmd) Run(_ context.Context, g *globals) error {
	ws, err := g.workspace("")
	if err != nil {
		return err
	}
	brand, err := ws.onlyBrand(c.Brand)
	if err != nil {
		return err
	}
	if c.Remove {
		name, _, _ := strings.Cut(c.Name, "@")
		if err := ws.Unpin(brand, name); err != nil {
			return err
		}
		return g.answer(struct{}{}, func(w io.Writer) { fmt.Fprintln(w, g.words.say("unpinned", brand, name)) })
	}
	here, err := g.inventory()
	if err != nil {
		return err
	}
	m, err := here.usable(c.Name)
	if err != nil {
		return err
	}
	ref := m.Capabilities.Model
	if ref.SHA256 == "" {
		return art.Unsupported("model", fmt.Sprintf("%s of %s has no SHA-256 that could be pinned", ref.Name, m.Engine), "pin a model of this machine")
	}
	who := cmp.Or(c.By, g.settings.User)
	if who == "" {
		return art.Invalid("by", "nobody is named", "say who pins it: --by NAME")
	}
	pin := art.Pin{Brand: brand, Model: ref.Name, Version: ref.Version, SHA256: ref.SHA256, By: who, Date: time.Now().Format(time.DateOnly), Reason: c.Reason}
	if err := ws.Pin(pin); err != nil {
		return err
	}
	return g.answer(pin, func(w io.Writer) { fmt.Fprintln(w, g.words.say("pinned", brand, ref.Name, ref.Version, ref.SHA256)) })
}

// onlyBrand is the brand that is named, or the only one that there is.
func (w workspaceDir) onlyBrand(name string) (string, error) {
	if name != "" {
		_, err := w.ReadKit(name)
		return name, err
	}
	kits, err := filepath.Glob(filepath.Join(w.Dir, "brands", "*", "kit.yaml"))
	if err != nil {
		return "", fmt.Errorf("looking for brands: %w", err)
	}
	if len(kits) != 1 {
		return "", art.Invalid("brand", fmt.Sprintf("the workspace has %d brands", len(kits)), "name one: --brand ID")
	}
	return filepath.Base(filepath.Dir(kits[0])), nil
}
