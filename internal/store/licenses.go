package store

import (
	"context"

	"github.com/uptrace/bun"

	"presswerk/internal/art"
)

type licenseRow struct {
	bun.BaseModel `bun:"table:licenses"`
	Seq           int64  `bun:"seq,pk,autoincrement"`
	ID            string `bun:"id"`
	Picture       string `bun:"picture"`
	Source        string `bun:"source"`
	Doc           string `bun:"doc"`
}

func (w writer) licenses(ctx context.Context, c art.Change) error {
	for _, v := range c.Licenses {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		if err := w.add(ctx, "a licence", &licenseRow{ID: v.ID, Picture: v.Picture, Source: v.Source, Doc: doc}); err != nil {
			return err
		}
	}
	return nil
}

// Licenses lists the licences of pictures that were not made here, the newest first.
func (db *DB) Licenses(ctx context.Context) ([]art.PictureLicense, error) {
	return docs[art.PictureLicense](ctx, db.read.NewSelect().Model((*licenseRow)(nil)).Order("seq DESC"), "licences")
}

// LicenseOf gives the newest licence of a picture by the SHA-256 of its file, or art.ErrNotFound.
func (db *DB) LicenseOf(ctx context.Context, picture string) (art.PictureLicense, error) {
	q := db.read.NewSelect().Model((*licenseRow)(nil)).Where("picture = ?", picture).Order("seq DESC").Limit(1)
	return only[art.PictureLicense](ctx, q, "licence of picture", picture)
}
