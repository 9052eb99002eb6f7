package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/modelstore"
	"presswerk/internal/store"
)

// modelsVerifyCmd hashes the store's files again.
type modelsVerifyCmd struct {
	Names []string `arg:"" optional:"" placeholder:"NAME" help:"${arg_models}"`
}

// Run looks at every byte; exit 1 names what has changed.
func (c *modelsVerifyCmd) Run(ctx context.Context, g *globals) error {
	models, err := g.stored(c.Names)
	if err != nil {
		return err
	}
	damaged := []modelstore.Damage{}
	bars := newTransfers(g)
	for _, m := range models {
		found, err := g.store().Verify(ctx, m, bars.show)
		if err != nil {
			bars.close()
			return err
		}
		damaged = append(damaged, found...)
	}
	bars.close()
	err = g.answer(struct {
		Models  int                 `json:"models"`
		Damaged []modelstore.Damage `json:"damaged"`
	}{len(models), damaged}, func(w io.Writer) {
		for _, d := range damaged {
			fmt.Fprintln(w, g.words.say("models_damaged", d.Model, d.File, g.words.say("damage_"+strings.Fields(d.Reason)[0])))
		}
		if len(damaged) == 0 {
			fmt.Fprintln(w, g.words.say("models_whole", len(models)))
		}
	})
	if err == nil && len(damaged) > 0 {
		return errNo
	}
	return err
}

// stored finds models of the store; no name means all. A manifest that cannot be read is an error then.
func (g *globals) stored(names []string) ([]modelstore.Manifest, error) {
	if len(names) == 0 {
		return g.store().List()
	}
	var all []modelstore.Manifest
	for _, name := range names {
		m, err := g.store().Find(name)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// modelsRmCmd takes a model out of the store.
type modelsRmCmd struct {
	Name  string `arg:"" placeholder:"NAME[@VERSION]" help:"${arg_model}"`
	Force bool   `name:"force" help:"${flag_force}"`
}

// Run refuses while the workspace around has pinned the model, or has assets that were made with it.
func (c *modelsRmCmd) Run(ctx context.Context, g *globals) error {
	m, err := g.store().Find(c.Name)
	if err != nil {
		return err
	}
	if uses, err := g.usesOf(ctx, m); err != nil {
		return err
	} else if len(uses) > 0 && !c.Force {
		return &art.FieldError{
			Field: "model", Reason: m.Ref() + " is needed: " + strings.Join(uses, "; "),
			Remedy: "without it these cannot be made again; take it away all the same with --force", Kind: art.ErrRefused,
		}
	}
	freed, err := g.store().Remove(m)
	if err != nil {
		return err
	}
	return g.answer(struct {
		Model string `json:"model"`
		Freed int64  `json:"freed"`
	}{m.Ref(), freed}, func(w io.Writer) { fmt.Fprintln(w, g.words.say("models_removed", m.Ref(), float64(freed)/1e6)) })
}

// usesOf says what in the workspace around needs a model. Other workspaces are not known here.
func (g *globals) usesOf(ctx context.Context, m modelstore.Manifest) ([]string, error) {
	ws, err := g.workspace("")
	if err != nil {
		g.note("%s", g.words.say("rm_no_workspace"))
		return nil, nil //nolint:nilerr // outside a workspace nothing is known to need it
	}
	policy, err := ws.ReadModels()
	if err != nil {
		return nil, err
	}
	var uses []string
	for _, pin := range policy.Pins {
		if pin.SHA256 == m.SHA256 || pin.Canary != nil && pin.Canary.SHA256 == m.SHA256 {
			uses = append(uses, g.words.say("rm_pinned", pin.Brand))
		}
	}
	if _, err := os.Stat(ws.database()); errors.Is(err, fs.ErrNotExist) {
		return uses, nil
	}
	db, err := store.Open(ctx, ws.database())
	if err != nil {
		return uses, err
	}
	assets, err := db.Assets(ctx, "")
	if err := errors.Join(err, db.Close()); err != nil {
		return uses, err
	}
	n := 0
	for _, a := range assets {
		if madeWith(a.Planned.Recipe, m.SHA256) {
			n++
		}
	}
	if n > 0 {
		uses = append(uses, g.words.say("rm_assets", n))
	}
	return uses, nil
}

// madeWith tells whether a recipe names a model by its SHA-256, in any of its parts.
func madeWith(r art.Recipe, sha256 string) bool {
	names := []string{r.Model.SHA256}
	if r.Refiner != nil {
		names = append(names, r.Refiner.SHA256)
	}
	for _, l := range r.LoRAs {
		names = append(names, l.SHA256)
	}
	for _, e := range r.Embeddings {
		names = append(names, e.SHA256)
	}
	for _, c := range append(r.Controls, r.References...) {
		names = append(names, c.Model.SHA256)
	}
	return slices.Contains(names, sha256)
}
