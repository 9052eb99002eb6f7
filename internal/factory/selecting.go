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
	var fresh []art.CandidateView // judged and not part of a selection yet
	selected := false             // there was a selection before
	for _, c := range candidates {
		switch {
		case c.Verdict == nil && c.Failure == "":
			return art.Change{}, nil // not the last one
		case c.Selection == nil && c.Verdict != nil:
			fresh = append(fresh, c)
		}
		selected = selected || c.Selection != nil
	}
	if waits, err := f.mend(ctx, run.Run); waits || err != nil {
		return art.Change{}, err
	}
	if selected {
		return f.selectAgain(fresh, candidates, run.Run), nil
	}
	k, err := Kit(run.Run)
	if err != nil {
		return art.Change{}, err
	}
	change := art.Change{
		Selections: judge.Preselect(ballot(candidates, run.Brief, k.Select)),
		Events:     []art.Event{{Kind: "run", Run: run.ID, At: f.Now()}},
	}
	return f.afterSelection(change, run.Run, candidates), nil
}

// selectAgain puts pictures that came after the selection before a person: those made again because somebody sent their
// parents back, and those that could not be rendered at first.
func (f *Factory) selectAgain(fresh, candidates []art.CandidateView, run art.Run) art.Change {
	var change art.Change
	waits, approved := false, false
	for _, c := range candidates {
		waits = waits || c.Selection != nil && c.Selection.Selected && c.Decision == nil
		approved = approved || c.Decision != nil && c.Decision.Action == art.Approve
	}
	for _, c := range fresh {
		change.Selections = append(change.Selections, art.Selection{Candidate: c.ID, Selected: c.Verdict.Pass, Reason: late(c)})
		waits = waits || c.Verdict.Pass && c.Decision == nil
	}
	state := run.State
	switch {
	case run.Kind == art.Exploration:
		state = art.RunExplored
	case waits:
		state = art.RunReview
	case state == art.RunWorking && !approved:
		state = art.RunEmpty
	}
	if state != run.State {
		change.RunState = &art.RunStateChange{Run: run.ID, State: state}
	}
	if len(fresh) > 0 || state != run.State {
		change.Events = []art.Event{{Kind: "run", Run: run.ID, At: f.Now()}}
	}
	return change
}

// late says why a picture came after the selection.
func late(c art.CandidateView) art.Text {
	t := art.Text{art.English: "rendered after the others were selected", art.German: "gerendert, nachdem die anderen ausgewählt waren"}
	switch {
	case c.Planned.Retouch != nil:
		t = art.Text{art.English: "a part of " + c.Parent + " was made anew", art.German: "ein Teil von " + c.Parent + " wurde neu gemacht"}
	case c.Parent != "":
		t = art.Text{art.English: "made again, after " + c.Parent + " was sent back", art.German: "neu gemacht, nachdem " + c.Parent + " zurückgeschickt wurde"}
	}
	if !c.Verdict.Pass {
		t[art.English] += ", and failed a gate"
		t[art.German] += ", und an einer Prüfung gescheitert"
	}
	return t
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
// What a person has decided about while the run was still being made is left to that decision.
func (f *Factory) afterSelection(c art.Change, run art.Run, candidates []art.CandidateView) art.Change {
	decided, flagged, said := map[string]bool{}, map[string]bool{}, map[string][]art.Disclosure{}
	for _, v := range candidates {
		answers, err := f.disclosed(v, run)
		decided[v.ID], said[v.ID] = v.Decision != nil, answers
		flagged[v.ID] = run.Plan.NeedsPerson || len(v.NeedsPerson()) > 0 || err != nil
	}
	var winners []string
	for _, s := range c.Selections {
		if s.Selected && !decided[s.Candidate] {
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
		for _, w := range winners {
			if flagged[w] {
				continue // a person decides
			}
			state = art.RunWorking
			c.Disclosures = append(c.Disclosures, said[w]...)
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
