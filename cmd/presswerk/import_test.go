package main

import (
	"strings"
	"testing"

	"presswerk/internal/infotext"
)

// TestWhatImportSaysHasWords: every note, and everything that may be missing, is a sentence in both languages.
func TestWhatImportSaysHasWords(t *testing.T) {
	keys := []string{"import_note_" + noteDamaged}
	for _, n := range []string{
		infotext.NoteWeights, infotext.NoteCompel, infotext.NoteCaption, infotext.NoteFileName, infotext.NoteSteps, infotext.NoteSizes,
		infotext.NoteSecond, infotext.NoteWorkflow, infotext.NoteDiscarded, infotext.NoteUniPC,
	} {
		keys = append(keys, "import_note_"+n)
	}
	for _, text := range []string{
		"a <lora:b:1>\nSteps: ?, Sampler: ?, RNG: ?, TI hashes: c, Hires upscaler: d, ControlNet 0: \"Module: canny, Model: e\", Refiner: f, Refiner switch at: 0.5, ControlNet 1: \"Module: ip-adapter, Model: g\"",
		"Steps: 1, Sampler: DPM++ SDE, Seed: 9223372036854775807, Mask blur: 4",
	} {
		r, err := infotext.Parse(text, infotext.A1111)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range r.Missing {
			what, _, _ := strings.Cut(m, ": ")
			keys = append(keys, "lack_"+strings.ReplaceAll(what, " ", "_"))
		}
	}
	if len(keys) < 25 {
		t.Errorf("only %d keys were met", len(keys))
	}
	for _, k := range keys {
		if s := sentences()[k]; s.en == "" || s.de == "" {
			t.Errorf("there are no words for %q", k)
		}
	}
}
