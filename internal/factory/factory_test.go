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
)

func TestABriefGoesDownTheWholeLine(t *testing.T) {
	a := &artist{}
	b := newBench(t, t.TempDir(), a)
	o := order(art.ApprovalAuto, 1, 2, int(blank), 4)
	o.Brief.Select.Share = 0.5
	run := b.start(o)
	v := b.work(run.ID, in(art.RunPublished))
	if p := v.Progress; p.Rendered != 4 || p.Judged != 4 || p.Selected != 2 || p.Approved != 2 || p.Assets != 2 || p.Published != 2 {
		t.Fatalf("%+v", p)
	}
	if pages := b.pages(); len(pages) != 2 || v.Publication == nil || len(v.Publication.Assets) != 2 {
		t.Errorf("published are %v, %+v", pages, v.Publication)
	}
	for _, c := range b.candidates(run.ID) {
		if c.Verdict == nil || c.Selection == nil || c.Selection.Reason.In("de") == "" || c.Verdict.Pass == (c.Planned.Seed == blank) {
			t.Errorf("%s: %+v %+v", c.ID, c.Verdict, c.Selection)
		}
		if picked := c.Selection.Selected; picked != (c.AssetID != "") || picked && c.Decision.By != art.PolicyAuto {
			t.Errorf("%s: selected %t, asset %q, %+v", c.ID, picked, c.AssetID, c.Decision)
		}
	}
	assets, err := b.Assets(context.Background(), "ball")
	if err != nil || len(assets) != 2 {
		t.Fatalf("%d assets, %v", len(assets), err)
	}
	for _, as := range assets {
		if as.Alt.In("en") != "Illustration of a ball" || as.Slug != "ball" || as.Rights.Credit != "Acme" || len(as.Sources) != 2 || as.Sources[0].License != "MIT" {
			t.Errorf("%+v", as)
		}
		for _, r := range append(as.Renditions, as.Master) {
			if data, err := b.disk.Get(context.Background(), r.SHA256); err != nil || int64(len(data)) != r.Bytes {
				t.Errorf("%s: %d bytes, %v", r.Name, len(data), err)
			}
		}
	}
	// The same order is the same run, and nothing is made twice.
	again := b.start(o)
	if b.work(again.ID, in(art.RunPublished)); again.ID != run.ID || len(a.seeds()) != 4 {
		t.Errorf("asked again it is run %s, drawn are %v", again.ID, a.seeds())
	}
}

func TestEqualRecipesOfAnotherRunAreTakenOver(t *testing.T) {
	a := &artist{}
	b := newBench(t, t.TempDir(), a)
	b.work(b.start(order(art.ApprovalReview, 1, 2)).ID, in(art.RunReview))
	o := order(art.ApprovalReview, 2, 3)
	o.Brief.Title = art.Text{"en": "More toys"}
	run := b.work(b.start(o).ID, in(art.RunReview))
	if all := b.candidates(run.ID); !all[0].Reused || all[1].Reused || all[0].Image == "" || !slices.Equal(a.seeds(), []art.Seed{1, 2, 3}) {
		t.Errorf("drawn are %v; %+v", a.seeds(), all)
	}
}

