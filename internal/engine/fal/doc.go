// Package fal makes pictures and clips with models that fal runs, among them Pika's, through fal's queue.
//
// A request is taken into the queue and looked at until it has ended; a Ticket keeps the addresses that fal gave for it, so
// that who comes back after a crash goes on waiting. Fal takes no name of ours and has no list, so a ticket that was lost
// can't be found. What the safety checker of a model blackens is a refusal. Server errors aren't charged, fal says.
//
//	e, err := fal.New(wire.Service{Name: "fal", Base: fal.Base, Key: key, Now: time.Now, Pauses: pauses, Open: open})
//
// Fal runs more than a thousand models; those of the tables in models.go and clips.go are known here, and others are a row
// more. Pictures go along inside the request, so that nothing has to be uploaded.
//
// Source: testdata/queue.json was made from the types of @fal-ai/client 1.10.1 (MIT, read on 2026-11-26) for these models:
// endpoints.d.ts has inputs and outputs, common.d.ts the queue; how failures look is from fal.ai/docs, Model Errors
// and Request Errors. Pika 2.5 is named there without its fields, so Pika 2.2 is what is asked for.
package fal
