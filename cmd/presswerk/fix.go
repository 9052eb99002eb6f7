package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/factory"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
)

// fixCmd makes a part of a candidate anew.
type fixCmd struct {
	Candidate string   `arg:"" help:"${arg_candidate}"`
	Mask      string   `name:"mask" type:"existingfile" placeholder:"FILE.png" help:"${flag_fix_mask}"`
	Box       []string `name:"box" sep:"none" placeholder:"X,Y,W,H" help:"${flag_fix_box}"`
	Evidence  string   `name:"evidence" placeholder:"SCORER" help:"${flag_fix_evidence}"`
	Words     string   `name:"words" placeholder:"WORDS" help:"${flag_fix_words}"`
	Prompt    string   `name:"prompt" placeholder:"TEXT" help:"${flag_fix_prompt}"`
	Engine    string   `name:"engine" placeholder:"NAME[/MODEL]" help:"${flag_fix_engine}"`
	Strength  *float64 `name:"strength" help:"${flag_fix_strength}"`
	Seed      *int64   `name:"seed" help:"${flag_fix_seed}"`
	Grow      *int     `name:"grow" placeholder:"PIXELS" help:"${flag_fix_grow}"`
	Feather   *float64 `name:"feather" placeholder:"PIXELS" help:"${flag_fix_feather}"`
	By        string   `name:"by" placeholder:"NAME" help:"${flag_by}"`
	Reason    string   `name:"reason" help:"${flag_reason}"`
}

// Run waits until the new candidate is judged; exit 1 when it couldn't be made or failed a gate.
func (c *fixCmd) Run(ctx context.Context, g *globals) error {
	o, err := c.order(g)
	if err != nil {
		return err
	}
	l, err := openHere(ctx, g, lineOptions{Work: true})
	if err != nil {
		return err
	}
	defer l.close()
	if o.Engine != "" {
		if o.Models, err = l.ws.ReadModels(); err != nil {
			return err
		}
		if o.Models.Pauses, err = l.ws.pauses(ctx); err != nil {
			return err
		}
		if o.Cards, err = l.ws.Cards(); err != nil {
			return err
		}
	}
	anew, err := l.factory.Fix(ctx, o)
	if err != nil {
		return err
	}
	if err := l.work(ctx, anew.Run); err != nil {
		return err
	}
	v, err := l.settled(ctx, anew.ID)
	if err != nil {
		return err
	}
	if err := g.answer(v, func(w io.Writer) { fixText(w, g.words, v) }); err != nil {
		return err
	}
	if v.Failure != "" || v.Verdict == nil || !v.Verdict.Pass {
		return errNo
	}
	return nil
}

// order reads the flags.
func (c *fixCmd) order(g *globals) (factory.FixOrder, error) {
	o := factory.FixOrder{
		Candidate: c.Candidate, Evidence: c.Evidence, Words: c.Words, Prompt: c.Prompt, Engine: c.Engine, Strength: c.Strength,
		Grow: c.Grow, Feather: c.Feather, By: c.By, Reason: c.Reason,
	}
	if o.By == "" {
		o.By = g.settings.User
	}
	if c.Seed != nil {
		if *c.Seed < 0 {
			return o, art.Invalid("seed", "is negative", "write a whole number from 0 up")
		}
		seed := art.Seed(*c.Seed)
		o.Seed = &seed
	}
	for _, text := range c.Box {
		b, err := readBox(text)
		if err != nil {
			return o, err
		}
		o.Boxes = append(o.Boxes, b)
	}
	if c.Mask != "" {
		data, err := os.ReadFile(c.Mask)
		if err != nil {
			return o, fmt.Errorf("reading the mask: %w", err)
		}
		o.Mask = data
	}
	return o, nil
}

// readBox reads X,Y,WIDTH,HEIGHT.
func readBox(text string) (art.Box, error) {
	var n [4]int
	parts := strings.Split(text, ",")
	for i := range n {
		v, err := strconv.Atoi(strings.TrimSpace(parts[min(i, len(parts)-1)]))
		if err != nil || len(parts) != len(n) {
			return art.Box{}, art.Invalid("box", fmt.Sprintf("%q is no rectangle", text), "write X,Y,WIDTH,HEIGHT in pixels of the picture, such as 40,60,120,90")
		}
		n[i] = v
	}
	return art.Box{X: n[0], Y: n[1], Width: n[2], Height: n[3]}, nil
}

// settled waits until a candidate has its place in the selection, or has failed.
func (l *line) settled(ctx context.Context, candidate string) (art.CandidateView, error) {
	tick := time.NewTicker(150 * time.Millisecond)
	defer tick.Stop()
	for {
		v, err := l.factory.Candidate(ctx, candidate)
		if err != nil || v.Failure != "" || v.Selection != nil {
			return v, err
		}
		run, err := l.factory.Run(ctx, v.Run)
		if err != nil {
			return v, err
		}
		if run.State == art.RunFailed {
			return v, fmt.Errorf("%s: %w", l.g.words.say("make_failed", run.Failure), art.ErrUnavailable)
		}
		select {
		case err := <-l.broken:
			return v, fmt.Errorf("%w: %w", err, art.ErrUnavailable)
		case <-ctx.Done():
			return v, ctx.Err()
		case <-tick.C:
		}
	}
}

func fixText(w io.Writer, words words, v art.CandidateView) {
	r := v.Planned.Retouch
	named := r.Named
	if named == "" {
		named = words.say("fix_" + r.Region)
	}
	fmt.Fprintln(w, words.say("fix_made", v.ID, r.From, named, 100*r.Share, v.Planned.Engine, max(v.Planned.Seed, v.Planned.Draw)))
	for _, a := range r.Adapted {
		fmt.Fprintln(w, words.say("cmp_row_without", a.Field, a.Said, a.Taken))
	}
	switch {
	case v.Failure != "":
		fmt.Fprintln(w, words.say("fix_failed", v.Failure))
	case v.Verdict != nil && v.Verdict.Pass:
		fmt.Fprintln(w, words.say("fix_passed"))
	case v.Verdict != nil:
		for _, f := range v.Verdict.Failures {
			fmt.Fprintln(w, words.say("fix_gate", f.Reason.In(words.lang)))
		}
	}
}

// locate finds what words name in a picture, with the scorers' networks.
func (t *tools) locate(ctx context.Context, p *imaging.RGB, words string) (judge.Located, error) {
	return judge.Locate(ctx, p, words, t.judgeNetworks())
}
