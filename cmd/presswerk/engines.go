package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// enginesCmd lists the engines, and takes a person's word that one may stand in for another.
type enginesCmd struct {
	List    enginesListCmd    `cmd:"" default:"withargs" help:"${engines_list}"`
	Consent enginesConsentCmd `cmd:"" help:"${engines_consent}"`
}

// enginesListCmd lists the engines.
type enginesListCmd struct {
	Pin     string        `name:"pin" placeholder:"ENGINE" help:"${flag_pin_servers}"`
	Days    int           `name:"days" default:"90" placeholder:"N" help:"${flag_ahead}"`
	Timeout time.Duration `name:"timeout" default:"5s" placeholder:"TIME" help:"${flag_ask_timeout}"`
}

// engineAnswer is one engine in the answer.
type engineAnswer struct {
	Name         string             `json:"name"`
	Version      string             `json:"version"`
	Ready        bool               `json:"ready"`
	Reason       string             `json:"reason,omitempty"`
	Health       engine.Health      `json:"health"`
	Capabilities []art.Capabilities `json:"capabilities"`
	Models       []modelAnswer      `json:"models"`
}

type modelAnswer struct {
	Name     string `json:"name"`
	Version  string `json:"version,omitempty"`
	SHA256   string `json:"sha256,omitempty"`
	License  string `json:"license,omitempty"`
	Shutdown string `json:"shutdown,omitempty"`
	Instead  string `json:"instead,omitempty"` // what its provider names in its place
}

// enginesAnswer is the answer of engines.
type enginesAnswer struct {
	Engines []engineAnswer `json:"engines"`
	art.Radar
	Days int `json:"days"` // how far ahead hits are warned of
}

// Run says of each engine how it is, what it can do and with which models, and what of the workspace depends on models that
// go away. Warnings are no failure.
func (c *enginesListCmd) Run(ctx context.Context, g *globals) error {
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written
	t.unasked = true
	ws, err := t.around()
	if err != nil {
		return err
	}
	registry, err := t.engines(ctx)
	if err != nil {
		return err
	}
	if c.Pin != "" {
		if err := pin(ctx, registry, c.Pin); err != nil {
			return err
		}
	}
	a := enginesAnswer{Days: c.Days, Engines: []engineAnswer{}}
	for i, h := range engine.Look(ctx, registry.All(), c.Timeout, time.Now) {
		a.Engines = append(a.Engines, answerOf(registry.All()[i], h))
	}
	if a.Radar, err = radarOf(registry, ws); err != nil {
		return err
	}
	if ws != nil {
		if a.Pauses, err = ws.pauses(ctx); err != nil {
			return err
		}
	}
	for i := range a.Engines {
		a.Engines[i].date(a.Endings)
	}
	if g.JSON {
		for _, e := range a.Ahead(c.Days) {
			g.note("%s", endingText(g.words, e))
		}
	}
	return g.answer(a, func(w io.Writer) { a.text(w, g.words) })
}

func answerOf(e engine.Engine, h engine.Health) engineAnswer {
	info := e.Info()
	models := slices.Clone(info.Models)
	for _, c := range engine.Films(e) {
		models = append(models, engine.Model{Capabilities: c})
	}
	a := engineAnswer{
		Name: info.Name, Version: info.Version, Ready: info.Ready, Reason: info.Reason, Health: h,
		Capabilities: []art.Capabilities{}, Models: []modelAnswer{},
	}
	for _, m := range models {
		ref := m.Capabilities.Model
		a.Capabilities = append(a.Capabilities, m.Capabilities)
		a.Models = append(a.Models, modelAnswer{Name: ref.Name, Version: ref.Version, SHA256: ref.SHA256, License: m.ModelLicense})
	}
	return a
}

// date puts the last days of its models into an engine's answer.
func (a *engineAnswer) date(endings []art.Ending) {
	for i := range a.Models {
		for _, e := range endings {
			if e.Engine == a.Name && e.Model == a.Models[i].Name {
				a.Models[i].Shutdown, a.Models[i].Instead = e.Date, e.Instead
			}
		}
	}
}

// text tells what is to be done first, then how engines are, then which names have ended.
func (a enginesAnswer) text(w io.Writer, words words) {
	for _, e := range a.Ahead(a.Days) {
		fmt.Fprintln(w, endingText(words, e))
	}
	for _, p := range a.Pauses {
		fmt.Fprintln(w, pauseText(words, p))
	}
	for _, u := range a.Unread {
		fmt.Fprintln(w, words.say("radar_unread", u.Field, u.Reason))
	}
	if len(a.Ahead(a.Days))+len(a.Pauses)+len(a.Unread) > 0 {
		fmt.Fprintln(w)
	}
	for _, e := range a.Engines {
		fmt.Fprintf(w, "%-10s %-8s %s\n", e.Name, e.Version, healthText(words, e))
		for _, m := range e.Models {
			fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %-32s %-8s %-12.12s %s  %s", m.Name, m.Version, m.SHA256, m.License, dayText(words, m)), " "))
		}
	}
	told := false
	for _, e := range a.Endings {
		if !e.Gone {
			continue
		}
		if !told {
			fmt.Fprintf(w, "\n%s\n", words.say("radar_gone"))
			told = true
		}
		fmt.Fprintf(w, "  %s  %s/%s  %s\n", e.Date, e.Engine, e.Model, successorText(words, e))
	}
}

func healthText(words words, e engineAnswer) string {
	text := words.say("health_" + string(e.Health.State))
	if e.Health.Milliseconds > 0 {
		text += fmt.Sprintf(" (%d ms)", e.Health.Milliseconds)
	}
	if detail := cmp.Or(e.Health.Detail, e.Reason); detail != "" {
		text += ": " + detail
	}
	return text
}

func dayText(words words, m modelAnswer) string {
	if m.Shutdown == "" {
		return ""
	}
	return words.say("engine_shutdown", m.Shutdown)
}

// endingText is a warning: what goes away, when, what depends on it, and what could take its place.
func endingText(words words, e art.Ending) string {
	var hits []string
	for _, h := range e.Hits {
		hits = append(hits, words.say("hit_"+h.Kind, h.Name))
	}
	key, args := "radar_coming", []any{e.Engine, e.Model, e.Date, e.Days}
	if e.Gone {
		key, args = "radar_over", args[:3]
	}
	text := words.say(key, args...)
	if e.Source != "" {
		text += " (" + e.Source + ")"
	}
	return text + "\n    " + words.say("radar_hits", strings.Join(hits, ", ")) + "\n    " + successorText(words, e)
}

// successorText is what could take a model's place, without suggesting what goes away as well.
func successorText(words words, e art.Ending) string {
	text := words.say("radar_no_successor")
	if e.Instead != "" {
		text = words.say("radar_instead", e.Instead)
	}
	for _, s := range e.Also {
		text += "; " + words.say("radar_also", s.Model, s.Date)
	}
	if e.Lasting != "" && (e.Instead == "" || len(e.Also) > 0) {
		text += "; " + words.say("radar_lasting", e.Lasting)
	}
	return text
}
