// Package modelstore keeps the models of one user: what was pulled from a hub, added from disk or imported from a bundle.
//
//	blobs/<sha256>                     every file once, by its content, read only
//	manifests/<name>@<version>.json    what a model is made of, and where it came from
//	folders/<name>/<version>/          the same files as the renderer opens them: hard links
//	loras/, embeddings/                adapters under their names, for the renderer
//	firstseen/<name>@<version>.json    hashes of what a hub gave the first time; they outlive a removal
//	partial/, tmp/                     downloads to go on with; what is being written
//	keys/                              the ed25519 key that signs bundles
//
// A Manifest lists the files of one version of a model. A model appears whole or not at all: files are hashed before they
// get their name, and the manifest comes last, so a process may be killed at any time.
//
//	s := modelstore.New(dir, time.Now)
//	m, err := s.Add(ctx, "style.safetensors", modelstore.AddOptions{Name: "style", Version: "1"})
//	m, err = s.Pull(ctx, entry, fetcher)
//	damaged, err := s.Verify(ctx, m)
//
// A Catalogue says where known models are, under which licence, and what for. It converts nothing (see trainer/export),
// opens no network for rendering (see engine/local), and decides nothing about licences: whoever calls asks first.
package modelstore
