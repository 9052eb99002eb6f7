package factory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// Decide takes a person's word on a candidate. An approval sends it on to be finished and published; a rejection of
// something published takes it off the site again; what is sent back is made again from the next free seed, as a new
// candidate of the same run. The newest decision counts. ID and At are filled in.
//
// A candidate that is not judged yet, or an approval of one that is approved already, gives ErrConflict; approving what
// failed a gate, or anything of an exploration, gives ErrRefused.
func (f *Factory) Decide(ctx context.Context, d art.Decision) error {
	f.deciding.Lock()
	defer f.deciding.Unlock()
	c, err := f.Records.Candidate(ctx, d.Candidate)
	if err != nil {
		return fmt.Errorf("factory: decide: %w", err)
	}
	run, err := f.Records.Run(ctx, c.Run)
	if err != nil {
		return fmt.Errorf("factory: decide: %w", err)
	}
	if err := mayDecide(d, c, run.Run); err != nil {
		return err
	}
	var said []art.Disclosure
	if d.Action == art.Approve {
		if err := f.covered(ctx, c.Candidate, run.Run); err != nil {
			return err
		}
		if said, err = f.disclosed(c, run.Run); err != nil {
			return err
		}
	}
	change, err := f.decided(ctx, d, c, run.Run)
	if err != nil {
		return fmt.Errorf("factory: decide: %w", err)
	}
	change.Disclosures = said
	if d.Action == art.Fix {
		if err := f.remake(ctx, c.Candidate, &change); err != nil {
			return fmt.Errorf("factory: making %s again: %w", c.ID, err)
		}
	}
	if err := f.Commit(ctx, change); err != nil {
		return fmt.Errorf("factory: writing the decision on %s: %w", c.ID, err)
	}
	return nil
}

// decided is what a decision changes by itself.
func (f *Factory) decided(ctx context.Context, d art.Decision, c art.CandidateView, run art.Run) (art.Change, error) {
	earlier, err := f.Records.Decisions(ctx, c.ID)
	if err != nil {
		return art.Change{}, err
	}
	d.Run, d.At = c.Run, f.Now()
	d.Concerns = concernsOf(c)
	d.ID = art.Digest(fmt.Appendf(nil, "%s %d %s %s", c.ID, len(earlier), d.Action, d.By))[:16]
	change := art.Change{
		Decisions: []art.Decision{d},
		Events:    []art.Event{{Kind: "candidate", Run: c.Run, Candidate: c.ID, At: d.At}},
	}
	switch {
	case d.Action == art.Approve && c.AssetID == "":
		change.Jobs = []art.Job{{Kind: art.JobFinish, Run: c.Run, Subject: c.ID, Revision: len(earlier), Priority: 1}}
	case run.Kind == art.Production: // the site may change, and perhaps nobody is waited for any more
		change.Jobs = []art.Job{{Kind: art.JobPublish, Run: c.Run, Subject: d.ID}}
	}
	return change, nil
}

// added puts a new candidate that follows from another into a change, as the one at place in the run, and has it rendered.
func (f *Factory) added(change *art.Change, place int, parent art.Candidate, planned art.PlannedRecipe) art.Candidate {
	anew := art.Candidate{ID: fmt.Sprintf("%s-%03d", parent.Run, place+1), Run: parent.Run, Index: place, Parent: parent.ID, Planned: planned}
	change.NewCandidates = append(change.NewCandidates, anew)
	change.Jobs = append(change.Jobs, art.Job{Kind: art.JobRender, Run: parent.Run, Subject: anew.ID, Priority: 1})
	change.Events = append(change.Events, art.Event{Kind: "candidate", Run: parent.Run, Candidate: anew.ID, At: f.Now()})
	return anew
}

