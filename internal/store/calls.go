package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"presswerk/internal/art"
)

type callRow struct {
	bun.BaseModel `bun:"table:calls"`
	Seq           int64  `bun:"seq,pk,autoincrement"`
	ID            string `bun:"id"`
	Key           string `bun:"key"`
	Attempt       int    `bun:"attempt"`
	Run           string `bun:"run"`
	Brand         string `bun:"brand"`
	Engine        string `bun:"engine"`
	Day           string `bun:"day"`
	State         string `bun:"state"`
	Cost          int64  `bun:"cost"`
	Currency      string `bun:"currency"`
	Doc           string `bun:"doc"`
}

type outcomeRow struct {
	bun.BaseModel `bun:"table:outcomes"`
	Seq           int64  `bun:"seq,pk,autoincrement"`
	Call          string `bun:"call"`
	State         string `bun:"state"`
	Doc           string `bun:"doc"`
}

// Intend writes down a call that is about to be made, unless it would exceed one of the limits: then nothing is written and
// the error wraps art.ErrRefused. An attempt that somebody else has begun gives art.ErrConflict. What was spent is added up
// in the same transaction, which is the only one that writes meanwhile, also where several processes work.
func (db *DB) Intend(ctx context.Context, c art.Call, limits []art.Limit) error {
	doc, err := encode(c)
	if err != nil {
		return err
	}
	cost, currency := c.Cost()
	row := &callRow{
		ID: c.ID, Key: c.Key, Attempt: c.Attempt, Run: c.Run, Brand: c.Brand, Engine: c.Engine, Day: c.At.UTC().Format(time.DateOnly),
		State: string(c.State), Cost: int64(cost), Currency: currency, Doc: doc,
	}
	return db.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		for _, l := range limits {
			spent, err := spentWithin(ctx, tx, l)
			if err != nil {
				return err
			}
			if err := l.Refuse(spent, cost); err != nil {
				return err
			}
		}
		done, err := tx.NewInsert().Model(row).On("CONFLICT DO NOTHING").Exec(ctx)
		if err != nil {
			return fmt.Errorf("store: writing down call %s: %w", c.ID, err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(fmt.Errorf("store: attempt %d at %s was begun already: %w", c.Attempt, c.Key, art.ErrConflict), err)
		}
		return addOutcome(ctx, tx, c.ID, c.CallOutcome)
	})
}

func addOutcome(ctx context.Context, tx bun.Tx, call string, o art.CallOutcome) error {
	doc, err := encode(o)
	if err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(&outcomeRow{Call: call, State: string(o.State), Doc: doc}).Exec(ctx); err != nil {
		return fmt.Errorf("store: writing what became of call %s: %w", call, err)
	}
	return nil
}

// Spent adds up what a limit is about.
func (db *DB) Spent(ctx context.Context, l art.Limit) (art.Amount, error) {
	return spentWithin(ctx, db.read, l)
}

func spentWithin(ctx context.Context, from bun.IDB, l art.Limit) (art.Amount, error) {
	q := from.NewSelect().Model((*callRow)(nil)).ColumnExpr("COALESCE(SUM(cost), 0)").Where("currency = ?", l.Currency)
	if l.Brand != "" {
		q = q.Where("brand = ?", l.Brand)
	}
	if l.Run != "" {
		q = q.Where("run = ?", l.Run)
	}
	if l.Since != "" {
		q = q.Where("day >= ?", l.Since)
	}
	var sum int64
	if err := q.Scan(ctx, &sum); err != nil {
		return 0, fmt.Errorf("store: adding up what was spent: %w", err)
	}
	return art.Amount(sum), nil
}

// Settle writes what has become of a call and gives the call as it is now. An outcome that can't follow on the present one is
// not written: the answer is then the call as it was, with art.ErrConflict.
func (db *DB) Settle(ctx context.Context, id string, o art.CallOutcome) (art.Call, error) {
	var now art.Call
	err := db.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		var row callRow
		err := tx.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx)
		if err != nil {
			return notFound(err, "call", id)
		}
		if now, err = decode[art.Call](row.Doc); err != nil {
			return err
		}
		if !o.State.Follows(now.State) {
			return fmt.Errorf("store: call %s is %s and can't become %s: %w", id, now.State, o.State, art.ErrConflict)
		}
		now = now.With(o)
		cost, currency := now.Cost()
		row.State, row.Cost, row.Currency = string(now.State), int64(cost), currency
		if row.Doc, err = encode(now); err != nil {
			return err
		}
		if _, err := tx.NewUpdate().Model(&row).WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("store: writing what became of call %s: %w", id, err)
		}
		return addOutcome(ctx, tx, id, o)
	})
	return now, err
}

