package workspace

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/guard"
)

// Files about models, all under Git.
const (
	pinsFile      = "models/pins.yaml"
	licencesFile  = "models/licences.yaml"
	shutdownsFile = "models/shutdowns.yaml"
	consentsFile  = "models/consents.yaml"
	cardsDir      = "models/cards"
	promptSetFile = "guard.yaml" // beside a brand's kit
)

// pins is models/pins.yaml.
type pins struct {
	Pins    []art.Pin     `yaml:"pins"`              // which exact model each brand's production uses
	History []art.PinMove `yaml:"history,omitempty"` // every move of every pin, the oldest first
}

// shutdowns is models/shutdowns.yaml.
type shutdowns struct {
	Shutdowns []art.Shutdown `yaml:"shutdowns"` // when hosted models go away, over what Presswerk knows itself
}

// consents is models/consents.yaml.
type consents struct {
	Consents []art.Consent `yaml:"consents"` // who has agreed that which engine stands in for which
}

// licences is models/licences.yaml.
type licences struct {
	Accepted []art.Acceptance `yaml:"accepted"` // who has accepted which licence
}

// ReadModels reads what the workspace has settled about models: pins with their history, accepted licences, consents, and dates on
// which hosted models go away. Files that are not there say nothing.
func (w Workspace) ReadModels() (art.ModelPolicy, error) {
	var p pins
	var l licences
	var s shutdowns
	var agreed consents
	var found Problems
	for _, f := range []struct {
		name  string
		out   any
		check func() []*art.FieldError
	}{
		{pinsFile, &p, func() []*art.FieldError { return checkPins(p) }},
		{licencesFile, &l, func() []*art.FieldError { return checkAccepted(l.Accepted) }},
		{shutdownsFile, &s, func() []*art.FieldError { return checkShutdowns(s.Shutdowns) }},
		{consentsFile, &agreed, func() []*art.FieldError { return checkConsents(agreed.Consents) }},
	} {
		d, err := w.read(filepath.FromSlash(f.name), f.out)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return art.ModelPolicy{}, err
		}
		d.place(f.check())
		found = append(found, d.found...)
	}
	return art.ModelPolicy{Pins: p.Pins, History: p.History, Accepted: l.Accepted, Shutdowns: s.Shutdowns, Consents: agreed.Consents}, found.err()
}

var hashPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

func checkPins(p pins) []*art.FieldError {
	var bad []*art.FieldError
	for i, v := range p.Pins {
		at := fmt.Sprintf("pins[%d]", i)
		bad = append(bad, needed(at, map[string]string{"brand": v.Brand, "model": v.Model, "by": v.By})...)
		bad = append(bad, checkRecord(at, v.SHA256, v.Date)...)
		if slices.ContainsFunc(p.Pins[:i], func(o art.Pin) bool { return o.Brand == v.Brand && o.Model == v.Model }) {
			bad = append(bad, &art.FieldError{Field: at, Reason: fmt.Sprintf("the brand %s has pinned the model %s already", v.Brand, v.Model), Remedy: "keep one of them"})
		}
		if c := v.Canary; c != nil {
			bad = append(bad, needed(at+".canary", map[string]string{"by": c.By})...)
			bad = append(bad, checkRecord(at+".canary", c.SHA256, c.Date)...)
			if !(c.Share > 0 && c.Share < 1) {
				bad = append(bad, &art.FieldError{Field: at + ".canary.share", Reason: fmt.Sprintf("%v is no share", c.Share), Remedy: "write a number above 0 and below 1"})
			}
		}
	}
	actions := []string{art.PinSet, art.PinCanary, art.PinPromote, art.PinRollback, art.PinRemove}
	for i, m := range p.History {
		at := fmt.Sprintf("history[%d]", i)
		bad = append(bad, needed(at, map[string]string{"brand": m.Brand, "model": m.Model, "by": m.By})...)
		bad = append(bad, checkRecord(at, m.SHA256, m.Date)...)
		if !slices.Contains(actions, m.Action) {
			bad = append(bad, &art.FieldError{Field: at + ".action", Reason: fmt.Sprintf("nobody knows %q here", m.Action), Remedy: "these are: " + strings.Join(actions, ", ")})
		}
	}
	return append(bad, guard.Check(art.ModelPolicy{Pins: p.Pins, History: p.History})...)
}

