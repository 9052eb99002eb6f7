package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"presswerk/internal/art"
)

// enginesConsentCmd takes a person's word that one engine may stand in for another in a brand's pictures.
type enginesConsentCmd struct {
	From  string `arg:"" optional:"" help:"${arg_from}"`
	To    string `arg:"" optional:"" help:"${arg_to}"`
	Brand string `name:"brand" placeholder:"ID" help:"${flag_brand}"`
	By    string `name:"by" placeholder:"NAME" help:"${flag_by}"`
}

// Run writes the consent into models/consents.yaml; without names it lists what was agreed.
func (c *enginesConsentCmd) Run(ctx context.Context, g *globals) error {
	ws, err := g.workspace("")
	if err != nil {
		return err
	}
	if c.From == "" {
		all, err := ws.consents()
		if err != nil {
			return err
		}
		return g.consents(all)
	}
	if err := c.check(ctx, g, ws); err != nil {
		return err
	}
	agreed := art.Consent{Brand: c.Brand, From: c.From, To: c.To, By: c.By, Date: time.Now().Format(time.DateOnly)}
	if err := ws.Consent(agreed); err != nil {
		return err
	}
	return g.consents([]art.Consent{agreed})
}

// check makes sure that brand, engines and person are there.
func (c *enginesConsentCmd) check(ctx context.Context, g *globals, ws workspaceDir) error {
	switch {
	case c.To == "" || c.To == c.From:
		return art.Invalid("to", "an engine stands in for another one", "write presswerk engines consent FROM TO --brand BRAND --by NAME")
	case strings.TrimSpace(c.By) == "":
		return art.Invalid("by", "a consent needs the name of who gives it: the look of the brand's pictures changes", "say --by NAME")
	}
	var err error
	if c.Brand, err = ws.onlyBrand(c.Brand); err != nil {
		return err
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written
	t.ws = &ws
	registry, err := t.engines(ctx)
	if err != nil {
		return err
	}
	for _, name := range []string{c.From, c.To} {
		if _, err := registry.Get(name); err != nil {
			return err
		}
	}
	return nil
}

// consents says who has agreed to what.
func (g *globals) consents(all []art.Consent) error {
	return g.answer(struct {
		Consents []art.Consent `json:"consents"`
	}{append([]art.Consent{}, all...)}, func(w io.Writer) {
		for _, c := range all {
			fmt.Fprintln(w, g.words.say("consented", c.Brand, c.To, c.From, c.By, c.Date))
		}
		if len(all) == 0 {
			fmt.Fprintln(w, g.words.say("consent_none"))
		}
	})
}

// consents are what persons have agreed to in the workspace.
func (w workspaceDir) consents() ([]art.Consent, error) {
	policy, err := w.ReadModels()
	return policy.Consents, err
}