func TestAPersonDecidesAndMayChangeTheirMind(t *testing.T) {
	b := newBench(t, t.TempDir(), &artist{})
	run := b.work(b.start(order(art.ApprovalReview, 1, 2)).ID, in(art.RunReview))
	all := b.candidates(run.ID)
	if run.Publication != nil || len(b.pages()) != 0 {
		t.Fatal("something was published before anybody said a word")
	}
	b.decide(all[0].ID, art.Approve, "")
	run = b.work(run.ID, func(v art.RunView) bool { return v.Progress.Published == 1 })
	if run.State != art.RunReview {
		t.Errorf("one of two still waits, and the run is %q", run.State)
	}
	b.decide(all[1].ID, art.Reject, "")
	b.work(run.ID, in(art.RunPublished)) // nothing waits any more
	b.decide(all[0].ID, art.Reject, "the ball is flat")
	b.work(run.ID, func(v art.RunView) bool { return v.Progress.Published == 0 })
	if pages := b.pages(); len(pages) != 0 {
		t.Errorf("what was taken back is still public: %v", pages)
	}
	b.decide(all[0].ID, art.Approve, "")
	b.work(run.ID, func(v art.RunView) bool { return v.Progress.Published == 1 && v.State == art.RunPublished })
	if pages := b.pages(); len(pages) != 1 {
		t.Errorf("published again are %v", pages)
	}
	decisions, err := b.Decisions(context.Background(), all[0].ID)
	if err != nil || len(decisions) != 3 {
		t.Errorf("the history has %d decisions, %v", len(decisions), err)
	}
}

func TestAnApprovalTakenBackInTimeHoldsNobodyUp(t *testing.T) {
	b := newBench(t, t.TempDir(), &artist{})
	run := b.work(b.start(order(art.ApprovalReview, 1, 2)).ID, in(art.RunReview))
	all := b.candidates(run.ID)
	b.decide(all[0].ID, art.Approve, "")
	b.decide(all[1].ID, art.Approve, "")
	b.decide(all[1].ID, art.Reject, "on second thoughts")
	run = b.work(run.ID, in(art.RunPublished))
	if pages := b.pages(); len(pages) != 1 || run.Progress.Published != 1 || run.Progress.Assets != 1 {
		t.Errorf("published are %v; %+v", pages, run.Progress)
	}
}

func TestWhenAllIsRejectedNothingIsPublished(t *testing.T) {
	b := newBench(t, t.TempDir(), &artist{})
	run := b.work(b.start(order(art.ApprovalReview, 1, 2)).ID, in(art.RunReview))
	for _, c := range b.candidates(run.ID) {
		b.decide(c.ID, art.Reject, "")
	}
	run = b.work(run.ID, in(art.RunEmpty))
	if run.Publication != nil {
		t.Errorf("published is %+v", run.Publication)
	}
}

func TestWhatIsSentBackIsMadeAgain(t *testing.T) {
	a := &artist{}
	b := newBench(t, t.TempDir(), a)
	run := b.work(b.start(order(art.ApprovalReview, 1, 5)).ID, in(art.RunReview))
	all := b.candidates(run.ID)
	b.decide(all[0].ID, art.Fix, "too small")
	b.work(run.ID, func(v art.RunView) bool {
		return v.Progress.Judged == 3 && v.Progress.Selected == 3 && v.State == art.RunReview
	})
	all = b.candidates(run.ID)
	if again := all[2]; again.Parent != all[0].ID || again.Planned.Seed != 6 || !again.Selection.Selected || !slices.Equal(a.seeds(), []art.Seed{1, 5, 6}) {
		t.Errorf("%+v; drawn are %v", again, a.seeds())
	}
}

