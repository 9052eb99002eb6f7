package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/local"
	"presswerk/internal/model"
	"presswerk/internal/modelstore"
)

// modelsCmd is about models.
type modelsCmd struct {
	List     modelsListCmd     `cmd:"" default:"1" help:"${models_list}"`
	Show     modelsShowCmd     `cmd:"" help:"${models_show}"`
	Pull     modelsPullCmd     `cmd:"" help:"${models_pull}"`
	Add      modelsAddCmd      `cmd:"" help:"${models_add}"`
	Convert  modelsConvertCmd  `cmd:"" help:"${models_convert}"`
	Verify   modelsVerifyCmd   `cmd:"" help:"${models_verify}"`
	Accept   modelsAcceptCmd   `cmd:"" help:"${models_accept}"`
	Pin      modelsPinCmd      `cmd:"" help:"${models_pin}"`
	Guard    modelsGuardCmd    `cmd:"" help:"${models_guard}"`
	Promote  modelsPromoteCmd  `cmd:"" help:"${models_promote}"`
	Rollback modelsRollbackCmd `cmd:"" help:"${models_rollback}"`
	Probe    modelsProbeCmd    `cmd:"" help:"${models_probe}"`
	Resume   modelsResumeCmd   `cmd:"" help:"${models_resume}"`
	Bias     modelsBiasCmd     `cmd:"" help:"${models_bias}"`
	Rm       modelsRmCmd       `cmd:"" help:"${models_rm}"`
	Card     modelsCardCmd     `cmd:"" help:"${models_card}"`
	Export   modelsExportCmd   `cmd:"" help:"${models_export}"`
	Import   modelsImportCmd   `cmd:"" help:"${models_import}"`
}

// store is the user's model store.
func (g *globals) store() *modelstore.Store { return modelstore.New(g.settings.Store, time.Now) }

// here gives the tools the workspace around, if there is one, whose cards and keys then count.
func (t *tools) here() {
	if ws, err := t.g.workspace(""); err == nil {
		t.ws = &ws
	}
}

// storedFolders lists the folders of the store that the renderer can open. A manifest that cannot be read is told.
func (t *tools) storedFolders() []string {
	all, err := t.g.store().List()
	if err != nil {
		t.g.note("%v", err)
	}
	var found []string
	for _, m := range all {
		if m.Kind == art.ModelPipeline {
			found = append(found, t.g.store().Folder(m))
		}
	}
	return found
}

// controlNetwork finds a control network of the store as recipes name it.
func (t *tools) controlNetwork(ref art.ModelRef) (string, error) {
	all, err := t.g.store().List()
	if err != nil {
		return "", err
	}
	var names []string
	for _, m := range all {
		if m.Kind != art.ModelControl || m.Form != modelstore.FormONNX {
			continue
		}
		names = append(names, m.Ref())
		if ref.Name != "" && (m.Name != ref.Name || ref.Version != "" && m.Version != ref.Version) || ref.SHA256 != "" && m.SHA256 != ref.SHA256 {
			continue
		}
		return t.g.store().Folder(m), nil
	}
	remedy := "there is none yet: presswerk train controlnet, or presswerk models add a folder with model.onnx and config.json"
	if len(names) > 0 {
		remedy = "there are: " + strings.Join(names, ", ")
	}
	wanted := strings.TrimSpace(strings.TrimSuffix(ref.Name+"@"+ref.Version, "@") + " " + ref.SHA256)
	return "", &art.FieldError{Field: "model", Reason: fmt.Sprintf("the store has no control network %q as ONNX", wanted), Remedy: remedy, Kind: art.ErrNotFound}
}

// sealed finds an encrypted LoRA of the store, by name or name@version.
func (t *tools) sealed(name string) (local.Sealed, error) {
	m, err := t.g.store().Find(name)
	if err != nil {
		return local.Sealed{}, err
	}
	if !m.Encrypted || m.Kind != art.ModelLoRA {
		return local.Sealed{}, fmt.Errorf("%s is no encrypted LoRA: %w", name, art.ErrNotFound)
	}
	return local.Sealed{SHA256: m.SHA256, Open: func() ([]byte, error) {
		if t.ws == nil {
			t.here()
		}
		if t.ws == nil {
			return nil, fmt.Errorf("%s is encrypted, and there is no workspace around whose key could open it; name one with --workspace: %w", name, art.ErrRefused)
		}
		key, err := t.ws.modelKey(false)
		if err != nil {
			return nil, err
		}
		return t.g.store().Unseal(m, key)
	}}, nil
}

