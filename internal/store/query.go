package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"presswerk/internal/art"
)

// notFound turns "no rows" into art.ErrNotFound with the name that was asked for.
func notFound(err error, what, id string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("store: there is no %s %q: %w", what, id, art.ErrNotFound)
	}
	return fmt.Errorf("store: reading %s %q: %w", what, id, err)
}

// snapshot lets several queries see one state of the database. Without it a run's figures could be newer than its state.
func (db *DB) snapshot(ctx context.Context, read func(context.Context, bun.Tx) error) error {
	return db.read.RunInTx(ctx, &sql.TxOptions{ReadOnly: true}, read)
}

// Runs lists all runs, the newest first.
func (db *DB) Runs(ctx context.Context) ([]art.RunView, error) {
	var views []art.RunView
	err := db.snapshot(ctx, func(ctx context.Context, tx bun.Tx) error {
		var rows []runRow
		if err := tx.NewSelect().Model(&rows).Order("created_at DESC", "id").Scan(ctx); err != nil {
			return fmt.Errorf("store: listing the runs: %w", err)
		}
		views = make([]art.RunView, len(rows))
		for i, row := range rows {
			v, err := runView(ctx, tx, row)
			if err != nil {
				return err
			}
			views[i] = v
		}
		return nil
	})
	return views, err
}

// Run gives one run with its figures, or art.ErrNotFound.
func (db *DB) Run(ctx context.Context, id string) (art.RunView, error) {
	var view art.RunView
	err := db.snapshot(ctx, func(ctx context.Context, tx bun.Tx) error {
		var row runRow
		err := tx.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx)
		if err != nil {
			return notFound(err, "run", id)
		}
		view, err = runView(ctx, tx, row)
		return err
	})
	return view, err
}

func runView(ctx context.Context, from bun.IDB, row runRow) (art.RunView, error) {
	run, err := decode[art.Run](row.Doc)
	if err != nil {
		return art.RunView{}, err
	}
	run.State, run.Failure = art.RunState(row.State), row.Failure
	view := art.RunView{Run: run}
	if run.CreatedAt, err = parseStamp(row.CreatedAt); err != nil {
		return view, err
	}
	if run.UpdatedAt, err = parseStamp(row.UpdatedAt); err != nil {
		return view, err
	}
	view.Run = run
	candidates, err := runCandidates(ctx, from, run.ID)
	if err != nil {
		return view, err
	}
	view.Progress, view.Cover = count(candidates), cover(candidates)
	if view.Publication, err = publication(ctx, from, run.ID); err != nil {
		return view, err
	}
	if view.Spending, err = spending(ctx, from, "", run.ID); err != nil {
		return view, err
	}
	if view.Publication != nil {
		view.Progress.Published = len(view.Publication.Assets)
	}
	return view, nil
}

