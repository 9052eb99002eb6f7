// Package store keeps the records of the line: runs, candidates, verdicts, decisions, assets, publications.
// It holds all the SQL of the product, and its migrations.
//
// Records are written once. The store takes an art.Change, which is all that one job wants to write, and commits it
// in one transaction together with whatever the caller does on the same transaction (queueing follow-up jobs, ending
// the job): either all of it happened or none.
//
//	db, err := store.Open(ctx, path)
//	err = db.Commit(ctx, change, now, func(ctx context.Context, tx *sql.Tx) error { return q.Insert(ctx, tx, change.Jobs) })
//
// The queue keeps its jobs in the same file; Open makes its tables, too, and Handle gives it the connection. Open upgrades
// an older database forward and keeps a copy of it beside it. The store never keeps pictures (see blob)
// and never decides anything (see judge and factory).
package store
