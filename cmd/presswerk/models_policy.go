package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
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
