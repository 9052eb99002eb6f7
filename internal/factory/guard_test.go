package factory_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/engine"
	"presswerk/internal/factory"
	"presswerk/internal/imaging"
	"presswerk/internal/plan"
)

// hosted is an engine far away, with two models: "toy" 1 and 2. Its pictures are discs whose place and size follow from
// prompt and seed. What it does behind its back can be changed.
type hosted struct {
	mu      sync.Mutex
	wavers  bool // equal recipes give slightly different pictures
	moved   bool // it draws something else now, and says nothing
	version string
	calls   int
}

func (*hosted) Close() error { return nil }

func (h *hosted) Info() engine.Info {
	h.mu.Lock()
	defer h.mu.Unlock()
	info := engine.Info{Name: "far", Version: h.version, Ready: true}
	for _, v := range []string{"1", "2"} {
		info.Models = append(info.Models, engine.Model{Capabilities: art.Capabilities{
			Engine: "far", EngineVersion: h.version, Model: art.ModelRef{Name: "toy", Version: v, SHA256: strings.Repeat(v, 64)}, Card: &art.ModelCard{Terms: art.Terms{Commercial: art.TermYes}},
			Samplers: []string{"euler", "heun"}, Schedulers: []string{"normal"}, MinSize: 16, MaxSize: 512, NativeWidth: 64, NativeHeight: 64, MaxSteps: 50,
			Seeds: true, Dialect: "plain", Deterministic: !h.wavers, SecondsPerPicture: 1,
		}})
	}
	return info
}

func (h *hosted) Render(_ context.Context, r art.Recipe, _ engine.Progress) (engine.Picture, error) {
	h.mu.Lock()
	h.calls++
	wavers, moved, call := h.wavers, h.moved, h.calls
	h.mu.Unlock()
	sum := fnv.New32a()
	fmt.Fprint(sum, r.Prompt, r.Seed, moved)
	n := int(sum.Sum32())
	p, err := imaging.NewRGB(64, 64)
	if err != nil {
		return engine.Picture{}, err
	}
	cx, cy, size := 12+n%40, 12+n/64%40, 120+n/4096%200
	if wavers {
		cx += call % 2
	}
	ink := uint8(40)
	if r.Model.Version == "2" {
		ink = 230 // pale on pale
	}
	for y := range 64 {
		for x := range 64 {
			p.Set(x, y, 255, 208, 178)
			if (x-cx)*(x-cx)+(y-cy)*(y-cy) < size || moved && x%16 < 8 {
				p.Set(x, y, ink, ink, 60)
			}
		}
	}
	data, err := imaging.Encode(p, imaging.Encoding{Format: imaging.PNG})
	return engine.Picture{Bytes: data, MIME: "image/png", Width: 64, Height: 64, PixelsSHA256: art.Digest(p.Pix)}, err
}

func (h *hosted) change(c func(*hosted)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c(h)
}

func (h *hosted) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls
}

func aSet() brand.PromptSet {
	s := brand.PromptSet{Seeds: []art.Seed{1, 2}}
	for _, name := range []string{"ball", "cube", "cone", "ring", "star", "kite", "drum", "doll"} {
		s.Prompts = append(s.Prompts, brand.FixedPrompt{Name: name, Prompt: art.Prompt{Subject: art.Part{Words: art.Text{"en": "a " + name}}}})
	}
	return s
}

func toyKit() brand.Kit {
	least, most := 1.0, 60.0
	k := order(art.ApprovalAuto, 1).Kit
	k.Rubric = []art.Gate{{Scorer: "contrast", Min: &least}, {Scorer: "palette", Max: &most}, {Scorer: "duplicate", Min: &least}}
	k.Colours = []art.Colour{{Name: "peach", Hex: "#ffd0b2"}}
	return k
}

func model(ref string) plan.Change { return plan.Change{Fields: map[string]string{"model": ref}} }

func TestAGuardComparesTwoModelsAndIsKept(t *testing.T) {
	h := &hosted{version: "1"}
	b := newBenchWith(t, t.TempDir(), h)
	o := factory.GuardOrder{Order: factory.Order{Kit: toyKit()}, Set: aSet(), Old: model("toy@1"), New: model("toy@2"), By: "Ada"}
	told := 0
	g, err := b.Guard(context.Background(), o, func(done, total int) {
		if told++; done != told || total != 32 {
			t.Errorf("%d of %d", done, total)
		}
	})
	if err != nil || told != 32 {
		t.Fatal(told, err)
	}
	if g.Outcome != art.Worse || len(g.Pairs) != 16 || len(g.Scorers) != 2 || g.Scorers[0].Scorer != "contrast" || g.Scorers[0].Outcome != art.Worse || g.Scorers[0].Prompts != 8 {
		t.Errorf("%s %+v", g.Outcome, g.Scorers)
	}
	if !slices.Equal(g.Changed, []string{"model"}) || g.Old.Model.Version != "1" || g.New.Model.Version != "2" || g.By != "Ada" || g.Confidence != 0.95 {
		t.Errorf("%+v %+v %v", g.Old, g.New, g.Changed)
	}
	for _, p := range g.Pairs {
		if p.Words != "a "+p.Prompt || p.Old.Print == "" || p.Old.Image == p.New.Image || !p.Old.Pass || len(p.Old.Scores) != 2 {
			t.Errorf("%+v", p)
		}
	}
	if kept, err := b.db.Guard(context.Background(), g.ID); err != nil || kept.Outcome != g.Outcome {
		t.Errorf("%+v, %v", kept, err)
	}
	again, err := b.Guard(context.Background(), o, nil) // nothing is rendered twice
	if err != nil || h.count() != 32 || !again.Pairs[0].Old.Reused || again.ID == g.ID || again.Outcome != g.Outcome {
		t.Errorf("%d pictures, %v", h.count(), err)
	}
}

