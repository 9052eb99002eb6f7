package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine/midjourney"
	"presswerk/internal/factory"
	"presswerk/internal/infotext"
)

//go:embed export_page.html
var exportPage string

// exportedPrompt is one picture of a brief as another tool's text.
type exportedPrompt struct {
	Recipe string   `json:"recipe"` // its identity
	Text   string   `json:"text"`
	Lost   []string `json:"lost"` // fields of the recipe that the text does not carry
}

// exportedBrief is the answer of export for a brief.
type exportedBrief struct {
	As      infotext.Source  `json:"as"`
	Brief   string           `json:"brief"`
	Prompts []exportedPrompt `json:"prompts"`
	Page    string           `json:"page,omitempty"`
}

// brief writes every recipe of a brief's plan, and a page from which each can be copied.
func (c *exportCmd) brief(ctx context.Context, g *globals) error {
	ws, order, err := g.order(ctx, c.Recipe)
	if err != nil {
		return err
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written through it
	t.ws, t.unasked = &ws, true
	engines, err := t.engines(ctx)
	if err != nil {
		return err
	}
	p, err := factory.New(factory.Options{Engines: engines, Now: time.Now}).Plan(order)
	if err != nil {
		return err
	}
	answer := exportedBrief{As: infotext.Source(c.As), Brief: p.Brief, Prompts: []exportedPrompt{}}
	for _, r := range p.Recipes {
		one := exportedPrompt{Recipe: r.ID}
		if one.Text, err = textOf(r.Recipe, answer.As); err != nil {
			return err
		}
		if one.Lost, err = infotext.Lost(r.Recipe, answer.As); err != nil {
			return err
		}
		answer.Prompts = append(answer.Prompts, one)
	}
	if c.Page != "" {
		page, err := g.page(answer, order.Brief.Title.In(g.words.lang))
		if err != nil {
			return err
		}
		if err := writeWhole(c.Page, page); err != nil {
			return err
		}
		answer.Page = c.Page
	}
	if err := g.answer(answer, func(w io.Writer) {
		for _, one := range answer.Prompts {
			fmt.Fprintln(w, one.Text)
		}
		if answer.Page != "" {
			g.note("%s", g.words.say("export_paged", len(answer.Prompts), answer.Page))
		}
	}); err != nil {
		return err
	}
	for _, r := range p.Refused {
		g.note("%s", g.words.say("plan_refused", r.Field, r.Reason))
	}
	if len(p.Refused) > 0 {
		return errNo
	}
	return nil
}

// textOf writes a recipe as a tool's text; of Midjourney's own recipes, options are flags.
func textOf(r art.Recipe, as infotext.Source) (string, error) {
	if as == infotext.Midjourney && r.Engine == midjourney.Name {
		return midjourney.Prompt(r)
	}
	return infotext.Write(infotext.Record{Recipe: r}, as)
}

// page is one file that works without a network: each text with a button that copies it and ticks it off.
func (g *globals) page(e exportedBrief, title string) ([]byte, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"say": func(key string, args ...any) string { return g.words.say(key, args...) },
		"add": func(a, b int) int { return a + b },
	}).Parse(exportPage)
	if err != nil {
		return nil, fmt.Errorf("reading the page of prompts: %w", err)
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		exportedBrief
		Lang, Title string
	}{e, g.words.lang, title})
	if err != nil {
		return nil, fmt.Errorf("writing the page of prompts: %w", err)
	}
	return b.Bytes(), nil
}
