// Package watermark hides a 48-bit number in a picture's pixels, and finds it again after what pictures go through:
// recompression, resizing, cropping, blur, noise, mirroring, small turns.
//
//	mark := watermark.New(key)                          // the key of a workspace: another key finds nothing
//	marked, err := mark.Embed(picture, id, watermark.Options{})
//	found := mark.Detect(ctx, picture, watermark.Search{Scales: true, Mirror: true})
//
// The mark is spread spectrum in the discrete Fourier transform of a tile of 128 × 128 that is repeated over the picture, at a
// scale on which its longer side has 1024 pixels. A fifth of the coefficients between radius 6 and 30 have fixed phases
// by which a detector finds the tile's place; the others carry the number, a CRC-16 and a convolutional code (rate ½, constraint
// length 7) by their signs. The tile is weighted by the picture's local activity.
//
// Source: the method and its numbers were measured before; Cox, Kilian, Leighton, Shamoon 1997 (spread spectrum); Kutter 1998
// (periodic tiles against cropping); Viterbi 1967.
//
// It survives ordinary use, not an adversary: the tile repeats, so that one marked picture is enough to estimate it, take it off or lay
// it over another picture, without the key (internal/provenance/robustness measures both). A mark alone proves nothing.
package watermark
