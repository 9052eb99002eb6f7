// Package finish takes an approved candidate to a master and every file that its channels need, without another tool.
//
// Its nouns: a step is one thing done to a picture, with its parameters recorded; the master is the largest, lossless
// picture; a rendition is one file for a channel.
//
//	f := finish.New(finish.Options{Upscalers: ups, Signer: sign, Generator: …})
//	out, err := f.Finish(ctx, finish.Input{Candidate: c, Picture: png, Channels: channels, …})
//
// The order is fixed: read → smooth → background → upscale → size → windows → label → watermark → placeholder → master → archive →
// sizes → quality → renditions → print. Lossy files get the lowest quality at which a sample of the picture reaches a score of SSIMULACRA 2. Every file gets its
// metadata when it is encoded and is signed last, because any later change breaks the signature. Equal input gives equal
// pixels; only signatures differ. Nothing is stored here: the caller keeps the files. A clip goes read → placeholder → master → sizes →
// quality → renditions, all of its poster, then → encode → tracks.
package finish
