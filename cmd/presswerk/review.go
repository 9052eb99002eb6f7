package main

import (
	"context"
	"fmt"
	"io"

	"presswerk/internal/art"
)

// reviewCmd lists candidates and takes decisions.
type reviewCmd struct {
	List     reviewListCmd   `cmd:"" default:"withargs" help:"${review_list}"`
	Approve  approveCmd      `cmd:"" help:"${review_approve}"`
	Reject   decideCmd       `cmd:"" help:"${review_reject}"`
	SendBack decideCmd       `cmd:"" name:"send-back" help:"${review_back}"`
	Disclose discloseCmd     `cmd:"" help:"${review_disclose}"`
	Report   reviewReportCmd `cmd:"" help:"${review_report}"`
}

// BeforeApply tells the three deciding commands apart.
func (c *reviewCmd) BeforeApply() error {
	c.Approve.action, c.Reject.action, c.SendBack.action = art.Approve, art.Reject, art.Fix
	return nil
}

// reviewListCmd lists runs, or the candidates of one.
type reviewListCmd struct {
	RunID string `arg:"" optional:"" name:"run" help:"${arg_run}"`
}

// Run prints a line a run, or a line a candidate with the reason why it was selected or left out.
func (c *reviewListCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{})
	if err != nil {
		return err
	}
	defer l.close()
	if c.RunID == "" {
		runs, err := l.db.Runs(ctx)
		if err != nil {
			return err
		}
		return g.answer(struct {
			Runs []art.RunView `json:"runs"`
		}{append([]art.RunView{}, runs...)}, func(w io.Writer) {
			for _, r := range runs {
				fmt.Fprintf(w, "%-40s %-10s %d/%d\n", r.ID, r.State, r.Progress.Assets, r.Progress.Candidates)
			}
		})
	}
	run, err := l.db.Run(ctx, c.RunID)
	if err != nil {
		return err
	}
	candidates, err := l.db.Candidates(ctx, c.RunID)
	if err != nil {
		return err
	}
	return g.answer(struct {
		Candidates []art.CandidateView `json:"candidates"`
	}{candidates}, func(w io.Writer) {
		for _, v := range candidates {
			canary := ""
			if v.Planned.Canary {
				canary = " · " + g.words.say("plan_canary") + " " + v.Planned.Model.Name + "@" + v.Planned.Model.Version
			}
			fmt.Fprintf(w, "%s  %-9s %s%s\n", v.ID, standing(v), reason(v, g.words.lang), canary)
			for _, c := range v.NeedsPerson() {
				fmt.Fprintln(w, "    "+concernText(g.words, c))
			}
			if line := undisclosed(g, l, v, run.Run); line != "" {
				fmt.Fprintln(w, "    "+line)
			}
		}
	})
}

// standing is a candidate's state in one word.
func standing(v art.CandidateView) string {
	switch {
	case v.Decision != nil:
		return string(v.Decision.Action)
	case v.Failure != "":
		return "failed"
	case v.Selection != nil && v.Selection.Selected:
		return "selected"
	case v.Selection != nil:
		return "left out"
	case v.Verdict != nil:
		return "judged"
	case v.Image != "":
		return "rendered"
	default:
		return "planned"
	}
}

func reason(v art.CandidateView, lang string) string {
	switch {
	case v.Failure != "":
		return v.Failure
	case v.Selection != nil:
		return v.Selection.Reason.In(lang)
	default:
		return ""
	}
}

// decideCmd says one word about one candidate.
type decideCmd struct {
	Candidate string `arg:"" help:"${arg_candidate}"`
	By        string `name:"by" placeholder:"NAME" help:"${flag_by}"`
	Reason    string `name:"reason" help:"${flag_reason}"`

	action    art.Action
	disclosed *art.Stance // said before the decision, or nil
}

// Run writes the decision and, for an approval, finishes and publishes.
func (c *decideCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{Work: true})
	if err != nil {
		return err
	}
	defer l.close()
	d := art.Decision{Candidate: c.Candidate, Action: c.action, By: c.By, Reason: c.Reason}
	if d.By == "" {
		d.By = g.settings.User
	}
	if c.disclosed != nil {
		if err := l.disclose(ctx, c.Candidate, d.By, *c.disclosed); err != nil {
			return err
		}
	}
	if err := l.factory.Decide(ctx, d); err != nil {
		return err
	}
	v, err := l.db.Candidate(ctx, c.Candidate)
	if err != nil {
		return err
	}
	if err := l.work(ctx, v.Run); err != nil {
		return err
	}
	if v.Decision != nil { // as it was written down, with its identity and time
		d = *v.Decision
	}
	m := makeCmd{}
	run, err := l.db.Run(ctx, v.Run)
	if err != nil {
		return err
	}
	if _, err := m.follow(ctx, g, l, run); err != nil {
		return err
	}
	return g.answer(d, func(w io.Writer) {
		fmt.Fprintln(w, g.words.say("decided", d.Candidate, d.Action, d.By))
	})
}
