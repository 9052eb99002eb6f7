// Package library finds what is alike among very many pictures.
//
// Its nouns: Hashes, an index of perceptual hashes that finds every hash within Radius bits exactly; Embeddings, an index of
// networks' vectors that finds those of the highest cosine nearly always; Prints, the pictures that are known by their
// hash, each with the set that it belongs to; Vectors, the same by their vector.
//
//	prints := library.NewPrints()
//	prints.Add(library.Print{Name: "hero-003", Run: "hero", Place: 3}, hash)
//	match, ok := prints.Nearest([]library.Hash{hash}, nil)
//
// Everything lives in memory and is built from stored rows at the start; what is added later is found at once. The package
// knows nothing of pictures, and never decides what counts as the same.
package library