func TestWhoMayNotDecideIsToldWhy(t *testing.T) {
	b := newBench(t, t.TempDir(), &artist{})
	run := b.work(b.start(order(art.ApprovalReview, 1, 2, int(blank))).ID, in(art.RunReview))
	all := b.candidates(run.ID)
	b.decide(all[1].ID, art.Approve, "")
	b.work(run.ID, func(v art.RunView) bool { return v.Progress.Published == 1 })
	explored := order(art.ApprovalReview, 3)
	explored.Brief.Run = art.Exploration
	exploration := b.work(b.start(explored).ID, in(art.RunExplored))
	fresh := b.start(order(art.ApprovalReview, 9))
	for name, c := range map[string]struct {
		d    art.Decision
		want error
	}{
		"nobody":                {art.Decision{Candidate: all[0].ID, Action: art.Approve}, art.ErrInvalid},
		"no such action":        {art.Decision{Candidate: all[0].ID, Action: "like", By: "Ada"}, art.ErrInvalid},
		"no such candidate":     {art.Decision{Candidate: "x-001", Action: art.Approve, By: "Ada"}, art.ErrNotFound},
		"a failed gate":         {art.Decision{Candidate: all[2].ID, Action: art.Approve, By: "Ada"}, art.ErrRefused},
		"twice":                 {art.Decision{Candidate: all[1].ID, Action: art.Approve, By: "Bob"}, art.ErrConflict},
		"back without a reason": {art.Decision{Candidate: all[0].ID, Action: art.Fix, By: "Ada"}, art.ErrInvalid},
		"off without a reason":  {art.Decision{Candidate: all[1].ID, Action: art.Reject, By: "Ada"}, art.ErrInvalid},
		"an exploration":        {art.Decision{Candidate: b.candidates(exploration.ID)[0].ID, Action: art.Approve, By: "Ada"}, art.ErrRefused},
		"not judged yet":        {art.Decision{Candidate: b.candidates(fresh.ID)[0].ID, Action: art.Reject, By: "Ada"}, art.ErrConflict},
	} {
		before, _ := b.Decisions(context.Background(), c.d.Candidate)
		if err := b.Decide(context.Background(), c.d); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if after, _ := b.Decisions(context.Background(), c.d.Candidate); len(after) != len(before) {
			t.Errorf("%s: the decision was written nevertheless", name)
		}
	}
}

func TestOneNameApprovesTheWholeSelection(t *testing.T) {
	b := newBench(t, t.TempDir(), &artist{})
	run := b.work(b.start(order(art.ApprovalReview, 1, 2, int(blank), 4)).ID, in(art.RunReview))
	b.decide(b.candidates(run.ID)[0].ID, art.Reject, "")
	if n, err := b.ApproveSelected(context.Background(), run.ID, "Ada"); n != 2 || err != nil {
		t.Errorf("approved are %d, %v; want the two that nobody decided about", n, err)
	}
	b.work(run.ID, in(art.RunPublished))
	if pages := b.pages(); len(pages) != 2 {
		t.Errorf("published are %v", pages)
	}
}

func TestAStoppedRunGoesOnWhereItStopped(t *testing.T) {
	dir, begun := t.TempDir(), make(chan struct{})
	a := &artist{before: func(ctx context.Context, seed art.Seed) error {
		if seed != 2 {
			return nil
		}
		close(begun)
		<-ctx.Done() // as a renderer that is told to stop
		return fmt.Errorf("stopped: %w", ctx.Err())
	}}
	first := newBench(t, dir, a)
	run := first.start(order(art.ApprovalAuto, 1, 2, 3))
	first.work(run.ID, func(art.RunView) bool {
		select {
		case <-begun:
			return true
		default:
			return false
		}
	})
	if v := first.run(run.ID); v.State != art.RunWorking || v.Progress.Rendered != 1 || v.Failure != "" {
		t.Fatalf("stopped it is %q with %+v", v.State, v.Progress)
	}
	a.set(func(a *artist) { a.before = nil })
	second := newBench(t, dir, a)
	second.work(run.ID, in(art.RunPublished))
	if pages := second.pages(); len(pages) != 3 || !slices.Equal(a.seeds(), []art.Seed{1, 2, 3}) {
		t.Errorf("published are %v, drawn %v", pages, a.seeds())
	}
}

