package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"presswerk/internal/art"
	"presswerk/internal/workspace"
)

// cardName is what a model's card is called, in the model's folder.
const cardName = "card.yaml"

// cards finds the card of a model: the workspace's own, else the one in the model's folder. A card with a mistake is told
// and counts as none, so that a production does not rest on it.
func (t *tools) cards() (func(name, dir string) *art.ModelCard, error) {
	own := map[string]art.ModelCard{}
	if t.ws != nil {
		var err error
		if own, err = t.ws.Cards(); err != nil {
			return nil, err
		}
	}
	return func(name, dir string) *art.ModelCard {
		if c, ok := own[name]; ok {
			return &c
		}
		c, err := readCard(filepath.Join(dir, cardName))
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				t.g.note("%v", err)
			}
			return nil
		}
		return &c
	}, nil
}

// maxCard is how large a card may be, in bytes.
const maxCard = workspace.MaxFile

func readCard(path string) (art.ModelCard, error) {
	info, err := os.Stat(path)
	if err != nil {
		return art.ModelCard{}, fmt.Errorf("reading a card: %w", err)
	}
	if info.Size() > maxCard {
		return art.ModelCard{}, art.Invalid(path, fmt.Sprintf("is larger than %d KiB", maxCard>>10), "is this a card?")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return art.ModelCard{}, fmt.Errorf("reading a card: %w", err)
	}
	return workspace.DecodeCard(path, data)
}
