package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"presswerk/internal/art"
)

type knownRow struct {
	bun.BaseModel `bun:"table:known_pictures"`
	Seq           int64  `bun:"seq,pk,autoincrement"`
	Set           string `bun:"name_set"`
	Name          string `bun:"name"`
	Exclude       bool   `bun:"exclude"`
	Hash          string `bun:"hash"`
}

// AddKnown puts pictures into sets. One whose name its set has already gets the new hash; read again it comes anew.
func (db *DB) AddKnown(ctx context.Context, all []art.KnownPicture) error {
	return db.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		for _, p := range all {
			row := &knownRow{Set: p.Set, Name: p.Name, Exclude: p.Exclude, Hash: p.Hash}
			if _, err := tx.NewDelete().Model(row).Where("name_set = ? AND name = ?", p.Set, p.Name).Exec(ctx); err != nil {
				return fmt.Errorf("store: replacing a known picture: %w", err)
			}
			if _, err := tx.NewInsert().Model(row).Exec(ctx); err != nil {
				return fmt.Errorf("store: keeping a known picture: %w", err)
			}
		}
		return nil
	})
}

// Known lists the pictures of all sets in the order of writing.
func (db *DB) Known(ctx context.Context) ([]art.KnownPicture, error) {
	var rows []knownRow
	if err := db.read.NewSelect().Model(&rows).Order("seq").Scan(ctx); err != nil {
		return nil, fmt.Errorf("store: listing known pictures: %w", err)
	}
	all := make([]art.KnownPicture, len(rows))
	for i, r := range rows {
		all[i] = art.KnownPicture{Set: r.Set, Name: r.Name, Exclude: r.Exclude, Hash: r.Hash}
	}
	return all, nil
}

// KnownMark changes whenever the known pictures do.
func (db *DB) KnownMark(ctx context.Context) (string, error) {
	var count, last int64
	if err := db.read.QueryRowContext(ctx, "SELECT count(*), coalesce(max(seq), 0) FROM known_pictures").Scan(&count, &last); err != nil {
		return "", fmt.Errorf("store: looking at known pictures: %w", err)
	}
	return fmt.Sprintf("%d/%d", count, last), nil
}

// DropKnown removes a set, and tells how many pictures it had.
func (db *DB) DropKnown(ctx context.Context, set string) (int, error) {
	result, err := db.write.NewDelete().Model((*knownRow)(nil)).Where("name_set = ?", set).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("store: removing a set of known pictures: %w", err)
	}
	n, err := result.RowsAffected()
	return int(n), err
}