func checkShutdowns(all []art.Shutdown) []*art.FieldError {
	var bad []*art.FieldError
	for i, s := range all {
		at := fmt.Sprintf("shutdowns[%d]", i)
		for _, f := range []struct{ name, value string }{{"engine", s.Engine}, {"model", s.Model}} {
			if f.value == "" {
				bad = append(bad, &art.FieldError{Field: at + "." + f.name, Reason: "is missing", Remedy: "name it as presswerk engines does"})
			}
		}
		if _, err := time.Parse(time.DateOnly, s.Date); err != nil {
			bad = append(bad, &art.FieldError{Field: at + ".date", Reason: fmt.Sprintf("%q is no day", s.Date), Remedy: "write 2026-12-31"})
		}
	}
	return bad
}

func checkConsents(all []art.Consent) []*art.FieldError {
	var bad []*art.FieldError
	for i, c := range all {
		at := fmt.Sprintf("consents[%d]", i)
		for _, f := range []struct{ name, value string }{{"brand", c.Brand}, {"from", c.From}, {"to", c.To}, {"by", c.By}} {
			if f.value == "" {
				bad = append(bad, &art.FieldError{Field: at + "." + f.name, Reason: "is missing", Remedy: "write it with presswerk engines consent"})
			}
		}
		if _, err := time.Parse(time.DateOnly, c.Date); err != nil {
			bad = append(bad, &art.FieldError{Field: at + ".date", Reason: fmt.Sprintf("%q is no day", c.Date), Remedy: "write 2026-12-31"})
		}
	}
	return bad
}

func checkAccepted(all []art.Acceptance) []*art.FieldError {
	var bad []*art.FieldError
	for i, a := range all {
		at := fmt.Sprintf("accepted[%d]", i)
		bad = append(bad, needed(at, map[string]string{"license": a.License, "model": a.Model, "by": a.By})...)
		bad = append(bad, checkRecord(at, a.SHA256, a.Date)...)
	}
	return bad
}

// needed complains of empty values, in the order of their names.
func needed(at string, values map[string]string) []*art.FieldError {
	var bad []*art.FieldError
	for name, v := range values {
		if v == "" {
			bad = append(bad, &art.FieldError{Field: at + "." + name, Reason: "is missing", Remedy: "these lines are written by presswerk models; write it again"})
		}
	}
	slices.SortFunc(bad, func(a, b *art.FieldError) int { return strings.Compare(a.Field, b.Field) })
	return bad
}

func checkRecord(at, sha256, date string) []*art.FieldError {
	var bad []*art.FieldError
	if !hashPattern.MatchString(sha256) {
		bad = append(bad, &art.FieldError{Field: at + ".sha256", Reason: fmt.Sprintf("%q is no SHA-256", sha256), Remedy: "write 64 hexadecimal digits"})
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		bad = append(bad, &art.FieldError{Field: at + ".date", Reason: fmt.Sprintf("%q is no day", date), Remedy: "write 2026-12-31"})
	}
	return bad
}

// WritePins writes pins and their history into models/pins.yaml, whole or not at all: a pin and the line that tells of its
// move are one file.
func (w Workspace) WritePins(p art.ModelPolicy) error {
	return w.writeRecord(pinsFile, "Which exact model each brand's production uses, and how that came. Written by \"presswerk models\".", pins{p.Pins, p.History})
}

// ReadPromptSet reads a brand's fixed prompts, brands/<id>/guard.yaml. A brand without them gives art.ErrNotFound.
func (w Workspace) ReadPromptSet(k brand.Kit) (brand.PromptSet, error) {
	var s brand.PromptSet
	d, err := w.read(filepath.Join("brands", k.ID, promptSetFile), &s)
	if errors.Is(err, fs.ErrNotExist) {
		return s, &art.FieldError{
			Field: "guard", Reason: fmt.Sprintf("the brand %s has no prompt set: brands/%s/%s is missing", k.ID, k.ID, promptSetFile),
			Remedy: "write one; presswerk init makes an example, and docs/guard.md describes it", Kind: art.ErrNotFound,
		}
	}
	if err != nil {
		return s, err
	}
	d.place(s.Check(k.Rubric))
	return s, d.found.err()
}

