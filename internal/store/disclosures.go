package store

import (
	"context"

	"github.com/uptrace/bun"

	"presswerk/internal/art"
)

type disclosureRow struct {
	bun.BaseModel `bun:"table:disclosures"`
	Seq           int64  `bun:"seq,pk,autoincrement"`
	ID            string `bun:"id"`
	Run           string `bun:"run"`
	Candidate     string `bun:"candidate"`
	Misleads      bool   `bun:"misleads"`
	Doc           string `bun:"doc"`
}

func (w writer) disclosures(ctx context.Context, c art.Change) error {
	for _, v := range c.Disclosures {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		row := &disclosureRow{ID: v.ID, Run: v.Run, Candidate: v.Candidate, Misleads: v.Misleads(), Doc: doc}
		if err := w.add(ctx, "a disclosure", row); err != nil {
			return err
		}
	}
	return nil
}

// Disclosures lists what was said about whether a candidate could mislead, the oldest first.
func (db *DB) Disclosures(ctx context.Context, candidate string) ([]art.Disclosure, error) {
	q := db.read.NewSelect().Model((*disclosureRow)(nil)).Where("candidate = ?", candidate).Order("seq")
	return docs[art.Disclosure](ctx, q, "disclosures")
}
