package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/store"
	"presswerk/internal/testkit"
)

// purse is a workspace with budgets and calls, and the program as a process of its own.
type purse struct {
	t   *testing.T
	dir string
}

func newPurse(t *testing.T) purse {
	t.Helper()
	_ = testkit.Native(t, onnxLibrary)
	p := purse{t, filepath.Join(t.TempDir(), "ws")}
	p.must("init", p.dir)
	kit := filepath.Join(p.dir, "brands", "morgenrot", "kit.yaml")
	f, err := os.OpenFile(kit, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("\nbudgets:\n  - {currency: USD, run: 1, day: 0.1}\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	marker := "name: M\nversion: 1\nbudgets:\n  - {currency: USD, month: 20}\n"
	if err := os.WriteFile(filepath.Join(p.dir, "presswerk.yaml"), []byte(marker), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p purse) run(args ...string) (string, int) {
	exe, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	c := exec.CommandContext(p.t.Context(), exe)
	c.Args = append([]string{"presswerk"}, args...) // TestMain makes this test binary the program
	c.Env = append(os.Environ(), "LC_ALL=C", "XDG_DATA_HOME="+p.t.TempDir())
	if _, err := os.Stat(p.dir); err == nil {
		c.Dir = p.dir
	}
	out, err := c.CombinedOutput()
	if err != nil && c.ProcessState == nil {
		p.t.Fatal(err)
	}
	return string(out), c.ProcessState.ExitCode()
}

func (p purse) must(args ...string) string {
	p.t.Helper()
	out, code := p.run(args...)
	if code != 0 {
		p.t.Fatalf("presswerk %s: %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// spend writes calls of a run as if a service had been asked.
func (p purse) spend(states map[string]art.CallState) {
	p.t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, filepath.Join(p.dir, ".presswerk", databaseName))
	if err != nil {
		p.t.Fatal(err)
	}
	defer db.Close()
	run := art.Run{ID: "hero-1", Brief: art.Brief{ID: "hero"}, BrandID: "morgenrot", State: art.RunReview}
	candidate := art.Candidate{ID: "hero-1-001", Run: run.ID, Planned: art.PlannedRecipe{ID: "r1"}}
	change := art.Change{NewRun: &run, NewCandidates: []art.Candidate{candidate}, Failures: []art.RenderFailure{{Candidate: candidate.ID, Reason: "nobody knows"}}}
	if err := db.Commit(ctx, change, time.Now()); err != nil {
		p.t.Fatal(err)
	}
	for id, state := range states {
		c := art.Call{
			ID: id, Key: id, Attempt: 1, Run: run.ID, Candidate: candidate.ID, Brand: "morgenrot", Engine: "shop", Model: "disc", At: time.Now(),
			Quote: art.Quote{Amount: art.AmountOf(0.04), Currency: "USD", Known: true}, CallOutcome: art.CallOutcome{State: art.CallRequested, Changed: time.Now()},
		}
		if err := db.Intend(ctx, c, nil); err != nil {
			p.t.Fatal(err)
		}
		if state == art.CallRequested {
			continue
		}
		if _, err := db.Settle(ctx, id, art.CallOutcome{State: state, Reason: "the line was cut", Changed: time.Now()}); err != nil {
			p.t.Fatal(err)
		}
	}
}

func TestCostSaysWhatWasSpentAndWhatIsLeft(t *testing.T) {
	p := newPurse(t)
	if out := p.must("cost"); !strings.Contains(out, "Nothing was bought") || !strings.Contains(out, "budget of brand morgenrot per day: 0.10 USD, spent 0.00, left 0.10") {
		t.Errorf("%s", out)
	}
	p.spend(map[string]art.CallState{"aaa": art.CallDone, "bbb": art.CallUnknown, "ccc": art.CallRequested, "ddd": art.CallFailed})
	var a costAnswer
	if err := json.Unmarshal([]byte(p.must("cost", "--json")), &a); err != nil {
		t.Fatal(err)
	}
	if len(a.Spending) != 1 || a.Spending[0].Amount != art.AmountOf(0.12) || a.Spending[0].Open != art.AmountOf(0.08) || len(a.Open) != 1 || len(a.Unknown) != 1 || a.Unknown[0].ID != "bbb" {
		t.Errorf("%+v", a)
	}
	left := map[string]art.Amount{}
	for _, b := range a.Budgets {
		left[b.Level+" "+b.Per] = b.Left
	}
	if len(left) != 2 || left["brand day"] != 0 || left["workspace month"] != art.AmountOf(19.88) {
		t.Errorf("left are %v", left)
	}
	out := p.must("cost")
	for _, want := range []string{"by engine\n  shop ", "hero-1 ", "UNKNOWN: call bbb to shop", "the line was cut", "presswerk cost resolve bbb --charged", "open: call ccc"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not said in\n%s", want, out)
		}
	}
	if out := p.must("cost", "--run", "hero-1"); !strings.Contains(out, "ddd  failed") || !strings.Contains(out, "per run: 1.00 USD, spent 0.12, left 0.88") {
		t.Errorf("%s", out)
	}
	for _, bad := range [][]string{{"cost", "--run", "nobody"}, {"cost", "--since", "May"}, {"cost", "call", "x"}} {
		if out, code := p.run(bad...); code != exitWrongUse {
			t.Errorf("%q ends with %d: %s", bad, code, out)
		}
	}
}

func TestAPersonSettlesWhatNobodyKnows(t *testing.T) {
	p := newPurse(t)
	p.spend(map[string]art.CallState{"aaa-1": art.CallUnknown, "bbb-1": art.CallUnknown, "ccc-1": art.CallUnknown})
	picture := filepath.Join(p.dir, "late.png")
	if err := os.WriteFile(picture, testkit.ShopPicture(1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]string{
		{"aaa", "--charged"},
		{"aaa", "--by", "Ada"},
		{"aaa", "--charged", "--not-charged", "--by", "Ada"},
		{"x", "--charged", "--by", "Ada"},
		{"aaa", "--not-charged", "--amount", "1", "--by", "Ada"},
		{"aaa", "--charged", "--picture", "presswerk.yaml", "--by", "Ada"},
	} {
		if out, code := p.run(append([]string{"cost", "resolve"}, bad...)...); code != exitWrongUse {
			t.Errorf("%q ends with %d: %s", bad, code, out)
		}
	}
	if out := p.must("cost", "resolve", "aaa", "--charged", "--amount", "0.05", "--by", "Ada"); !strings.Contains(out, "aaa-1 is lost now, 0.05 USD, by the word of Ada") || strings.Contains(out, "goes on") {
		t.Errorf("%s", out)
	}
	if out := p.must("cost", "resolve", "bbb", "--charged", "--picture", picture, "--by", "Ada"); !strings.Contains(out, "hero-1-001 goes on") {
		t.Errorf("%s", out)
	}
	p.must("cost", "resolve", "ccc", "--not-charged", "--by", "Ada")
	if out, code := p.run("cost", "resolve", "bbb", "--not-charged", "--by", "Ada"); code != exitWrongUse {
		t.Errorf("a call that is done ends with %d: %s", code, out)
	}
	var call callAnswer
	if err := json.Unmarshal([]byte(p.must("cost", "call", "bbb", "--json")), &call); err != nil {
		t.Fatal(err)
	}
	if call.State != art.CallDone || call.By != "Ada" || call.Picture == nil || call.Picture.Image != art.Digest(testkit.ShopPicture(1)) || len(call.History) != 3 || *call.Charged != art.AmountOf(0.04) {
		t.Errorf("%+v", call)
	}
	if out := p.must("cost", "call", "bbb"); !strings.Contains(out, "0.04 USD (person)") || !strings.Contains(out, art.Digest(testkit.ShopPicture(1))) {
		t.Errorf("%s", out)
	}
	var a costAnswer
	if err := json.Unmarshal([]byte(p.must("cost", "--json")), &a); err != nil || len(a.Unknown) != 0 || a.Spending[0].Amount != art.AmountOf(0.09) || a.Spending[0].Open != 0 {
		t.Errorf("%+v, %v", a, err)
	}
}