// Accept writes down who has accepted a licence. Earlier records stay.
func (w Workspace) Accept(a art.Acceptance) error {
	known, err := w.ReadModels()
	if err != nil {
		return err
	}
	return w.writeRecord(licencesFile, "Who has accepted which licence of a model for this workspace. Written by \"presswerk models\".", licences{append(known.Accepted, a)})
}

// Consent writes down that somebody has agreed to a fail-over. Who had agreed before stays.
func (w Workspace) Consent(c art.Consent) error {
	known, err := w.ReadModels()
	if err != nil {
		return err
	}
	if old, ok := known.ConsentTo(c.Brand, c.From, c.To); ok {
		return fmt.Errorf("workspace: %s has consented already, on %s, that %s stands in for %s: %w", old.By, old.Date, c.To, c.From, art.ErrConflict)
	}
	return w.writeRecord(consentsFile, "Who has agreed that which engine stands in for which in a brand's pictures. Written by \"presswerk engines consent\"; take a line out to withdraw it.", consents{append(known.Consents, c)})
}

// writeRecord writes a YAML file whole or not at all.
func (w Workspace) writeRecord(file, comment string, v any) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n", comment)
	if err := encode(&b, v); err != nil {
		return fmt.Errorf("workspace: writing %s: %w", file, err)
	}
	to := filepath.Join(w.Dir, filepath.FromSlash(file))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return fmt.Errorf("workspace: writing %s: %w: %w", file, art.ErrUnavailable, err)
	}
	tmp := to + ".new"
	if err := os.WriteFile(tmp, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("workspace: writing %s (is the disk full?): %w: %w", file, art.ErrUnavailable, err)
	}
	if err := os.Rename(tmp, to); err != nil {
		return fmt.Errorf("workspace: writing %s: %w: %w", file, art.ErrUnavailable, err)
	}
	return nil
}

func encode(b *bytes.Buffer, v any) error {
	e := yaml.NewEncoder(b)
	e.SetIndent(2)
	if err := e.Encode(v); err != nil {
		return err
	}
	return e.Close()
}

// DecodeCard reads a model card strictly; file is how messages call it.
func DecodeCard(file string, data []byte) (art.ModelCard, error) {
	var c art.ModelCard
	d := decode(file, data, &c)
	d.place(c.Check())
	return c, d.found.err()
}

// DecodeDataset reads a dataset.yaml strictly; file is how messages call it.
func DecodeDataset(file string, data []byte) (art.Dataset, error) {
	var set art.Dataset
	d := decode(file, data, &set)
	d.place(set.Check())
	return set, d.found.err()
}

// EncodeCard writes a card as YAML, with a line that tells editors its schema.
func EncodeCard(c art.ModelCard) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# yaml-language-server: $schema=../../.schemas/card.json\n")
	if c.Draft {
		b.WriteString("# A draft: fill in what is missing, have it read by whoever answers for it, and take the line \"draft\" out.\n")
	}
	if err := encode(&b, c); err != nil {
		return nil, fmt.Errorf("workspace: writing the card of %s: %w", c.Model, err)
	}
	return b.Bytes(), nil
}

// CardFile is where a workspace keeps its own card of a model, relative to the workspace.
func CardFile(model string) string { return cardsDir + "/" + model + ".yaml" }

// Cards reads the workspace's own cards, by the name of their model. They stand over the cards beside the models.
func (w Workspace) Cards() (map[string]art.ModelCard, error) {
	found, err := filepath.Glob(filepath.Join(w.Dir, filepath.FromSlash(cardsDir), "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("workspace: listing cards: %w", err)
	}
	cards := map[string]art.ModelCard{}
	var wrong Problems
	for _, file := range found {
		var c art.ModelCard
		d, err := w.read(file, &c)
		if err != nil {
			return nil, err
		}
		d.place(c.Check())
		if want := strings.TrimSuffix(filepath.Base(file), ".yaml"); c.Model != want && c.Model != "" {
			d.place([]*art.FieldError{{Field: "model", Reason: fmt.Sprintf("the file is called %s, and the card is of %s", filepath.Base(file), c.Model), Remedy: "give both the same name"}})
		}
		wrong = append(wrong, d.found...)
		c.Folder = filepath.Join(w.Dir, filepath.FromSlash(cardsDir))
		cards[c.Model] = c
	}
	return cards, wrong.err()
}
