// Package adobe lets requests through to Adobe's services with a token of its identity service (IMS), as an OAuth
// server-to-server client: a token is asked for, kept until shortly before it ends, and asked for anew once when it isn't
// taken any more. It goes to the service's own hosts and to no other.
//
//	door, err := adobe.NewDoor(adobe.Options{Service: …, ClientID: id, Tokens: adobe.Tokens, Scope: "openid,AdobeID,…"})
//	client, err := door.Call(ctx, wire.Request{…}, &said)
//
// Source: developer.adobe.com, "OAuth Server-to-Server credential API Reference", read 2026-11-26.
package adobe
