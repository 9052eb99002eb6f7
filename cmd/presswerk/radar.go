package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/factory"
	"presswerk/internal/web"
)

// around finds the workspace, whose cards count, or none where there is none around and none is named.
func (t *tools) around() (*workspaceDir, error) {
	ws, err := t.g.workspace("")
	if errors.Is(err, art.ErrNotFound) && t.g.Workspace == "" {
		return nil, nil //nolint:nilnil // no workspace is a usual answer here
	}
	if err != nil {
		return nil, err
	}
	t.ws = &ws
	return t.ws, nil
}

// radarOf lists which models go away, and what of a workspace depends on them. Without one, nothing does.
func radarOf(engines engine.Registry, ws *workspaceDir) (art.Radar, error) {
	f := factory.New(factory.Options{Engines: engines, Now: time.Now})
	if ws == nil {
		return f.Radar(factory.RadarOrder{})
	}
	o, unread, err := ws.radarOrder()
	if err != nil {
		return art.Radar{}, err
	}
	r, err := f.Radar(o)
	r.Unread = append(r.Unread, unread...)
	return r, err
}

// radarOrder reads all that may depend on models. What can't be read is told, and the rest is looked at all the same.
func (w workspaceDir) radarOrder() (o factory.RadarOrder, unread []art.Refusal, err error) {
	if o.Models, err = w.ReadModels(); err != nil {
		return o, nil, err
	}
	briefs, err := w.Briefs()
	if err != nil {
		return o, nil, err
	}
	miss := func(file string, why error) { unread = append(unread, art.Refusal{Field: file, Reason: why.Error()}) }
	for _, name := range briefs {
		read, err := w.Load(filepath.Join(w.Dir, name))
		if err != nil {
			miss(name, err)
			continue
		}
		o.Briefs = append(o.Briefs, factory.Order{Brief: read.Brief, Kit: read.Kit, Styles: read.Styles})
	}
	brands, err := w.Brands()
	if err != nil {
		return o, nil, err
	}
	for _, id := range brands {
		kit, err := w.ReadKit(id)
		if err != nil {
			miss("brands/"+id+"/kit.yaml", err)
			continue
		}
		b := factory.RadarBrand{Kit: kit}
		set, err := w.ReadPromptSet(kit)
		switch {
		case err == nil:
			b.Set = &set
		case !errors.Is(err, art.ErrNotFound):
			miss("brands/"+id+"/guard.yaml", err)
		}
		o.Brands = append(o.Brands, b)
	}
	return o, unread, nil
}

// lookLimit is how long the page of engines waits for one of them.
const lookLimit = 3 * time.Second

// lookAtEngines is what the studio shows of engines: how they are now, what became of requests, and what depends on models
// that go away.
func (l *line) lookAtEngines(ctx context.Context) ([]web.EngineCard, art.Radar, error) {
	all := l.engines.All()
	cards := make([]web.EngineCard, len(all))
	for i, h := range engine.Look(ctx, all, lookLimit, time.Now) {
		info := all[i].Info()
		cards[i] = web.EngineCard{Info: info, Health: h, Seen: l.tools.tally.Of(info.Name)}
	}
	r, err := radarOf(l.engines, &l.ws)
	if err != nil {
		return nil, r, err
	}
	r.Pauses, err = l.db.Pauses(ctx)
	return cards, r, err
}
