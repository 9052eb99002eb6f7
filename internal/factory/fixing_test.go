package factory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/factory"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
)

// spots is a scorer that finds pure red and shows where it is.
type spots struct{}

func (spots) Name() string { return "spots" }

func (spots) Scale() judge.Scale {
	return judge.Scale{Version: "1", Unit: "share", High: 1, Direction: art.LowerIsBetter}
}

func (spots) Score(_ context.Context, s judge.Subject) (float64, *art.Evidence, error) {
	n, left, top, right, bottom := 0, s.Picture.Width, s.Picture.Height, -1, -1
	for y := range s.Picture.Height {
		for x := range s.Picture.Width {
			if r, g, b := s.Picture.At(x, y); r == 255 && g == 0 && b == 0 {
				n++
				left, top, right, bottom = min(left, x), min(top, y), max(right, x), max(bottom, y)
			}
		}
	}
	if n == 0 {
		return 0, &art.Evidence{}, nil
	}
	box := art.Box{X: left, Y: top, Width: right - left + 1, Height: bottom - top + 1, Label: "spot"}
	return float64(n) / float64(s.Picture.Width*s.Picture.Height), &art.Evidence{Boxes: []art.Box{box}}, nil
}

func grey(art.Recipe, int, int) [3]uint8 { return [3]uint8{90, 90, 90} }

func red(art.Recipe, int, int) [3]uint8 { return [3]uint8{255, 0, 0} }

// spotless is a bench whose rubric suffers no spots, and an order with a repair rule.
func spotless(t *testing.T, dir string, a *artist, rounds int, seeds ...any) (*bench, factory.Order) {
	t.Helper()
	b := newBench(t, dir, a)
	b.Panel = append(b.Panel, spots{})
	o, none := order(art.ApprovalReview, seeds...), 0.0
	o.Kit.Rubric = append(o.Kit.Rubric, art.Gate{Scorer: "spots", Max: &none})
	if rounds > 0 {
		o.Kit.Repair = &art.Repair{Scorers: []string{"spots"}, Rounds: rounds}
	}
	return b, o
}

