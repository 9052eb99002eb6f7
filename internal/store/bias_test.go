package store

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
)

func TestBiasProbesOfAModelAreKeptInTheirOrder(t *testing.T) {
	db, ctx := open(t), context.Background()
	a := art.BiasProbe{ID: "b1", Engine: "e", Model: art.ModelRef{Name: "m", Version: "1"}, Shots: []art.BiasShot{{Prompt: "doctor", People: []art.Presented{{Measured: true, ITA: 30, Monk: 5}}}}, At: noon()}
	b, other := a, a
	b.ID, b.Model.Version = "b2", "2"
	other.ID, other.Model.Name = "b3", "n"
	commit(t, db, art.Change{BiasProbes: []art.BiasProbe{a}})
	commit(t, db, art.Change{BiasProbes: []art.BiasProbe{other, b, a}})
	got, err := db.BiasProbes(ctx, "e", "m")
	if d := cmp.Diff([]art.BiasProbe{a, b}, got); err != nil || d != "" {
		t.Errorf("%v\n%s", err, d)
	}
}
