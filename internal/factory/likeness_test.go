package factory_test

import (
	"context"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/factory"
	"presswerk/internal/judge"
)

// fits is a scorer that compares words with pictures: its number is how many letters were asked for.
type fits struct{}

func (fits) Name() string { return "clip" }
func (fits) Scale() judge.Scale {
	return judge.Scale{Version: "1", High: 100, Direction: art.HigherIsBetter}
}

func (fits) Score(_ context.Context, s judge.Subject) (float64, *art.Evidence, error) {
	return float64(len(s.Prompt) + 100*len(s.Texts)), nil, nil
}

// A comparison's pictures are judged by what was asked for, and by the rules of the brief's channels.
func TestComparedPicturesAreJudgedByWhatWasAskedFor(t *testing.T) {
	b := newBench(t, t.TempDir(), &artist{})
	b.Factory.Panel = append(judge.DefaultPanel(), fits{})
	o, least := order(art.ApprovalReview, 1, 2), 1000.0
	o.Brief.Prompt.Lettering = "SALE"
	o.Kit.Channels[0].Rubric = []art.Gate{{Scorer: "clip", Min: &least}}
	c, err := b.Compare(t.Context(), factory.CompareOrder{Order: o, Pictures: 1, Once: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	shot := c.Rows[0].Pictures[0]
	want := float64(len(shot.Recipe.Prompt) + 100)
	if f := c.Rows[0].Figures[0]; f.Name != art.FigurePrompt || !f.Available || f.Value != want || f.Of != 1 {
		t.Errorf("the figure is %+v, want %v", f, want)
	}
	if shot.Pass || len(shot.Failed) != 1 || shot.Failed[0].Scorer != "clip" {
		t.Errorf("the channel's rubric says %+v", shot.Failed)
	}
}
