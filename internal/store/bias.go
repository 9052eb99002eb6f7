package store

import (
	"context"

	"github.com/uptrace/bun"

	"presswerk/internal/art"
)

type biasRow struct {
	bun.BaseModel `bun:"table:bias_probes"`
	Seq           int64  `bun:"seq,pk,autoincrement"`
	ID            string `bun:"id"`
	Engine        string `bun:"engine"`
	Model         string `bun:"model"`
	Doc           string `bun:"doc"`
}

func (w writer) biasProbes(ctx context.Context, c art.Change) error {
	for _, v := range c.BiasProbes {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		if err := w.add(ctx, "a bias probe", &biasRow{ID: v.ID, Engine: v.Engine, Model: v.Model.Name, Doc: doc}); err != nil {
			return err
		}
	}
	return nil
}

// BiasProbes lists the bias probes of an engine's model, in all its versions, the oldest first.
func (db *DB) BiasProbes(ctx context.Context, engine, model string) ([]art.BiasProbe, error) {
	return docs[art.BiasProbe](ctx, db.read.NewSelect().Model((*biasRow)(nil)).Where("engine = ? AND model = ?", engine, model).Order("seq"), "bias probes")
}
