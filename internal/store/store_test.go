package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
)

func open(t *testing.T) *DB {
	t.Helper()
	db, err := Open(context.Background(), filepath.Join(t.TempDir(), "presswerk.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// aRun is a run of two candidates, the second of which was rendered and judged.
func aRun() art.Change {
	run := art.Run{ID: "hero-1", Brief: art.Brief{ID: "hero"}, BrandID: "morgenrot", State: art.RunWorking, CreatedAt: noon(), UpdatedAt: noon(), BrandKit: []byte(`{}`)}
	first := art.Candidate{ID: "hero-1-001", Run: run.ID, Planned: art.PlannedRecipe{ID: "r1"}}
	second := art.Candidate{ID: "hero-1-002", Run: run.ID, Index: 1, Planned: art.PlannedRecipe{ID: "r2"}}
	rendered := second
	rendered.Image, rendered.PixelsSHA256 = "image", "pixels"
	return art.Change{
		NewRun: &run, NewCandidates: []art.Candidate{first, second}, Rendered: []art.Candidate{rendered},
		Fingerprints: []art.Fingerprint{{Candidate: second.ID, Run: run.ID, Index: 1, Kind: "pdq", Hash: "00"}},
		Verdicts:     []art.Verdict{{Candidate: second.ID, Pass: true, Overall: 0.5}},
	}
}

func commit(t *testing.T, db *DB, c art.Change) {
	t.Helper()
	if err := db.Commit(context.Background(), c, noon()); err != nil {
		t.Fatal(err)
	}
}

func TestCommitTwiceWritesOnce(t *testing.T) {
	db, ctx := open(t), context.Background()
	commit(t, db, aRun())
	before, err := db.Run(ctx, "hero-1")
	if err != nil {
		t.Fatal(err)
	}
	commit(t, db, aRun())
	after, err := db.Run(ctx, "hero-1")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, after); d != "" {
		t.Errorf("the second commit changed the run:\n%s", d)
	}
	want := art.Progress{Candidates: 2, Rendered: 1, Judged: 1}
	if d := cmp.Diff(want, after.Progress); d != "" {
		t.Errorf("progress:\n%s", d)
	}
	if after.Cover != "image" {
		t.Errorf("cover is %q, want the judged picture", after.Cover)
	}
}

// A reader that comes between two commits once saw the older state with the newer figures, and took the run for done.
func TestARunIsReadFromOneState(t *testing.T) {
	db, ctx := open(t), context.Background()
	commit(t, db, aRun())
	states := []art.Change{
		{RunState: &art.RunStateChange{Run: "hero-1", State: art.RunPublished}, Publications: []art.Publication{{Run: "hero-1", Assets: []string{"a"}}}},
		{RunState: &art.RunStateChange{Run: "hero-1", State: art.RunReview}, Publications: []art.Publication{{Run: "hero-1"}}},
	}
	done := make(chan error, 1)
	go func() {
		for i := range 400 {
			c := states[i%2]
			c.Publications[0].ID = fmt.Sprint(i)
			if err := db.Commit(ctx, c, noon()); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		run, err := db.Run(ctx, "hero-1")
		if err != nil {
			t.Error(err)
		}
		if published := run.Progress.Published == 1; published != (run.State == art.RunPublished) {
			t.Errorf("%d published in state %q", run.Progress.Published, run.State)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
	}
}

func TestNothingOfAFailedCommitStays(t *testing.T) {
	db, ctx := open(t), context.Background()
	boom := errors.New("boom")
	err := db.Commit(ctx, aRun(), noon(), func(context.Context, *sql.Tx) error { return boom })
	if !errors.Is(err, boom) {
		t.Fatalf("got %v, want boom", err)
	}
	if _, err := db.Run(ctx, "hero-1"); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("the run stayed: %v", err)
	}
}

func TestTheNewestDecisionCountsAndNoneIsLost(t *testing.T) {
	db, ctx := open(t), context.Background()
	commit(t, db, aRun())
	for i, a := range []art.Action{art.Approve, art.Reject} {
		commit(t, db, art.Change{Decisions: []art.Decision{{ID: string(a), Run: "hero-1", Candidate: "hero-1-002", Action: a, At: noon().Add(time.Duration(i))}}})
	}
	c, err := db.Candidate(ctx, "hero-1-002")
	if err != nil {
		t.Fatal(err)
	}
	if c.Decision == nil || c.Decision.Action != art.Reject {
		t.Errorf("current decision is %+v, want the rejection", c.Decision)
	}
	all, err := db.Decisions(ctx, "hero-1-002")
	if err != nil || len(all) != 2 {
		t.Errorf("decisions: %v, %v; want both", all, err)
	}
}

func TestFingerprintsAreReadOnceInTheOrderOfWriting(t *testing.T) {
	db, ctx := open(t), context.Background()
	commit(t, db, aRun())
	first, after, err := db.Fingerprints(ctx, "pdq", 0, 10)
	if err != nil || len(first) != 1 || first[0].Candidate == "" || first[0].Run != "hero-1" || first[0].Hash == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	again, end, err := db.Fingerprints(ctx, "pdq", after, 10)
	if err != nil || len(again) != 0 || end != after {
		t.Errorf("what was read comes again: %+v, %v", again, err)
	}
	if other, _, err := db.Fingerprints(ctx, "other", 0, 10); err != nil || len(other) != 0 {
		t.Errorf("another kind: %+v, %v", other, err)
	}
}

func TestKnownPicturesAreReplacedByNameAndDroppedBySet(t *testing.T) {
	db, ctx := open(t), context.Background()
	none, err := db.KnownMark(ctx)
	if err != nil {
		t.Fatal(err)
	}
	old := []art.KnownPicture{{Set: "rival", Name: "a.png", Exclude: true, Hash: "01"}, {Set: "refs", Name: "a.png", Hash: "02"}}
	if err := db.AddKnown(ctx, old); err != nil {
		t.Fatal(err)
	}
	before, err := db.KnownMark(ctx)
	if err != nil || before == none {
		t.Errorf("the mark stays %q, %v", before, err)
	}
	if err := db.AddKnown(ctx, []art.KnownPicture{{Set: "rival", Name: "a.png", Exclude: true, Hash: "03"}}); err != nil {
		t.Fatal(err)
	}
	if mark, err := db.KnownMark(ctx); err != nil || mark == before {
		t.Errorf("a replaced picture leaves the mark %q, %v", mark, err)
	}
	want := []art.KnownPicture{old[1], {Set: "rival", Name: "a.png", Exclude: true, Hash: "03"}}
	if got, err := db.Known(ctx); err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if n, err := db.DropKnown(ctx, "rival"); err != nil || n != 1 {
		t.Errorf("dropped %d, %v", n, err)
	}
	if got, err := db.Known(ctx); err != nil || len(got) != 1 || got[0].Set != "refs" {
		t.Errorf("left are %+v, %v", got, err)
	}
}

func TestAssetsAreFoundByWordsAndByTheBeginningOfTheirIdentity(t *testing.T) {
	db, ctx := open(t), context.Background()
	change := aRun()
	change.Assets = []art.Asset{{ID: "abc123", Run: "hero-1", Candidate: "hero-1-002", Alt: art.Text{art.German: "Ein roter Apfel"}}}
	commit(t, db, change)
	for words, want := range map[string]int{"": 1, "ROTER apfel": 1, "birne": 0, "%": 0} {
		if got, err := db.Assets(ctx, words); err != nil || len(got) != want {
			t.Errorf("Assets(%q) gave %d, %v; want %d", words, len(got), err, want)
		}
	}
	if a, err := db.Asset(ctx, "abc"); err != nil || a.ID != "abc123" {
		t.Errorf("Asset by beginning: %q, %v", a.ID, err)
	}
	for _, id := range []string{"", "x", "%"} {
		if _, err := db.Asset(ctx, id); !errors.Is(err, art.ErrNotFound) && !errors.Is(err, art.ErrInvalid) {
			t.Errorf("Asset(%q) gave %v", id, err)
		}
	}
}

func TestAnUpgradeKeepsACopyAndANewerDatabaseIsRefused(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "presswerk.db")
	db, err := Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	commit(t, db, aRun())
	if err := keepCopy(ctx, db.Handle(), path+".copy"); err != nil {
		t.Fatal(err)
	}
	copied, err := Open(ctx, path+".copy")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := copied.Run(ctx, "hero-1"); err != nil {
		t.Errorf("the copy lacks the run: %v", err)
	}
	if err := copied.Close(); err != nil {
		t.Error(err)
	}
	if _, err := db.Handle().ExecContext(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, path); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("opening a newer database gave %v, want ErrUnsupported", err)
	}
}

func TestOpenRefusesWhatIsNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "presswerk.db")
	if err := os.WriteFile(path, []byte("this is a letter to my aunt, not a database, and it is long enough to be read"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), path); err == nil {
		t.Error("a text file was opened as a database")
	}
}
