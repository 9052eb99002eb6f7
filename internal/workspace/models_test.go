package workspace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
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
	if card.Draft || card.Terms.Commercial != art.TermYes || len(card.Data.Sources) != 5 {
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
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
	for _, pin := range []art.Pin{
		{Brand: "m", Model: "sd", Version: "1", SHA256: a, By: "Ada", Date: "2026-11-26"},
		{Brand: "k", Model: "sd", Version: "1", SHA256: a, By: "Ada", Date: "2026-11-26"},
		{Brand: "m", Model: "sd", Version: "2", SHA256: b, By: "Ada", Date: "2026-11-27", Reason: "sharper"},
	} {
		if err := w.Pin(pin); err != nil {
			t.Fatal(err)
		}
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
	if err := w.Unpin("m", "sd"); err != nil {
		t.Fatal(err)
	}
	if err := w.Unpin("m", "sd"); err == nil {
		t.Error("what is not pinned was unpinned")
	}
	if err := os.WriteFile(filepath.Join(dir, "models", "pins.yaml"), []byte("pins:\n  - {brand: m, model: sd, version: \"1\", sha256: abc, by: Ada, date: 2026-11-26}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ReadModels(); err == nil || !strings.Contains(err.Error(), `models/pins.yaml:2:49: pins[0].sha256: "abc" is no SHA-256`) {
		t.Errorf("got %v", err)
	}
}
