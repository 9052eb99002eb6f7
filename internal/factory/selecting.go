package factory

import (
	"context"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/judge"
)

// selectBest picks the top share once every candidate of the run has its verdict. Each judged candidate asks for it,
// and the last one is answered; so no worker has to know that it was the last.
func (f *Factory) selectBest(ctx context.Context, job art.Job) (art.Change, error) {
	run, err := f.Records.Run(ctx, job.Run)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: select: %w", err)
	}
	candidates, err := f.Records.Candidates(ctx, job.Run)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: select: %w", err)
	}
	for _, c := range candidates {
		if c.Verdict == nil && c.Failure == "" || c.Selection != nil {
			return art.Change{}, nil // not the last one, or done already
		}
	}
	k, err := Kit(run.Run)
	if err != nil {
		return art.Change{}, err
	}
	change := art.Change{
		Selections: judge.Preselect(ballot(candidates, run.Brief, k.Select)),
		Events:     []art.Event{{Kind: "run", Run: run.ID, At: f.Now()}},
	}
	return f.afterSelection(change, run.Run), nil
}

// ballot is what the pre-selection needs to know: the brief's wishes over the kit's, and what must be distinct.
func ballot(candidates []art.CandidateView, b art.Brief, house art.Select) ([]art.Verdict, judge.PreselectOptions) {
	o := judge.PreselectOptions{Share: b.Select.Share, Count: b.Select.Count, Distinct: map[string]string{}}
	if o.Share == 0 {
		o.Share = house.Share
	}
	var verdicts []art.Verdict
	for _, c := range candidates {
		if c.Verdict == nil {
			continue // could not be rendered: its failure is the reason that it was left out
		}
		verdicts = append(verdicts, *c.Verdict)
		if b.Select.DistinctBy != "" {
			o.Distinct[c.ID] = c.Planned.Cell[b.Select.DistinctBy]
		}
	}
	return verdicts, o
}

// afterSelection says what happens next: the policy decides, a person is waited for, or nothing is left to do.
func (f *Factory) afterSelection(c art.Change, run art.Run) art.Change {
	var winners []string
	for _, s := range c.Selections {
		if s.Selected {
			winners = append(winners, s.Candidate)
		}
	}
	state := art.RunReview
	switch {
	case run.Kind == art.Exploration:
		state = art.RunExplored
	case len(winners) == 0:
		state = art.RunEmpty
	case run.Brief.Approval == art.ApprovalAuto:
		state = art.RunWorking
		for _, w := range winners {
			c.Decisions = append(c.Decisions, art.Decision{
				ID: art.Digest([]byte(art.PolicyAuto + w))[:16], Run: run.ID, Candidate: w, Action: art.Approve,
				By: art.PolicyAuto, Reason: "passed every gate and was selected; the brief says approval: auto", At: f.Now(),
			})
			c.Jobs = append(c.Jobs, art.Job{Kind: art.JobFinish, Run: run.ID, Subject: w})
		}
	}
	if state != run.State {
		c.RunState = &art.RunStateChange{Run: run.ID, State: state}
	}
	return c
}
