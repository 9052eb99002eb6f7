package engine

import (
	_ "embed"
	"encoding/json"
	"fmt"

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

// ShutdownOf is the day on which a model goes away, YYYY-MM-DD: the engine's own word, else the first of the table. ""
// means that nobody knows of any.
func ShutdownOf(engine string, m Model, table []art.Shutdown) string {
	if m.Shutdown != "" {
		return m.Shutdown
	}
	for _, s := range table {
		if s.Engine == engine && s.Model == m.Capabilities.Model.Name {
			return s.Date
		}
	}
	return ""
}
