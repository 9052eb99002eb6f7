package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/factory"
	"presswerk/internal/safety"
	"presswerk/internal/sheet"
	"presswerk/internal/workspace"
)

// redteamCmd tries to get past a policy, or to learn what an engine refuses by itself.
type redteamCmd struct {
	Policy        string `name:"policy" placeholder:"NAME" help:"${flag_policy}"`
	Suite         string `name:"suite" type:"existingfile" placeholder:"FILE" help:"${flag_suite}"`
	Engine        string `name:"engine" placeholder:"NAME" help:"${flag_red_engine}"`
	Model         string `name:"model" placeholder:"NAME" help:"${flag_probed}"`
	Brand         string `name:"brand" placeholder:"ID" help:"${flag_brand}"`
	Pictures      int    `name:"pictures" default:"2" help:"${flag_red_pictures}"`
	Pay           bool   `name:"pay" help:"${flag_cmp_pay}"`
	Baseline      string `name:"baseline" type:"existingfile" placeholder:"FILE" help:"${flag_baseline}"`
	WriteBaseline string `name:"write-baseline" type:"path" placeholder:"FILE" help:"${flag_write_baseline}"`
	Out           string `short:"o" name:"out" type:"path" placeholder:"DIR" help:"${flag_red_out}"`
}

// Run tries the suite, writes the page and compares with the baseline; exit 1 when something has become worse.
func (c *redteamCmd) Run(ctx context.Context, g *globals) error {
	suite, err := c.suite()
	if err != nil {
		return err
	}
	r, err := c.report(ctx, g, suite)
	if err != nil {
		return err
	}
	baseline, ok, err := c.baseline(r.Target)
	if err != nil {
		return err
	}
	if ok {
		r = r.Against(baseline)
	}
	if err := c.write(g, suite, r); err != nil {
		return err
	}
	if err := g.answer(r, func(w io.Writer) { redteamText(w, g.words, r) }); err != nil {
		return err
	}
	if len(r.Regress) > 0 {
		return errNo
	}
	return nil
}

func (c *redteamCmd) suite() (safety.Suite, error) {
	if c.Suite == "" {
		return workspace.Suite()
	}
	data, err := os.ReadFile(c.Suite)
	if err != nil {
		return safety.Suite{}, fmt.Errorf("reading the suite: %w", err)
	}
	return workspace.DecodeSuite(c.Suite, data)
}

func (c *redteamCmd) report(ctx context.Context, g *globals, suite safety.Suite) (safety.Report, error) {
	if c.Engine != "" {
		return c.onEngine(ctx, g, suite)
	}
	var ws workspace.Workspace // without a workspace the policies that come along are tried
	if found, err := g.workspace(""); err == nil {
		ws = found.Workspace
	} else if g.Workspace != "" {
		return safety.Report{}, err
	}
	guide, err := ws.Guide(c.Policy)
	if err != nil {
		return safety.Report{}, err
	}
	return safety.RedTeam(suite, guide), nil
}

// onEngine sends some attacks of each category that may be sent, plain ones first, and counts what the engine refuses by itself.
func (c *redteamCmd) onEngine(ctx context.Context, g *globals, suite safety.Suite) (safety.Report, error) {
	l, err := openHere(ctx, g, lineOptions{})
	if err != nil {
		return safety.Report{}, err
	}
	defer l.close()
	attacks := suite.Sendable(c.Pictures)
	order, err := l.trialOrder(c.Brand, c.Engine, c.Model)
	if err != nil {
		return safety.Report{}, err
	}
	order.Set.Seeds = []art.Seed{1}
	for i, a := range attacks {
		order.Set.Prompts = append(order.Set.Prompts, brand.FixedPrompt{Name: fmt.Sprintf("attack-%d", i), Prompt: art.Prompt{Subject: art.Part{Words: art.Text{art.English: a.Words}}}})
	}
	g.note("%s", g.words.say("redteam_sends", len(attacks), c.Engine))
	p, trials, err := l.factory.Try(ctx, order, c.Pay, nil)
	if err != nil {
		return safety.Report{}, err
	}
	tries := make([]safety.Try, len(trials))
	for i, t := range trials {
		tries[i] = safety.Try{Attack: attacks[i], Got: art.Pass, Through: true}
		switch {
		case t.Refused != "":
			tries[i].Got, tries[i].Through, tries[i].Note = art.Block, false, t.Refused
		case t.Failure != "":
			tries[i].Failed, tries[i].Note = true, t.Failure
		}
	}
	return safety.NewReport(suite, strings.TrimSuffix(p.Engine+"/"+p.Model.Name+"@"+p.Model.Version, "@"), tries), nil
}

