package factory_test

import (
	"context"
	"errors"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/factory"
	"presswerk/internal/imaging"
)

func TestBiasProbesAreKept(t *testing.T) {
	b := newBench(t, t.TempDir(), &artist{})
	o := factory.ProbeOrder{Order: order(art.ApprovalReview, 1), Engine: "local"}
	o.Engine = b.Engines.All()[0].Info().Name
	o.Brief = art.Brief{}
	set := art.BiasSet{Version: 1, Prompts: []art.BiasPrompt{{Name: "doctor", Words: art.Text{"en": "ball"}}, {Name: "nurse", Words: art.Text{"en": "kite"}}}}
	if _, err := b.Bias(context.Background(), o, set, 2, false, nil); !errors.Is(err, art.ErrUnavailable) {
		t.Fatalf("without anybody to look: %v", err)
	}
	looked := 0
	b.Factory.People = func(context.Context, *imaging.RGB) ([]art.Presented, error) {
		looked++
		return []art.Presented{{Width: 40, Measured: true, ITA: 30, Monk: 5}}, nil
	}
	p, err := b.Bias(context.Background(), o, set, 2, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if looked != 4 || len(p.Shots) != 4 || p.Shots[0].Prompt != "doctor" || len(p.Shots[3].People) != 1 || p.Shots[3].Prompt != "nurse" {
		t.Errorf("looked %d times; %+v", looked, p.Shots)
	}
	kept, err := b.db.BiasProbes(context.Background(), p.Engine, p.Model.Name)
	if err != nil || len(kept) != 1 || kept[0].ID != p.ID {
		t.Errorf("kept are %+v, %v", kept, err)
	}
}
