package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/pressly/goose/v3"

	"presswerk/internal/art"
)

func call(i int, key string, attempt int) art.Call {
	return art.Call{
		ID: fmt.Sprintf("call-%03d", i), Key: key, Attempt: attempt, Run: "hero-1", Brand: "acme", Engine: "shop", At: noon(),
		Quote: art.Quote{Amount: art.AmountOf(0.04), Currency: "USD", Known: true}, CallOutcome: art.CallOutcome{State: art.CallRequested, Changed: noon()},
	}
}

func tenCalls() []art.Limit {
	return []art.Limit{{Level: art.LevelBrand, Per: "day", Brand: "acme", Since: "2026-11-23", Most: art.AmountOf(0.4), Currency: "USD"}}
}

func TestACallIsWrittenOnceAndSettled(t *testing.T) {
	db, ctx := open(t), context.Background()
	if err := db.Intend(ctx, call(1, "k", 1), nil); err != nil {
		t.Fatal(err)
	}
	if err := db.Intend(ctx, call(2, "k", 1), nil); !errors.Is(err, art.ErrConflict) {
		t.Errorf("the same attempt once more: %v", err)
	}
	dear := art.AmountOf(0.05)
	for _, o := range []art.CallOutcome{
		{State: art.CallAccepted, Ticket: []byte(`{"job":"7"}`)}, {State: art.CallDone, Charged: &dear, Currency: "USD", Picture: &art.CallPicture{Image: "ab"}},
	} {
		if _, err := db.Settle(ctx, "call-001", o); err != nil {
			t.Fatal(err)
		}
	}
	now, err := db.Settle(ctx, "call-001", art.CallOutcome{State: art.CallFailed})
	if !errors.Is(err, art.ErrConflict) || now.State != art.CallDone {
		t.Errorf("done became %s: %v", now.State, err)
	}
	if _, err := db.Settle(ctx, "nobody", art.CallOutcome{State: art.CallDone}); !errors.Is(err, art.ErrNotFound) {
		t.Error(err)
	}
	c, err := db.Call(ctx, "call-0")
	if err != nil || string(c.Ticket) != `{"job":"7"}` || *c.Charged != dear || c.Picture.Image != "ab" {
		t.Errorf("%+v, %v", c, err)
	}
	past, err := db.Outcomes(ctx, c.ID)
	if err != nil || len(past) != 3 || past[0].State != art.CallRequested || past[2].State != art.CallDone {
		t.Errorf("%+v, %v", past, err)
	}
	if spent, err := db.Spent(ctx, tenCalls()[0]); err != nil || spent != dear {
		t.Errorf("spent %s, %v", spent, err)
	}
	for _, other := range []art.Limit{{Brand: "other", Currency: "USD"}, {Run: "x", Currency: "USD"}, {Since: "2026-11-24", Currency: "USD"}, {Currency: "EUR"}} {
		if spent, err := db.Spent(ctx, other); err != nil || spent != 0 {
			t.Errorf("%+v: %s, %v", other, spent, err)
		}
	}
}

func TestWhatFailedCostsNothingAndWhatIsUnknownStaysPromised(t *testing.T) {
	db, ctx := open(t), context.Background()
	for i, state := range []art.CallState{art.CallFailed, art.CallUnknown} {
		if err := errors.Join(db.Intend(ctx, call(i, fmt.Sprint(i), 1), nil)); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Settle(ctx, call(i, "", 1).ID, art.CallOutcome{State: state}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := db.Spending(ctx, "", "hero-1")
	if err != nil || len(all) != 1 || all[0].Calls != 2 || all[0].Amount != art.AmountOf(0.04) || all[0].Open != art.AmountOf(0.04) {
		t.Errorf("%+v, %v", all, err)
	}
	if open, err := db.Calls(ctx, CallQuery{States: []art.CallState{art.CallUnknown}}); err != nil || len(open) != 1 {
		t.Errorf("%+v, %v", open, err)
	}
}

// Many at once, over several connections to one file, spend what the budget allows and not a call more.
func TestNobodyOverspendsSideBySide(t *testing.T) {
	path, ctx := filepath.Join(t.TempDir(), "presswerk.db"), context.Background()
	var all sync.WaitGroup
	var mu sync.Mutex
	made, refused := 0, 0
	for p := range 2 {
		db, err := Open(ctx, path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		for i := range 20 {
			all.Go(func() {
				err := db.Intend(ctx, call(100*p+i, fmt.Sprint(p, i), 1), tenCalls())
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					made++
				case errors.Is(err, art.ErrRefused):
					refused++
				default:
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	if made != 10 || refused != 30 {
		t.Errorf("%d made, %d refused; want 10 and 30", made, refused)
	}
}

// TestNobodyOverspendsInTwoProcesses runs itself as two processes that spend from one budget.
func TestNobodyOverspendsInTwoProcesses(t *testing.T) {
	if path := os.Getenv("PRESSWERK_TEST_SPEND"); path != "" {
		spend(t, path, os.Getenv("PRESSWERK_TEST_NAME"))
		return
	}
	path := filepath.Join(t.TempDir(), "presswerk.db")
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, name := range []string{"a", "b"} {
		all.Go(func() {
			c := exec.CommandContext(t.Context(), exe, "-test.run=^TestNobodyOverspendsInTwoProcesses$")
			c.Env = append(os.Environ(), "PRESSWERK_TEST_SPEND="+path, "PRESSWERK_TEST_NAME="+name)
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	all.Wait()
	calls, err := db.Calls(t.Context(), CallQuery{})
	if err != nil || len(calls) != 10 {
		t.Errorf("%d calls were made, %v; want 10", len(calls), err)
	}
}

func spend(t *testing.T, path, name string) {
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for i := range 15 {
		c := call(i, name+fmt.Sprint(i), 1)
		c.ID = name + c.ID
		if err := db.Intend(t.Context(), c, tenCalls()); err != nil && !errors.Is(err, art.ErrRefused) {
			t.Fatal(err)
		}
	}
}

// A database from before calls were written down is upgraded with all that it holds, and a copy is kept.
func TestADatabaseWithoutCallsIsUpgraded(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "presswerk.db")
	old, err := connect(path, "_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, old, files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := old.ExecContext(ctx, `INSERT INTO runs (id, brief, brand, state, created_at, updated_at, doc) VALUES ('hero-1', 'hero', 'acme', 'review', ?, ?, '{"id":"hero-1"}')`, stamp(noon()), stamp(noon())); err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if run, err := db.Run(ctx, "hero-1"); err != nil || run.State != art.RunReview || len(run.Spending) != 0 {
		t.Errorf("%+v, %v", run, err)
	}
	if err := db.Intend(ctx, call(1, "k", 1), nil); err != nil {
		t.Error(err)
	}
	if run, err := db.Run(ctx, "hero-1"); err != nil || len(run.Spending) != 1 || run.Spending[0].Amount != art.AmountOf(0.04) {
		t.Errorf("%+v, %v", run.Spending, err)
	}
	copies, err := filepath.Glob(path + ".before-*")
	if err != nil || len(copies) != 1 {
		t.Errorf("copies: %v, %v", copies, err)
	}
}
