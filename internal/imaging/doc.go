// Package imaging reads, measures, resizes and writes pictures. It is the only user of libvips.
//
// Its nouns: RGB, a picture in memory; Grey, a mask or a drawing; Plane, one channel of any numbers for arithmetic; Info,
// what a file's header says; Encoding, how a file is to be written; Lab, a colour as the eye sees it; Hash, a perceptual
// fingerprint.
//
//	stop := imaging.Start(imaging.Options{Threads: 2})
//	defer stop()
//	p, err := imaging.Decode(ctx, data, imaging.Limits{})
//	small, err := imaging.Resize(p, 640, 640)
//	file, err := imaging.Encode(small, imaging.Encoding{Format: imaging.AVIF, Quality: 60})
//
// Pictures are 8-bit sRGB inside, but for Deep: 16 bits a channel in the colours of its profile, for print and archives. What a
// profile means is not known here. The package
// knows nothing of what a picture is for.
package imaging
