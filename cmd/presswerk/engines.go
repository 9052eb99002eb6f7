package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// enginesCmd lists the engines, and takes a person's word that one may stand in for another.
type enginesCmd struct {
	List    enginesListCmd    `cmd:"" default:"withargs" help:"${engines_list}"`
	Consent enginesConsentCmd `cmd:"" help:"${engines_consent}"`
}

// enginesListCmd lists the engines.
type enginesListCmd struct {
	Pin string `name:"pin" placeholder:"ENGINE" help:"${flag_pin_servers}"`
}

// engineAnswer is one engine in the answer.
type engineAnswer struct {
	Name         string             `json:"name"`
	Version      string             `json:"version"`
	Ready        bool               `json:"ready"`
	Reason       string             `json:"reason,omitempty"`
	Capabilities []art.Capabilities `json:"capabilities"`
	Models       []modelAnswer      `json:"models"`
}

type modelAnswer struct {
	Name     string `json:"name"`
	Version  string `json:"version,omitempty"`
	SHA256   string `json:"sha256,omitempty"`
	License  string `json:"license,omitempty"`
	Shutdown string `json:"shutdown,omitempty"`
}

// Run says of each engine whether it is ready, what it can do and with which models.
func (c *enginesListCmd) Run(ctx context.Context, g *globals) error {
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written
	registry, err := t.engines(ctx)
	if err != nil {
		return err
	}
	if c.Pin != "" {
		if err := pin(ctx, registry, c.Pin); err != nil {
			return err
		}
	}
	table, err := engine.Shutdowns()
	if err != nil {
		return err
	}
	var all []engineAnswer
	for _, e := range registry.All() {
		info := e.Info()
		a := engineAnswer{Name: info.Name, Version: info.Version, Ready: info.Ready, Reason: info.Reason}
		models := slices.Clone(info.Models)
		for _, c := range engine.Films(e) {
			models = append(models, engine.Model{Capabilities: c})
		}
		for _, m := range models {
			ref := m.Capabilities.Model
			a.Capabilities = append(a.Capabilities, m.Capabilities)
			a.Models = append(a.Models, modelAnswer{ref.Name, ref.Version, ref.SHA256, m.ModelLicense, engine.ShutdownOf(info.Name, m, table)})
		}
		all = append(all, a)
	}
	return g.answer(struct {
		Engines []engineAnswer `json:"engines"`
	}{all}, func(w io.Writer) {
		for _, a := range all {
			fmt.Fprintf(w, "%-10s %-8s %t %s\n", a.Name, a.Version, a.Ready, a.Reason)
			for _, m := range a.Models {
				shutdown := ""
				if m.Shutdown != "" {
					shutdown = g.words.say("engine_shutdown", m.Shutdown)
				}
				fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %-12s %-6s %s  %s", m.Name, m.Version, m.License, shutdown), " "))
			}
		}
	})
}
