package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/factory"
	"presswerk/internal/queue"
)

// modelsProbeCmd notices engines that have changed without telling.
type modelsProbeCmd struct {
	Engine []string `name:"engine" placeholder:"NAME" help:"${flag_probes}"`
	Model  string   `name:"model" placeholder:"NAME" help:"${flag_probed}"`
	Brand  string   `name:"brand" placeholder:"ID" help:"${flag_brand}"`
	Show   string   `name:"show" placeholder:"PROBE" help:"${flag_show_probe}"`
}

// Run probes one engine after the other; exit 1 when one gives other pictures than before.
func (c *modelsProbeCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{})
	if err != nil {
		return err
	}
	defer l.close()
	if c.Show != "" {
		p, err := l.db.Probe(ctx, c.Show)
		if err != nil {
			return err
		}
		return g.answer(p, func(w io.Writer) { probeText(w, g.words, p) })
	}
	brand, err := l.ws.onlyBrand(c.Brand)
	if err != nil {
		return err
	}
	engines := c.Engine
	if len(engines) == 0 {
		if engines, err = l.ws.probed(brand); err != nil {
			return err
		}
	}
	all := []art.Probe{}
	changed := false
	for _, name := range engines {
		p, change, err := l.probe(ctx, brand, name, c.Model)
		if err == nil {
			err = l.commit(ctx, change)
		}
		if err != nil {
			return err
		}
		l.tellPauses(change)
		all, changed = append(all, p), changed || p.Changed
	}
	err = g.answer(struct {
		Probes []art.Probe `json:"probes"`
	}{all}, func(w io.Writer) {
		for _, p := range all {
			probeText(w, g.words, p)
		}
	})
	if err == nil && changed {
		return errNo
	}
	return err
}

func probeText(w io.Writer, words words, p art.Probe) {
	switch {
	case p.Baseline == "":
		fmt.Fprintln(w, words.say("probe_first", p.ID, p.Model.Name, p.Model.Version, p.Engine))
	case p.Changed:
		fmt.Fprintln(w, words.say("probe_changed", p.ID, p.Model.Name, p.Model.Version, p.Engine, p.Reason.In(words.lang)))
	default:
		fmt.Fprintln(w, words.say("probe_same", p.ID, p.Model.Name, p.Model.Version, p.Engine))
	}
	for _, s := range p.Compared {
		if len(s.Note) == 0 {
			fmt.Fprintln(w, words.say("guard_scorer", s.Scorer, s.Old, s.New, s.Unit, s.Gain, s.Low, s.High, s.Margin, words.say("outcome_"+string(s.Outcome))))
		}
	}
}

// tellPauses says loudly what a probe has stopped.
func (l *line) tellPauses(c art.Change) {
	for _, p := range c.Pauses {
		l.g.note("%s", l.g.words.say("probe_paused", p.ID, cmp.Or(strings.Join(p.Briefs, ", "), "–")))
	}
}

// probed lists the engines that a brand's prompt set names, else the one of its kit.
func (w workspaceDir) probed(brand string) ([]string, error) {
	kit, err := w.ReadKit(brand)
	if err != nil {
		return nil, err
	}
	set, err := w.ReadPromptSet(kit)
	if err != nil || len(set.Probe.Engines) > 0 {
		return set.Probe.Engines, err
	}
	if kit.Defaults.Engine == "" {
		return nil, art.Invalid("engine", "neither the prompt set nor the kit names one", "name it: --engine NAME")
	}
	return []string{kit.Defaults.Engine}, nil
}