// sealedAdapters lists the encrypted LoRAs of the store.
func (t *tools) sealedAdapters(card func(name, dir string) *art.ModelCard) []art.Adapter {
	all, err := t.g.store().List()
	if err != nil {
		return nil // storedFolders tells
	}
	var found []art.Adapter
	for _, m := range all {
		if m.Encrypted && m.Kind == art.ModelLoRA {
			base := art.ModelRef{SHA256: m.Metadata[model.MetadataBaseID]}
			base.Name, base.Version, _ = strings.Cut(m.Metadata[model.MetadataBase], "@")
			found = append(found, art.Adapter{Name: m.Ref(), SHA256: m.SHA256, Base: base, Card: card(m.Name, "")})
		}
	}
	return found
}

type modelsListCmd struct {
	Known bool `name:"known" help:"${flag_known}"`
}

// knownModel is a model that could be pulled, for machines.
type knownModel struct {
	modelstore.Entry
	Commercial string `json:"commercial"`
	Accept     bool   `json:"accept"` // a person has to accept its licence
}

// Run lists every model that an engine can use and what the store holds, or the catalogue.
func (c *modelsListCmd) Run(g *globals) error {
	if c.Known {
		return c.known(g)
	}
	here, err := g.inventory()
	if err != nil {
		return err
	}
	models, err := here.models()
	if err != nil {
		return err
	}
	stored, err := g.store().List()
	if err != nil {
		g.note("%v", err)
	}
	return g.answer(struct {
		Models []engine.Model        `json:"models"`
		Stored []modelstore.Manifest `json:"stored"`
	}{models, append([]modelstore.Manifest{}, stored...)}, func(w io.Writer) {
		for _, m := range models {
			ref := m.Capabilities.Model
			fmt.Fprintf(w, "%-20s %-10s %s  %-10s %s\n", ref.Name, ref.Version, ref.SHA256[:min(16, len(ref.SHA256))], art.ModelPipeline, m.ModelLicense)
		}
		for _, m := range stored {
			if m.Kind == art.ModelPipeline {
				continue
			}
			state := ""
			switch {
			case m.Encrypted:
				state = g.words.say("models_encrypted")
			case m.Kind == art.ModelCheckpoint:
				state = g.words.say("models_unconverted", m.Ref())
			}
			fmt.Fprintf(w, "%-20s %-10s %s  %-10s %s  %s\n", m.Name, m.Version, m.SHA256[:16], m.Kind, m.License, state)
		}
	})
}

func (c *modelsListCmd) known(g *globals) error {
	catalogue, err := modelstore.Known()
	if err != nil {
		return err
	}
	all := []knownModel{}
	for _, e := range catalogue.Models {
		l := catalogue.Licenses[e.License]
		all = append(all, knownModel{e, l.Commercial, l.Accept})
	}
	return g.answer(struct {
		Known []knownModel `json:"known"`
	}{all}, func(w io.Writer) {
		for _, e := range all {
			fmt.Fprintf(w, "%-24s %-12s %-24s %s\n", e.Name, e.Kind, e.License, e.Purpose.In(g.words.lang))
		}
	})
}

// inventory is what is known of models here. What the renderer has is worked out once, when it is first asked for: every
// file is hashed for it.
type inventory struct {
	g      *globals
	card   func(name, dir string) *art.ModelCard
	models func() ([]engine.Model, error)
}

func (g *globals) inventory() (inventory, error) {
	t := &tools{g: g} // no pictures are made, so libvips is not started
	t.here()
	card, err := t.cards()
	return inventory{g, card, sync.OnceValues(func() ([]engine.Model, error) {
		defer t.close() //nolint:errcheck // nothing was written
		e, err := t.local()
		if err != nil {
			return nil, err
		}
		return e.Info().Models, nil
	})}, err
}

