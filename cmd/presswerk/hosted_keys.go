package main

import (
	"strings"
	"time"

	"presswerk/internal/engine"
	"presswerk/internal/engine/fal"
	"presswerk/internal/engine/google"
	"presswerk/internal/engine/replicate"
	"presswerk/internal/engine/runway"
	"presswerk/internal/engine/wire"
)

// keyed is a hosted service that needs nothing but a key.
type keyed struct {
	name, keyFrom, base, revision string
	make                          func(wire.Service) (engine.Engine, error)
}

// keyedServices are these services, a row each.
func keyedServices() []keyed {
	return []keyed{
		{"google", "GEMINI_API_KEY", google.Base, google.Revision, func(s wire.Service) (engine.Engine, error) { return google.New(s) }},
		{"fal", "FAL_KEY", fal.Base, fal.Revision, func(s wire.Service) (engine.Engine, error) { return fal.New(s) }},
		{"replicate", "REPLICATE_API_TOKEN", replicate.Base, replicate.Revision, func(s wire.Service) (engine.Engine, error) { return replicate.New(s) }},
		{"runway", "RUNWAYML_API_SECRET", runway.Base, runway.Revision, func(s wire.Service) (engine.Engine, error) { return runway.New(s) }},
	}
}

// readKeys finds their keys, by the name of the variable.
func readKeys(getenv func(string) string) map[string]string {
	keys := map[string]string{}
	for _, s := range keyedServices() {
		keys[s.keyFrom] = strings.TrimSpace(getenv(s.keyFrom))
	}
	return keys
}

// keyed makes their engines.
func (t *tools) keyed() (engines []engine.Engine, err error) {
	for _, s := range keyedServices() {
		e, err := s.make(wire.Service{
			Name: s.name, Version: s.revision, Base: s.base, Key: t.g.settings.Hosted.Keys[s.keyFrom], KeyFrom: s.keyFrom, Now: time.Now, Open: t.open,
			Pauses: wire.Pauses{First: time.Second, Most: 10 * time.Second, Sleep: wire.Sleep},
		})
		if err != nil {
			return nil, err
		}
		engines = append(engines, e)
	}
	return engines, nil
}
