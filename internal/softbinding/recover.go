package softbinding

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/library"
	"presswerk/internal/provenance"
)

// Recover finds the kept manifest that a picture has lost; see provenance.VerifyOptions. Where nothing leads to one it gives
// art.ErrNotFound.
func (r *Resolver) Recover(ctx context.Context, c provenance.Clues) (provenance.Kept, error) {
	by, found, err := r.ways(ctx, c)
	if err != nil {
		return provenance.Kept{}, err
	}
	if len(found) == 0 {
		return provenance.Kept{}, fmt.Errorf("softbinding: no kept manifest is of this picture: %w", art.ErrNotFound)
	}
	best := found[0]
	data, err := r.o.Blobs.Get(ctx, best.SHA256)
	if err != nil {
		return provenance.Kept{}, fmt.Errorf("softbinding: reading the manifest of %s: %w", best.File, err)
	}
	k := provenance.Kept{Manifest: provenance.Manifest{Label: best.ID, Data: data}, Asset: best.Asset, File: best.File, Pixels: best.Pixels, By: by}
	if by == provenance.FoundByPrint {
		k.Distance = best.distance
	}
	return k, nil
}

// Lookup names the asset that looks most like a fingerprint, with the distance in bits; none within the radius gives "".
func (r *Resolver) Lookup(ctx context.Context, h imaging.Hash) (asset string, distance int, err error) {
	found, err := r.index.within(ctx, r.o.Records, [8]imaging.Hash{h, h, h, h, h, h, h, h}, library.Radius)
	if err != nil || len(found) == 0 {
		return "", 256, err
	}
	return found[0].Asset, found[0].distance, nil
}

// ways tries one after the other what leads to a manifest, the surest first, and tells which did.
func (r *Resolver) ways(ctx context.Context, c provenance.Clues) (by string, found []hit, err error) {
	same, err := r.o.Records.ManifestsShowing(ctx, c.Pixels)
	if err != nil || len(same) > 0 {
		return provenance.FoundByPixels, nearest(same, c), err
	}
	if c.Marked {
		marked, err := r.o.Records.ManifestsMarked(ctx, c.Mark)
		if err != nil || len(marked) > 0 {
			return provenance.FoundByMark, nearest(marked, c), err
		}
	}
	if found, err = r.alike(ctx, c); err != nil || len(found) > 0 {
		return provenance.FoundByPrint, found, err
	}
	if r.o.Alike == nil || c.Picture == nil {
		return "", nil, nil
	}
	asset, _, err := r.o.Alike(ctx, c.Picture)
	if errors.Is(err, art.ErrNotFound) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("softbinding: looking for a picture alike: %w", err)
	}
	all, err := r.o.Records.ManifestsOf(ctx, asset)
	return provenance.FoundByLook, nearest(all, c), err
}

// alike lists what has nearly the same fingerprint. One of too plain a picture leads anywhere, and hence nowhere.
func (r *Resolver) alike(ctx context.Context, c provenance.Clues) ([]hit, error) {
	if c.Quality < leastQuality {
		return nil, nil
	}
	return r.index.within(ctx, r.o.Records, c.Hashes, library.Radius)
}

// nearest orders the files of one asset by how much they look like a picture. Those whose hash covers the file's bytes as a whole come first,
// because it can be checked against any other file; of files that look alike the master comes last, since strangers have what was published.
func nearest(all []art.Manifest, c provenance.Clues) []hit {
	const alike = 16 // bits that sizes and encodings of one crop are apart
	hits := make([]hit, len(all))
	for i, m := range all {
		hits[i] = hit{m, 256}
		h, err := imaging.ParseHash(m.PDQ)
		if m.PDQ == "" || err != nil {
			continue
		}
		for _, turned := range c.Hashes {
			hits[i].distance = min(hits[i].distance, turned.Distance(h))
		}
	}
	const boxes = "image/avif"
	slices.SortStableFunc(hits, func(a, b hit) int {
		return cmp.Or(order(a.MIME == boxes, b.MIME == boxes), cmp.Compare(a.distance/alike, b.distance/alike), order(a.ID == all[0].ID, b.ID == all[0].ID), cmp.Compare(a.distance, b.distance))
	})
	for i := range hits {
		hits[i].distance = 0 // it is this asset's, however it looks
	}
	return hits
}

func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
