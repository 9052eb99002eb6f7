// Package google makes pictures with Google's Gemini image models through the Gemini API.
//
// A call is answered at once and may cost something: an answer that gets lost is engine.ErrUnknown, and nothing can find
// it again. Pictures can be changed and referred to, but there are no masks and no negative prompts. A seed is sent, and
// equal pixels aren't promised. What the model thinks or says beside the picture is left aside. Every picture carries
// Google's invisible SynthID watermark. Imagen's models ended on 2026-08-17; recipes that name one are told what replaced it.
//
//	e, err := google.New(wire.Service{Name: "google", Base: google.Base, Key: key, Now: time.Now, Open: open})
//
// The same models on Vertex AI, with their few fields more, aren't asked here.
//
// Source: models.generateContent of the Gemini API v1beta as googleapis/go-genai 1.77.0 of 2026-10-29 (Apache-2.0) writes and
// reads it. Google's discovery document wasn't to be had, so testdata/generate.json states those facts in our words, for the
// fields that are used. Sizes are those that the models give (measured by others on 2026-09-24, and Runway's list of
// 2026-11 for the same models); Google's own table names other ones for 1:4 and 1:8. Shut-downs: ai.google.dev,
// Gemini API deprecations, and firebase.google.com, migrating from Imagen.
package google
