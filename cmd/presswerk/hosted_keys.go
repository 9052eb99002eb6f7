package main

import (
	"cmp"
	"strings"
	"time"

	"presswerk/internal/engine"
	"presswerk/internal/engine/bfl"
	"presswerk/internal/engine/fal"
	"presswerk/internal/engine/google"
	"presswerk/internal/engine/replicate"
	"presswerk/internal/engine/runway"
	"presswerk/internal/engine/stability"
	"presswerk/internal/engine/wire"
)

// keyed is a hosted service that needs nothing but a key.
type keyed struct {
	name, keyFrom, base, revision string
	make                          func(wire.Service) (engine.Engine, error)
	baseFrom                      string        // the variable that names another base, "" for none
	pause                         time.Duration // before the first look at a job; 0 is a second
}

// keyedServices are these services, a row each.
func keyedServices() []keyed {
	return []keyed{
		{"google", "GEMINI_API_KEY", google.Base, google.Revision, func(s wire.Service) (engine.Engine, error) { return google.New(s) }, "", 0},
		{"fal", "FAL_KEY", fal.Base, fal.Revision, func(s wire.Service) (engine.Engine, error) { return fal.New(s) }, "", 0},
		{"replicate", "REPLICATE_API_TOKEN", replicate.Base, replicate.Revision, func(s wire.Service) (engine.Engine, error) { return replicate.New(s) }, "", 0},
		{"runway", "RUNWAYML_API_SECRET", runway.Base, runway.Revision, func(s wire.Service) (engine.Engine, error) { return runway.New(s) }, "RUNWAYML_BASE_URL", 0},
		{"bfl", "BFL_API_KEY", bfl.Base, bfl.Revision, func(s wire.Service) (engine.Engine, error) { return bfl.New(s) }, "BFL_BASE_URL", 0},
		{"stability", "STABILITY_API_KEY", stability.Base, stability.Revision, func(s wire.Service) (engine.Engine, error) { return stability.New(s) }, "", 10 * time.Second},
	}
}

// readKeys finds their keys and other bases, by the name of the variable.
func readKeys(getenv func(string) string) map[string]string {
	keys := map[string]string{}
	for _, s := range keyedServices() {
		keys[s.keyFrom] = strings.TrimSpace(getenv(s.keyFrom))
		if s.baseFrom != "" {
			keys[s.baseFrom] = strings.TrimSuffix(strings.TrimSpace(getenv(s.baseFrom)), "/")
		}
	}
	return keys
}

// keyed makes their engines.
func (t *tools) keyed() (engines []engine.Engine, err error) {
	keys := t.g.settings.Hosted.Keys
	for _, s := range keyedServices() {
		first := cmp.Or(s.pause, time.Second)
		e, err := s.make(wire.Service{
			Name: s.name, Version: s.revision, Base: cmp.Or(keys[s.baseFrom], s.base), Key: keys[s.keyFrom], KeyFrom: s.keyFrom, Now: time.Now, Open: t.open,
			Pauses: wire.Pauses{First: first, Most: max(first, 10*time.Second), Sleep: wire.Sleep},
		})
		if err != nil {
			return nil, err
		}
		engines = append(engines, e)
	}
	return engines, nil
}
