package store

import (
	"context"

	"github.com/uptrace/bun"

	"presswerk/internal/art"
)

type comparisonRow struct {
	bun.BaseModel `bun:"table:comparisons"`
	Seq           int64  `bun:"seq,pk,autoincrement"`
	ID            string `bun:"id"`
	Brand         string `bun:"brand"`
	Brief         string `bun:"brief"`
	Doc           string `bun:"doc"`
}

func (w writer) comparisons(ctx context.Context, c art.Change) error {
	for _, v := range c.Comparisons {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		if err := w.add(ctx, "a comparison of engines", &comparisonRow{ID: v.ID, Brand: v.Brand, Brief: v.Brief, Doc: doc}); err != nil {
			return err
		}
	}
	return nil
}

// Comparisons lists all comparisons of engines, the newest first.
func (db *DB) Comparisons(ctx context.Context) ([]art.EngineComparison, error) {
	return docs[art.EngineComparison](ctx, db.read.NewSelect().Model((*comparisonRow)(nil)).Order("seq DESC"), "comparisons of engines")
}

// Comparison gives one comparison of engines, or art.ErrNotFound.
func (db *DB) Comparison(ctx context.Context, id string) (art.EngineComparison, error) {
	return only[art.EngineComparison](ctx, db.read.NewSelect().Model((*comparisonRow)(nil)).Where("id = ?", id), "comparison", id)
}
