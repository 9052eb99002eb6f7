package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"presswerk/internal/art"
)

type scoreRow struct {
	bun.BaseModel `bun:"table:scores"`
	Key           string `bun:"key,pk"`
	Doc           string `bun:"doc"`
}

// Recall gives a score that was kept under a key; art.ErrNotFound means that there is none.
func (db *DB) Recall(ctx context.Context, key string) (art.Score, error) {
	return only[art.Score](ctx, db.read.NewSelect().Model((*scoreRow)(nil)).Where("key = ?", key), "score", key)
}

// Keep keeps a score under a key, instead of the one that is there.
func (db *DB) Keep(ctx context.Context, key string, s art.Score) error {
	doc, err := encode(s)
	if err != nil {
		return err
	}
	if _, err := db.write.NewInsert().Model(&scoreRow{Key: key, Doc: doc}).On("CONFLICT (key) DO UPDATE").Set("doc = EXCLUDED.doc").Exec(ctx); err != nil {
		return fmt.Errorf("store: keeping a score: %w", err)
	}
	return nil
}
