package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/store"
)

// costCmd tells what was spent, and takes a person's word on calls of which nobody knows what became of them.
type costCmd struct {
	Show    costShowCmd    `cmd:"" default:"withargs" help:"${cost_show}"`
	Call    costCallCmd    `cmd:"" help:"${cost_call}"`
	Resolve costResolveCmd `cmd:"" help:"${cost_resolve}"`
}

// costShowCmd shows what was spent.
type costShowCmd struct {
	RunID string `name:"run" placeholder:"RUN" help:"${flag_cost_run}"`
	Since string `name:"since" placeholder:"YYYY-MM-DD" help:"${flag_since}"`
}

// costAnswer is the answer of cost.
type costAnswer struct {
	Spending []art.Spending `json:"spending"` // by brand, run, engine, day and currency
	Open     []art.Call     `json:"open"`     // an answer is still to come
	Unknown  []art.Call     `json:"unknown"`  // a person has to say what happened
	Calls    []art.Call     `json:"calls,omitempty"`
	Budgets  []fundAnswer   `json:"budgets"`
}

// fundAnswer is one line of a budget.
type fundAnswer struct {
	art.Fund
	Left art.Amount `json:"left"`
}

// Run shows spending, open and unknown calls, and what is left of budgets; with --run, every call of that run.
func (c *costShowCmd) Run(ctx context.Context, g *globals) error {
	if _, err := time.Parse(time.DateOnly, cmp.Or(c.Since, "2026-01-01")); err != nil {
		return art.Invalid("since", fmt.Sprintf("%q is no day", c.Since), "write 2026-12-31")
	}
	l, err := openHere(ctx, g, lineOptions{Books: true})
	if err != nil {
		return err
	}
	defer l.close()
	a := costAnswer{Spending: []art.Spending{}, Open: []art.Call{}, Unknown: []art.Call{}, Budgets: []fundAnswer{}}
	b, err := l.booked(ctx, c.RunID)
	if err != nil {
		return err
	}
	if c.RunID = b.run; b.run != "" {
		if a.Calls, err = l.db.Calls(ctx, store.CallQuery{Run: c.RunID, Since: c.Since}); err != nil {
			return err
		}
	}
	spending, err := l.db.Spending(ctx, c.Since, c.RunID)
	if err != nil {
		return err
	}
	a.Spending = append(a.Spending, spending...)
	waiting, err := l.db.Calls(ctx, store.CallQuery{Run: c.RunID, States: []art.CallState{art.CallRequested, art.CallAccepted, art.CallRunning, art.CallUnknown}})
	if err != nil {
		return err
	}
	for _, call := range waiting {
		if call.State == art.CallUnknown {
			a.Unknown = append(a.Unknown, call)
		} else {
			a.Open = append(a.Open, call)
		}
	}
	if a.Budgets, err = l.budgets(ctx, b); err != nil {
		return err
	}
	return g.answer(a, func(w io.Writer) { a.text(w, g.words) })
}

// booked is what the books know a run by.
type booked struct {
	run     string // as calls name it; "" is no run
	brand   string
	budgets []art.Budget // of the brief
}

// booked finds a run, or a comparison by its identity or by the name that its calls go by: that of its brief on its day,
// whichever comparison of that day asked for them.
func (l *line) booked(ctx context.Context, run string) (booked, error) {
	if run == "" {
		return booked{}, nil
	}
	v, missing := l.db.Run(ctx, run)
	if !errors.Is(missing, art.ErrNotFound) {
		return booked{run, v.BrandID, v.Brief.Budgets}, missing
	}
	c, err := l.db.Comparison(ctx, run)
	if !errors.Is(err, art.ErrNotFound) {
		return booked{run: art.CompareRun(c.Brief, c.At), brand: c.Brand}, err
	}
	calls, err := l.db.Calls(ctx, store.CallQuery{Run: run})
	if err != nil {
		return booked{}, err
	}
	if len(calls) == 0 {
		return booked{}, missing
	}
	return booked{run: run, brand: calls[0].Brand}, nil
}

// budgets lists every budget of the workspace and its brands with what is left of it. Those for a run are listed with a run.
func (l *line) budgets(ctx context.Context, of booked) ([]fundAnswer, error) {
	brands, err := l.ws.Brands()
	if err != nil {
		return nil, err
	}
	if of.run != "" {
		brands = []string{of.brand}
	}
	funds, listed := []fundAnswer{}, map[art.Limit]bool{}
	for _, brandID := range append(brands, "") {
		b, err := l.ws.ReadBudgets(brandID)
		if err != nil {
			return nil, err
		}
		b.Brief = of.budgets
		for _, limit := range b.All(brandID, of.run, time.Now()) {
			if listed[limit] || of.run == "" && limit.Per == "run" {
				continue
			}
			listed[limit] = true
			spent, err := l.db.Spent(ctx, limit)
			if err != nil {
				return nil, err
			}
			fund := art.Fund{Limit: limit, Spent: spent}
			funds = append(funds, fundAnswer{fund, fund.Left()})
		}
	}
	return funds, nil
}

