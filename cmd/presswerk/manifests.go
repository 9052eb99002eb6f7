package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/softbinding"
	"presswerk/internal/store"
)

// manifestsCmd looks after the manifests that are kept so that stripped files find them again.
type manifestsCmd struct {
	List   manifestsListCmd   `cmd:"" default:"withargs" help:"${manifests_list}"`
	Keep   manifestsKeepCmd   `cmd:"" help:"${manifests_keep}"`
	Delete manifestsDeleteCmd `cmd:"" help:"${manifests_delete}"`
}

// manifestsListCmd lists what is kept and what was deleted.
type manifestsListCmd struct {
	Asset string `arg:"" optional:"" help:"${arg_asset}"`
}

// Run prints a line a manifest.
func (c *manifestsListCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{Books: true})
	if err != nil {
		return err
	}
	defer l.close()
	kept := []art.Manifest{}
	err = eachManifest(ctx, l.db, func(m art.Manifest) {
		if c.Asset == "" || m.Asset == c.Asset {
			kept = append(kept, m)
		}
	})
	if err != nil {
		return err
	}
	deleted, err := l.db.ManifestDeletions(ctx)
	if err != nil {
		return err
	}
	return g.answer(struct {
		Manifests []art.Manifest         `json:"manifests"`
		Deletions []art.ManifestDeletion `json:"deletions"`
	}{kept, append([]art.ManifestDeletion{}, deleted...)}, func(w io.Writer) {
		for _, m := range kept {
			fmt.Fprintf(w, "%s  %s  %-50s %7d\n", m.ID, m.Asset, m.File, m.Bytes)
		}
		for _, d := range deleted {
			fmt.Fprintln(w, g.words.say("manifests_gone", len(d.Manifests), d.Asset, d.By, d.At.Format(time.DateOnly), d.Reason))
		}
	})
}

func eachManifest(ctx context.Context, db *store.DB, tell func(art.Manifest)) error {
	const atOnce = 1000
	for after := int64(0); ; {
		some, next, err := db.ManifestsAfter(ctx, after, atOnce)
		if err != nil {
			return err
		}
		for _, m := range some {
			tell(m)
		}
		if after = next; len(some) < atOnce {
			return nil
		}
	}
}

// manifestsKeepCmd keeps the manifests of assets that were finished before any were kept, or signed anew since.
type manifestsKeepCmd struct{}

// Run goes through all assets; what is kept already stays as it is, and what was deleted stays deleted.
func (*manifestsKeepCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{Books: true})
	if err != nil {
		return err
	}
	defer l.close()
	assets, err := l.db.Assets(ctx, "")
	if err != nil {
		return err
	}
	keeper, found := softbinding.Keeper{Blobs: l.blobs, Now: time.Now}, 0
	for _, a := range assets {
		all, err := keeper.Keep(ctx, a)
		if err != nil {
			return fmt.Errorf("asset %s: %w", a.ID, err)
		}
		if err := l.db.Commit(ctx, art.Change{Manifests: all}, time.Now()); err != nil {
			return err
		}
		found += len(all)
	}
	return g.answer(struct {
		Assets    int `json:"assets"`
		Manifests int `json:"manifests"`
	}{len(assets), found}, func(w io.Writer) { fmt.Fprintln(w, g.words.say("manifests_kept", found, len(assets))) })
}

// manifestsDeleteCmd forgets the manifests of one asset, or of all that are older than a time.
type manifestsDeleteCmd struct {
	Asset     string `arg:"" optional:"" help:"${arg_asset}"`
	OlderThan int    `name:"older-than" placeholder:"DAYS" help:"${flag_older_than}"`
	Reason    string `name:"reason" required:"" placeholder:"TEXT" help:"${flag_reason}"`
	By        string `name:"by" placeholder:"NAME" help:"${flag_by}"`
}

// Run deletes and writes down that it did.
func (c *manifestsDeleteCmd) Run(ctx context.Context, g *globals) error {
	if (c.Asset == "") == (c.OlderThan <= 0) {
		return art.Invalid("asset", "name one asset, or an age with --older-than", "see 'presswerk manifests list'")
	}
	l, err := openHere(ctx, g, lineOptions{Books: true})
	if err != nil {
		return err
	}
	defer l.close()
	assets := []string{c.Asset}
	if c.OlderThan > 0 {
		if assets, err = l.keptBefore(ctx, time.Now().AddDate(0, 0, -c.OlderThan)); err != nil {
			return err
		}
	}
	deleted := []art.Manifest{}
	for _, a := range assets {
		gone, err := l.forget(ctx, art.ManifestDeletion{Asset: a, Reason: c.Reason, By: cmp.Or(c.By, g.settings.User), At: time.Now().UTC()})
		if err != nil {
			return err
		}
		deleted = append(deleted, gone...)
	}
	return g.answer(struct {
		Deleted []art.Manifest `json:"deleted"`
	}{deleted}, func(w io.Writer) { fmt.Fprintln(w, g.words.say("manifests_deleted", len(deleted), len(assets))) })
}

// keptBefore lists the assets whose newest manifest is older than a time.
func (l *line) keptBefore(ctx context.Context, when time.Time) ([]string, error) {
	newest, order := map[string]time.Time{}, []string{}
	err := eachManifest(ctx, l.db, func(m art.Manifest) {
		if _, seen := newest[m.Asset]; !seen {
			order = append(order, m.Asset)
		}
		if m.KeptAt.After(newest[m.Asset]) {
			newest[m.Asset] = m.KeptAt
		}
	})
	var old []string
	for _, a := range order {
		if newest[a].Before(when) {
			old = append(old, a)
		}
	}
	return old, err
}

// forget deletes records first and bytes after: stopped between the two, bytes stay that nothing leads to.
func (l *line) forget(ctx context.Context, d art.ManifestDeletion) ([]art.Manifest, error) {
	gone, err := l.db.DeleteManifests(ctx, d)
	for _, m := range gone {
		err = errors.Join(err, l.blobs.Delete(ctx, m.SHA256))
	}
	return gone, err
}
