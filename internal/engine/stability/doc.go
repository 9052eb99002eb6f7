// Package stability makes pictures with Stability AI's v2beta API: generation, inpainting, erasing, widening, control by
// sketch, structure and style, and three ways to enlarge.
//
// Each service there is a model here. All but the creative upscaler answer at once with the picture, so an answer that
// gets lost is engine.ErrUnknown; the creative upscaler gives a job, whose result is kept for 24 hours. Nothing can be
// cancelled, and nothing is found by a name of ours. Services that draw from words take a ratio and choose the size; a
// note says which. Those that change a picture keep its size. A picture that the service has blurred was charged and is
// no picture: its ticket is kept, and Wait tells the refusal.
//
//	e, err := stability.New(wire.Service{Name: "stability", Base: stability.Base, Key: key, Now: time.Now, Pauses: pauses, Open: open})
//
// Source: Stability AI REST API v2beta, read 2026-11-26 from a client made of its description
// (api.stability.ai/v2alpha/openapi); the description itself comes without a licence, so testdata/stability.json states
// its facts anew: paths, fields, kinds, bounds.
package stability
