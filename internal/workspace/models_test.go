package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/guard"
)

// The card that ships is whole: no field that a card needs is missing, in either language, and the schema takes it.
func TestTheHouseModelsCardIsWhole(t *testing.T) {
	data, err := os.ReadFile("../../models/house/card.yaml")
	if err != nil {
		t.Fatal(err)
	}
	card, err := DecodeCard("card.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	if card.Draft || card.Terms.Commercial != art.TermYes || len(card.Data.Sources) != 6 {
		t.Errorf("%+v", card.Terms)
	}
	if err := compile(t, "card").Validate(asJSON(t, data)); err != nil {
		t.Error(err)
	}
	for _, text := range []art.Text{card.Title, card.Purpose, card.NotFor, card.Data.Summary, card.AIAct.Marking} {
		if text["de"] == "" || text["de"] == text["en"] {
			t.Errorf("no German in %q", text["en"])
		}
	}
	again, err := EncodeCard(card)
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeCard("again.yaml", again)
	if err != nil {
		t.Fatalf("%v in\n%s", err, again)
	}
	if d := cmp.Diff(card, back); d != "" {
		t.Error(d)
	}
}

func TestMistakesInCardsAreToldWithTheirPlace(t *testing.T) {
	_, err := DecodeCard("c.yaml", []byte("model: x\nversion: 1\nkind: loar\nterms: {commercial: maybe, excluded: [Germany]}\nwekness: none\n"))
	if err == nil {
		t.Fatal("it was taken")
	}
	for _, want := range []string{"c.yaml:2:10: version", `c.yaml:3:7: kind: nobody knows the kind "loar"`, "c.yaml:4:21: terms.commercial", "c.yaml:4:39: terms.excluded[0]", "c.yaml:5:1: wekness", "purpose: is missing", "data.opt_out"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told in\n%v", want, err)
		}
	}
	if _, err := DecodeCard("c.yaml", []byte("model: x\nkind: lora\ndraft: true\n")); err != nil {
		t.Errorf("a draft may leave things open: %v", err)
	}
}

