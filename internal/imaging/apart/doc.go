// Package apart reads strangers' pictures in a child process, so that a file which crashes a decoder, fills memory or never
// ends costs that child and no more.
//
// Its nouns: a Decoder starts the children; Serve is what such a child does.
//
//	d := apart.Decoder{Program: "/usr/bin/presswerk", Args: []string{"presswerk", apart.Word}}
//	p, info, err := d.Read(ctx, data, imaging.Limits{})
//
// The child is the same program, called with Word. It gives up memory, time, core dumps and large files before it reads its
// first byte, has an environment of its own, and answers with a header and pixels that are checked again. What it cannot do is
// keep a decoder that was taken over from the network and from files: where that matters, run Presswerk in a container.
package apart
