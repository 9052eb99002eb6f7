package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/label"
)

// labelsCmd lists what laws, codes and platforms want of generated pictures.
type labelsCmd struct {
	Brief string `arg:"" optional:"" type:"existingfile" help:"${arg_labels_brief}"`
}

// Run prints all rules that are known, or those that hold for a brief.
func (c *labelsCmd) Run(ctx context.Context, g *globals) error {
	table, err := label.Rules()
	if err != nil {
		return err
	}
	if c.Brief != "" {
		_, o, err := g.order(ctx, c.Brief)
		if err != nil {
			return err
		}
		channels, err := o.Kit.ChannelsNamed(o.Brief.Channels)
		if err != nil {
			return err
		}
		table.Rules = table.For(label.Use{
			Usage: o.Brief.Legal.Usage.Over(o.Kit.Usage), Channels: channels, Policy: o.Kit.Labels, Day: time.Now().UTC().Format(time.DateOnly),
		})
	}
	return g.answer(table, func(w io.Writer) { tellRules(w, g.words, table) })
}

func tellRules(w io.Writer, words words, t label.Table) {
	fmt.Fprintln(w, words.say("labels_head", t.Dated))
	for _, r := range t.Rules {
		where := strings.Join(append(append([]string{}, r.Territories...), r.Platforms...), ", ")
		fmt.Fprintf(w, "\n%s  %s  (%s)\n", r.ID, r.Title.In(words.lang), words.say("labels_where", where, cmp.Or(r.From, "?")))
		fmt.Fprintln(w, "  "+r.Says.In(words.lang))
		if r.Decide {
			fmt.Fprintln(w, "  "+words.say("labels_decide"))
		}
		if len(r.Marks) > 0 {
			fmt.Fprintln(w, "  "+words.say("labels_marks", strings.Join(r.Marks, ", ")))
		}
		if len(r.AnyMark) > 0 {
			fmt.Fprintln(w, "  "+words.say("labels_any", strings.Join(r.AnyMark, ", ")))
		}
		if l := r.Label; l != nil {
			fmt.Fprintln(w, "  "+words.say("labels_label_"+l.When, l.Words.In(art.English), l.Words.In(art.German), 100*l.Share, cmp.Or(l.Corner, art.Corners()[0])))
		}
		if page := r.Page.In(words.lang); page != "" {
			fmt.Fprintln(w, "  "+words.say("labels_page", page))
		}
		fmt.Fprintln(w, "  "+words.say("labels_sources", strings.Join(r.Sources, "; ")))
	}
	fmt.Fprintln(w, "\n"+words.say("labels_missing"))
	for _, m := range t.Missing {
		fmt.Fprintln(w, "- "+m.In(words.lang))
	}
}
