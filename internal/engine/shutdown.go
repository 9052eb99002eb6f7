package engine

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"presswerk/internal/art"
)

//go:embed shutdowns.json
var shutdowns []byte

// Shutdowns are the days on which providers take models away, as far as they are known to this release. They are second-hand
// where they name another source than the provider. What an engine says of its own models stands over them, and what a
// workspace writes into models/shutdowns.yaml over both.
func Shutdowns() ([]art.Shutdown, error) {
	var table struct {
		Shutdowns []art.Shutdown `json:"shutdowns"`
	}
	if err := json.Unmarshal(shutdowns, &table); err != nil {
		return nil, fmt.Errorf("engine: reading the table of shutdowns: %w", err)
	}
	return table.Shutdowns, nil
}

// Endings lists every model of which a last day is known, each once: the workspace's own word before the engine's, that
// before the table's. A successor that the first of them doesn't name is taken from the next one that does.
func Endings(own []art.Shutdown, engines []Info, table []art.Shutdown) []art.Shutdown {
	said := slices.Clone(own)
	for _, info := range engines {
		for _, m := range info.Models {
			if m.Shutdown != "" {
				said = append(said, art.Shutdown{
					Engine: info.Name, Model: m.Capabilities.Model.Name, Date: m.Shutdown, Source: "the engine's adapter", Read: dated(m), Instead: m.Instead,
				})
			}
		}
	}
	var all []art.Shutdown
	for _, s := range append(said, table...) {
		at := slices.IndexFunc(all, func(o art.Shutdown) bool { return o.Engine == s.Engine && o.Model == s.Model })
		switch {
		case at < 0:
			all = append(all, s)
		case all[at].Instead == "":
			all[at].Instead = s.Instead
		}
	}
	return all
}

func dated(m Model) string {
	if m.Service == nil {
		return ""
	}
	return m.Service.Dated
}

// ShutdownOf finds the day on which an engine's model goes away, YYYY-MM-DD, among endings. "" means that nobody knows of any.
func ShutdownOf(engine, model string, endings []art.Shutdown) string {
	for _, s := range endings {
		if s.Engine == engine && s.Model == model {
			return s.Date
		}
	}
	return ""
}