// usable finds a model that an engine can use by "name" or "name@version".
func (i inventory) usable(ref string) (engine.Model, error) {
	models, err := i.models()
	if err != nil {
		return engine.Model{}, err
	}
	var names []string
	for _, m := range models {
		known := m.Capabilities.Model
		if ref == known.Name || ref == known.Name+"@"+known.Version {
			return m, nil
		}
		names = append(names, known.Name+"@"+known.Version)
	}
	return engine.Model{}, &art.FieldError{
		Field: "model", Reason: fmt.Sprintf("no engine has a model %q", ref), Remedy: "there are: " + strings.Join(names, ", "), Kind: art.ErrNotFound,
	}
}

// cardOf finds the card of any model: the workspace's own, the one beside it, or art.ErrNotFound.
func (i inventory) cardOf(ref string) (*art.ModelCard, error) {
	if m, err := i.g.store().Find(ref); err == nil {
		if c := i.card(m.Name, i.g.store().Folder(m)); c != nil {
			return c, nil
		}
	} else if m, err := i.usable(ref); err == nil && m.Card != nil {
		return m.Card, nil
	}
	return nil, &art.FieldError{Field: "card", Reason: fmt.Sprintf("the model %s has none", ref), Remedy: fmt.Sprintf("make one: presswerk models card %s --draft", ref), Kind: art.ErrNotFound}
}

type modelsShowCmd struct {
	Name string `arg:"" help:"${arg_model}"`
}

// shown is the answer of show.
type shown struct {
	Model    *engine.Model        `json:"model,omitempty"`
	Manifest *modelstore.Manifest `json:"manifest,omitempty"`
	Card     *art.ModelCard       `json:"card,omitempty"`
}

// Run shows what is known of one model: what the engine can do with it, its files, its card.
func (c *modelsShowCmd) Run(_ context.Context, g *globals) error {
	var s shown
	here, err := g.inventory()
	if err != nil {
		return err
	}
	m, err := here.usable(c.Name)
	if err == nil {
		s.Model = &m
	} else if !errors.Is(err, art.ErrNotFound) {
		return err
	}
	stored, storeErr := g.store().Find(c.Name)
	if storeErr == nil {
		s.Manifest = &stored
	}
	if s.Model == nil && s.Manifest == nil {
		return errors.Join(err, storeErr)
	}
	if s.Card, err = here.cardOf(c.Name); err != nil && !errors.Is(err, art.ErrNotFound) {
		return err
	}
	return g.answer(s, func(w io.Writer) { s.text(w, g.words) })
}

func (s shown) text(w io.Writer, words words) {
	line := func(key string, value any) { fmt.Fprintf(w, "%-14s %v\n", words.say(key), value) }
	if s.Model != nil {
		ref := s.Model.Capabilities.Model
		line("show_model", ref.Name+"@"+ref.Version)
		line("show_sha", ref.SHA256)
		line("show_license", s.Model.ModelLicense)
	}
	if m := s.Manifest; m != nil {
		if s.Model == nil {
			line("show_model", m.Ref())
			line("show_sha", m.SHA256)
			line("show_license", cmp.Or(m.License, "?"))
		}
		line("show_kind", strings.TrimSpace(m.Kind+" "+m.Base+" "+m.Form))
		line("show_source", m.Source)
		line("show_trust", words.say("trust_"+m.Trust))
		line("show_files", fmt.Sprintf("%d, %.1f MB", len(m.Files), float64(m.Size())/1e6))
		for _, key := range slices.Sorted(maps.Keys(m.Metadata)) {
			text := []rune(strings.Join(strings.Fields(m.Metadata[key]), " "))
			if len(text) > 200 {
				text = append(text[:200], '…')
			}
			fmt.Fprintf(w, "  %s: %s\n", key, string(text))
		}
	}
	if s.Card == nil {
		fmt.Fprintln(w, words.say("show_no_card"))
		return
	}
	fmt.Fprintln(w)
	fmt.Fprint(w, modelstore.Markdown(*s.Card, words.lang))
}