func TestOneSideMayHaveAnotherSampler(t *testing.T) {
	h := &hosted{version: "1"}
	b := newBenchWith(t, t.TempDir(), h)
	o := factory.GuardOrder{Order: factory.Order{Kit: toyKit()}, Set: aSet(), Old: model("toy@1"), New: model("toy@1")}
	if _, err := b.Guard(context.Background(), o, nil); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "the same as the old side") {
		t.Errorf("two equal sides: %v", err)
	}
	o.New.Fields = map[string]string{"model": "toy@1", "sampler": "heun"}
	g, err := b.Guard(context.Background(), o, nil)
	if err != nil || g.Outcome != art.Equal || !slices.Equal(g.Changed, []string{"sampler"}) {
		t.Errorf("%s %v, %v", g.Outcome, g.Changed, err)
	}
	o.New.Fields["sampler"] = "wobble"
	if _, err := b.Guard(context.Background(), o, nil); !errors.Is(err, art.ErrRefused) || !strings.Contains(err.Error(), "the new side: ") {
		t.Errorf("an unknown sampler: %v", err)
	}
}

// Pictures of an engine's earlier version are those that were kept; nobody can make them any more.
func TestAnEnginesVersionsAreCompared(t *testing.T) {
	h := &hosted{version: "1"}
	b := newBenchWith(t, t.TempDir(), h)
	o := factory.GuardOrder{Order: factory.Order{Kit: toyKit()}, Set: aSet(), Old: model("toy@1"), New: model("toy@1")}
	o.New.Fields = map[string]string{"model": "toy@1", "sampler": "heun"}
	if _, err := b.Guard(context.Background(), o, nil); err != nil {
		t.Fatal(err)
	}
	h.change(func(h *hosted) { h.version, h.moved = "2", true })
	o.New, o.Old.EngineVersion = model("toy@1"), "1"
	g, err := b.Guard(context.Background(), o, nil)
	if err != nil || !slices.Equal(g.Changed, []string{"engine_version"}) || g.Outcome.Passes() || g.Old.EngineVersion != "1" || !g.Pairs[3].Old.Reused {
		t.Errorf("%s %v, %v", g.Outcome, g.Changed, err)
	}
	o.Old.EngineVersion = "0"
	if _, err := b.Guard(context.Background(), o, nil); !errors.Is(err, art.ErrRefused) || !strings.Contains(err.Error(), "no picture of this prompt that 0 made is kept") {
		t.Errorf("a version that nobody kept: %v", err)
	}
}