// remake adds a candidate like c with the next seed that the run has not tried.
func (f *Factory) remake(ctx context.Context, c art.Candidate, change *art.Change) error {
	all, err := f.Records.Candidates(ctx, c.Run)
	if err != nil {
		return err
	}
	planned := c.Planned
	for _, other := range all {
		planned.Seed = max(planned.Seed, other.Planned.Seed)
	}
	planned.Seed++
	if planned.ID, err = planned.Recipe.ID(); err != nil {
		return err
	}
	if planned.StandIns, err = reseeded(planned.StandIns, planned.Seed); err != nil {
		return err
	}
	f.added(change, len(all), c, planned)
	return nil
}

// reseeded gives stand-ins the seed of what is made again.
func reseeded(all []art.StandIn, seed art.Seed) ([]art.StandIn, error) {
	all = slices.Clone(all)
	for i := range all {
		r := &all[i].Recipe
		if r.Draw != 0 {
			r.Draw = seed
		} else {
			r.Seed = seed
		}
		var err error
		if all[i].ID, err = r.ID(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// mayDecide is the rule for who may say what about a candidate in its present state.
func mayDecide(d art.Decision, c art.CandidateView, run art.Run) error {
	if d.By == "" {
		return art.Invalid("by", "a decision needs the name of who decides", "say who you are")
	}
	switch d.Action {
	case art.Approve, art.Reject, art.Fix, art.Escalate:
	default:
		return art.Invalid("action", fmt.Sprintf("%q is no decision", d.Action), "use approve, reject, fix or escalate")
	}
	if c.Verdict == nil {
		return fmt.Errorf("%s has not been judged yet; wait for its verdict: %w", c.ID, art.ErrConflict)
	}
	if c.Decision != nil && c.Decision.Action == d.Action {
		return fmt.Errorf("%s: %s said %q already: %w", c.ID, c.Decision.By, d.Action, art.ErrConflict)
	}
	if (d.Action == art.Fix || d.Action == art.Reject && c.AssetID != "") && d.Reason == "" {
		return art.Invalid("reason", "sending back, or taking back what is published, needs a reason", "say what is wrong with it")
	}
	if d.Action == art.Fix && c.License != nil {
		return art.Unsupported("action", c.ID+" was not made here and can't be made again", "reject it and bring another one with presswerk stock import")
	}
	if d.Action != art.Approve {
		return nil
	}
	if run.Kind == art.Exploration {
		return fmt.Errorf("%s is an exploration, which can never be published; make it again with run: production: %w", run.ID, art.ErrRefused)
	}
	if strings.HasPrefix(d.By, "policy:") && (run.Plan.NeedsPerson || len(c.NeedsPerson()) > 0) {
		return fmt.Errorf("%s needs a person's word (policy %s): %w", c.ID, run.Plan.Policy, art.ErrRefused)
	}
	if !c.Verdict.Pass {
		return fmt.Errorf("%s failed %d of the brand's gates and cannot be approved; change the rubric or the brief: %w", c.ID, len(c.Verdict.Failures), art.ErrRefused)
	}
	return nil
}

// concernsOf names what the policy had found when somebody decided.
func concernsOf(v art.CandidateView) []string {
	var all []string
	for _, c := range v.NeedsPerson() {
		all = append(all, c.String())
	}
	return all
}

// ApproveSelected approves, in one person's name, every selected candidate that nobody has decided about. Those on which the
// policy wants a person's word are left: a word on all of them is none on each.
func (f *Factory) ApproveSelected(ctx context.Context, run, by string) (int, error) {
	candidates, err := f.Records.Candidates(ctx, run)
	if err != nil {
		return 0, fmt.Errorf("factory: approving: %w", err)
	}
	n := 0
	for _, c := range candidates {
		if c.Selection == nil || !c.Selection.Selected || c.Decision != nil || len(c.NeedsPerson()) > 0 {
			continue
		}
		d := art.Decision{Candidate: c.ID, Action: art.Approve, By: by, Reason: "approved with the whole selection"}
		if err := f.Decide(ctx, d); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
