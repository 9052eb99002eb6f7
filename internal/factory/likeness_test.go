package factory_test

import (
	"context"
	"sync/atomic"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/factory"
	"presswerk/internal/imaging"
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

const square = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 30"><path d="M2 2h20v26h-20zM30 2h8v18h20v8h-28z" fill="#102040"/></svg>`

// The logo and the picture of identity are those of the day on which the run began, whatever lies beside the kit later.
func TestARunKeepsTheLogoAndThePictureOfIdentity(t *testing.T) {
	p, err := imaging.NewRGB(40, 30)
	if err != nil {
		t.Fatal(err)
	}
	mascot, err := imaging.Encode(p, imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, t.TempDir(), &artist{})
	seen := &looks{}
	b.Factory.Panel = append(judge.DefaultPanel(), seen)
	o := order(art.ApprovalReview, 1, 2)
	o.Logo = []byte(square)
	o.Kit.Logo = brand.Logo{File: "logo.svg", SHA256: art.Digest(o.Logo), ClearSpace: 0.5}
	o.Brief.Identity, o.Pictures = "mascot.png", map[string][]byte{"mascot.png": mascot}
	first := b.start(o)
	if want := "sha256:" + art.Digest(mascot); first.Brief.Identity != want {
		t.Errorf("the run names %s, not %s", first.Brief.Identity, want)
	}
	b.work(first.ID, in(art.RunReview))
	if seen.logo.Load() != 2 || seen.identity.Load() != 2 {
		t.Errorf("of two pictures %d were seen with the logo, %d with the picture of identity", seen.logo.Load(), seen.identity.Load())
	}
	o.Kit.Logo.SHA256 = "another"
	if again := b.start(o); again.ID == first.ID {
		t.Error("another logo is the same run")
	}
}

// looks is a scorer that counts what it is shown.
type looks struct{ logo, identity atomic.Int64 }

func (*looks) Name() string       { return "shown" }
func (*looks) Scale() judge.Scale { return judge.Scale{Version: "1", High: 1} }
func (l *looks) Score(_ context.Context, s judge.Subject) (float64, *art.Evidence, error) {
	if s.Logo != nil && s.Logo.SHA256 == art.Digest([]byte(square)) && s.Logo.ClearSpace == 0.5 {
		l.logo.Add(1)
	}
	if s.Identity != nil && s.Identity.Picture.Width == 40 {
		l.identity.Add(1)
	}
	return 1, nil, nil
}
