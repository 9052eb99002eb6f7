package factory_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/finish"
	"presswerk/internal/label"
	"presswerk/internal/provenance"
)

// signs leaves files as they are and says that they were signed.
type signs struct{}

func (signs) Sign(_ context.Context, _ string, data []byte, _ provenance.Claim) (provenance.Signed, error) {
	return provenance.Signed{Data: data}, nil
}

// newRuledBench is a line of late 2026 that knows the rules. It signs files, or does not.
func newRuledBench(t *testing.T, signed bool) *bench {
	t.Helper()
	b := newBench(t, t.TempDir(), &artist{})
	var err error
	if b.Labels, err = label.Rules(); err != nil {
		t.Fatal(err)
	}
	var ticks atomic.Int64
	b.Now = func() time.Time { return time.Date(2026, 11, 26, 12, 0, int(ticks.Add(1)), 0, time.UTC) }
	o := finish.Options{Upscalers: []finish.Upscaler{{Enlarger: repeat{}, Source: art.Source{Kind: "upscaler", Name: "repeat"}}}, Unsigned: "a test", Now: b.Now}
	if signed {
		o.Signer = signs{}
	}
	b.Finisher = finish.New(o)
	return b
}

func stance(misleads bool) art.Stance {
	return art.Stance{CouldMislead: &misleads, Reason: "a ball as children draw it"}
}

func (b *bench) disclose(candidate string, s art.Stance) {
	b.t.Helper()
	if err := b.Disclose(context.Background(), art.Disclosure{Candidate: candidate, Stance: s, By: "Ada"}); err != nil {
		b.t.Fatal(err)
	}
}

func TestNobodyApprovesWhatNobodyHasLookedAt(t *testing.T) {
	b, ctx := newRuledBench(t, true), context.Background()
	run := b.work(b.start(order(art.ApprovalAuto, 1)).ID, in(art.RunReview)) // the policy does not approve it either
	c := b.candidates(run.ID)[0].ID
	approve := art.Decision{Candidate: c, Action: art.Approve, By: "Ada"}
	if err := b.Decide(ctx, approve); !errors.Is(err, art.ErrRefused) || !strings.Contains(err.Error(), "review disclose "+c) || !strings.Contains(err.Error(), "eu-50-4") {
		t.Errorf("approved without a word: %v", err)
	}
	for name, d := range map[string]art.Disclosure{
		"nobody":         {Candidate: c, Stance: stance(false)},
		"no answer":      {Candidate: c, Stance: art.Stance{Reason: "x"}, By: "Ada"},
		"no reason":      {Candidate: c, Stance: art.Stance{CouldMislead: stance(true).CouldMislead}, By: "Ada"},
		"nothing edited": {Candidate: c, Stance: art.Stance{CouldMislead: stance(false).CouldMislead, StandardEdit: true, Reason: "x"}, By: "Ada"},
	} {
		if err := b.Disclose(ctx, d); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.disclose(c, stance(false))
	b.decide(c, art.Approve, "")
	b.work(run.ID, in(art.RunPublished))
	assets, err := b.Assets(ctx, "")
	if err != nil || len(assets) != 1 || assets[0].Disclosure == nil || assets[0].Disclosure.By != "Ada" || assets[0].Labelling.Label != nil || label.Drawn(assets[0]) > 0 {
		t.Fatalf("%+v, %v", assets, err)
	}
	// On second thoughts it could. The page says so at once, and offers no file without a label.
	b.disclose(c, stance(true))
	page := b.pages()[0]
	b.work(run.ID, func(art.RunView) bool {
		text, err := os.ReadFile(page)
		return err == nil && strings.Contains(string(text), `class="over"`) && !strings.Contains(string(text), `class="files"`)
	})
	if all, err := b.Disclosures(ctx, c); err != nil || len(all) != 2 || all[0].Misleads() || !all[1].Misleads() || all[1].At.IsZero() {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestWhatCouldMisleadIsFinishedWithALabel(t *testing.T) {
	b := newRuledBench(t, true)
	run := b.work(b.start(order(art.ApprovalReview, 1)).ID, in(art.RunReview))
	c := b.candidates(run.ID)[0]
	if b.Shown(c, run.Run) {
		t.Error("a contact sheet would show what nobody has looked at")
	}
	b.disclose(c.ID, stance(true))
	b.decide(c.ID, art.Approve, "")
	b.work(run.ID, in(art.RunPublished))
	assets, err := b.Assets(context.Background(), "")
	if err != nil || len(assets) != 1 || label.Drawn(assets[0]) < 0.05 {
		t.Fatalf("%+v, %v", assets, err)
	}
	text, err := os.ReadFile(b.pages()[0])
	if err != nil || strings.Contains(string(text), `class="over"`) || !strings.Contains(string(text), "It may look real.") {
		t.Errorf("the page lays a second label over the first, or says nothing: %v", err)
	}
}

func TestBriefAndKitAnswerForAllTheirPictures(t *testing.T) {
	b := newRuledBench(t, true)
	o := order(art.ApprovalAuto, 1)
	yes, no := stance(true), stance(false)
	o.Kit.Disclosure, o.Brief.Disclosure = &yes, &no
	run := b.work(b.start(o).ID, in(art.RunPublished))
	c := b.candidates(run.ID)[0]
	if c.Disclosure == nil || c.Disclosure.By != "brief:toys" || c.Disclosure.Misleads() || !b.Shown(c, run.Run) {
		t.Errorf("%+v", c.Disclosure)
	}
	// Where a policy has found somebody's place or face in the words, nobody has meant that picture.
	c.Disclosure, c.Planned.Concerns = nil, []art.Concern{{Ruling: art.NeedsPerson, Clearance: art.ModelRelease}}
	if _, d, err := b.Labelling(c, run.Run); d != nil || err != nil || b.Shown(c, run.Run) {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestNothingUnmarkedIsDelivered(t *testing.T) {
	no := stance(false)
	for name, c := range map[string]struct {
		signed      bool
		territories []string
		creator     string
		says        string // "" where it is published
	}{
		"signed":                  {true, nil, "", ""},
		"unsigned, everywhere":    {false, nil, "", "lacks c2pa or watermark, which eu-50-2"},
		"unsigned, where no rule": {false, []string{"US"}, "", ""},
		"in China, by nobody":     {true, []string{"CN"}, "", "lacks aigc, which cn-gb-45438"},
		"in China":                {true, []string{"CN"}, "Ada & Co", ""},
	} {
		b := newRuledBench(t, c.signed)
		o := order(art.ApprovalAuto, 1)
		o.Kit.Disclosure, o.Kit.Usage.Territories, o.Kit.Rights.Creator = &no, c.territories, c.creator
		run := b.work(b.start(o).ID, in(art.RunPublished, art.RunFailed))
		_, err := os.Stat(filepath.Join(b.dir, "site", "toys", "index.html"))
		if (err == nil) != (c.says == "") || !strings.Contains(run.Failure, c.says) {
			t.Errorf("%s: %q, %v", name, run.Failure, err)
		}
	}
}
