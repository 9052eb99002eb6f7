// Package openai makes pictures with OpenAI's image API, with Azure's, or with any server that speaks the same.
//
// A call is answered at once and may cost something: an answer that gets lost is engine.ErrUnknown, and nothing can find
// it again. Seeds and negative prompts don't exist there, and no two calls give equal pixels. What the service makes of a
// prompt before it draws is kept as a note.
//
//	e, err := openai.New(openai.Options{Service: wire.Service{Name: "openai", Base: "https://api.openai.com/v1", Key: key, Now: time.Now}})
//
// Source: OpenAI API 2.3.0, /images/generations and /images/edits, as of 2026-08-21; testdata/images.json is that part of
// the description (MIT), from openai/openai-go, api_reference/openapi.transformed.yml.
package openai
