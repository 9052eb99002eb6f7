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
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/guard"
	"presswerk/internal/store"
)

// modelsPinCmd ties a brand's production to one exact model.
type modelsPinCmd struct {
	Name     string  `arg:"" optional:"" placeholder:"NAME[@VERSION]" help:"${arg_pin}"`
	Brand    string  `name:"brand" placeholder:"ID" help:"${flag_brand}"`
	By       string  `name:"by" placeholder:"NAME" help:"${flag_by}"`
	Reason   string  `name:"reason" placeholder:"WHY" help:"${flag_reason}"`
	Canary   float64 `name:"canary" placeholder:"SHARE" help:"${flag_canary}"`
	Override bool    `name:"override" help:"${flag_override}"`
	Remove   bool    `name:"remove" help:"${flag_unpin}"`
}

// Run moves a pin in models/pins.yaml; without a model it lists pins and their history. A pin that moves needs a passed
// guard, or an override.
func (c *modelsPinCmd) Run(ctx context.Context, g *globals) error {
	if c.Name == "" {
		return g.listPins(c.Brand)
	}
	m := pinMover{c.Brand, c.By, c.Reason}
	if c.Remove {
		return m.move(g, c.Name, guard.Remove, func(brand, name string) string { return g.words.say("unpinned", brand, name) })
	}
	here, err := g.inventory()
	if err != nil {
		return err
	}
	found, err := here.usable(c.Name)
	if err != nil {
		return err
	}
	ref := found.Capabilities.Model
	if ref.SHA256 == "" {
		return art.Unsupported("model", fmt.Sprintf("%s of %s has no SHA-256 that could be pinned", ref.Name, found.Engine), "pin a model of this machine")
	}
	ws, move, err := m.begin(g, ref.Name)
	if err != nil {
		return err
	}
	move.Model, move.Share, move.Override = ref, c.Canary, c.Override
	if move.Share == 0 && c.Canary != 0 {
		return art.Invalid("canary", "is no share", "write a number above 0 and below 1")
	}
	guards, err := ws.guards(ctx, move.Brand)
	if err != nil {
		return err
	}
	policy, err := ws.ReadModels()
	if err != nil {
		return err
	}
	policy, err = guard.Pin(policy, move, guards)
	if err != nil {
		return err
	}
	return g.pinned(ws, policy, move, "")
}

// guards lists the brand's comparisons on its current prompt set, the oldest first; a brand without a set, or a workspace
// without records, has none.
func (w workspaceDir) guards(ctx context.Context, brand string) ([]art.Guard, error) {
	if _, err := os.Stat(w.database()); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	kit, err := w.ReadKit(brand)
	if err != nil {
		return nil, err
	}
	set, err := w.ReadPromptSet(kit)
	if errors.Is(err, art.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	digest, err := set.Digest()
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, w.database())
	if err != nil {
		return nil, err
	}
	all, err := db.Guards(ctx, brand, digest)
	return all, errors.Join(err, db.Close())
}

// pinMover is who moves a pin, of which brand and why.
type pinMover struct{ brand, by, reason string }

// begin reads what every move needs.
func (m pinMover) begin(g *globals, model string) (workspaceDir, guard.Move, error) {
	ws, err := g.workspace("")
	if err != nil {
		return ws, guard.Move{}, err
	}
	brand, err := ws.onlyBrand(m.brand)
	name, _, _ := strings.Cut(model, "@")
	return ws, guard.Move{
		Brand: brand, Model: art.ModelRef{Name: name}, By: cmp.Or(m.by, g.settings.User), Date: time.Now().Format(time.DateOnly), Reason: m.reason,
	}, err
}

// move makes a move that needs no new model.
func (m pinMover) move(g *globals, model string, step func(art.ModelPolicy, guard.Move) (art.ModelPolicy, error), say func(brand, name string) string) error {
	ws, move, err := m.begin(g, model)
	if err != nil {
		return err
	}
	policy, err := ws.ReadModels()
	if err != nil {
		return err
	}
	if policy, err = step(policy, move); err != nil {
		return err
	}
	words := ""
	if say != nil {
		words = say(move.Brand, move.Model.Name)
	}
	return g.pinned(ws, policy, move, words)
}

