package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/blob"
	"presswerk/internal/engine/wire"
	"presswerk/internal/ledger"
	"presswerk/internal/store"
)

// settling is how long a request whose answer got lost may still be on its way.
const settling = 5 * time.Second

// newLedger keeps calls in the workspace's database; prices and budgets are read from its files for each call.
func newLedger(ws workspaceDir, db *store.DB, blobs *blob.Store) *ledger.Ledger {
	return ledger.New(ledger.Options{
		Book: db, Blobs: blobs, Prices: ws.ReadPrices, Budgets: ws.ReadBudgets,
		NewID: newCallID, Now: time.Now, Sleep: wire.Sleep, Settling: settling,
		Patience: ledger.Patience{Attempts: 4, First: 2 * time.Second, Most: time.Minute},
	})
}

// fundsOf lists the budgets that count for a brief, with what was spent of them. Its next run has spent nothing.
func (w workspaceDir) fundsOf(ctx context.Context, b art.Brief) ([]art.Fund, error) {
	budgets, err := w.ReadBudgets(b.Brand)
	if err != nil {
		return nil, err
	}
	budgets.Brief = b.Budgets
	limits := budgets.All(b.Brand, "", time.Now())
	if len(limits) == 0 {
		return nil, nil
	}
	if _, err := os.Stat(w.database()); err != nil { // nothing was made yet
		return withSpent(limits, func(art.Limit) (art.Amount, error) { return 0, nil })
	}
	db, err := store.Open(ctx, w.database())
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return withSpent(limits, func(l art.Limit) (art.Amount, error) {
		if l.Per == "run" {
			return 0, nil
		}
		return db.Spent(ctx, l)
	})
}

// measured tells how long engines took in this workspace; before anything was made, nothing.
func (w workspaceDir) measured(ctx context.Context) ([]art.Measured, error) {
	if _, err := os.Stat(w.database()); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	db, err := store.Open(ctx, w.database())
	if err != nil {
		return nil, err
	}
	all, err := db.Measured(ctx)
	return all, errors.Join(err, db.Close())
}

func withSpent(limits []art.Limit, spent func(art.Limit) (art.Amount, error)) ([]art.Fund, error) {
	funds := make([]art.Fund, len(limits))
	for i, l := range limits {
		amount, err := spent(l)
		if err != nil {
			return nil, err
		}
		funds[i] = art.Fund{Limit: l, Spent: amount}
	}
	return funds, nil
}

// newCallID is a random UUID, version 4: some services take a name of ours in this form alone.
func newCallID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, see its documentation
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
