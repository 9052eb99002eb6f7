package guard

import (
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// Move is what somebody wants to do with a brand's pin of a model.
type Move struct {
	Brand    string
	Model    art.ModelRef // to this one; its name alone counts where the action names no version
	Share    float64      // 0 moves all of production; else 0 < Share < 1 of the candidates
	Override bool         // against or without a guard; Reason says why
	By       string
	Date     string // YYYY-MM-DD
	Reason   string
}

// Pin moves a pin, or gives its version a share of the candidates. The first pin of a model is free, since there is nothing
// that it could be compared with. Any other needs the newest of guards about exactly these two models to have passed, or
// an override; else the error wraps art.ErrRefused. Guards are those of the brand with the current prompt set, the oldest
// first; Evidence picks them.
func Pin(p art.ModelPolicy, m Move, guards []art.Guard) (art.ModelPolicy, error) {
	if err := m.check(); err != nil {
		return p, err
	}
	now, pinned := p.PinOf(m.Brand, m.Model.Name)
	if m.Share > 0 && !pinned {
		return p, refused("canary", fmt.Sprintf("the brand %s has not pinned the model %s", m.Brand, m.Model.Name), "pin the version that makes the other candidates first", art.ErrConflict)
	}
	before, moved := last(p.History, m.Brand, m.Model.Name)
	if pinned {
		before, moved = now.SHA256, true
	}
	if pinned && now.SHA256 == m.Model.SHA256 {
		return p, refused("model", fmt.Sprintf("the brand %s has pinned %s@%s already", m.Brand, now.Model, now.Version), "there is nothing to move", art.ErrConflict)
	}
	var guard string
	if moved && before != m.Model.SHA256 && !m.Override {
		g, err := evidence(guards, before, m)
		if err != nil {
			return p, err
		}
		guard = g.ID
	}
	move := art.PinMove{
		Action: art.PinSet, Brand: m.Brand, Model: m.Model.Name, Version: m.Model.Version, SHA256: m.Model.SHA256, From: before, Share: m.Share,
		By: m.By, Date: m.Date, Reason: m.Reason, Guard: guard, Override: m.Override,
	}
	if m.Share > 0 {
		move.Action = art.PinCanary
		now.Canary = &art.Canary{Version: move.Version, SHA256: move.SHA256, Share: m.Share, By: m.By, Date: m.Date, Reason: m.Reason, Guard: guard, Override: m.Override}
		return record(p, now, move), nil
	}
	return record(p, pinOf(move), move), nil
}

func (m Move) check() error {
	switch {
	case m.By == "":
		return art.Invalid("by", "nobody is named", "say who moves it: --by NAME")
	case m.Override && strings.TrimSpace(m.Reason) == "":
		return art.Invalid("reason", "an override without a reason explains nothing", "say why: --reason WHY")
	case m.Share < 0 || m.Share >= 1:
		return art.Invalid("canary", fmt.Sprintf("%v is no share", m.Share), "write a number above 0 and below 1, such as 0.1")
	}
	return nil
}

// evidence is the newest guard about exactly these two models and nothing else, when it passed.
func evidence(guards []art.Guard, old string, m Move) (art.Guard, error) {
	how := fmt.Sprintf("compare them: presswerk models guard %s --old %s@%s --new %s@%s; or move it in your name: --override --by NAME --reason WHY",
		m.Brand, m.Model.Name, short(old), m.Model.Name, short(m.Model.SHA256))
	for _, g := range slices.Backward(guards) {
		if g.Brand != m.Brand || g.Old.Model.SHA256 != old || g.New.Model.SHA256 != m.Model.SHA256 || !aboutModels(g) {
			continue
		}
		if !g.Outcome.Passes() {
			return g, refused("guard", fmt.Sprintf("%s says that the new model is %s", g.ID, g.Outcome), "keep the old one, or move it in your name: --override --by NAME --reason WHY", art.ErrRefused)
		}
		return g, nil
	}
	return art.Guard{}, refused("guard", fmt.Sprintf("nobody has compared %s with %s on the brand's current prompt set", short(old), short(m.Model.SHA256)), how, art.ErrRefused)
}

// aboutModels tells whether the model was all that differed, and all else was the brand's own.
func aboutModels(g art.Guard) bool {
	for _, s := range []art.Side{g.Old, g.New} {
		for field := range s.Fields {
			if field != "model" {
				return false
			}
		}
		if len(s.LoRAs) > 0 {
			return false
		}
	}
	return slices.Equal(g.Changed, []string{"model"})
}

// Promote gives all of production to the canary of a pin, on what had allowed the canary. Without one the error wraps
// art.ErrConflict.
func Promote(p art.ModelPolicy, m Move) (art.ModelPolicy, error) {
	if err := m.check(); err != nil {
		return p, err
	}
	now, ok := p.PinOf(m.Brand, m.Model.Name)
	if !ok || now.Canary == nil {
		return p, refused("canary", fmt.Sprintf("the brand %s has no canary of the model %s", m.Brand, m.Model.Name), "begin with one: presswerk models pin NAME@VERSION --canary 0.1", art.ErrConflict)
	}
	c := now.Canary
	move := art.PinMove{
		Action: art.PinPromote, Brand: m.Brand, Model: now.Model, Version: c.Version, SHA256: c.SHA256, From: now.SHA256,
		By: m.By, Date: m.Date, Reason: m.Reason, Guard: c.Guard, Override: c.Override,
	}
	return record(p, pinOf(move), move), nil
}

// Rollback takes the canary out where there is one, else the pin back to the version before. A pin that never moved
// gives art.ErrConflict. Going back to what was in force needs no guard.
func Rollback(p art.ModelPolicy, m Move) (art.ModelPolicy, error) {
	if err := m.check(); err != nil {
		return p, err
	}
	now, ok := p.PinOf(m.Brand, m.Model.Name)
	if !ok {
		return p, refused("pin", fmt.Sprintf("the brand %s has not pinned the model %s", m.Brand, m.Model.Name), "see what is pinned: presswerk models pin", art.ErrNotFound)
	}
	move := art.PinMove{Action: art.PinRollback, Brand: m.Brand, Model: now.Model, Version: now.Version, SHA256: now.SHA256, By: m.By, Date: m.Date, Reason: m.Reason}
	if now.Canary != nil {
		move.From = now.Canary.SHA256
		now.Canary = nil
		return record(p, now, move), nil
	}
	stack := standing(p.History, m.Brand, m.Model.Name)
	if len(stack) < 2 {
		return p, refused("pin", fmt.Sprintf("%s@%s is the first that the brand %s has pinned", now.Model, now.Version, m.Brand), "there is none before it", art.ErrConflict)
	}
	before := stack[len(stack)-2]
	move.Version, move.SHA256, move.From, move.Guard, move.Override = before.Version, before.SHA256, now.SHA256, before.Guard, before.Override
	return record(p, pinOf(move), move), nil
}

// Remove takes a pin out. Its history stays, so that the next pin is compared with what was let go.
func Remove(p art.ModelPolicy, m Move) (art.ModelPolicy, error) {
	if err := m.check(); err != nil {
		return p, err
	}
	now, ok := p.PinOf(m.Brand, m.Model.Name)
	if !ok {
		return p, refused("pin", fmt.Sprintf("the brand %s has not pinned the model %s", m.Brand, m.Model.Name), "see what is pinned: presswerk models pin", art.ErrNotFound)
	}
	move := art.PinMove{Action: art.PinRemove, Brand: m.Brand, Model: now.Model, Version: now.Version, SHA256: now.SHA256, From: now.SHA256, By: m.By, Date: m.Date, Reason: m.Reason}
	p = record(p, now, move)
	p.Pins = slices.DeleteFunc(slices.Clone(p.Pins), func(o art.Pin) bool { return o.Brand == m.Brand && o.Model == now.Model })
	return p, nil
}

// pinOf is the pin that a move leaves behind.
func pinOf(m art.PinMove) art.Pin {
	return art.Pin{Brand: m.Brand, Model: m.Model, Version: m.Version, SHA256: m.SHA256, By: m.By, Date: m.Date, Reason: m.Reason, Guard: m.Guard, Override: m.Override}
}

// record puts a pin in place of the old one and adds the move to the history. A pin from before there was a history gets
// its beginning written first, so that a rollback finds it.
func record(p art.ModelPolicy, pin art.Pin, move art.PinMove) art.ModelPolicy {
	old, there := p.PinOf(pin.Brand, pin.Model)
	if _, known := last(p.History, pin.Brand, pin.Model); there && !known {
		p.History = append(slices.Clone(p.History), art.PinMove{
			Action: art.PinSet, Brand: old.Brand, Model: old.Model, Version: old.Version, SHA256: old.SHA256, By: old.By, Date: old.Date, Reason: old.Reason,
		})
	}
	p.History = append(slices.Clone(p.History), move)
	p.Pins = slices.DeleteFunc(slices.Clone(p.Pins), func(o art.Pin) bool { return o.Brand == pin.Brand && o.Model == pin.Model })
	p.Pins = append(p.Pins, pin)
	slices.SortFunc(p.Pins, func(a, b art.Pin) int { return strings.Compare(a.Brand+"\x00"+a.Model, b.Brand+"\x00"+b.Model) })
	return p
}

// standing is the versions that a history leaves, the newest last: each pin or promotion adds one, and each rollback takes
// the last one away.
func standing(history []art.PinMove, brand, model string) []art.PinMove {
	var stack []art.PinMove
	for _, h := range history {
		if h.Brand != brand || h.Model != model {
			continue
		}
		switch top := len(stack) - 1; {
		case h.Action == art.PinSet && top >= 0 && stack[top].SHA256 == h.SHA256: // put back after a removal
		case h.Action == art.PinSet || h.Action == art.PinPromote:
			stack = append(stack, h)
		case h.Action == art.PinRollback && top > 0 && stack[top].SHA256 == h.From:
			stack = stack[:top]
		}
	}
	return stack
}

// last is the SHA-256 of the version that was in force last, also where its pin was removed since.
func last(history []art.PinMove, brand, model string) (string, bool) {
	stack := standing(history, brand, model)
	if len(stack) == 0 {
		return "", false
	}
	return stack[len(stack)-1].SHA256, true
}

// Check finds pins that do not end where their history does: somebody has edited the one without the other.
func Check(p art.ModelPolicy) []*art.FieldError {
	var bad []*art.FieldError
	for i, pin := range p.Pins {
		if sha, known := last(p.History, pin.Brand, pin.Model); known && sha != pin.SHA256 {
			bad = append(bad, &art.FieldError{
				Field: fmt.Sprintf("pins[%d].sha256", i), Reason: fmt.Sprintf("the history ends at %s, so this pin was moved by hand", short(sha)),
				Remedy: "take the change back, and move it with presswerk models pin", Kind: art.ErrInvalid,
			})
		}
	}
	return bad
}

func refused(field, reason, remedy string, kind error) error {
	return &art.FieldError{Field: field, Reason: reason, Remedy: remedy, Kind: kind}
}

// short is the beginning of a hash, enough for people.
func short(sha256 string) string { return sha256[:min(len(sha256), 12)] }
