package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/safety"
)

// guarded is a workspace with files of its own.
func guarded(t *testing.T, files map[string]string) Workspace {
	t.Helper()
	w := Workspace{Dir: t.TempDir()}
	for name, text := range files {
		to := filepath.Join(w.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

const ownWords = `version: 1
harmless: {en: [Bloody Good Jam]}
concepts:
  - id: trademarks
    title: {en: marks, de: Marken}
    names: [{name: Jamworks, with: [jar, logo]}]
  - id: competitors
    title: {en: a competitor, de: ein Mitbewerber}
    names: [{name: Breadbox}]
`

const ownPolicy = `version: 1
title: {en: Family, de: Familie}
extends: general
rules: {minors: pass, competitors: block}
`

func TestAWorkspaceAddsItsOwnWordsAndPolicies(t *testing.T) {
	w := guarded(t, map[string]string{"safety/own.yaml": ownWords, "safety/policies/family.yaml": ownPolicy})
	g, err := w.Guide("family")
	if err != nil {
		t.Fatal(err)
	}
	for words, want := range map[string]art.Ruling{
		"a Breadbox van": art.Block, "the Jamworks logo": art.NeedsPerson, "a Jamworks day": art.Pass, "children at breakfast": art.Pass, "Bloody Good Jam": art.Pass,
		"a bloody hand": art.NeedsPerson, "a Starbucks cup": art.NeedsPerson, "a bloodbath": art.Block,
	} {
		if got := safety.Worst(g.Look([]safety.Field{{Name: "x", Words: words}}, safety.For{})); got != want {
			t.Errorf("%q: %s; want %s", words, got, want)
		}
	}
	if g.Policy().ID() != "family@1" {
		t.Errorf("the policy is %s", g.Policy().ID())
	}
}

func TestMistakesInPoliciesAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
		kind  error
	}{
		"loosened":       {map[string]string{"safety/policies/own.yaml": strings.Replace(ownPolicy, "competitors: block", "hate: person", 1)}, "locked", art.ErrRefused},
		"unknown rule":   {map[string]string{"safety/policies/own.yaml": ownPolicy}, "no such concept", art.ErrInvalid},
		"unknown ruling": {map[string]string{"safety/policies/own.yaml": strings.Replace(ownPolicy, "competitors: block", "gore: maybe", 1)}, "maybe", art.ErrInvalid},
		"a circle":       {map[string]string{"safety/policies/own.yaml": strings.Replace(ownPolicy, "general", "own", 1)}, "circle", art.ErrInvalid},
		"a taken name":   {map[string]string{"safety/policies/general.yaml": ownPolicy, "safety/policies/own.yaml": ownPolicy}, "comes along", art.ErrInvalid},
		"an unknown key": {map[string]string{"safety/own.yaml": "version: 1\nconcept: []\n"}, "concepts", art.ErrInvalid},
		"no policy":      {nil, "no policy", art.ErrNotFound},
	} {
		_, err := guarded(t, c.files).Guide("own")
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClearancesAreAddedAndNeverChanged(t *testing.T) {
	w := guarded(t, nil)
	good := art.Clearance{ID: "1", Kind: art.MarkClearance, Subject: "Jamworks", Result: art.ClearanceGranted, By: "Ada", Date: "2026-01-01", Evidence: "rights/a.pdf", SHA256: strings.Repeat("a", 64)}
	gone := good
	gone.ID, gone.Result = "2", art.ClearanceRevoked
	for _, c := range []art.Clearance{good, gone} {
		if err := w.AddClearance(c); err != nil {
			t.Fatal(err)
		}
	}
	all, err := w.Clearances()
	if err != nil || len(all) != 2 || all[0].ID != "1" {
		t.Fatalf("%+v, %v", all, err)
	}
	if _, ok := safety.Cleared(all, art.MarkClearance, "JAMWORKS", safety.For{On: time.Now()}); ok {
		t.Error("what was revoked counts")
	}
	for name, change := range map[string]func(*art.Clearance){
		"no subject": func(c *art.Clearance) { c.Subject = " " }, "no evidence": func(c *art.Clearance) { c.Evidence = "" }, "no day": func(c *art.Clearance) { c.Date = "soon" },
		"a wrong kind": func(c *art.Clearance) { c.Kind = "x" }, "a wrong hash": func(c *art.Clearance) { c.SHA256 = "b" }, "a wrong end": func(c *art.Clearance) { c.Until = "2026-13-01" },
	} {
		bad := good
		change(&bad)
		if err := w.AddClearance(bad); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all, err := w.Clearances(); err != nil || len(all) != 2 {
		t.Errorf("mistakes were written: %+v, %v", all, err)
	}
}
