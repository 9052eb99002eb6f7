// Package provenance writes and reads where a picture comes from: a signed C2PA manifest, and an XMP packet with the
// IPTC fields.
//
// Its nouns: Library, the C2PA reference implementation loaded at run time; Identity, the keys and certificates of a
// workspace; Claim, what a manifest says; Report, what was read back; Metadata, the XMP fields; Verification, what all
// layers of a file say together.
//
//	lib, err := provenance.Open(path)        // missing: pictures stay unsigned, and that is said loudly
//	signed, err := lib.Sign(ctx, identity, "image/jpeg", data, claim)
//	v, err := provenance.Verify(ctx, signed.Data, provenance.VerifyOptions{Library: lib, Anchors: identity.Root})
//
// Signing comes last: any later change of a file breaks its manifest. Reading fetches nothing from the network, also when a
// file asks for it; signing asks the time-stamping authority alone, where there is one. What lies in the pixels is the package
// watermark's; whoever verifies hands in its key.
package provenance
