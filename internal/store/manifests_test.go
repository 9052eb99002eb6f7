package store

import (
	"context"
	"errors"
	"testing"

	"presswerk/internal/art"
)

// anAsset is a finished asset with two kept manifests, of which one shows a mark.
func anAsset() art.Change {
	c := aRun()
	c.Assets = []art.Asset{{ID: "apple", Run: "hero-1", Candidate: "hero-1-002"}}
	c.Manifests = []art.Manifest{
		{ID: "urn:c2pa:1", Asset: "apple", File: "apple.png", SHA256: "a", Mark: art.MarkID("apple"), PDQ: "00", Pixels: "p1"},
		{ID: "urn:c2pa:2", Asset: "apple", File: "apple.mp4", SHA256: "b"},
	}
	return c
}

func TestManifestsAreFoundByAllThatLeadsToThem(t *testing.T) {
	db, ctx := open(t), context.Background()
	commit(t, db, anAsset())
	commit(t, db, anAsset()) // repeated after a crash
	ids := func(all []art.Manifest, err error) string {
		t.Helper()
		text := ""
		for _, m := range all {
			text += m.ID + " "
		}
		if err != nil {
			t.Error(err)
		}
		return text
	}
	if got := ids(db.ManifestsOf(ctx, "apple")); got != "urn:c2pa:1 urn:c2pa:2 " {
		t.Errorf("of the asset: %s", got)
	}
	if got := ids(db.ManifestsMarked(ctx, art.MarkID("apple"))); got != "urn:c2pa:1 " {
		t.Errorf("by mark: %s", got)
	}
	if got := ids(db.ManifestsMarked(ctx, 0)); got != "" {
		t.Errorf("no mark is a mark: %s", got)
	}
	if got := ids(db.ManifestsShowing(ctx, "p1")) + ids(db.ManifestsShowing(ctx, "")); got != "urn:c2pa:1 " {
		t.Errorf("by pixels: %s", got)
	}
	first, next, err := db.ManifestsAfter(ctx, 0, 1)
	if got := ids(first, err); got != "urn:c2pa:1 " {
		t.Errorf("first page: %s", got)
	}
	rest, _, err := db.ManifestsAfter(ctx, next, 10)
	if got := ids(rest, err); got != "urn:c2pa:2 " {
		t.Errorf("second page: %s", got)
	}
	if m, err := db.Manifest(ctx, "urn:c2pa:2"); err != nil || m.File != "apple.mp4" {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestWhatWasDeletedStaysDeletedAndRecorded: also when a job that had kept it is repeated.
func TestWhatWasDeletedStaysDeletedAndRecorded(t *testing.T) {
	db, ctx := open(t), context.Background()
	commit(t, db, anAsset())
	d := art.ManifestDeletion{Asset: "apple", Reason: "asked to", By: "Ada", At: noon()}
	gone, err := db.DeleteManifests(ctx, d)
	if err != nil || len(gone) != 2 || gone[0].SHA256 != "a" {
		t.Fatalf("%+v, %v", gone, err)
	}
	commit(t, db, anAsset())
	if _, err := db.Manifest(ctx, "urn:c2pa:1"); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("it came back: %v", err)
	}
	if _, err := db.DeleteManifests(ctx, d); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
	all, err := db.ManifestDeletions(ctx)
	if err != nil || len(all) != 1 || all[0].Reason != "asked to" || all[0].By != "Ada" || len(all[0].Manifests) != 2 {
		t.Errorf("records %+v, %v", all, err)
	}
}
