// Package adobestock finds pictures at Adobe Stock, buys licences for them, and fetches previews and licensed files.
//
// An Agency asks; a Deal is one licence of one picture as an engine that the ledger buys from: intents, budgets and unknown
// outcomes hold as for a generated picture. The service takes no name of ours and its request for a licence is a GET that buys;
// it is sent once, and an answer that got lost is looked for in the account's licence history. A history without it proves nothing,
// as it may come late: then a person says what happened. What the account has a licence for already is never bought.
//
// Files come from addresses that the service gives, with the token in the query as it wants it, and lead on to other hosts, which
// get neither token nor key. A file that is smaller than what was bought, or comes from where previews lie, is not taken for it.
//
//	a, err := adobestock.New(adobestock.Options{ClientID: id, Tokens: adobe.Tokens, Service: wire.Service{Name: adobestock.Name, Base: adobestock.Base, Key: secret, …}})
//	total, files, err := a.Search(ctx, adobestock.Query{Words: "a hill in fog"})
//
// Not done: vectors, templates, videos, 3D; licence references of enterprise accounts (cce_agency); buying a picture's licence again.
//
// Source: AdobeDocs/stock-api-docs 854ff53 (2026-05-28), read 2026-11-26: Search API reference, Licensing reference, License History
// Reference, Headers, "Licensing assets and stuff", FAQ on 429 and on content IDs (up to 2^53−1); adobe/stock-api-libphp f28366b for
// how a picture is sent that others are to look like. What a licence allows: stock.adobe.com/api/license-terms, read 2026-11-26.
// The pages don't name the OAuth scopes of a server-to-server credential; the Developer Console does, for each credential.
package adobestock