// count works out a run's figures from its candidates.
func count(candidates []art.CandidateView) art.Progress {
	p := art.Progress{Candidates: len(candidates)}
	for _, c := range candidates {
		p.Rendered += one(c.Image != "")
		p.Reused += one(c.Reused)
		p.Judged += one(c.Verdict != nil)
		p.Failed += one(c.Verdict == nil && c.Failure != "")
		p.Selected += one(c.Selection != nil && c.Selection.Selected)
		p.Approved += one(c.Decision != nil && c.Decision.Action == art.Approve)
		p.Rejected += one(c.Decision != nil && c.Decision.Action == art.Reject)
		p.Assets += one(c.AssetID != "")
	}
	return p
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// cover is the picture of the best verdict so far.
func cover(candidates []art.CandidateView) string {
	best, image := -1.0, ""
	for _, c := range candidates {
		if c.Verdict != nil && c.Verdict.Overall > best {
			best, image = c.Verdict.Overall, c.Image
		}
	}
	return image
}

// candidateJoin is a candidate with everything that was said about it.
type candidateJoin struct {
	candidateRow
	Verdict    sql.NullString `bun:"verdict"`
	Selection  sql.NullString `bun:"selection"`
	Decision   sql.NullString `bun:"decision"`
	Disclosure sql.NullString `bun:"disclosure"`
	Asset      sql.NullString `bun:"asset"`
}

func candidateQuery(from bun.IDB) *bun.SelectQuery {
	return from.NewSelect().TableExpr("candidates AS c").ColumnExpr("c.*").
		ColumnExpr("v.doc AS verdict").ColumnExpr("s.doc AS selection").ColumnExpr("a.id AS asset").
		ColumnExpr("(SELECT d.doc FROM decisions AS d WHERE d.candidate = c.id ORDER BY d.seq DESC LIMIT 1) AS decision").
		ColumnExpr("(SELECT d.doc FROM disclosures AS d WHERE d.candidate = c.id ORDER BY d.seq DESC LIMIT 1) AS disclosure").
		Join("LEFT JOIN verdicts AS v ON v.candidate = c.id").
		Join("LEFT JOIN selections AS s ON s.candidate = c.id").
		Join("LEFT JOIN assets AS a ON a.candidate = c.id")
}

// Candidates lists a run's candidates in the order of its plan.
func (db *DB) Candidates(ctx context.Context, run string) ([]art.CandidateView, error) {
	return runCandidates(ctx, db.read, run)
}

func runCandidates(ctx context.Context, from bun.IDB, run string) ([]art.CandidateView, error) {
	var rows []candidateJoin
	if err := candidateQuery(from).Where("c.run = ?", run).Order("c.place").Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("store: listing the candidates of %s: %w", run, err)
	}
	views := make([]art.CandidateView, len(rows))
	for i, row := range rows {
		v, err := row.view()
		if err != nil {
			return nil, err
		}
		views[i] = v
	}
	return views, nil
}

// Candidate gives one candidate, or art.ErrNotFound.
func (db *DB) Candidate(ctx context.Context, id string) (art.CandidateView, error) {
	var row candidateJoin
	if err := candidateQuery(db.read).Where("c.id = ?", id).Scan(ctx, &row); err != nil {
		return art.CandidateView{}, notFound(err, "candidate", id)
	}
	return row.view()
}

func (row candidateJoin) view() (art.CandidateView, error) {
	doc := row.Doc
	if row.Rendered != "" {
		doc = row.Rendered
	}
	c, err := decode[art.Candidate](doc)
	if err != nil {
		return art.CandidateView{}, err
	}
	v := art.CandidateView{Candidate: c, AssetID: row.Asset.String, Failure: row.Failure}
	if v.Verdict, err = optional[art.Verdict](row.Verdict); err != nil {
		return v, err
	}
	if v.Selection, err = optional[art.Selection](row.Selection); err != nil {
		return v, err
	}
	if v.Decision, err = optional[art.Decision](row.Decision); err != nil {
		return v, err
	}
	v.Disclosure, err = optional[art.Disclosure](row.Disclosure)
	return v, err
}

func optional[T any](doc sql.NullString) (*T, error) {
	if !doc.Valid {
		return nil, nil //nolint:nilnil // nothing was said yet, and that is no error
	}
	v, err := decode[T](doc.String)
	return &v, err
}

// RenderedAs gives a candidate of any run that was rendered from an equal recipe, or art.ErrNotFound.
func (db *DB) RenderedAs(ctx context.Context, recipe string) (art.Candidate, error) {
	var row candidateRow
	err := db.read.NewSelect().Model(&row).Where("recipe = ?", recipe).Where("rendered <> ''").Order("id").Limit(1).Scan(ctx)
	if err != nil {
		return art.Candidate{}, notFound(err, "picture of recipe", recipe)
	}
	return decode[art.Candidate](row.Rendered)
}

