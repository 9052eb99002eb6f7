// Package bfl makes pictures with Black Forest Labs' API: FLUX.3, FLUX.2, Kontext, Fill, Erase and widening.
//
// A request becomes a job that is watched at the address that the service gives, and the picture is fetched at once: its
// link ends after ten minutes. The service says with each job what it costs. It can't cancel, and it doesn't find jobs by
// a name of ours. Its machines are called api.….bfl.ai; the key goes to no others. Models that are told a shape and no
// size make their own; a note says so. Steps and guidance reach the models that know them.
//
//	e, err := bfl.New(wire.Service{Name: "bfl", Base: bfl.Base, Key: key, Now: time.Now, Pauses: pauses, Open: open})
//
// Source: api.bfl.ai/openapi.json as of 2026-04-23, of 2026-10 for FLUX.3 and the tools (both read from clients made of it),
// docs.bfl.ai for states, regions, sizes and prices, read 2026-11-26. The description itself comes without a licence, so
// testdata/bfl.json states its facts anew: paths, fields, kinds, bounds.
package bfl
