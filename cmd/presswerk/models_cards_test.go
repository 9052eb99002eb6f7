package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"presswerk/internal/testkit"
)

// TestACardKeepsItsPicturesWhenItsModelIsConverted: the page of the converted model's card can still be written.
func TestACardKeepsItsPicturesWhenItsModelIsConverted(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	card, err := os.ReadFile(filepath.Join(testkit.Root(t), "models", "house", cardName))
	if err != nil {
		t.Fatal(err)
	}
	card = bytes.Replace(card, []byte("file: sheet.webp"), []byte("file: pictures/sheet.png"), 1)
	if err := os.Mkdir(filepath.Join(from, "pictures"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{cardName: card, "pictures/sheet.png": []byte("a picture"), "curve.png": []byte("a curve"), "other.png": []byte("not on the card")} {
		if err := os.WriteFile(filepath.Join(from, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := keepCard(from, to); err != nil {
		t.Fatal(err)
	}
	kept, err := readCard(filepath.Join(to, cardName))
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(kept.Folder, "pictures", "sheet.png")); err != nil || string(data) != "a picture" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := os.Stat(filepath.Join(to, "other.png")); !os.IsNotExist(err) {
		t.Errorf("what is not on the card came along: %v", err)
	}
	if err := keepCard(t.TempDir(), t.TempDir()); err != nil {
		t.Errorf("a model without a card: %v", err)
	}
}
