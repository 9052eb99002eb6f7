package main

import (
	"context"
	"encoding/base64"

	"presswerk/internal/art"
	"presswerk/internal/blob"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance"
	"presswerk/internal/provenance/watermark"
	"presswerk/internal/softbinding"
	"presswerk/internal/store"
)

// strangers reads the pixels of a picture from elsewhere. All that verify and the door look at goes through here.
func strangers(ctx context.Context, data []byte) (*imaging.RGB, error) {
	p, _, err := readApart(ctx, data, imaging.Limits{})
	return p, err
}

// resolver finds the manifests of a workspace again.
func resolver(db *store.DB, blobs *blob.Store, mark *watermark.Mark, search watermark.Search) *softbinding.Resolver {
	return softbinding.New(softbinding.Options{Records: db, Blobs: blobs, Mark: mark, Search: search, Decode: strangers})
}

// preview is the published file that a recovered manifest was signed for, small, as a data URI; "" where it can't be shown.
func (l *line) preview(ctx context.Context, asset, file string) string {
	a, err := l.db.Asset(ctx, asset)
	if err != nil {
		return ""
	}
	for _, f := range append([]art.Rendition{a.Master}, a.Renditions...) {
		if f.Name != file {
			continue
		}
		data, err := l.blobs.Get(ctx, f.SHA256)
		if err != nil {
			return ""
		}
		return thumbnail(ctx, data)
	}
	return ""
}

// thumbnail shows a picture in at most 240 pixels.
func thumbnail(ctx context.Context, data []byte) string {
	const side = 240
	p, err := strangers(ctx, data)
	if err != nil {
		return ""
	}
	long := max(p.Width, p.Height, side)
	if p, err = imaging.Resize(p, max(1, p.Width*side/long), max(1, p.Height*side/long)); err != nil {
		return ""
	}
	small, err := imaging.Encode(p, imaging.Encoding{Format: imaging.JPEG, Quality: 70})
	if err != nil {
		return ""
	}
	return "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(small)
}

// origins is how the studio looks at pictures: whole for people of the workspace; strangers hear only of what was finished, not of
// candidates.
func (l *line) origins(root string, lib *provenance.Library, mark *watermark.Mark) (people, strange provenance.VerifyOptions, r *softbinding.Resolver) {
	search := watermark.Search{Scales: true, Mirror: true}
	r = resolver(l.db, l.blobs, mark, search)
	people = provenance.VerifyOptions{
		Library: lib, Anchors: root, Lookup: l.lookup, Poster: l.tools.poster, Mark: mark, Search: search, Numbers: l.numberOf,
		Read: readApart, Recover: r.Recover,
	}
	strange = people
	strange.Lookup, strange.Poster = r.Lookup, nil // a stranger's clip starts no program
	return people, strange, r
}
