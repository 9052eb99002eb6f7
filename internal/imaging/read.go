package imaging

import "context"

// Read reads a stranger's file: what its header says, and the picture as Decode gives it. Where only the pixels are damaged
// the error comes with the header. Here does it in this process, package apart in one of its own.
type Read func(ctx context.Context, data []byte, l Limits) (*RGB, Info, error)

// Here reads in this process.
func Here(ctx context.Context, data []byte, l Limits) (*RGB, Info, error) {
	info, err := Probe(data, l)
	if err != nil {
		return nil, info, err
	}
	p, err := Decode(ctx, data, l)
	return p, info, err
}

// OrHere is the way to read, or Here where none was given.
func (r Read) OrHere() Read {
	if r == nil {
		return Here
	}
	return r
}
