package modelstore

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
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

// TestAPageHoldsItsPictures: a page of a card is one file; pictures that are not there or are no pictures are told by their path.
func TestAPageHoldsItsPictures(t *testing.T) {
	var sheet bytes.Buffer
	if err := png.Encode(&sheet, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{"sheet.png": sheet.Bytes(), "trap.png": []byte("<svg onload=alert(1)>")} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	card := func(file string) art.ModelCard {
		return art.ModelCard{Model: "ink", Folder: dir, Pictures: []art.Plate{{File: file, Title: art.Text{"en": "Sixteen prompts", "de": "Sechzehn Prompts"}, Alt: art.Text{"en": "A \"sheet\""}}}}
	}
	page, err := Page(card("sheet.png"), "de")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<h2>Bilder</h2>", `src="data:image/png;base64,`, `alt="A &#34;sheet&#34;"`, "Sechzehn Prompts"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("%q is missing in\n%s", want, page)
		}
	}
	if text := Markdown(card("sheet.png"), "en"); !strings.Contains(text, "![A \"sheet\"](sheet.png)\n\nSixteen prompts\n") {
		t.Errorf("%s", text)
	}
	if _, err := Page(card("none.png"), "en"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "none.png") {
		t.Errorf("error is %v", err)
	}
	if _, err := Page(card("trap.png"), "en"); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "trap.png") {
		t.Errorf("error is %v", err)
	}
	if found := card("../secret.png").Check(); !strings.Contains(errors.Join(asErrors(found)...).Error(), "no file beside the card") {
		t.Errorf("a path out of the folder is taken: %v", found)
	}
}

func asErrors(found []*art.FieldError) []error {
	var all []error
	for _, e := range found {
		all = append(all, e)
	}
	return all
}
