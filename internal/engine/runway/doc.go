// Package runway makes pictures and clips with Runway's models, and with those of others that Runway offers.
//
// A task is started and looked at until it has ended, at most every five seconds as Runway wants; a Ticket keeps its id. Runway takes
// no name of ours and has no list, so a ticket that was lost can't be found. It says beforehand how many credits a task may
// charge, of 0.01 USD each, and a failed task what it kept; one that kept something isn't tried again by itself.
//
//	e, err := runway.New(wire.Service{Name: "runway", Base: runway.Base, Key: key, Now: time.Now, Pauses: pauses, Open: open})
//
// Pictures that are referred to have tags, @image_1 and so on, by which a prompt may name them; a reference's kind is taken for its
// tag. Pictures go along inside the request, up to 5 MB each.
//
// Source: testdata/tasks.json was made from the types of runwayml 5.24.0 for Python (Apache-2.0), generated from Runway's own
// description, for API version 2024-11-06; failure codes are from docs.dev.runwayml.com, Handle Task Failures. Read on 2026-11-26.
package runway
