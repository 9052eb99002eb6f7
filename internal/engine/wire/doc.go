// Package wire is how engines talk to services over HTTP: requests with limits, answers checked before they are believed,
// and errors that say what happened to the money.
//
// A Client sends one request and reads one answer. What comes back is either an Answer or an error that wraps one of
// art's sentinels, and engine.ErrUnknown when the request may have been carried out without an answer. Secrets never
// stand in errors. Waiting and repeating are the caller's: an Error says how long the service wants to be left alone.
//
//	c := wire.Client{Name: "example", Base: "https://…", Header: http.Header{"Authorization": {"Bearer " + key}}, Secrets: []string{key}}
//	var made struct{ ID string }
//	err := c.JSON(ctx, http.MethodPost, "/v1/jobs", request, &made)
//
// Poll watches a job with growing pauses. A Watcher watches a job to its end and fetches the one picture or clip that it
// made, whose bytes stay as they are; what is no picture or no MP4 is refused, and what was paid for and can't be had is
// engine.ErrUnknown. A Service is what engines are told about the service that they ask.
package wire
