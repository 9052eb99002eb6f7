// Package replicate makes pictures with models that Replicate runs.
//
// A prediction is started and looked at until it has ended; a Ticket keeps its id and the addresses that Replicate gave. Official
// models are asked by name, others by the id of a version, which a recipe's model may name. Answers aren't waited for
// with "Prefer: wait": an id in hand at once is worth more than a second saved. Replicate takes no name of ours, so a ticket
// that was lost can't be found, and it removes what was made after an hour.
//
//	e, err := replicate.New(wire.Service{Name: "replicate", Base: replicate.Base, Key: key, Now: time.Now, Pauses: pauses, Open: open})
//
// Small pictures go along inside the request, larger ones are laid into Replicate's file store first.
//
// Source: testdata/predictions.json has the structure of api.replicate.com/openapi.json, version 1.0.0-a1, without its texts, as
// tryAGI/Replicate mirrored it on 2026-03-16 (commit 1625ee75). Inputs of models, hand-written from the facts: the API pages of
// flux-2-pro, flux-2-flex, flux-1.1-pro and flux-fill-pro on replicate.com, and predict.py of replicate/cog-flux and
// replicate/cog-sdxl, all read on 2026-11-26. That files stay for an hour, and up to 256 kB go inside: Replicate's documentation.
package replicate
