package modelstore

import (
	"strings"
	"testing"

	"presswerk/internal/art"
)

func TestACardIsWrittenForPeopleInBothLanguages(t *testing.T) {
	card := art.ModelCard{
		Model: "ink", Version: "2", Draft: true, Kind: art.ModelLoRA, Base: "sd1", Title: art.Text{"en": "Ink & <b>brush</b>", "de": "Tusche"},
		License: art.License{ID: "CC-BY-4.0", Accept: true}, Terms: art.Terms{Commercial: art.TermNo, Excluded: []string{"KR"}},
		Weaknesses: []art.Text{{"en": "Hands.", "de": "Hände."}}, AIAct: art.AIAct{GPAI: art.TermUnknown, Role: "deployer"},
	}
	en, de := Markdown(card, "en"), Markdown(card, "de")
	for _, want := range []string{"# Model card: ink 2 (draft)", "| commercial use | no |", "| not in | KR |", "## Known weaknesses\n\n- Hands.", "once in each workspace", "| deployer |"} {
		if !strings.Contains(en, want) {
			t.Errorf("%q is missing in\n%s", want, en)
		}
	}
	for _, want := range []string{"# Modellkarte: ink 2 (Entwurf)", "Tusche", "| kommerzielle Nutzung | nein |", "- Hände.", "nicht bekannt", "| Betreiber |"} {
		if !strings.Contains(de, want) {
			t.Errorf("%q is missing in\n%s", want, de)
		}
	}
	if strings.Contains(en, "## Training\n") || strings.Contains(en, "## Risks") {
		t.Errorf("what nobody said has a heading:\n%s", en)
	}
	page, err := Page(card, "en")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "Ink &amp; &lt;b&gt;brush&lt;/b&gt;") || strings.Contains(string(page), "<b>brush") || !strings.Contains(string(page), `<html lang="en">`) {
		t.Errorf("%s", page)
	}
}