// probe makes one probe of an engine with a brand's prompts.
func (l *line) probe(ctx context.Context, brand, name, model string) (art.Probe, art.Change, error) {
	order, set, err := l.ws.promptSet(brand, art.Brief{})
	if err != nil {
		return art.Probe{}, art.Change{}, err
	}
	o := factory.ProbeOrder{Order: order, Set: set, Engine: name}
	if model != "" {
		ref, err := findModel(l.engines, name, model, order.Models, brand)
		if err != nil {
			return art.Probe{}, art.Change{}, err
		}
		o.Model = cmp.Or(ref.SHA256, strings.TrimSuffix(ref.Name+"@"+ref.Version, "@"))
	}
	briefs, err := l.ws.Briefs()
	if err != nil {
		return art.Probe{}, art.Change{}, err
	}
	for _, b := range briefs {
		if order, err := readOrder(ctx, l.ws, filepath.Join(l.ws.Dir, b)); err == nil { // one with mistakes is not made either
			o.Briefs = append(o.Briefs, order)
		}
	}
	l.g.note("%s", l.g.words.say("probe_begin", brand, name, len(set.Prompts), len(set.Seeds)))
	return l.factory.Probe(ctx, o, nil)
}

// probes lists what is probed by itself while the studio serves.
func (l *line) probes() ([]queue.Periodic, error) {
	kits, err := filepath.Glob(filepath.Join(l.ws.Dir, "brands", "*", "kit.yaml"))
	if err != nil {
		return nil, fmt.Errorf("looking for brands: %w", err)
	}
	var all []queue.Periodic
	for _, k := range kits {
		brand := filepath.Base(filepath.Dir(k))
		_, set, err := l.ws.promptSet(brand, art.Brief{})
		if errors.Is(err, art.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		every := set.Probe.Interval()
		if every <= 0 {
			continue
		}
		engines, err := l.ws.probed(brand)
		if err != nil {
			return nil, err
		}
		for _, e := range engines {
			all = append(all, queue.Periodic{Every: every, Job: art.Job{Kind: art.JobProbe, Subject: brand + "/" + e}})
		}
	}
	return all, nil
}

// probeJob is the handler of a periodic probe.
func (l *line) probeJob(ctx context.Context, job art.Job) (art.Change, error) {
	brand, name, _ := strings.Cut(job.Subject, "/")
	p, change, err := l.probe(ctx, brand, name, "")
	if err == nil && p.Changed {
		l.g.note("%s", l.g.words.say("probe_changed", p.ID, p.Model.Name, p.Model.Version, p.Engine, p.Reason.In(l.g.words.lang)))
		l.tellPauses(change)
	}
	if errors.Is(err, engine.ErrUnknown) { // what may have been paid for is not asked for again by itself
		err = fmt.Errorf("%w: %w", art.ErrRefused, err)
	}
	return change, err
}

// modelsResumeCmd lifts a pause.
type modelsResumeCmd struct {
	Pause  string `arg:"" optional:"" placeholder:"PAUSE|ENGINE[/MODEL]" help:"${arg_pause}"`
	By     string `name:"by" placeholder:"NAME" help:"${flag_by}"`
	Reason string `name:"reason" placeholder:"WHY" help:"${flag_reason}"`
	Accept bool   `name:"accept" help:"${flag_accept_new}"`
}

// Run lists pauses, or lifts one in a person's name.
func (c *modelsResumeCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{})
	if err != nil {
		return err
	}
	defer l.close()
	if c.Pause == "" {
		pauses, err := l.db.Pauses(ctx)
		if err != nil {
			return err
		}
		return g.answer(struct {
			Pauses []art.Pause `json:"pauses"`
		}{append([]art.Pause{}, pauses...)}, func(w io.Writer) {
			if len(pauses) == 0 {
				fmt.Fprintln(w, g.words.say("pause_none"))
			}
			for _, p := range pauses {
				fmt.Fprintln(w, pauseText(g.words, p))
			}
		})
	}
	r, err := l.factory.Resume(ctx, c.Pause, art.Resumption{By: cmp.Or(c.By, g.settings.User), Reason: c.Reason, Accept: c.Accept})
	if err != nil {
		return err
	}
	return g.answer(r, func(w io.Writer) { fmt.Fprintln(w, g.words.say("resumed", r.Pause, r.By)) })
}

func pauseText(w words, p art.Pause) string {
	return w.say("pause_line", p.ID, p.At.Format(time.DateTime), p.Engine, p.Model.Name, p.Model.Version, p.Probe, p.Reason.In(w.lang))
}
