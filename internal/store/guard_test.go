package store

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
)

func TestGuardsAreKeptInTheirOrder(t *testing.T) {
	db, ctx := open(t), context.Background()
	a := art.Guard{ID: "g1", Brand: "acme", Set: "s", Outcome: art.Worse, Pairs: []art.GuardPair{{Prompt: "egg", Seed: 1}}, At: noon()}
	b, other := a, a
	b.ID, b.Outcome = "g2", art.Better
	other.ID, other.Set = "g3", "t"
	commit(t, db, art.Change{Guards: []art.Guard{a}, Kept: []art.Kept{{Recipe: "r", Image: "i", PixelsSHA256: "p", Width: 8, Height: 9}}})
	commit(t, db, art.Change{Guards: []art.Guard{b, other, a}})
	got, err := db.Guards(ctx, "acme", "s")
	if d := cmp.Diff([]art.Guard{a, b}, got); err != nil || d != "" {
		t.Errorf("%v\n%s", err, d)
	}
	if all, err := db.Guards(ctx, "acme", ""); err != nil || len(all) != 3 {
		t.Errorf("%d guards, %v", len(all), err)
	}
	if g, err := db.Guard(ctx, "g2"); err != nil || g.Outcome != art.Better {
		t.Errorf("%+v, %v", g, err)
	}
	if _, err := db.Guard(ctx, "g9"); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if k, err := db.Kept(ctx, "r"); err != nil || k.Height != 9 {
		t.Errorf("%+v, %v", k, err)
	}
}

// A pause is open until it is lifted; accepting what a probe found makes that probe the baseline, and nothing else does.
func TestPausesAndBaselines(t *testing.T) {
	db, ctx := open(t), context.Background()
	baseline := func(want string) {
		t.Helper()
		p, err := db.Baseline(ctx, "k")
		if want == "" && !errors.Is(err, art.ErrNotFound) || want != "" && (err != nil || p.ID != want) {
			t.Errorf("baseline %s, %v; want %q", p.ID, err, want)
		}
	}
	open := func(want int) {
		t.Helper()
		if all, err := db.Pauses(ctx); err != nil || len(all) != want {
			t.Errorf("%d pauses, %v; want %d", len(all), err, want)
		}
	}
	baseline("")
	commit(t, db, art.Change{Probes: []art.Probe{{ID: "p1", Key: "k"}, {ID: "x1", Key: "another"}}})
	commit(t, db, art.Change{Probes: []art.Probe{{ID: "p2", Key: "k", Baseline: "p1", Changed: true}}, Pauses: []art.Pause{{ID: "z2", Probe: "p2"}}})
	baseline("p1")
	open(1)
	commit(t, db, art.Change{Resumptions: []art.Resumption{{Pause: "z2", By: "Ada"}}})
	baseline("p1")
	open(0)
	commit(t, db, art.Change{Probes: []art.Probe{{ID: "p3", Key: "k", Baseline: "p1", Changed: true}}, Pauses: []art.Pause{{ID: "z3", Probe: "p3"}}})
	commit(t, db, art.Change{Resumptions: []art.Resumption{{Pause: "z3", By: "Ada", Accept: true}}})
	baseline("p3")
	open(0)
}
