// Package softbinding finds the signed manifest of a picture that has lost it: by the number in its watermark, by its fingerprint, by its
// pixels, or by what a network finds alike.
//
// Its nouns: Keeper takes the manifests out of finished files, to be kept; Resolver answers where a binding, or a picture itself, leads;
// Match is one manifest that it leads to. C2PA calls a watermark's number or a fingerprint a soft binding, because it is tied to what the
// picture shows and not, as the hash in a manifest, to a file's bytes.
//
//	manifests, err := softbinding.Keeper{Blobs: blobs, Decode: decode, Now: time.Now}.Keep(ctx, asset)
//	r := softbinding.New(softbinding.Options{Records: db, Blobs: blobs})
//	matches, err := r.ByBinding(ctx, softbinding.Binding{Algorithm: watermark.Algorithm, Value: value}, 10)
//
// Records belong to the package store, bytes to the package blob; web serves the answers as C2PA's Soft Binding Resolution API.
package softbinding