// Fingerprints lists at most count fingerprints of one kind that were written after a place in the order of writing, which
// 0 begins, and the place of the last one.
func (db *DB) Fingerprints(ctx context.Context, kind string, after int64, count int) ([]art.Fingerprint, int64, error) {
	rows, err := db.read.QueryContext(ctx, "SELECT rowid, candidate, run, place, hash FROM fingerprints WHERE kind = ? AND rowid > ? ORDER BY rowid LIMIT ?", kind, after, count)
	if err != nil {
		return nil, after, fmt.Errorf("store: listing fingerprints: %w", err)
	}
	defer rows.Close()
	var prints []art.Fingerprint
	for rows.Next() {
		f := art.Fingerprint{Kind: kind}
		if err := rows.Scan(&after, &f.Candidate, &f.Run, &f.Index, &f.Hash); err != nil {
			return nil, after, fmt.Errorf("store: reading a fingerprint: %w", err)
		}
		prints = append(prints, f)
	}
	if err := rows.Err(); err != nil {
		return nil, after, fmt.Errorf("store: listing fingerprints: %w", err)
	}
	return prints, after, nil
}

// Assets lists the assets in which every one of the words occurs, the newest first. No words lists all.
func (db *DB) Assets(ctx context.Context, words string) ([]art.Asset, error) {
	q := db.read.NewSelect().Model((*assetRow)(nil)).Column("doc").Order("created_at DESC", "id")
	for w := range strings.FieldsSeq(strings.ToLower(words)) {
		q = q.Where("instr(words, ?) > 0", w)
	}
	return scanAssets(ctx, q)
}

// RunAssets lists the assets of one run in the order of its plan.
func (db *DB) RunAssets(ctx context.Context, run string) ([]art.Asset, error) {
	q := db.read.NewSelect().Model((*assetRow)(nil)).Column("doc").Where("run = ?", run).Order("candidate")
	return scanAssets(ctx, q)
}

func scanAssets(ctx context.Context, q *bun.SelectQuery) ([]art.Asset, error) {
	var docs []string
	if err := q.Scan(ctx, &docs); err != nil {
		return nil, fmt.Errorf("store: listing the assets: %w", err)
	}
	assets := make([]art.Asset, len(docs))
	for i, d := range docs {
		a, err := decode[art.Asset](d)
		if err != nil {
			return nil, err
		}
		assets[i] = a
	}
	return assets, nil
}

// Asset gives one asset by its whole identity or by a beginning of it that only one has, or art.ErrNotFound.
func (db *DB) Asset(ctx context.Context, id string) (art.Asset, error) {
	q := db.read.NewSelect().Model((*assetRow)(nil)).Column("doc").Where("substr(id, 1, ?) = ?", len(id), id).Limit(2)
	found, err := scanAssets(ctx, q)
	switch {
	case err != nil:
		return art.Asset{}, err
	case len(found) == 1 && id != "":
		return found[0], nil
	case len(found) == 2:
		return art.Asset{}, fmt.Errorf("store: more than one asset begins with %q; write more of it: %w", id, art.ErrInvalid)
	}
	return art.Asset{}, fmt.Errorf("store: there is no asset %q: %w", id, art.ErrNotFound)
}

// Decisions lists all that was decided about a candidate, the oldest first.
func (db *DB) Decisions(ctx context.Context, candidate string) ([]art.Decision, error) {
	var docs []string
	err := db.read.NewSelect().Model((*decisionRow)(nil)).Column("doc").Where("candidate = ?", candidate).Order("seq").Scan(ctx, &docs)
	if err != nil {
		return nil, fmt.Errorf("store: listing the decisions on %s: %w", candidate, err)
	}
	all := make([]art.Decision, len(docs))
	for i, d := range docs {
		if all[i], err = decode[art.Decision](d); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// publication gives the newest publication of a run, or nil.
func publication(ctx context.Context, from bun.IDB, run string) (*art.Publication, error) {
	var row publicationRow
	err := from.NewSelect().Model(&row).Where("run = ?", run).Order("seq DESC").Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // not published yet, and that is no error
	}
	if err != nil {
		return nil, fmt.Errorf("store: reading the publication of %s: %w", run, err)
	}
	p, err := decode[art.Publication](row.Doc)
	return &p, err
}
