package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/infotext"
)

// exportCmd writes a recipe, or how another tool's picture was made, as the text in which a tool would have kept it.
type exportCmd struct {
	Recipe string `arg:"" type:"existingfile" help:"${arg_export}"`
	As     string `name:"as" required:"" enum:"a1111,comfyui,swarmui,invokeai,midjourney" placeholder:"TOOL" help:"${flag_export_as}"`
	Page   string `name:"page" type:"path" placeholder:"FILE.html" help:"${flag_export_page}"`
}

// exported is the answer of export.
type exported struct {
	As   infotext.Source `json:"as"`
	Text string          `json:"text"`
	Lost []string        `json:"lost"` // fields of the recipe that the text does not carry
}

// Run prints the text, and says beside it what it does not carry.
func (c *exportCmd) Run(ctx context.Context, g *globals) error {
	if ext := filepath.Ext(c.Recipe); ext == ".yaml" || ext == ".yml" {
		return c.brief(ctx, g)
	}
	if c.Page != "" {
		return art.Unsupported("--page", "lists the prompts of a brief", "name a brief, briefs/NAME.yaml")
	}
	record, err := c.record(ctx, g)
	if err != nil {
		return err
	}
	answer := exported{As: infotext.Source(c.As)}
	if answer.Text, err = infotext.Write(record, answer.As); err != nil {
		return err
	}
	if answer.Lost, err = infotext.Lost(record.Recipe, answer.As); err != nil {
		return err
	}
	return g.answer(answer, func(w io.Writer) {
		fmt.Fprintln(w, answer.Text)
		if len(answer.Lost) > 0 {
			g.note("%s", g.words.say("export_lost", c.As, strings.Join(answer.Lost, ", ")))
		}
	})
}

// record reads a recipe, or the texts of a picture. What was kept of the same tool's text goes along.
func (c *exportCmd) record(ctx context.Context, g *globals) (infotext.Record, error) {
	if filepath.Ext(c.Recipe) == ".json" {
		recipe, err := readRecipe(c.Recipe)
		return infotext.Record{Recipe: recipe}, err
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written
	one, err := importFile(ctx, c.Recipe)
	if err != nil {
		return infotext.Record{}, fmt.Errorf("%s: %w", c.Recipe, err)
	}
	return infotext.Record{Source: one.Source, Recipe: *one.Recipe, Kept: one.Kept}, nil
}
