// Package firefly makes pictures with Adobe Firefly Services v3: generation with style and structure references and with
// custom models, similar pictures, filling, expanding, composing around an object, and enlarging.
//
// Who asks is an OAuth server-to-server client: a token is asked of Adobe's identity service, kept until shortly before it
// ends, and asked for anew once when it isn't taken any more. Pictures are uploaded first. Each request becomes a job that
// is watched and cancelled at the addresses that the service gives, on any of its hosts below adobe.io; the picture's link
// ends after an hour. Prompts have at most 1024 characters. The service takes no name of ours. Steps and guidance don't
// exist there.
//
//	e, err := firefly.New(firefly.Options{Service: wire.Service{Name: "firefly", Base: firefly.Base, Key: secret, …}, ClientID: id, Tokens: adobe.Tokens})
//
// Source: Firefly API 3.0.0, read 2026-11-26 as it was on 2026-08-22 (api-evangelist/adobe-suite e3dbc3e), compared with
// AdobeDocs/ff-services-docs (image_generation_async_v3.json a1a785d and its siblings); the guides there for tokens, masks,
// placement and limits. Neither comes with a licence for the descriptions, so testdata/firefly.json states their facts
// anew: paths, fields, kinds, bounds.
package firefly
