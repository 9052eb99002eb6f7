// Package blob keeps bytes under their SHA-256: pictures, masters, renditions. Equal bytes are kept once.
//
//	sum, err := blobs.Put(ctx, data)
//	data, err := blobs.Get(ctx, sum) // checked against the name on the way out
//
// It stands on gocloud.dev/blob, so that an S3-class bucket can become the same to callers as a folder; so far Open takes
// a folder. The package knows nothing of what the bytes mean and deletes nothing
// but what it is told to forget.
package blob