func (a costAnswer) text(w io.Writer, words words) {
	if len(a.Spending) == 0 {
		fmt.Fprintln(w, words.say("cost_nothing"))
	}
	for _, by := range []struct {
		word string
		key  func(art.Spending) string
	}{
		{"cost_by_brand", func(s art.Spending) string { return s.Brand }},
		{"cost_by_run", func(s art.Spending) string { return s.Run }},
		{"cost_by_engine", func(s art.Spending) string { return s.Engine }},
		{"cost_by_day", func(s art.Spending) string { return s.Day }},
	} {
		if len(a.Spending) > 0 {
			fmt.Fprintln(w, words.say(by.word))
		}
		for _, row := range sumBy(a.Spending, by.key) {
			fmt.Fprintf(w, "  %-40s %10s %-3s  %s\n", row.name, row.Amount, row.Currency, words.say("cost_calls", row.Calls))
		}
	}
	for _, c := range a.Calls {
		amount, currency := c.Cost()
		fmt.Fprintf(w, "  %s  %-9s %8s %-3s  %s\n", c.ID, c.State, amount, currency, cmp.Or(c.Candidate, c.Engine+"/"+c.Model))
	}
	for _, f := range a.Budgets {
		fmt.Fprintln(w, words.say("cost_budget", strings.TrimSpace(words.say("cost_"+f.Level)+" "+f.Brand), words.say("cost_per_"+f.Per), f.Most, f.Currency, f.Spent, f.Left))
	}
	for _, c := range a.Open {
		fmt.Fprintln(w, words.say("cost_open", c.ID, c.Engine, c.State, c.At.Local().Format(time.DateTime), c.Quote))
	}
	for _, c := range a.Unknown {
		fmt.Fprintln(w, words.say("cost_unknown", c.ID, c.Engine, c.At.Local().Format(time.DateTime), c.Quote, c.Reason, c.ID))
	}
}

// sumRow is what was spent under one name in one currency.
type sumRow struct {
	name string
	art.Spending
}

func sumBy(all []art.Spending, key func(art.Spending) string) []sumRow {
	rows := map[[2]string]sumRow{}
	for _, s := range all {
		at := [2]string{key(s), s.Currency}
		row := rows[at]
		row.name, row.Currency = at[0], s.Currency
		row.Calls += s.Calls
		row.Amount += s.Amount
		rows[at] = row
	}
	return slices.SortedFunc(maps.Values(rows), func(a, b sumRow) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.Currency, b.Currency))
	})
}

// costCallCmd shows one call: what was sent, what came back, what was paid.
type costCallCmd struct {
	ID string `arg:"" name:"call" help:"${arg_call}"`
}

// callAnswer is a call with all that became of it.
type callAnswer struct {
	art.Call
	History []art.CallOutcome `json:"history"`
}

// Run prints a call's record.
func (c *costCallCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{Books: true})
	if err != nil {
		return err
	}
	defer l.close()
	call, err := l.db.Call(ctx, c.ID)
	if err != nil {
		return err
	}
	a := callAnswer{Call: call}
	if a.History, err = l.db.Outcomes(ctx, call.ID); err != nil {
		return err
	}
	return g.answer(a, func(w io.Writer) {
		amount, currency := call.Cost()
		fmt.Fprintln(w, g.words.say("cost_call_head", call.ID, call.Engine, call.Model, call.State, amount, currency, cmp.Or(call.Basis, art.BasisEstimate)))
		fmt.Fprintln(w, g.words.say("cost_call_quote", call.Quote, call.Quote.Dated, call.Quote.Source))
		fmt.Fprintln(w, g.words.say("cost_call_sent", call.Recipe.Prompt, call.Recipe.Width, call.Recipe.Height, call.Recipe.Seed))
		if call.Answer != "" {
			fmt.Fprintln(w, g.words.say("cost_call_answer", call.Answer))
		}
		if call.Picture != nil {
			fmt.Fprintln(w, g.words.say("cost_call_picture", call.Picture.Image, call.Picture.Width, call.Picture.Height, call.Picture.MIME))
		}
		for _, o := range a.History {
			fmt.Fprintf(w, "  %s  %-9s %s\n", o.Changed.Local().Format(time.DateTime), o.State, o.Reason)
		}
	})
}
