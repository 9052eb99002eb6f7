package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/modelstore"
)

// modelsPullCmd fetches a model.
type modelsPullCmd struct {
	Name    string `arg:"" placeholder:"NAME|URL" help:"${arg_pull}"`
	As      string `name:"as" placeholder:"NAME[@VERSION]" help:"${flag_as}"`
	SHA256  string `name:"sha256" placeholder:"HEX" help:"${flag_sha256}"`
	License string `name:"licence" aliases:"license" placeholder:"ID" help:"${flag_licence}"`
	Accept  string `name:"accept-licence" aliases:"accept-license" placeholder:"NAME" help:"${flag_accept}"`
	Token   string `name:"token-file" type:"existingfile" placeholder:"FILE" help:"${flag_token}"`
	Anew    bool   `name:"anew" help:"${flag_anew}"`
}

// Run asks for the licence first, then fetches. What is here already is not fetched again.
func (c *modelsPullCmd) Run(ctx context.Context, g *globals) error {
	entry, license, err := c.entry()
	if err != nil {
		return err
	}
	if license.Accept {
		if err := g.mustAccept(entry.Name, license, c.Accept); err != nil {
			return err
		}
	}
	bars := newTransfers(g)
	fetcher, err := c.fetcher(g, bars)
	if err != nil {
		return err
	}
	m, err := g.store().Pull(ctx, entry, modelstore.PullOptions{Fetcher: fetcher, Anew: c.Anew})
	bars.close()
	if err != nil {
		return err
	}
	if err := g.draftFor(m); err != nil {
		return err
	}
	return g.kept(m)
}

// entry finds what is asked for: an address, or a name of the catalogue.
func (c *modelsPullCmd) entry() (modelstore.Entry, art.License, error) {
	name, version, _ := strings.Cut(c.As, "@")
	if strings.Contains(c.Name, "://") {
		e, err := modelstore.EntryOf(c.Name, c.SHA256, name, version, c.License)
		return e, art.License{ID: c.License}, err
	}
	catalogue, err := modelstore.Known()
	if err != nil {
		return modelstore.Entry{}, art.License{}, err
	}
	e, err := catalogue.Find(c.Name)
	if err != nil {
		return e, art.License{}, err
	}
	license := catalogue.Card(e).License
	e.Name, e.Version = cmp.Or(name, e.Name), cmp.Or(version, e.Version)
	return e, license, nil
}

func (c *modelsPullCmd) fetcher(g *globals, bars *transfers) (modelstore.Fetcher, error) {
	for _, m := range g.settings.Mirrors {
		if u, err := url.Parse(m); err != nil || u.Host == "" {
			return modelstore.Fetcher{}, art.Invalid("PRESSWERK_MIRRORS", fmt.Sprintf("%q is no address", m), "write https://mirror.example, several by comma")
		}
	}
	own := ""
	if c.Token != "" {
		data, err := os.ReadFile(c.Token)
		if err != nil {
			return modelstore.Fetcher{}, fmt.Errorf("reading the token: %w", err)
		}
		own = strings.TrimSpace(string(data))
	}
	return modelstore.Fetcher{
		Mirrors: g.settings.Mirrors, Progress: bars.show, Token: func(host string) string { return cmp.Or(own, g.tokenFor(host)) },
		Note: func(kind, file string, detail ...any) {
			bars.say(g.words.say("fetch_"+kind, append([]any{file}, detail...)...))
		},
	}, nil
}

// tokenFor gives the token of the environment to the hubs and mirrors that it is meant for, and to nobody else.
func (g *globals) tokenFor(host string) string {
	catalogue, err := modelstore.Known()
	if err != nil {
		return ""
	}
	meant := slices.Clone(g.settings.Mirrors)
	if hub, ok := catalogue.Hubs["huggingface"]; ok {
		meant = append(meant, hub.URL)
	}
	for _, m := range meant {
		if u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(m)); err == nil && u.Hostname() == host {
			return g.settings.HubToken
		}
	}
	return ""
}

// kept says what is in the store now, and what comes next.
func (g *globals) kept(models ...modelstore.Manifest) error {
	return g.answer(struct {
		Models []modelstore.Manifest `json:"models"`
	}{models}, func(w io.Writer) {
		for _, m := range models {
			fmt.Fprintln(w, g.words.say("models_kept", m.Ref(), m.Kind, m.SHA256))
			if m.Kind == art.ModelCheckpoint {
				fmt.Fprintln(w, g.words.say("models_unconverted", m.Ref()))
			}
		}
	})
}

// draftFor puts the draft of a card beside a model that brought none, where a workspace is around: without a card no
// production takes it.
func (g *globals) draftFor(m modelstore.Manifest) error {
	here, err := g.inventory()
	if err != nil {
		return err
	}
	if _, err := here.cardOf(m.Ref()); err == nil || m.Kind == art.ModelCheckpoint || m.Kind == art.ModelNetwork {
		return nil // there is a card, or none is needed before the model is converted
	}
	if _, err := g.workspace(""); err != nil {
		return nil //nolint:nilerr // outside a workspace there is no place for one
	}
	quiet := *g
	quiet.out, quiet.JSON = g.err, false
	return (&modelsCardCmd{Name: m.Ref(), Draft: true}).draft(&quiet)
}
