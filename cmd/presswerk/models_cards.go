package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/modelstore"
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
	card, err := workspace.DecodeCard(path, data)
	card.Folder = filepath.Dir(path)
	return card, err
}

// modelsCardCmd shows a card, or begins one.
type modelsCardCmd struct {
	Name  string `arg:"" help:"${arg_model}"`
	Draft bool   `name:"draft" help:"${flag_draft}"`
	HTML  string `name:"html" type:"path" placeholder:"FILE" help:"${flag_card_html}"`
	Out   string `short:"o" name:"out" type:"path" placeholder:"FILE" help:"${flag_card_out}"`
}

// Run prints the card as Markdown, or writes it as a page or as a draft.
func (c *modelsCardCmd) Run(_ context.Context, g *globals) error {
	if c.Draft {
		return c.draft(g)
	}
	here, err := g.inventory()
	if err != nil {
		return err
	}
	card, err := here.cardOf(c.Name)
	if err != nil {
		return err
	}
	if c.HTML != "" {
		page, err := modelstore.Page(*card, g.words.lang)
		if err != nil {
			return err
		}
		if err := writeWhole(c.HTML, page); err != nil {
			return err
		}
	}
	text := modelstore.Markdown(*card, g.words.lang)
	if c.Out != "" {
		if err := writeWhole(c.Out, []byte(text)); err != nil {
			return err
		}
	}
	return g.answer(card, func(w io.Writer) {
		switch {
		case c.HTML != "" || c.Out != "":
			fmt.Fprintln(w, cmp.Or(c.Out, c.HTML))
		default:
			fmt.Fprint(w, text)
		}
	})
}

// draft writes models/cards/NAME.yaml in the workspace with what is known; a person completes it. It never writes over one.
func (c *modelsCardCmd) draft(g *globals) error {
	ws, err := g.workspace("")
	if err != nil {
		return err
	}
	card, err := g.beginCard(c.Name)
	if err != nil {
		return err
	}
	file := filepath.Join(ws.Dir, filepath.FromSlash(workspace.CardFile(card.Model)))
	if _, err := os.Stat(file); err == nil {
		return fmt.Errorf("%s is there already; edit it, or take it away first: %w", file, art.ErrConflict)
	}
	text, err := workspace.EncodeCard(card)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("making a card: %w", err)
	}
	if err := writeWhole(file, text); err != nil {
		return err
	}
	return g.answer(struct {
		File string `json:"file"`
	}{file}, func(w io.Writer) { fmt.Fprintln(w, g.words.say("card_drafted", file)) })
}

// beginCard fills in what the catalogue, the store and the engine know. Nothing is guessed: the rest stays open.
func (g *globals) beginCard(ref string) (art.ModelCard, error) {
	catalogue, err := modelstore.Known()
	if err != nil {
		return art.ModelCard{}, err
	}
	m, storeErr := g.store().Find(ref)
	card := art.ModelCard{Draft: true, Model: m.Name, Version: m.Version, Kind: m.Kind, Base: m.Base, License: art.License{ID: m.License}}
	if storeErr != nil {
		here, err := g.inventory()
		if err != nil {
			return card, err
		}
		used, err := here.usable(ref)
		if err != nil {
			return card, errors.Join(storeErr, err)
		}
		known := used.Capabilities.Model
		card.Model, card.Version, card.Kind, card.License.ID = known.Name, known.Version, art.ModelPipeline, used.ModelLicense
	}
	i := slices.IndexFunc(catalogue.Models, func(e modelstore.Entry) bool { return e.Name == card.Model })
	if i >= 0 {
		known := catalogue.Card(catalogue.Models[i])
		known.Version, known.Kind = card.Version, card.Kind
		card = known
	}
	if words := m.Metadata["triggers"]; words != "" {
		card.Triggers = []string{words}
	}
	if card.AIAct.GPAI == "" {
		card.AIAct.GPAI, card.AIAct.Role, card.Terms.Commercial = art.TermUnknown, "deployer", art.TermUnknown
	}
	card.AIAct.Marking = art.Text{
		art.English: "Presswerk labels its pictures as made by AI when they are finished.",
		"de":        "Presswerk kennzeichnet seine Bilder beim Fertigstellen als von KI gemacht.",
	}
	return card, nil
}
