package store

import (
	"context"
	"fmt"
	"slices"

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
	Look          bool   `bun:"look"`
	Model         string `bun:"model"`
	Vector        string `bun:"vector"`
}

// AddKnown puts pictures into sets. One whose name its set has already takes that one's place.
func (db *DB) AddKnown(ctx context.Context, all []art.KnownPicture) error {
	const atOnce = 500
	return db.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		for some := range slices.Chunk(all, atOnce) {
			rows := make([]knownRow, len(some))
			for i, p := range some {
				rows[i] = knownRow{Set: p.Set, Name: p.Name, Exclude: p.Exclude, Hash: p.Hash, Look: p.Look, Model: p.Model, Vector: p.Vector}
			}
			if _, err := tx.NewInsert().Model(&rows).Replace().Exec(ctx); err != nil {
				return fmt.Errorf("store: keeping known pictures: %w", err)
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
		all[i] = art.KnownPicture{Set: r.Set, Name: r.Name, Exclude: r.Exclude, Hash: r.Hash, Look: r.Look, Model: r.Model, Vector: r.Vector}
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
