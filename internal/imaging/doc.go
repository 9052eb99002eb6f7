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
// Pictures are 8-bit sRGB inside. Colour management beyond that, print and 16 bits are not done here yet. The package
// knows nothing of what a picture is for.
package imaging
