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
)

// Files about models, all under Git.
const (
	pinsFile     = "models/pins.yaml"
	licencesFile = "models/licences.yaml"
	cardsDir     = "models/cards"
)

// pins is models/pins.yaml.
type pins struct {
	Pins []art.Pin `yaml:"pins"` // which exact model each brand's production uses
}

// licences is models/licences.yaml.
type licences struct {
	Accepted []art.Acceptance `yaml:"accepted"` // who has accepted which licence
}

// ReadModels reads what the workspace has settled about models: pins and accepted licences. Files that are not there say
// nothing.
func (w Workspace) ReadModels() (art.ModelPolicy, error) {
	var p pins
	var l licences
	var found Problems
	for file, out := range map[string]any{pinsFile: &p, licencesFile: &l} {
		d, err := w.read(filepath.FromSlash(file), out)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return art.ModelPolicy{}, err
		}
		if file == pinsFile {
			d.place(checkPins(p.Pins))
		} else {
			d.place(checkAccepted(l.Accepted))
		}
		found = append(found, d.found...)
	}
	return art.ModelPolicy{Pins: p.Pins, Accepted: l.Accepted}, found.err()
}

var hashPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

func checkPins(all []art.Pin) []*art.FieldError {
	var bad []*art.FieldError
	for i, p := range all {
		at := fmt.Sprintf("pins[%d]", i)
		bad = append(bad, needed(at, map[string]string{"brand": p.Brand, "model": p.Model, "by": p.By})...)
		bad = append(bad, checkRecord(at, p.SHA256, p.Date)...)
		if slices.ContainsFunc(all[:i], func(o art.Pin) bool { return o.Brand == p.Brand && o.Model == p.Model }) {
			bad = append(bad, &art.FieldError{Field: at, Reason: fmt.Sprintf("the brand %s has pinned the model %s already", p.Brand, p.Model), Remedy: "keep one of them"})
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

// Pin writes a brand's pin into models/pins.yaml, in place of an earlier one of the same model.
func (w Workspace) Pin(p art.Pin) error {
	known, err := w.ReadModels()
	if err != nil {
		return err
	}
	known.Pins = slices.DeleteFunc(known.Pins, func(o art.Pin) bool { return o.Brand == p.Brand && o.Model == p.Model })
	all := slices.Concat(known.Pins, []art.Pin{p})
	slices.SortFunc(all, func(a, b art.Pin) int { return strings.Compare(a.Brand+"\x00"+a.Model, b.Brand+"\x00"+b.Model) })
	return w.writeRecord(pinsFile, "Which exact model each brand's production uses. Written by \"presswerk models pin\".", pins{all})
}

// Unpin takes a brand's pin out again. One that is not there gives art.ErrNotFound.
func (w Workspace) Unpin(brand, model string) error {
	known, err := w.ReadModels()
	if err != nil {
		return err
	}
	if _, ok := known.PinOf(brand, model); !ok {
		return &art.FieldError{Field: "pin", Reason: fmt.Sprintf("the brand %s has not pinned the model %s", brand, model), Remedy: "see " + pinsFile, Kind: art.ErrNotFound}
	}
	all := slices.DeleteFunc(known.Pins, func(o art.Pin) bool { return o.Brand == brand && o.Model == model })
	return w.writeRecord(pinsFile, "Which exact model each brand's production uses. Written by \"presswerk models pin\".", pins{all})
}

// Accept writes down who has accepted a licence. Earlier records stay.
func (w Workspace) Accept(a art.Acceptance) error {
	known, err := w.ReadModels()
	if err != nil {
		return err
	}
	return w.writeRecord(licencesFile, "Who has accepted which licence of a model for this workspace. Written by \"presswerk models\".", licences{append(known.Accepted, a)})
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
		cards[c.Model] = c
	}
	return cards, wrong.err()
}