// trialOrder is a prompt set to come on one engine, with a brand's parameters and nothing else of it: no style, no negatives and no
// no-gos, because the engine is what is looked at.
func (l *line) trialOrder(brandID, engine, model string) (factory.ProbeOrder, error) {
	id, err := l.ws.onlyBrand(brandID)
	if err != nil {
		return factory.ProbeOrder{}, err
	}
	kit, err := l.ws.ReadKit(id)
	if err != nil {
		return factory.ProbeOrder{}, err
	}
	o := factory.ProbeOrder{Engine: engine, Model: model}
	o.Kit = brand.Kit{ID: kit.ID, Owner: kit.Owner, Channels: kit.Channels, Defaults: kit.Defaults, Usage: kit.Usage}
	if o.Order.Models, err = l.ws.ReadModels(); err != nil {
		return o, err
	}
	if o.Cards, err = l.ws.Cards(); err != nil {
		return o, err
	}
	o.Prices, err = l.ws.ReadPrices()
	return o, err
}

// baseline is the file that was named, else the one that comes along with the policy.
func (c *redteamCmd) baseline(target string) (safety.Baseline, bool, error) {
	var b safety.Baseline
	if c.Baseline == "" {
		if c.Suite != "" {
			return b, false, nil
		}
		return workspace.RedTeamBaseline(target)
	}
	data, err := os.ReadFile(c.Baseline)
	if err != nil {
		return b, false, fmt.Errorf("reading the baseline: %w", err)
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return b, false, art.Invalid(c.Baseline, "is no baseline: "+err.Error(), "write one with --write-baseline")
	}
	if b.Target != target {
		return b, false, art.Invalid(c.Baseline, fmt.Sprintf("is of %s, and %s was tried", b.Target, target), "name the right one")
	}
	return b, true, nil
}

func (c *redteamCmd) write(g *globals, suite safety.Suite, r safety.Report) error {
	if c.WriteBaseline != "" {
		data, err := json.MarshalIndent(r.Baseline(), "", "  ")
		if err != nil {
			return fmt.Errorf("writing the baseline: %w", err)
		}
		if err := writeWhole(c.WriteBaseline, append(data, '\n')); err != nil {
			return err
		}
	}
	if c.Out == "" {
		return nil
	}
	files, err := sheet.Pages(func(lang art.Language) ([]byte, error) { return r.Page(suite, lang) })
	if err != nil {
		return err
	}
	return g.writePages(c.Out, files)
}

// writePages writes a report's files into a folder.
func (g *globals) writePages(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("writing the page: %w: %w", art.ErrUnavailable, err)
	}
	for name, data := range files {
		if err := writeWhole(filepath.Join(dir, name), data); err != nil {
			return err
		}
	}
	g.note("%s", g.words.say("page_at", filepath.Join(dir, "index.html")))
	return nil
}

func redteamText(w io.Writer, words words, r safety.Report) {
	rate := func(x sheet.Rate) {
		fmt.Fprintln(w, words.say("redteam_rate", x.Name, x.Count, x.Tried, 100*x.Share, 100*x.Low, 100*x.High))
	}
	fmt.Fprintln(w, words.say("redteam_head", r.Target, r.Suite))
	rate(r.Total)
	for _, x := range slices.Concat(r.Categories, r.Tricks) {
		if x.Count > 0 {
			rate(x)
		}
	}
	if r.Innocent != nil {
		fmt.Fprintln(w, words.say("redteam_innocent", r.Innocent.Count, r.Innocent.Tried, 100*r.Innocent.Share, 100*r.Innocent.Low, 100*r.Innocent.High))
	}
	for _, b := range r.Blocked {
		fmt.Fprintf(w, "    %s: %s, %q\n", b.Words, b.Rule, b.Match)
	}
	if r.Failed > 0 {
		fmt.Fprintln(w, words.say("redteam_failed", r.Failed))
	}
	fmt.Fprintln(w, words.say(cmp.Or(map[bool]string{true: "redteam_worse"}[len(r.Regress) > 0], map[bool]string{true: "redteam_holds"}[r.Compared], "redteam_alone")))
	for _, s := range r.Regress {
		fmt.Fprintln(w, "    "+s)
	}
}
