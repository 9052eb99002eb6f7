package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"presswerk/internal/art"
)

// Also is something that has to happen on the same transaction as a Change, such as queueing its jobs.
type Also func(ctx context.Context, tx *sql.Tx) error

// Commit writes the change and runs also, in one transaction. Writing a record a second time changes nothing, so a
// job that was repeated after a crash leaves what the first try wrote.
func (db *DB) Commit(ctx context.Context, c art.Change, now time.Time, also ...Also) error {
	return db.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		w := writer{tx: tx, now: stamp(now)}
		for _, write := range []func(context.Context, art.Change) error{
			w.run, w.licenses, w.candidates, w.rendered, w.fingerprints, w.verdicts, w.selections, w.disclosures, w.decisions, w.assets, w.manifests, w.stamped, w.publications, w.guards, w.comparisons, w.probes, w.biasProbes, w.state,
		} {
			if err := write(ctx, c); err != nil {
				return err
			}
		}
		for _, do := range also {
			if err := do(ctx, tx.Tx); err != nil {
				return err
			}
		}
		return nil
	})
}

type writer struct {
	tx  bun.Tx
	now string
}

// add inserts rows and leaves alone what is there already.
func (w writer) add(ctx context.Context, what string, rows any) error {
	if _, err := w.tx.NewInsert().Model(rows).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
		return fmt.Errorf("store: writing %s: %w", what, err)
	}
	return nil
}

func (w writer) run(ctx context.Context, c art.Change) error {
	if c.NewRun == nil {
		return nil
	}
	doc, err := encode(c.NewRun)
	if err != nil {
		return err
	}
	r := c.NewRun
	return w.add(ctx, "a run", &runRow{
		ID: r.ID, Brief: r.Brief.ID, Brand: r.BrandID, State: string(r.State), CreatedAt: w.now, UpdatedAt: w.now, Doc: doc,
	})
}

func (w writer) state(ctx context.Context, c art.Change) error {
	if c.RunState == nil {
		return nil
	}
	_, err := w.tx.NewUpdate().Model((*runRow)(nil)).
		Set("state = ?", string(c.RunState.State)).Set("failure = ?", c.RunState.Failure).Set("updated_at = ?", w.now).
		Where("id = ?", c.RunState.Run).Exec(ctx)
	if err != nil {
		return fmt.Errorf("store: moving run %s to %s: %w", c.RunState.Run, c.RunState.State, err)
	}
	return nil
}

func (w writer) candidates(ctx context.Context, c art.Change) error {
	for _, v := range c.NewCandidates {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		row := &candidateRow{ID: v.ID, Run: v.Run, Place: v.Index, Recipe: v.Planned.ID, Doc: doc}
		if err := w.add(ctx, "a candidate", row); err != nil {
			return err
		}
	}
	return nil
}

func (w writer) rendered(ctx context.Context, c art.Change) error {
	for _, v := range c.Rendered {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		_, err = w.tx.NewUpdate().Model((*candidateRow)(nil)).Set("rendered = ?", doc).Set("recipe = ?", v.Planned.ID).Set("failure = ''").
			Where("id = ?", v.ID).Where("rendered = ''").Exec(ctx)
		if err != nil {
			return fmt.Errorf("store: writing the picture of %s: %w", v.ID, err)
		}
	}
	for _, f := range c.Failures {
		_, err := w.tx.NewUpdate().Model((*candidateRow)(nil)).Set("failure = ?", f.Reason).
			Where("id = ?", f.Candidate).Where("rendered = ''").Exec(ctx)
		if err != nil {
			return fmt.Errorf("store: writing why %s failed: %w", f.Candidate, err)
		}
	}
	return nil
}

func (w writer) fingerprints(ctx context.Context, c art.Change) error {
	for _, f := range c.Fingerprints {
		row := &fingerprintRow{Candidate: f.Candidate, Run: f.Run, Place: f.Index, Kind: f.Kind, Hash: f.Hash}
		if err := w.add(ctx, "a fingerprint", row); err != nil {
			return err
		}
	}
	return nil
}

func (w writer) verdicts(ctx context.Context, c art.Change) error {
	for _, v := range c.Verdicts {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		row := &verdictRow{Candidate: v.Candidate, Pass: v.Pass, Overall: v.Overall, Doc: doc}
		if err := w.add(ctx, "a verdict", row); err != nil {
			return err
		}
	}
	return nil
}

func (w writer) selections(ctx context.Context, c art.Change) error {
	for _, v := range c.Selections {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		row := &selectionRow{Candidate: v.Candidate, Selected: v.Selected, Place: v.Rank, Doc: doc}
		if err := w.add(ctx, "a selection", row); err != nil {
			return err
		}
	}
	return nil
}

func (w writer) decisions(ctx context.Context, c art.Change) error {
	for _, v := range c.Decisions {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		row := &decisionRow{ID: v.ID, Run: v.Run, Candidate: v.Candidate, Action: string(v.Action), Doc: doc}
		if err := w.add(ctx, "a decision", row); err != nil {
			return err
		}
	}
	return nil
}

func (w writer) assets(ctx context.Context, c art.Change) error {
	for _, v := range c.Assets {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		row := &assetRow{ID: v.ID, Run: v.Run, Candidate: v.Candidate, CreatedAt: w.now, Words: searchWords(v), Doc: doc}
		if err := w.add(ctx, "an asset", row); err != nil {
			return err
		}
	}
	return nil
}

// stamped writes assets over, of which only the signatures of files have changed.
func (w writer) stamped(ctx context.Context, c art.Change) error {
	for _, v := range c.Stamped {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		if _, err := w.tx.NewUpdate().Model((*assetRow)(nil)).Set("doc = ?", doc).Where("id = ?", v.ID).Exec(ctx); err != nil {
			return fmt.Errorf("store: writing the time stamps of %s: %w", v.ID, err)
		}
	}
	return nil
}

// searchWords is all that a person may look an asset up by, in lower case.
func searchWords(a art.Asset) string {
	words := []string{a.ID, a.Slug, a.Brief, a.Brand, a.Planned.Prompt}
	for _, t := range []art.Text{a.Title, a.Alt} {
		for _, lang := range t.Languages() {
			words = append(words, t[lang])
		}
	}
	if l := a.License; l != nil {
		words = append(words, l.Source, l.Content, l.Creator)
	}
	return strings.ToLower(strings.Join(words, "\n"))
}

func (w writer) publications(ctx context.Context, c art.Change) error {
	for _, v := range c.Publications {
		doc, err := encode(v)
		if err != nil {
			return err
		}
		if err := w.add(ctx, "a publication", &publicationRow{ID: v.ID, Run: v.Run, Doc: doc}); err != nil {
			return err
		}
	}
	return nil
}