// CallQuery says which calls are meant; what is empty doesn't matter.
type CallQuery struct {
	Key    string
	Run    string
	Engine string
	States []art.CallState
	Since  string // first day, YYYY-MM-DD
}

// CallsFor lists the attempts at one thing, the oldest first.
func (db *DB) CallsFor(ctx context.Context, key string) ([]art.Call, error) {
	return db.Calls(ctx, CallQuery{Key: key})
}

// Calls lists calls, the oldest first.
func (db *DB) Calls(ctx context.Context, want CallQuery) ([]art.Call, error) {
	q := db.read.NewSelect().Model((*callRow)(nil)).Column("doc").Order("seq")
	for column, value := range map[string]string{"key": want.Key, "run": want.Run, "engine": want.Engine} {
		if value != "" {
			q = q.Where("? = ?", bun.Ident(column), value)
		}
	}
	if len(want.States) > 0 {
		q = q.Where("state IN (?)", bun.List(want.States))
	}
	if want.Since != "" {
		q = q.Where("day >= ?", want.Since)
	}
	return scanAll[art.Call](ctx, q, "calls")
}

// Call gives one call by its whole identity or by a beginning of it that only one has, or art.ErrNotFound.
func (db *DB) Call(ctx context.Context, id string) (art.Call, error) {
	q := db.read.NewSelect().Model((*callRow)(nil)).Column("doc").Where("substr(id, 1, ?) = ?", len(id), id).Limit(2)
	found, err := scanAll[art.Call](ctx, q, "calls")
	switch {
	case err != nil:
		return art.Call{}, err
	case len(found) == 1 && id != "":
		return found[0], nil
	case len(found) == 2:
		return art.Call{}, fmt.Errorf("store: more than one call begins with %q; write more of it: %w", id, art.ErrInvalid)
	}
	return art.Call{}, notFound(sql.ErrNoRows, "call", id)
}

// Outcomes lists all that became of a call, the oldest first.
func (db *DB) Outcomes(ctx context.Context, call string) ([]art.CallOutcome, error) {
	return scanAll[art.CallOutcome](ctx, db.read.NewSelect().Model((*outcomeRow)(nil)).Column("doc").Where("call = ?", call).Order("seq"), "outcomes")
}

func scanAll[T any](ctx context.Context, q *bun.SelectQuery, what string) ([]T, error) {
	var docs []string
	if err := q.Scan(ctx, &docs); err != nil {
		return nil, fmt.Errorf("store: listing %s: %w", what, err)
	}
	all := make([]T, len(docs))
	for i, d := range docs {
		v, err := decode[T](d)
		if err != nil {
			return nil, err
		}
		all[i] = v
	}
	return all, nil
}

// Spending adds up the calls by brand, run, engine, day and currency, since a day, of one run; "" means all.
func (db *DB) Spending(ctx context.Context, since, run string) ([]art.Spending, error) {
	return spending(ctx, db.read, since, run)
}

func spending(ctx context.Context, from bun.IDB, since, run string) ([]art.Spending, error) {
	var all []art.Spending
	q := from.NewSelect().Model((*callRow)(nil)).Column("brand", "run", "engine", "day", "currency").
		ColumnExpr("COUNT(*) AS calls").ColumnExpr("SUM(cost) AS amount").
		ColumnExpr("SUM(CASE WHEN state IN ('requested', 'accepted', 'running', 'unknown') THEN cost ELSE 0 END) AS open").
		Group("brand", "run", "engine", "day", "currency").Order("day", "brand", "run", "engine", "currency")
	if since != "" {
		q = q.Where("day >= ?", since)
	}
	if run != "" {
		q = q.Where("run = ?", run)
	}
	if err := q.Scan(ctx, &all); err != nil {
		return nil, fmt.Errorf("store: adding up what was spent: %w", err)
	}
	return all, nil
}
