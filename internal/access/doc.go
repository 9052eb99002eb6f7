// Package access says who may do what. For now it knows API keys: long random secrets of which only the SHA-256 is
// kept, each with the scopes that it opens. Roles and people will stand beside them.
//
//	ring, err := access.Load(path)
//	secret, ring, err := ring.Add("studio", access.Scopes(), now, rand.Reader)
//	err = ring.Save(path)
//	key, ok := ring.Find(secret)
package access
