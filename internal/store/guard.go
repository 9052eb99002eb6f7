package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"presswerk/internal/art"
)

type guardRow struct {
	bun.BaseModel `bun:"table:guards"`
	Seq           int64  `bun:"seq,pk,autoincrement"`
	ID            string `bun:"id"`
	Brand         string `bun:"brand"`
	Prompts       string `bun:"prompts"`
	Doc           string `bun:"doc"`
}

type probeRow struct {
	bun.BaseModel `bun:"table:probes"`
	Seq           int64  `bun:"seq,pk,autoincrement"`
	ID            string `bun:"id"`
	Key           string `bun:"key"`
	Baseline      string `bun:"baseline"`
	Doc           string `bun:"doc"`
}

type pauseRow struct {
	bun.BaseModel `bun:"table:pauses"`
	Seq           int64  `bun:"seq,pk,autoincrement"`
	ID            string `bun:"id"`
	Probe         string `bun:"probe"`
	Doc           string `bun:"doc"`
}

type resumptionRow struct {
	bun.BaseModel `bun:"table:resumptions"`
	Pause         string `bun:"pause,pk"`
	Accept        bool   `bun:"accept"`
	Doc           string `bun:"doc"`
}

type keptRow struct {
	bun.BaseModel `bun:"table:kept"`
	Recipe        string `bun:"recipe,pk"`
	Doc           string `bun:"doc"`
}

func (w writer) guards(ctx context.Context, c art.Change) error {
	for _, v := range c.Guards {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		if err := w.add(ctx, "a guard", &guardRow{ID: v.ID, Brand: v.Brand, Prompts: v.Set, Doc: doc}); err != nil {
			return err
		}
	}
	for _, v := range c.Kept {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		if err := w.add(ctx, "a kept picture", &keptRow{Recipe: v.Recipe, Doc: doc}); err != nil {
			return err
		}
	}
	return nil
}

func (w writer) probes(ctx context.Context, c art.Change) error {
	for _, v := range c.Probes {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		if err := w.add(ctx, "a probe", &probeRow{ID: v.ID, Key: v.Key, Baseline: v.Baseline, Doc: doc}); err != nil {
			return err
		}
	}
	for _, v := range c.Pauses {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		if err := w.add(ctx, "a pause", &pauseRow{ID: v.ID, Probe: v.Probe, Doc: doc}); err != nil {
			return err
		}
	}
	for _, v := range c.Resumptions {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		if err := w.add(ctx, "a resumption", &resumptionRow{Pause: v.Pause, Accept: v.Accept, Doc: doc}); err != nil {
			return err
		}
	}
	return nil
}

// docs reads the whole values of a query's rows.
func docs[T any](ctx context.Context, q *bun.SelectQuery, what string) ([]T, error) {
	var found []string
	if err := q.Column("doc").Scan(ctx, &found); err != nil {
		return nil, fmt.Errorf("store: listing %s: %w", what, err)
	}
	all := make([]T, len(found))
	for i, d := range found {
		v, err := decode[T](d)
		if err != nil {
			return nil, err
		}
		all[i] = v
	}
	return all, nil
}

// Guards lists a brand's guards with one prompt set, the oldest first; an empty set lists those with any.
func (db *DB) Guards(ctx context.Context, brand, set string) ([]art.Guard, error) {
	q := db.read.NewSelect().Model((*guardRow)(nil)).Where("brand = ?", brand).Order("seq")
	if set != "" {
		q = q.Where("prompts = ?", set)
	}
	return docs[art.Guard](ctx, q, "guards")
}

// Guard gives one guard, or art.ErrNotFound.
func (db *DB) Guard(ctx context.Context, id string) (art.Guard, error) {
	return only[art.Guard](ctx, db.read.NewSelect().Model((*guardRow)(nil)).Where("id = ?", id), "guard", id)
}

// Probe gives one probe, or art.ErrNotFound.
func (db *DB) Probe(ctx context.Context, id string) (art.Probe, error) {
	return only[art.Probe](ctx, db.read.NewSelect().Model((*probeRow)(nil)).Where("id = ?", id), "probe", id)
}

// Baseline gives the probe with which probes of a key are compared, or art.ErrNotFound: the newest that was compared with
// nothing, or whose pause was lifted by accepting what it had found.
func (db *DB) Baseline(ctx context.Context, key string) (art.Probe, error) {
	q := db.read.NewSelect().Model((*probeRow)(nil)).Where("key = ?", key).Where(`(baseline = '' OR EXISTS (
		SELECT 1 FROM pauses AS p JOIN resumptions AS r ON r.pause = p.id WHERE p.probe = probe_row.id AND r.accept))`).Order("seq DESC").Limit(1)
	return only[art.Probe](ctx, q, "baseline", key)
}

// Pauses lists the pauses that nobody has lifted, the oldest first.
func (db *DB) Pauses(ctx context.Context) ([]art.Pause, error) {
	q := db.read.NewSelect().Model((*pauseRow)(nil)).Where("id NOT IN (SELECT pause FROM resumptions)").Order("seq")
	return docs[art.Pause](ctx, q, "pauses")
}

// Kept gives a picture that was rendered from an equal recipe outside any run, or art.ErrNotFound.
func (db *DB) Kept(ctx context.Context, recipe string) (art.Kept, error) {
	return only[art.Kept](ctx, db.read.NewSelect().Model((*keptRow)(nil)).Where("recipe = ?", recipe), "kept picture of recipe", recipe)
}

func only[T any](ctx context.Context, q *bun.SelectQuery, what, id string) (T, error) {
	var none T
	found, err := docs[T](ctx, q, what)
	if err != nil {
		return none, err
	}
	if len(found) == 0 {
		return none, fmt.Errorf("store: there is no %s %q: %w", what, id, art.ErrNotFound)
	}
	return found[0], nil
}