func (b *bench) picture(sum string) *imaging.RGB {
	b.t.Helper()
	data, err := b.disk.Get(context.Background(), strings.TrimPrefix(sum, "sha256:"))
	if err != nil {
		b.t.Fatal(err)
	}
	p, err := imaging.Decode(context.Background(), data, imaging.Limits{})
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// unchangedOutside fails where a candidate differs from its parent outside its mask, and tells how many pixels have changed.
func (b *bench) unchangedOutside(parent, fix art.CandidateView) (changed int) {
	b.t.Helper()
	was, is, mask := b.picture(parent.Image), b.picture(fix.Image), b.picture(fix.Planned.MaskImage)
	for i := range was.Pix {
		switch {
		case was.Pix[i] == is.Pix[i]:
		case mask.Pix[i] == 0:
			b.t.Fatalf("%s: value %d has changed outside the mask, from %d to %d", fix.ID, i, was.Pix[i], is.Pix[i])
		default:
			changed++
		}
	}
	return changed / 3
}

func TestAPartIsMadeAnewAndTheRestStaysToTheBit(t *testing.T) {
	a := &artist{anew: grey}
	b, o := spotless(t, t.TempDir(), a, 0, 1, 100)
	run := b.work(b.start(o).ID, in(art.RunReview))
	parent := b.candidates(run.ID)[1]
	if parent.Verdict.Pass {
		t.Fatal("the spot was not seen")
	}
	strength := 0.5
	got, err := b.Fix(context.Background(), factory.FixOrder{Candidate: parent.ID, Evidence: "spots", By: "Ada", Prompt: "a clean wall", Strength: &strength})
	if err != nil {
		t.Fatal(err)
	}
	b.work(run.ID, func(v art.RunView) bool { return v.Progress.Selected == 2 })
	all := b.candidates(run.ID)
	fix := all[2]
	if fix.ID != got.ID || fix.Parent != parent.ID || !fix.Verdict.Pass || !fix.Selection.Selected || !strings.Contains(fix.Selection.Reason.In("de"), "neu gemacht") {
		t.Errorf("%+v", fix)
	}
	if n := b.unchangedOutside(all[1], fix); n < 80 || n > 600 {
		t.Errorf("%d pixels have changed", n)
	}
	r, record := fix.Planned.Recipe, fix.Planned.Retouch
	if r.Mode != art.ModeInpaint || r.InitImage != "sha256:"+parent.Image || r.Prompt != "a clean wall" || *r.Strength != 0.5 || r.Seed != 101 || r.Sampler != "euler" {
		t.Errorf("%+v", r)
	}
	if record.Region != art.RegionEvidence || record.Named != "spots" || record.By != "Ada" || record.Grow < 1 || record.Feather < 1 || record.Share <= 0 || len(record.Boxes) != 1 {
		t.Errorf("%+v", record)
	}
	if all[1].Image != parent.Image || all[1].Decision == nil || all[1].Decision.Action != art.Fix || all[1].Verdict.Pass {
		t.Errorf("the parent was touched: %+v", all[1])
	}
	// Another try at the same part is another seed, and no second decision.
	again, err := b.Fix(context.Background(), factory.FixOrder{Candidate: parent.ID, Evidence: "spots", By: "Ada"})
	if err != nil || again.Planned.Seed != 102 || again.ID == got.ID {
		t.Errorf("%+v, %v", again, err)
	}
	if said, _ := b.Decisions(context.Background(), parent.ID); len(said) != 1 {
		t.Errorf("%d decisions", len(said))
	}
	b.work(run.ID, func(v art.RunView) bool { return v.Progress.Selected == 3 })
	// An asset of a part made anew is made again, with what was put back.
	b.decide(fix.ID, art.Approve, "")
	b.work(run.ID, func(v art.RunView) bool { return v.Progress.Assets == 1 })
	asset := b.candidates(run.ID)[2].AssetID
	if same, err := b.Again(context.Background(), asset, false); err != nil || !same.Identical {
		t.Errorf("made again: %+v, %v", same, err)
	}
}

func TestWhoNamesNoPartIsToldWhy(t *testing.T) {
	a := &artist{anew: grey}
	b, o := spotless(t, t.TempDir(), a, 0, 100)
	run := b.work(b.start(o).ID, in(art.RunEmpty))
	id, small, most := b.candidates(run.ID)[0].ID, mask(t, 16, 16), 2.0
	b.Locate = locate
	o.Kit.NoGos = []string{"cigarette"}
	forbidden := b.work(b.start(o).ID, in(art.RunEmpty))
	box := []art.Box{{X: 1, Y: 1, Width: 5, Height: 5}}
	for name, x := range map[string]struct {
		o    factory.FixOrder
		want error
		says string
	}{
		"nobody":         {factory.FixOrder{Boxes: box}, art.ErrInvalid, "who"},
		"no part":        {factory.FixOrder{By: "Ada"}, art.ErrInvalid, "exactly one"},
		"two parts":      {factory.FixOrder{By: "Ada", Boxes: box, Words: "subject"}, art.ErrInvalid, "exactly one"},
		"outside":        {factory.FixOrder{By: "Ada", Boxes: []art.Box{{X: 90, Y: 1, Width: 4, Height: 4}}}, art.ErrInvalid, "64×64"},
		"a small mask":   {factory.FixOrder{By: "Ada", Mask: small}, art.ErrInvalid, "16×16"},
		"a black mask":   {factory.FixOrder{By: "Ada", Mask: mask(t, 64, 64)}, art.ErrInvalid, "nothing"},
		"no picture":     {factory.FixOrder{By: "Ada", Mask: []byte("x")}, art.ErrInvalid, "no picture"},
		"no evidence":    {factory.FixOrder{By: "Ada", Evidence: "noise"}, art.ErrInvalid, "spots"},
		"unknown words":  {factory.FixOrder{By: "Ada", Words: "left elbow"}, art.ErrUnsupported, "face, hand, person"},
		"no such engine": {factory.FixOrder{By: "Ada", Boxes: box, Engine: "loom"}, art.ErrNotFound, "loom"},
		"too strong":     {factory.FixOrder{By: "Ada", Boxes: box, Strength: &most}, art.ErrInvalid, "above 0 to 1"},
		"a no-go":        {factory.FixOrder{Candidate: b.candidates(forbidden.ID)[0].ID, By: "Ada", Boxes: box, Prompt: "a cigarette"}, art.ErrRefused, "cigarette"},
	} {
		if x.o.Candidate == "" {
			x.o.Candidate = id
		}
		if _, err := b.Fix(context.Background(), x.o); !errors.Is(err, x.want) || !strings.Contains(err.Error(), x.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all := b.candidates(run.ID); len(all) != 1 || all[0].Decision != nil {
		t.Errorf("something was written: %+v", all)
	}
}

func TestPartsAreNamedByMaskAndByWords(t *testing.T) {
	a := &artist{anew: grey}
	b, o := spotless(t, t.TempDir(), a, 0, 1)
	run := b.work(b.start(o).ID, in(art.RunReview))
	id := b.candidates(run.ID)[0].ID
	b.Locate = locate
	zero, none := 0, 0.0
	drawn, err := b.Fix(context.Background(), factory.FixOrder{Candidate: id, By: "Ada", Mask: mask(t, 64, 64, art.Box{X: 2, Y: 3, Width: 5, Height: 6}), Grow: &zero, Feather: &none})
	if err != nil {
		t.Fatal(err)
	}
	said, err := b.Fix(context.Background(), factory.FixOrder{Candidate: id, By: "Ada", Words: "the background"})
	if err != nil {
		t.Fatal(err)
	}
	b.work(run.ID, func(v art.RunView) bool { return v.Progress.Judged == 3 })
	all := b.candidates(run.ID)
	if n := b.unchangedOutside(all[0], all[1]); n != 30 || drawn.Planned.Retouch.Region != art.RegionMask {
		t.Errorf("%d pixels of the drawn 30 have changed", n)
	}
	if n := b.unchangedOutside(all[0], all[2]); n < 2500 || said.Planned.Retouch.Named != "the background" {
		t.Errorf("%d pixels of the background have changed", n)
	}
}

// locate finds what needs no network.
func locate(ctx context.Context, p *imaging.RGB, words string) (judge.Located, error) {
	return judge.Locate(ctx, p, words, nil)
}

// mask draws boxes white.
func mask(t *testing.T, width, height int, boxes ...art.Box) []byte {
	t.Helper()
	m, err := imaging.BoxMask(width, height, boxes)
	if err != nil {
		t.Fatal(err)
	}
	data, err := imaging.Encode(m.Soft(0), imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTheRuleMendsWhatFailedByPlacesOnly(t *testing.T) {
	a := &artist{anew: grey}
	b, o := spotless(t, t.TempDir(), a, 2, 1, 100, int(blank), 101)
	run := b.work(b.start(o).ID, in(art.RunReview))
	all := b.candidates(run.ID)
	if len(all) != 6 || run.Progress.Selected != 3 {
		t.Fatalf("%d candidates, %+v", len(all), run.Progress)
	}
	for i, parent := range map[int]int{4: 1, 5: 3} {
		if c := all[i]; c.Parent != all[parent].ID || !c.Verdict.Pass || c.Planned.Retouch.Round != 1 || c.Planned.Retouch.By != art.PolicyRepair || c.Planned.Seed != all[parent].Planned.Seed+1 {
			t.Errorf("%+v", c)
		}
		b.unchangedOutside(all[parent], all[i])
	}
}

func TestTheRuleEndsWhereNothingGetsBetter(t *testing.T) {
	smaller := func(_ art.Recipe, x, y int) [3]uint8 { // the left half of what it was
		if x >= 45 && x < 50 && y >= 44 && y < 52 {
			return [3]uint8{255, 0, 0}
		}
		return [3]uint8{90, 90, 90}
	}
	for name, x := range map[string]struct {
		anew   func(art.Recipe, int, int) [3]uint8
		rounds int
		want   []int // rounds of the candidates that came
	}{
		"as bad as before":         {red, 3, []int{1}},
		"the last round":           {smaller, 1, []int{1}},
		"better, and then no more": {smaller, 4, []int{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			a := &artist{anew: x.anew}
			b, o := spotless(t, t.TempDir(), a, x.rounds, 100)
			run := b.work(b.start(o).ID, in(art.RunEmpty))
			var rounds []int
			for _, c := range b.candidates(run.ID)[1:] {
				rounds = append(rounds, c.Planned.Retouch.Round)
			}
			if !slices.Equal(rounds, x.want) {
				t.Errorf("rounds %v, want %v", rounds, x.want)
			}
			if cost := run.Plan.Cost; cost.Repairs != x.rounds || cost.RepairSeconds != float64(x.rounds)*cost.Seconds {
				t.Errorf("planned at most: %+v", cost)
			}
		})
	}
}

// A repair is stopped in its middle, as by a kill, and another process goes on: nothing is made twice, and the outcome is that
// of a line that nobody stopped.
func TestAStoppedRepairGoesOnWhereItStopped(t *testing.T) {
	undisturbed, o := spotless(t, t.TempDir(), &artist{anew: grey}, 2, 100, 1, 102)
	want := undisturbed.work(undisturbed.start(o).ID, in(art.RunReview))

	dir, begun := t.TempDir(), make(chan struct{})
	a := &artist{anew: grey, before: func(ctx context.Context, seed art.Seed) error {
		if seed != 103 {
			return nil
		}
		close(begun)
		<-ctx.Done()
		return fmt.Errorf("stopped: %w", ctx.Err())
	}}
	first, o := spotless(t, dir, a, 2, 100, 1, 102)
	run := first.start(o)
	first.work(run.ID, func(art.RunView) bool {
		select {
		case <-begun:
			return true
		default:
			return false
		}
	})
	a.set(func(a *artist) { a.before = nil })
	second, _ := spotless(t, dir, a, 2)
	second.work(run.ID, in(art.RunReview))
	if !slices.Equal(a.seeds(), []art.Seed{1, 100, 101, 102, 103}) {
		t.Errorf("drawn are %v", a.seeds())
	}
	was, is := undisturbed.candidates(want.ID), second.candidates(run.ID)
	if len(was) != len(is) {
		t.Fatalf("%d candidates, and %d where nobody stopped it", len(is), len(was))
	}
	for i := range is {
		if is[i].Planned.ID != was[i].Planned.ID || is[i].PixelsSHA256 != was[i].PixelsSHA256 || is[i].Selection.Selected != was[i].Selection.Selected {
			t.Errorf("%s differs from an undisturbed run", is[i].ID)
		}
	}
}

func TestAPartThatCantBePaidForEndsTheRule(t *testing.T) {
	a := &artist{anew: grey}
	a.before = func(_ context.Context, seed art.Seed) error {
		if seed == 101 {
			return fmt.Errorf("the budget is spent: %w", art.ErrRefused)
		}
		return nil
	}
	b, o := spotless(t, t.TempDir(), a, 3, 1, 100)
	run := b.work(b.start(o).ID, in(art.RunReview))
	if all := b.candidates(run.ID); len(all) != 3 || all[2].Failure == "" || all[0].Selection == nil {
		t.Errorf("%+v", all)
	}
}
