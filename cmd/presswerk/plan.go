package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/factory"
)

// planCmd shows what a brief would become.
type planCmd struct {
	Brief string `arg:"" type:"existingfile" help:"${arg_brief}"`
}

// Run prints recipes and cost; exit 1 when something was refused.
func (c *planCmd) Run(ctx context.Context, g *globals) error {
	ws, order, err := g.order(ctx, c.Brief)
	if err != nil {
		return err
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written
	t.ws = &ws
	engines, err := t.engines(ctx)
	if err != nil {
		return err
	}
	p, err := factory.New(factory.Options{Engines: engines, Now: time.Now}).Plan(order)
	if err != nil {
		return err
	}
	p.Refused = append([]art.Refusal{}, p.Refused...)
	if err := g.answer(p, func(w io.Writer) { planText(w, g.words, p) }); err != nil {
		return err
	}
	if len(p.Refused) > 0 {
		return errNo
	}
	return nil
}

// timeOf says how long pictures will take, as far as somebody knows.
func (w words) timeOf(c art.Cost) string {
	switch c.Untimed {
	case 0:
		return w.say("time_about", duration(c.Seconds))
	case c.Pictures:
		return w.say("time_unknown")
	}
	return w.say("time_partly", duration(c.Seconds), c.Untimed)
}

func planText(w io.Writer, words words, p art.Plan) {
	fmt.Fprintln(w, words.say("plan_head", p.Brief, p.Cost.Pictures, words.timeOf(p.Cost)))
	for line := range strings.SplitSeq(strings.TrimPrefix(p.Cost.Basis, "estimate; "), "; ") {
		if line != "" {
			fmt.Fprintln(w, "    "+line)
		}
	}
	if p.Cost.Money > 0 {
		fmt.Fprintln(w, words.say("plan_money", p.Cost.Money, p.Cost.Currency))
	}
	if p.Cost.Repairs > 0 {
		fmt.Fprintln(w, words.say("plan_repairs", p.Cost.Repairs, duration(p.Cost.RepairSeconds)))
		if p.Cost.RepairMoney > 0 {
			fmt.Fprintln(w, words.say("plan_repair_money", p.Cost.RepairMoney, p.Cost.Currency))
		}
	}
	for i, r := range p.Recipes {
		canary := ""
		if r.Canary {
			canary = "  " + words.say("plan_canary") + " " + r.Model.Name + "@" + r.Model.Version
		}
		if o := r.FailedOver; o != nil {
			canary += "  " + words.say("stands_in", o.To, o.From, o.By, o.Date)
		}
		if r.Clip != nil {
			fmt.Fprintf(w, "%3d  %s  %dx%d  %d s  %s  seed %d%s\n     %s\n", i+1, r.ID[:12], r.Width, r.Height, r.Clip.Seconds, r.Mode, r.Seed, canary, r.Prompt)
			continue
		}
		fmt.Fprintf(w, "%3d  %s  %dx%d  %s/%s  %d  cfg %g  seed %d%s\n     %s\n",
			i+1, r.ID[:12], r.Width, r.Height, r.Sampler, r.Scheduler, r.Steps, r.GuidanceScale, r.Seed, canary, r.Prompt)
	}
	if p.Dropped > 0 {
		fmt.Fprintln(w, words.say("plan_dropped", p.Dropped))
	}
	for _, r := range p.Warnings {
		fmt.Fprintln(w, words.say("plan_warning", r.Field, r.Reason))
	}
	for _, c := range p.Concerns {
		if c.Ruling != art.Block {
			fmt.Fprintln(w, concernText(words, c))
		}
	}
	if p.NeedsPerson {
		fmt.Fprintln(w, words.say("plan_needs_person", p.Policy))
	}
	for _, r := range p.Refused {
		fmt.Fprintln(w, words.say("plan_refused", r.Field, strings.TrimSuffix(r.Reason+"; "+r.Remedy, "; ")))
	}
}

// concernText is what a policy found, in one line.
func concernText(words words, c art.Concern) string {
	if c.Cleared != "" {
		return words.say("concern_cleared", c.Field, c.Reason.In(words.lang), c.Cleared)
	}
	return words.say("concern_"+string(c.Ruling), c.Field, c.Reason.In(words.lang), c.Remedy.In(words.lang), c.Rule, c.Policy)
}