func TestAFullDiskKeepsNothingHalfWrittenAndIsMended(t *testing.T) {
	b := newBench(t, t.TempDir(), &artist{})
	o := order(art.ApprovalAuto, 1)
	b.disk.free(2) // the picture and the master fit, the rendition does not
	run := b.work(b.start(o).ID, in(art.RunFailed))
	if !strings.Contains(run.Failure, "no space left") || run.Progress.Assets != 0 || run.Publication != nil || len(b.pages()) != 0 {
		t.Errorf("%q, %+v, published %v", run.Failure, run.Progress, b.pages())
	}
	b.disk.free(-1)
	run = b.start(o)
	if run.State != art.RunWorking || run.Failure != "" {
		t.Errorf("asked again the run is %q (%s)", run.State, run.Failure)
	}
	b.work(run.ID, in(art.RunPublished))
	if pages := b.pages(); len(pages) != 1 {
		t.Errorf("published are %v", pages)
	}
}

func TestWithoutAnEngineNothingIsLostForGood(t *testing.T) {
	for _, kind := range []art.RunKind{art.Production, art.Exploration} {
		a := &artist{before: func(context.Context, art.Seed) error { return fmt.Errorf("no library: %w", art.ErrUnavailable) }}
		b := newBench(t, t.TempDir(), a)
		o := order(art.ApprovalAuto, 1, 2, 3)
		o.Brief.Run, o.Brief.Select.Count = kind, 2
		rests := map[art.RunKind]art.RunState{art.Production: art.RunEmpty, art.Exploration: art.RunExplored}[kind]
		run := b.work(b.start(o).ID, in(rests))
		if run.Progress.Rendered != 0 || b.candidates(run.ID)[0].Failure == "" {
			t.Fatalf("%+v", run.Progress)
		}
		b.work(b.start(o).ID, in(rests)) // it is tried again, and fails again
		a.set(func(a *artist) { a.before = nil })
		if run = b.start(o); run.State != art.RunWorking {
			t.Errorf("%s: asked again the run is %q", kind, run.State)
		}
		run = b.work(run.ID, in(art.RunPublished, art.RunExplored))
		if run.Progress.Rendered != 3 || run.Progress.Selected != 2 || kind == art.Production && len(b.pages()) != 2 {
			t.Errorf("%s: %q, %+v, published %v", kind, run.State, run.Progress, b.pages())
		}
	}
}