// pinned writes pins and history, and says how the pin stands now.
func (g *globals) pinned(ws workspaceDir, policy art.ModelPolicy, move guard.Move, words string) error {
	if err := ws.WritePins(policy); err != nil {
		return err
	}
	pin, _ := policy.PinOf(move.Brand, move.Model.Name)
	return g.answer(pin, func(w io.Writer) {
		if words != "" {
			fmt.Fprintln(w, words)
			return
		}
		pinText(w, g.words, pin)
	})
}

func pinText(w io.Writer, words words, p art.Pin) {
	fmt.Fprintln(w, words.say("pinned", p.Brand, p.Model, p.Version, p.SHA256))
	if c := p.Canary; c != nil {
		fmt.Fprintln(w, words.say("pin_canary", p.Brand, p.Model, c.Version, 100*c.Share, c.SHA256))
	}
}

// listPins shows pins and every move that led to them.
func (g *globals) listPins(brand string) error {
	ws, err := g.workspace("")
	if err != nil {
		return err
	}
	policy, err := ws.ReadModels()
	if err != nil {
		return err
	}
	pins, history := []art.Pin{}, []art.PinMove{}
	for _, p := range policy.Pins {
		if brand == "" || p.Brand == brand {
			pins = append(pins, p)
		}
	}
	for _, h := range policy.History {
		if brand == "" || h.Brand == brand {
			history = append(history, h)
		}
	}
	return g.answer(struct {
		Pins    []art.Pin     `json:"pins"`
		History []art.PinMove `json:"history"`
	}{pins, history}, func(w io.Writer) {
		if len(pins) == 0 {
			fmt.Fprintln(w, g.words.say("pin_none"))
		}
		for _, p := range pins {
			pinText(w, g.words, p)
		}
		if len(history) > 0 {
			fmt.Fprintln(w, g.words.say("pin_history"))
		}
		for _, h := range history {
			why := h.Reason
			switch {
			case h.Guard != "":
				why = strings.TrimSuffix(g.words.say("pin_guarded", h.Guard)+": "+why, ": ")
			case h.Override:
				why = g.words.say("pin_overridden") + ": " + why
			}
			fmt.Fprintf(w, "  %s  %-9s %s: %s@%s (%s)  %s  %s\n", h.Date, h.Action, h.Brand, h.Model, h.Version, h.SHA256[:12], h.By, why)
		}
	})
}

// modelsPromoteCmd gives all of production to a canary.
type modelsPromoteCmd struct {
	Name   string `arg:"" help:"${arg_model}"`
	Brand  string `name:"brand" placeholder:"ID" help:"${flag_brand}"`
	By     string `name:"by" placeholder:"NAME" help:"${flag_by}"`
	Reason string `name:"reason" placeholder:"WHY" help:"${flag_reason}"`
}

// Run writes models/pins.yaml.
func (c *modelsPromoteCmd) Run(_ context.Context, g *globals) error {
	return pinMover{c.Brand, c.By, c.Reason}.move(g, c.Name, guard.Promote, nil)
}

// modelsRollbackCmd goes back.
type modelsRollbackCmd struct {
	Name   string `arg:"" help:"${arg_model}"`
	Brand  string `name:"brand" placeholder:"ID" help:"${flag_brand}"`
	By     string `name:"by" placeholder:"NAME" help:"${flag_by}"`
	Reason string `name:"reason" placeholder:"WHY" help:"${flag_reason}"`
}

// Run writes models/pins.yaml.
func (c *modelsRollbackCmd) Run(_ context.Context, g *globals) error {
	return pinMover{c.Brand, c.By, c.Reason}.move(g, c.Name, guard.Rollback, nil)
}

// onlyBrand is the brand that is named, or the only one that there is.
func (w workspaceDir) onlyBrand(name string) (string, error) {
	if name != "" {
		_, err := w.ReadKit(name)
		return name, err
	}
	kits, err := filepath.Glob(filepath.Join(w.Dir, "brands", "*", "kit.yaml"))
	if err != nil {
		return "", fmt.Errorf("looking for brands: %w", err)
	}
	if len(kits) != 1 {
		return "", art.Invalid("brand", fmt.Sprintf("the workspace has %d brands", len(kits)), "name one: --brand ID")
	}
	return filepath.Base(filepath.Dir(kits[0])), nil
}
