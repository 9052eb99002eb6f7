package midjourney

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/infotext"
)

// Name is what recipes call the engine, and Revision the version of the dialect.
const (
	Name     = "midjourney"
	Revision = "1"
)

// Options say whether somebody is there who makes pictures.
type Options struct {
	ByHand  bool   // somebody with an account copies prompts and brings pictures
	KeyFrom string // where that is said, for who hasn't
}

// Engine is a person with an account. It is safe for concurrent use.
type Engine struct{ options Options }

// New makes the engine.
func New(o Options) *Engine { return &Engine{o} }

// Info tells what can be asked for.
func (e *Engine) Info() engine.Info {
	info := engine.Info{Name: Name, Version: Revision, Ready: e.options.ByHand}
	if !info.Ready {
		info.Reason = "nobody has said that somebody here makes pictures there by hand; set " + e.options.KeyFrom + "=by-hand"
	}
	for _, m := range []art.ModelRef{{Name: "midjourney", Version: "7"}, {Name: "midjourney", Version: "8.1"}, {Name: "midjourney", Version: "6.1"}, {Name: "niji", Version: "6"}} {
		info.Models = append(info.Models, engine.Model{Capabilities: capabilities(m)})
	}
	return info
}

func capabilities(m art.ModelRef) art.Capabilities {
	return art.Capabilities{
		Engine: Name, EngineVersion: Revision, Model: m, Modes: []string{art.ModeTextToImage}, Dialect: "plain", Negative: true, Tiling: true,
		MinSize: 64, MaxSize: 4096, SizeStep: 1, NativeWidth: 1024, NativeHeight: 1024, Options: infotext.MidjourneyFlags(),
		Service: &art.Service{
			Operator: "Midjourney", Region: "unknown", Dated: "2026-11-26", SeedKept: true,
			DataUse: art.Text{
				"en": "A person hands the prompt over; what is kept and shown to others, the account's plan and its stealth mode decide.",
				"de": "Ein Mensch gibt den Prompt ein; was behalten und anderen gezeigt wird, bestimmen der Tarif und sein Stealth-Modus.",
			},
			Safety:  art.Text{"en": "Prompts are moderated; a refusal shows to the person.", "de": "Prompts werden moderiert; eine Ablehnung sieht der Mensch."},
			License: art.Text{"en": "By the account's plan; read the terms before use.", "de": "Nach dem Tarif des Kontos; vor der Nutzung die Bedingungen lesen."},
		},
	}
}

// Prompt writes a recipe as a prompt with flags, for a person to paste. Of the size, Midjourney takes the ratio.
func Prompt(r art.Recipe) (string, error) {
	var kept []infotext.Entry
	for _, name := range slices.Sorted(maps.Keys(r.Options)) {
		value, on, err := flagValue(name, r.Options[name])
		if err != nil {
			return "", err
		}
		if on {
			kept = append(kept, infotext.Entry{Name: name, Value: value})
		}
	}
	text, err := infotext.Write(infotext.Record{Source: infotext.Midjourney, Recipe: r, Kept: kept}, infotext.Midjourney)
	if err != nil {
		return "", fmt.Errorf("midjourney: writing a prompt: %w", err)
	}
	return text, nil
}

// flagValue reads an option: true and false switch flags that stand alone.
func flagValue(name string, v any) (value string, on bool, err error) {
	switch v := v.(type) {
	case bool:
		return "", v, nil
	case string:
		return v, true, nil
	}
	if number, err := json.Marshal(v); err == nil { // files and records have numbers of different kinds
		if _, err := strconv.ParseFloat(string(number), 64); err == nil {
			return string(number), true, nil
		}
	}
	return "", false, art.Invalid("options."+name, fmt.Sprintf("%v is no value of a flag", v), "write a word, a number, or true")
}

// Ping implements engine.Pinger: there is nobody to ask but the person, who says it once.
func (e *Engine) Ping(context.Context) error {
	if !e.options.ByHand {
		return engine.ErrNotSetUp
	}
	return nil
}

// Close does nothing.
func (e *Engine) Close() error { return nil }

// Render can't be waited for: a person makes the picture, some time.
func (e *Engine) Render(ctx context.Context, r art.Recipe, progress engine.Progress) (engine.Picture, error) {
	return engine.Run(ctx, e, "", r, progress)
}

// Start opens a job that a person does. It sends nothing.
func (e *Engine) Start(_ context.Context, name string, r art.Recipe) (engine.Ticket, error) {
	m, err := e.Info().Model(r.Model)
	if err != nil {
		return engine.Ticket{}, err
	}
	if !e.options.ByHand {
		return engine.Ticket{}, fmt.Errorf("midjourney: %s: %w: %w", e.Info().Reason, engine.ErrNotSetUp, art.ErrUnavailable)
	}
	if err := engine.Check(m.Capabilities, r); err != nil {
		return engine.Ticket{}, err
	}
	if _, err := Prompt(r); err != nil {
		return engine.Ticket{}, err
	}
	return engine.Ticket{Name: name, Job: name, Size: art.Size{Width: r.Width, Height: r.Height}}, nil
}

// Wait says that the picture is still to be brought. The error wraps art.ErrUnavailable, so that the job stays open, and
// art.ErrRefused, so that nobody waits for it.
func (e *Engine) Wait(context.Context, engine.Ticket, engine.Progress) (engine.Picture, error) {
	return engine.Picture{}, fmt.Errorf("midjourney: a person makes this picture: copy the prompt (presswerk export BRIEF --as midjourney --page FILE.html), then bring the picture (presswerk import --watch DIR): %w: %w", art.ErrUnavailable, art.ErrRefused)
}

// Cancel needs nothing: nobody has been asked.
func (e *Engine) Cancel(context.Context, engine.Ticket) error { return nil }

// Find finds nothing: jobs are known here alone.
func (e *Engine) Find(_ context.Context, name string) (engine.Ticket, error) {
	return engine.Ticket{}, fmt.Errorf("midjourney: no job is called %s: %w", name, art.ErrNotFound)
}
