package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/factory"
)

// makeCmd takes a brief down the whole line.
type makeCmd struct {
	Brief     string `arg:"" type:"existingfile" help:"${arg_brief}"`
	ApproveAs string `name:"approve-as" placeholder:"NAME" help:"${flag_approve_as}"`
}

// made is the answer of make.
type made struct {
	Run        string       `json:"run"`
	State      art.RunState `json:"state"`
	Candidates int          `json:"candidates"`
	Rendered   int          `json:"rendered"` // by this call
	Reused     int          `json:"reused"`
	Passed     int          `json:"passed"`
	Selected   int          `json:"selected"`
	Assets     []string     `json:"assets"`
	Published  string       `json:"published,omitempty"`
	Seconds    float64      `json:"seconds"`
}

// Run makes, or goes on where an earlier call stopped.
func (c *makeCmd) Run(ctx context.Context, g *globals) error {
	ws, order, err := g.order(ctx, c.Brief)
	if err != nil {
		return err
	}
	l, err := openLine(ctx, g, ws, lineOptions{Work: true})
	if err != nil {
		return err
	}
	defer l.close()
	begun := time.Now()
	run, err := l.factory.Start(ctx, order)
	if err != nil {
		return err
	}
	already := run.Progress.Rendered
	c.greet(g, run, already)
	if err := l.work(ctx, run.ID); err != nil {
		return err
	}
	run, err = c.follow(ctx, g, l, run)
	if err != nil {
		return err
	}
	l.warnOfLoss()
	return c.report(ctx, g, l, run, begun)
}

// greet says what is about to happen.
func (c *makeCmd) greet(g *globals, run art.RunView, already int) {
	if already > 0 {
		g.note("%s", g.words.say("make_resumed", run.ID, already, run.Progress.Candidates))
		return
	}
	g.note("%s", g.words.say("make_begin", run.ID, run.Plan.Cost.Pictures, g.words.timeOf(run.Plan.Cost)))
}

// follow shows progress until the run rests, and approves for who was named with --approve-as.
func (c *makeCmd) follow(ctx context.Context, g *globals, l *line, run art.RunView) (art.RunView, error) {
	bars := newBars(g, run)
	defer bars.close()
	tick := time.NewTicker(150 * time.Millisecond)
	defer tick.Stop()
	for {
		run, err := l.factory.Run(ctx, run.ID)
		if err != nil {
			return run, err
		}
		bars.show(run.Progress)
		if run.State == art.RunReview && c.ApproveAs != "" {
			if _, err := l.factory.ApproveSelected(ctx, run.ID, c.ApproveAs); err != nil {
				return run, err
			}
			c.ApproveAs = ""
			continue
		}
		if c.rests(run) {
			return run, nil
		}
		select {
		case err := <-l.broken:
			return run, fmt.Errorf("%w; is the disk full? Nothing is lost: call make again when it is mended: %w", err, art.ErrUnavailable)
		case <-ctx.Done():
			return run, ctx.Err()
		case <-tick.C:
		}
	}
}

// rests tells whether nothing more happens by itself.
func (c *makeCmd) rests(run art.RunView) bool {
	switch run.State {
	case art.RunWorking:
		return false
	case art.RunReview, art.RunPublished: // what was approved, taken back or sent back may still be on its way
		p := run.Progress
		return p.Approved == p.Published && p.Judged+p.Failed == p.Candidates
	default:
		return true
	}
}

func (c *makeCmd) report(ctx context.Context, g *globals, l *line, run art.RunView, begun time.Time) error {
	answer := made{
		Run: run.ID, State: run.State, Candidates: run.Progress.Candidates, Selected: run.Progress.Selected,
		Assets: []string{}, Seconds: time.Since(begun).Seconds(),
	}
	candidates, err := l.factory.Candidates(ctx, run.ID)
	if err != nil {
		return err
	}
	told := map[string]bool{}
	for _, v := range candidates {
		if o := v.Planned.FailedOver; o != nil && v.Image != "" && !told[o.From+" "+o.To] {
			told[o.From+" "+o.To] = true
			g.note("%s: %s", g.words.say("stands_in", o.To, o.From, o.By, o.Date), o.Reason)
		}
		if v.Verdict != nil && v.Verdict.Pass {
			answer.Passed++
		}
		if v.AssetID != "" {
			answer.Assets = append(answer.Assets, v.AssetID)
		}
		if v.Image == "" || v.RenderedAt.Before(begun) {
			continue
		}
		if v.Reused {
			answer.Reused++
		} else {
			answer.Rendered++
		}
	}
	if run.Publication != nil {
		answer.Published = run.Publication.Path
	}
	if run.Failure == "" && run.Progress.Rendered == 0 { // no gate was asked: say what kept the renderer from working
		run.State, run.Failure = art.RunFailed, firstFailure(candidates)
	}
	if err := g.answer(answer, func(w io.Writer) { c.text(w, g.words, run, answer) }); err != nil {
		return err
	}
	return outcome(run)
}

// firstFailure is why the first of the candidates that could not be rendered was given up.
func firstFailure(candidates []art.CandidateView) string {
	for _, v := range candidates {
		if v.Failure != "" {
			return v.Failure
		}
	}
	return ""
}

func (c *makeCmd) text(w io.Writer, words words, run art.RunView, m made) {
	fmt.Fprintln(w, words.say("make_done", m.Rendered, m.Passed, m.Selected, run.Progress.Published))
	switch run.State {
	case art.RunReview:
		fmt.Fprintln(w, words.say("make_review", run.Progress.Selected-run.Progress.Approved, run.ID))
	case art.RunExplored:
		fmt.Fprintln(w, words.say("make_explored"))
	case art.RunEmpty:
		fmt.Fprintln(w, words.say("make_empty", run.ID))
	case art.RunFailed:
		fmt.Fprintln(w, words.say("make_failed", run.Failure))
	}
	if m.Published != "" {
		fmt.Fprintln(w, words.say("make_look", m.Published+"/index.html"))
	}
}

// outcome turns the state in which a run rests into the command's end.
func outcome(run art.RunView) error {
	switch run.State {
	case art.RunEmpty:
		return errNo
	case art.RunFailed:
		return fmt.Errorf("run %s: %s; mend it and call make again: %w", run.ID, run.Failure, art.ErrUnavailable)
	default:
		return nil
	}
}

// duration writes seconds as a person says them.
func duration(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Truncate(time.Second).String()
}

// order reads a brief with all that it names, from the workspace around it or the one that --workspace names.
func (g *globals) order(ctx context.Context, brief string) (workspaceDir, factory.Order, error) {
	ws, err := g.workspace(brief)
	if err != nil {
		return ws, factory.Order{}, err
	}
	o, err := readOrder(ctx, ws, brief)
	return ws, o, err
}