func TestPinsAndLicencesAreFilesOfTheWorkspace(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, markerFile), []byte("name: W\nversion: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := w.ReadModels(); err != nil || len(p.Pins)+len(p.Accepted) != 0 {
		t.Fatal(p, err)
	}
	a, b, c := strings.Repeat("a", 64), strings.Repeat("b", 64), strings.Repeat("c", 64)
	var policy art.ModelPolicy
	for _, m := range []guard.Move{
		{Brand: "m", Model: art.ModelRef{Name: "sd", Version: "1", SHA256: a}, By: "Ada", Date: "2026-11-26"},
		{Brand: "k", Model: art.ModelRef{Name: "sd", Version: "1", SHA256: a}, By: "Ada", Date: "2026-11-26"},
		{Brand: "m", Model: art.ModelRef{Name: "sd", Version: "2", SHA256: b}, By: "Ada", Date: "2026-11-27", Reason: "sharper", Override: true},
		{Brand: "m", Model: art.ModelRef{Name: "sd", Version: "3", SHA256: c}, By: "Ada", Date: "2026-11-27", Reason: "a try", Override: true, Share: 0.1},
	} {
		if policy, err = guard.Pin(policy, m, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.WritePins(policy); err != nil {
		t.Fatal(err)
	}
	if err := w.Accept(art.Acceptance{License: "OpenRAIL", Model: "sd", SHA256: a, By: "Ada", Date: "2026-11-26"}); err != nil {
		t.Fatal(err)
	}
	p, err := w.ReadModels()
	if err != nil {
		t.Fatal(err)
	}
	if pin, ok := p.PinOf("m", "sd"); !ok || pin.Version != "2" || len(p.Pins) != 2 || !p.Accepts("OpenRAIL") || p.Accepts("MIT") {
		t.Errorf("%+v", p)
	}
	if d := cmp.Diff(policy.Pins, p.Pins); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(policy.History, p.History); d != "" {
		t.Error(d)
	}
	written := readText(t, w, "models/pins.yaml")
	write(t, w, "models/pins.yaml", strings.Replace(written, "sha256: "+b, "sha256: "+a, 1))
	if _, err := w.ReadModels(); err == nil || !strings.Contains(err.Error(), "models/pins.yaml:12:13: pins[1].sha256: the history ends at bbbbbbbbbbbb, so this pin was moved by hand") {
		t.Errorf("a pin moved by hand: %v", err)
	}
	write(t, w, "models/pins.yaml", written)
	write(t, w, "models/shutdowns.yaml", "shutdowns:\n  - {engine: openai, model: gpt-image-1, date: soon}\n")
	if _, err := w.ReadModels(); err == nil || !strings.Contains(err.Error(), `models/shutdowns.yaml:2:48: shutdowns[0].date: "soon" is no day`) {
		t.Errorf("got %v", err)
	}
	write(t, w, "models/shutdowns.yaml", "shutdowns:\n  - {engine: openai, model: gpt-image-1, date: 2027-01-02}\n")
	if err := os.WriteFile(filepath.Join(dir, "models", "pins.yaml"), []byte("pins:\n  - {brand: m, model: sd, version: \"1\", sha256: abc, by: Ada, date: 2026-11-26}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ReadModels(); err == nil || !strings.Contains(err.Error(), `models/pins.yaml:2:49: pins[0].sha256: "abc" is no SHA-256`) {
		t.Errorf("got %v", err)
	}
}

func TestMistakesInPromptSetsAreToldWithTheirPlace(t *testing.T) {
	w := newWorkspace(t)
	kit, err := w.ReadKit("morgenrot")
	if err != nil {
		t.Fatal(err)
	}
	set, err := w.ReadPromptSet(kit)
	if err != nil || len(set.Prompts) != 8 || len(set.Seeds) != 2 || set.Margins["palette"] != 2 || set.Probe.Interval() != 0 {
		t.Fatalf("%+v, %v", set, err)
	}
	before, err := set.Digest()
	if err != nil {
		t.Fatal(err)
	}
	set.Probe.Every = "24h"
	if after, err := set.Digest(); err != nil || after != before {
		t.Errorf("the schedule made another set of it: %v", err)
	}
	write(t, w, "brands/morgenrot/guard.yaml", `prompts:
  - {name: bread, prompt: {subject: bread}}
  - {name: bread, prompt: {subject: {de: Brot}, wobble: 3}}
  - {name: Big Egg, prompt: {background: mint}}
seeds: [1, 1, x]
parameters: {steps: 0, seed: 4}
margins: {sharpnes: 1, contrast: -1}
confidence: 95
probe: {every: daily}
`)
	_, err = w.ReadPromptSet(kit)
	if err == nil {
		t.Fatal("it was taken")
	}
	for _, want := range []string{
		`brands/morgenrot/guard.yaml:3:12: prompts[1].name: "bread" is there twice`, `3:49: prompts[1].prompt.wobble`, `prompts[1].prompt.subject.words.en: engines read English`,
		`4:12: prompts[2].name: "Big Egg" is no name`, "prompts[2].prompt.subject: is missing", "5:12: seeds[1]", "5:15: seeds[2]", "6:21: parameters.steps",
		"6:30: parameters.seed: has no place here", `7:21: margins.sharpnes: the kit's rubric has no such scorer; did you mean "sharpness"?`, "7:34: margins.contrast", "8:13: confidence", `9:16: probe.every: "daily" is no interval`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told in\n%v", want, err)
		}
	}
	if _, err := w.ReadPromptSet(brand.Kit{ID: "nobody"}); !errors.Is(err, art.ErrNotFound) || !strings.Contains(err.Error(), "brands/nobody/guard.yaml is missing") {
		t.Errorf("got %v", err)
	}
}
