package softbinding

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance"
)

// Blobs is what a keeper asks of the byte store.
type Blobs interface {
	Put(ctx context.Context, data []byte) (string, error)
	Get(ctx context.Context, sum string) ([]byte, error)
}

// Keeper takes manifests out of finished files.
type Keeper struct {
	Blobs Blobs
	Now   func() time.Time
}

// Keep puts the manifests of all signed files of an asset into the byte store, and gives the records to write. What was kept before has
// the same label, so that writing it once more changes nothing. Files that no manifest can be in are left out.
func (k Keeper) Keep(ctx context.Context, a art.Asset) ([]art.Manifest, error) {
	files := append([]art.Rendition{a.Master}, a.Renditions...)
	if a.Clip != nil {
		files = append(files, a.Clip.Files...)
	}
	mark := uint64(0)
	if slices.ContainsFunc(a.Steps, func(s art.StepRecord) bool { return s.Name == "watermark" }) {
		mark = art.MarkID(a.ID)
	}
	var all []art.Manifest
	for _, f := range files {
		if f.C2PA != "signed" {
			continue
		}
		m, err := k.one(ctx, f)
		if errors.Is(err, art.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("softbinding: keeping the manifest of %s: %w", f.Name, err)
		}
		m.Asset = a.ID
		if isPicture(f.MIME) || a.Clip != nil && slices.ContainsFunc(a.Clip.Files, func(o art.Rendition) bool { return o.SHA256 == f.SHA256 }) {
			m.Mark = mark
		}
		all = append(all, m)
	}
	return all, nil
}

func (k Keeper) one(ctx context.Context, f art.Rendition) (art.Manifest, error) {
	data, err := k.Blobs.Get(ctx, f.SHA256)
	if err != nil {
		return art.Manifest{}, err
	}
	found, err := provenance.ManifestOf(data)
	if err != nil {
		return art.Manifest{}, err
	}
	m := art.Manifest{ID: found.Label, File: f.Name, MIME: f.MIME, Bytes: int64(len(found.Data)), KeptAt: k.Now().UTC()}
	if m.SHA256, err = k.Blobs.Put(ctx, found.Data); err != nil || !isPicture(f.MIME) {
		return m, err
	}
	p, err := imaging.Decode(ctx, data, imaging.Limits{}) // a file of our own
	if err != nil {
		return m, err
	}
	m.Pixels = provenance.PixelsDigest(p)
	h, quality, err := imaging.PDQ(p)
	if quality >= leastQuality {
		m.PDQ = h.String()
	}
	return m, err
}

func isPicture(mime string) bool { return strings.HasPrefix(mime, "image/") }