func TestAPictureThatCannotBeMadeIsLeftOut(t *testing.T) {
	for name, fail := range map[string]func(*bench, *artist){
		"the engine": func(_ *bench, a *artist) {
			a.before = func(_ context.Context, seed art.Seed) error {
				if seed == 2 {
					return fmt.Errorf("out of memory: %w", art.ErrUnavailable)
				}
				return nil
			}
		},
		"the disk": func(b *bench, a *artist) {
			a.before = func(_ context.Context, seed art.Seed) error {
				b.disk.free(map[bool]int{true: 0, false: -1}[seed == 2])
				return nil
			}
		},
		"a mess": func(_ *bench, a *artist) {
			a.before = func(_ context.Context, seed art.Seed) error {
				if seed == 2 {
					panic("index out of range")
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := &artist{}
			b := newBench(t, t.TempDir(), a)
			fail(b, a)
			run := b.work(b.start(order(art.ApprovalReview, 1, 2, 3)).ID, in(art.RunReview))
			all := b.candidates(run.ID)
			if c := all[1]; c.Failure == "" || c.Image != "" || c.Selection != nil || c.Verdict != nil {
				t.Errorf("the lost one: %+v", c)
			}
			if run.Progress.Rendered != 2 || run.Progress.Selected != 2 {
				t.Errorf("the others: %+v", run.Progress)
			}
		})
	}
}

func TestWhenNothingPassesTheRunIsEmpty(t *testing.T) {
	b := newBench(t, t.TempDir(), &artist{})
	run := b.work(b.start(order(art.ApprovalAuto, int(blank))).ID, in(art.RunEmpty))
	if run.Publication != nil || run.Progress.Approved != 0 {
		t.Errorf("%+v", run)
	}
}

func TestAPlanWithRefusalsIsNotBegun(t *testing.T) {
	b := newBench(t, t.TempDir(), &artist{})
	o := order(art.ApprovalAuto, 1)
	o.Brief.Parameters.Sampler = "eulr"
	if _, err := b.Start(context.Background(), o); !errors.Is(err, art.ErrRefused) || !strings.Contains(err.Error(), `did you mean "euler"`) {
		t.Errorf("got %v", err)
	}
	if runs, err := b.Runs(context.Background()); err != nil || len(runs) != 0 {
		t.Errorf("%d runs were begun, %v", len(runs), err)
	}
}

func TestAnAssetIsMadeAgainAndCompared(t *testing.T) {
	a := &artist{}
	b := newBench(t, t.TempDir(), a)
	b.work(b.start(order(art.ApprovalAuto, 1)).ID, in(art.RunPublished))
	assets, err := b.Assets(context.Background(), "")
	if err != nil || len(assets) != 1 {
		t.Fatalf("%d assets, %v", len(assets), err)
	}
	id := assets[0].ID
	same, err := b.Again(context.Background(), id, false)
	if err != nil || !same.Identical || same.PixelsSHA256 != same.Expected || same.MaxAbsDiff != 0 {
		t.Errorf("the same engine: %+v, %v", same, err)
	}
	// All three values of every pixel of the disc differ by 3, and no other.
	a.set(func(a *artist) { a.shade = 3 })
	disc := 0
	for x := -16; x < 16; x++ {
		for y := -16; y < 16; y++ {
			if x*x+y*y < 150 {
				disc++
			}
		}
	}
	other, err := b.Again(context.Background(), id, false)
	if want := 3 * float64(disc) / (64 * 64); err != nil || other.Identical || other.MaxAbsDiff != 3 || other.MeanAbsDiff < want-1e-9 || other.MeanAbsDiff > want+1e-9 {
		t.Errorf("another engine: %+v, %v; want a mean of %.4f", other, err, want)
	}
	a.set(func(a *artist) {
		a.before = func(context.Context, art.Seed) error { return fmt.Errorf("the model is gone: %w", art.ErrNotFound) }
	})
	if lost, err := b.Again(context.Background(), id, false); err != nil || lost.Identical || len(lost.Missing) != 1 {
		t.Errorf("a lost model: %+v, %v", lost, err)
	}
	if _, err := b.Again(context.Background(), "nobody", false); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("no such asset: %v", err)
	}
}

func TestListenersHearOfChangesAndNeverHoldThemUp(t *testing.T) {
	var hub factory.Hub
	ctx, cancel := context.WithCancel(context.Background())
	quick, slow := hub.Subscribe(ctx), hub.Subscribe(context.Background())
	for i := range 1000 { // far more than a listener may be behind
		hub.Tell(art.Event{Kind: "step", Step: i})
		if e := <-quick; e.Step != i {
			t.Fatalf("event %d came as %d", i, e.Step)
		}
	}
	if e := <-slow; e.Step != 0 {
		t.Errorf("the slow listener lost the first event: %+v", e)
	}
	cancel()
	if e, open := <-quick; open {
		t.Errorf("an event after the end: %+v", e)
	}
	hub.Tell(art.Event{Kind: "run"}) // must not write to the closed channel
}

// A workspace's own card stands over the one that the engine knows: who answers for the pictures has the last word.
func TestTheWorkspacesOwnCardCounts(t *testing.T) {
	b := newBench(t, t.TempDir(), &artist{})
	o := order(art.ApprovalAuto, 1)
	o.Cards = map[string]art.ModelCard{"toy": {Model: "toy", Terms: art.Terms{Commercial: art.TermNo}}}
	p, err := b.Plan(o)
	if err != nil || len(p.Refused) != 1 || p.Refused[0].Field != "legal.usage.purpose" {
		t.Errorf("%+v, %v", p.Refused, err)
	}
	if _, err := b.Start(context.Background(), o); !errors.Is(err, art.ErrRefused) {
		t.Errorf("it was started: %v", err)
	}
}
