// Package web is the studio: pages for people and an API for programs, over the factory.
//
//	studio, err := web.New(web.Options{Line: f, …})
//	err = http.Serve(listener, studio.Handler())
//
// Pages are rendered on the server with templ. htmx swaps parts of them; a run's contact sheet stays live over
// server-sent events, which carry whole tiles whenever a tile has changed, so that a listener that missed something
// is right again with the next event. Every action of a page is an ordinary form, too.
//
// The API stands under /api/v1; its description is /openapi.json, written by huma from the Go types. Pages take the
// key from a cookie, programs send it as "Authorization: Bearer".
package web
