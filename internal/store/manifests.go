package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"presswerk/internal/art"
)

type manifestRow struct {
	bun.BaseModel `bun:"table:manifests"`
	Seq           int64  `bun:"seq,pk,autoincrement"`
	ID            string `bun:"id"`
	Asset         string `bun:"asset"`
	Mark          int64  `bun:"mark"`
	PDQ           string `bun:"pdq"`
	Pixels        string `bun:"pixels"`
	Doc           string `bun:"doc"`
}

type deletionRow struct {
	bun.BaseModel `bun:"table:manifest_deletions"`
	Seq           int64  `bun:"seq,pk,autoincrement"`
	Asset         string `bun:"asset"`
	Doc           string `bun:"doc"`
}

// manifests writes what an asset's files were signed with, unless its manifests were deleted before: then they stay deleted.
func (w writer) manifests(ctx context.Context, c art.Change) error {
	for _, m := range c.Manifests {
		gone, err := w.tx.NewSelect().Model((*deletionRow)(nil)).Where("asset = ?", m.Asset).Exists(ctx)
		if err != nil {
			return fmt.Errorf("store: looking at deleted manifests: %w", err)
		}
		if gone {
			continue
		}
		doc, err := encode(m)
		if err != nil {
			return err
		}
		row := &manifestRow{ID: m.ID, Asset: m.Asset, Mark: int64(m.Mark), PDQ: m.PDQ, Pixels: m.Pixels, Doc: doc} // marks have 48 bits
		if err := w.add(ctx, "a manifest", row); err != nil {
			return err
		}
	}
	return nil
}

// Manifest gives a kept manifest by its label, or art.ErrNotFound.
func (db *DB) Manifest(ctx context.Context, id string) (art.Manifest, error) {
	return only[art.Manifest](ctx, db.read.NewSelect().Model((*manifestRow)(nil)).Where("id = ?", id), "manifest", id)
}

// ManifestsOf lists an asset's kept manifests in the order of writing, the master's first.
func (db *DB) ManifestsOf(ctx context.Context, asset string) ([]art.Manifest, error) {
	return docs[art.Manifest](ctx, db.read.NewSelect().Model((*manifestRow)(nil)).Where("asset = ?", asset).Order("seq"), "manifests")
}

// ManifestsMarked lists the manifests of files that carry a watermark's number.
func (db *DB) ManifestsMarked(ctx context.Context, mark uint64) ([]art.Manifest, error) {
	q := db.read.NewSelect().Model((*manifestRow)(nil)).Where("mark = ?", int64(mark)).Where("mark <> 0").Order("seq") // marks have 48 bits
	return docs[art.Manifest](ctx, q, "manifests")
}

// ManifestsShowing lists the manifests of files with exactly these pixels.
func (db *DB) ManifestsShowing(ctx context.Context, pixels string) ([]art.Manifest, error) {
	return docs[art.Manifest](ctx, db.read.NewSelect().Model((*manifestRow)(nil)).Where("pixels = ?", pixels).Where("pixels <> ''").Order("seq"), "manifests")
}

// ManifestsAfter lists the next manifests in the order of writing, with the place to go on from.
func (db *DB) ManifestsAfter(ctx context.Context, after int64, count int) (all []art.Manifest, next int64, err error) {
	var rows []manifestRow
	if err := db.read.NewSelect().Model(&rows).Where("seq > ?", after).Order("seq").Limit(int64(count)).Scan(ctx); err != nil {
		return nil, after, fmt.Errorf("store: listing manifests: %w", err)
	}
	for _, r := range rows {
		m, err := decode[art.Manifest](r.Doc)
		if err != nil {
			return nil, after, err
		}
		all, after = append(all, m), r.Seq
	}
	return all, after, nil
}

// DeleteManifests deletes what is kept of an asset's manifests and writes down that it did, in one transaction. It gives those that
// are gone, whose bytes nothing refers to any more unless another asset's manifest is the same. An asset without any is an error, art.ErrNotFound.
func (db *DB) DeleteManifests(ctx context.Context, d art.ManifestDeletion) (gone []art.Manifest, err error) {
	err = db.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		q := tx.NewSelect().Model((*manifestRow)(nil)).Where("asset = ?", d.Asset).Order("seq")
		if gone, err = docs[art.Manifest](ctx, q, "manifests"); err != nil {
			return err
		}
		if len(gone) == 0 {
			return fmt.Errorf("store: no manifest of asset %q is kept: %w", d.Asset, art.ErrNotFound)
		}
		d.Manifests = nil
		for _, m := range gone {
			d.Manifests = append(d.Manifests, m.ID)
		}
		doc, err := encode(d)
		if err != nil {
			return err
		}
		if _, err := tx.NewDelete().Model((*manifestRow)(nil)).Where("asset = ?", d.Asset).Exec(ctx); err != nil {
			return fmt.Errorf("store: deleting the manifests of %s: %w", d.Asset, err)
		}
		return writer{tx: tx}.add(ctx, "a deletion", &deletionRow{Asset: d.Asset, Doc: doc})
	})
	return gone, err
}

// ManifestDeletions lists what was deleted, the newest first.
func (db *DB) ManifestDeletions(ctx context.Context) ([]art.ManifestDeletion, error) {
	return docs[art.ManifestDeletion](ctx, db.read.NewSelect().Model((*deletionRow)(nil)).Order("seq DESC"), "deletions")
}