// A comparison that ends in the middle has kept what was rendered: hosted engines take money for it.
func TestAGuardThatWasStoppedGoesOn(t *testing.T) {
	h := &hosted{version: "1"}
	dir := t.TempDir()
	b := newBenchWith(t, dir, h)
	o := factory.GuardOrder{Order: factory.Order{Kit: toyKit()}, Set: aSet(), Old: model("toy@1"), New: model("toy@2")}
	ctx, stop := context.WithCancel(context.Background())
	_, err := b.Guard(ctx, o, func(done, _ int) {
		if done == 10 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if all, err := b.db.Guards(context.Background(), "acme", ""); err != nil || len(all) != 0 {
		t.Errorf("%d guards, %v", len(all), err)
	}
	first := h.count()
	g, err := newBenchWith(t, dir, h).Guard(context.Background(), o, nil)
	if err != nil || len(g.Pairs) != 16 || first >= 32 || h.count()-first > 22 {
		t.Errorf("%d pictures first and %d in all, %v", first, h.count(), err)
	}
}

// probe makes and commits one.
func (b *bench) probe(o factory.ProbeOrder) art.Probe {
	b.t.Helper()
	p, change, err := b.Probe(context.Background(), o, nil)
	if err == nil {
		err = b.Commit(context.Background(), change)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func TestASilentChangePausesWhatDependsOnIt(t *testing.T) {
	for _, wavers := range []bool{false, true} {
		t.Run(fmt.Sprintf("wavers=%t", wavers), func(t *testing.T) {
			h := &hosted{version: "1", wavers: wavers}
			b := newBenchWith(t, t.TempDir(), h)
			ctx := context.Background()
			toys := order(art.ApprovalAuto, 1, 2)
			toys.Brief.Parameters.Model = "toy@1"
			other := order(art.ApprovalAuto, 1)
			other.Brief.ID, other.Brief.Parameters.Model = "other", "toy@2"
			set := aSet()
			set.Seeds = set.Seeds[:1]
			o := factory.ProbeOrder{Order: factory.Order{Kit: toyKit()}, Set: set, Engine: "far", Model: "toy@1", Briefs: []factory.Order{toys, other}}
			first := b.probe(o)
			if want := map[bool]int{false: 8, true: 16}[wavers]; first.Baseline != "" || first.Changed || len(first.Shots) != want {
				t.Fatalf("%+v", first)
			}
			if same := b.probe(o); same.Baseline != first.ID || same.Changed {
				t.Fatalf("nothing happened, and it says %s: %+v", same.Reason.In("en"), same.Compared)
			}
			h.change(func(h *hosted) { h.moved = true })
			noticed := b.probe(o)
			if !noticed.Changed || noticed.Reason.In("de") == "" {
				t.Fatalf("%+v", noticed.Compared)
			}
			b.probe(o) // still changed: one pause is enough
			pauses, err := b.db.Pauses(ctx)
			if err != nil || len(pauses) != 1 || pauses[0].Probe != noticed.ID || !slices.Equal(pauses[0].Briefs, []string{"toys"}) {
				t.Fatalf("%+v, %v", pauses, err)
			}
			toys.Models.Pauses, other.Models.Pauses = pauses, pauses
			if _, err := b.Start(ctx, toys); !errors.Is(err, art.ErrRefused) || !strings.Contains(err.Error(), "is paused since") {
				t.Errorf("a run began: %v", err)
			}
			if _, err := b.Start(ctx, other); err != nil {
				t.Errorf("another model is paused: %v", err)
			}
			for name, r := range map[string]art.Resumption{"nobody": {Reason: "so"}, "no reason": {By: "Ada"}} {
				if _, err := b.Resume(ctx, "far/toy", r); !errors.Is(err, art.ErrInvalid) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if _, err := b.Resume(ctx, "near", art.Resumption{By: "Ada", Reason: "so"}); !errors.Is(err, art.ErrNotFound) {
				t.Errorf("got %v", err)
			}
			if _, err := b.Resume(ctx, "far", art.Resumption{By: "Ada", Reason: "the new pictures are fine", Accept: true}); err != nil {
				t.Fatal(err)
			}
			if after := b.probe(o); after.Changed || after.Baseline != noticed.ID {
				t.Errorf("accepted, and still changed against %s: %s", after.Baseline, after.Reason.In("en"))
			}
			toys.Models.Pauses, _ = b.db.Pauses(ctx)
			if _, err := b.Start(ctx, toys); err != nil {
				t.Errorf("lifted, and no run begins: %v", err)
			}
		})
	}
}

// What was planned before the pause is not rendered after it, and goes on once it is lifted.
func TestARunInProgressStopsAtAPause(t *testing.T) {
	h := &hosted{version: "1"}
	b := newBenchWith(t, t.TempDir(), h)
	ctx := context.Background()
	o := order(art.ApprovalReview, 1, 2)
	o.Brief.Parameters.Model = "toy@1"
	run := b.start(o)
	pause := art.Pause{ID: "pause-1", Probe: "p1", Engine: "far", Model: art.ModelRef{Name: "toy", Version: "1"}, Reason: art.Text{"en": "other pictures"}}
	if err := b.Commit(ctx, art.Change{Probes: []art.Probe{{ID: "p1"}}, Pauses: []art.Pause{pause}}); err != nil {
		t.Fatal(err)
	}
	b.work(run.ID, in(art.RunEmpty))
	if all := b.candidates(run.ID); h.count() != 0 || !strings.Contains(all[0].Failure, "is paused: other pictures") {
		t.Errorf("%d pictures, %q", h.count(), all[0].Failure)
	}
	if _, err := b.Resume(ctx, "pause-1", art.Resumption{By: "Ada", Reason: "a false alarm"}); err != nil {
		t.Fatal(err)
	}
	b.start(o)
	b.work(run.ID, in(art.RunReview))
}

func TestACanaryIsSeenOnItsCandidates(t *testing.T) {
	b := newBenchWith(t, t.TempDir(), &hosted{version: "1"})
	o := order(art.ApprovalReview, 1, 2, 3, 4)
	o.Brief.Parameters.Model = "toy"
	o.Models.Pins = []art.Pin{{Brand: "acme", Model: "toy", Version: "1", SHA256: strings.Repeat("1", 64), Canary: &art.Canary{Version: "2", SHA256: strings.Repeat("2", 64), Share: 0.25}}}
	n := 0
	for _, c := range b.candidates(b.start(o).ID) {
		if c.Planned.Canary != (c.Planned.Model.Version == "2") {
			t.Errorf("%+v", c.Planned)
		}
		if c.Planned.Canary {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d canaries of 4", n)
	}
}
