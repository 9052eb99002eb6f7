package factory

import (
	"context"
	"errors"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
	"presswerk/internal/plan"
)

// mend begins a round of the repair rule once every candidate of a run is judged: whatever failed only gates that the rule
// names, and shows where, has those places made anew. It writes the new candidates itself, under the lock of decisions, so that
// no two take the same place in the run; told twice, it does nothing the second time. The answer tells whether somebody has to
// be waited for.
func (f *Factory) mend(ctx context.Context, run art.Run) (waits bool, err error) {
	k, err := Kit(run)
	if err != nil {
		return false, err
	}
	rule := plan.RepairOf(run.Brief.Repair, k.Repair)
	if rule.Most() == 0 || run.Brief.Clip != nil {
		return false, nil
	}
	f.deciding.Lock()
	defer f.deciding.Unlock()
	all, err := f.Records.Candidates(ctx, run.ID)
	if err != nil {
		return false, fmt.Errorf("factory: mending: %w", err)
	}
	var change art.Change
	for _, c := range all {
		if c.Verdict == nil && c.Failure == "" {
			return true, nil // another one was quicker
		}
	}
	for _, c := range all {
		places, ok := mendable(c, all, k.RubricFor(run.Brief.Channels), rule)
		if !ok {
			continue
		}
		planned, err := f.mended(ctx, c, places, rule)
		if errors.Is(err, art.ErrUnsupported) || errors.Is(err, art.ErrInvalid) || errors.Is(err, art.ErrNotFound) {
			continue // its engine doesn't do that, which the plan has said
		}
		if err != nil {
			return false, fmt.Errorf("factory: mending %s: %w", c.ID, err)
		}
		f.added(&change, len(all)+len(change.NewCandidates), c.Candidate, planned)
	}
	if len(change.NewCandidates) == 0 {
		return false, nil
	}
	if err := f.Commit(ctx, change); err != nil {
		return false, fmt.Errorf("factory: writing what is mended: %w", err)
	}
	return true, nil
}

// mendable gives the places of a candidate that the rule has made anew: nobody has said a word about it, no part of it was made
// anew before, and it is no repair that made nothing better, or the last one that the rule allows.
func mendable(c art.CandidateView, all []art.CandidateView, rubric []art.Gate, rule *art.Repair) ([]art.Box, bool) {
	if c.Verdict == nil || c.Selection != nil || c.Decision != nil || c.License != nil || len(fixesOf(c.ID, all)) > 0 {
		return nil, false
	}
	if round := roundOf(c.Candidate); round > 0 {
		if round >= rule.Most() {
			return nil, false
		}
		for _, parent := range all {
			if parent.ID == c.Parent && (parent.Verdict == nil || judge.Miss(*c.Verdict, rubric) >= judge.Miss(*parent.Verdict, rubric)) {
				return nil, false
			}
		}
	}
	return judge.Mendable(*c.Verdict, rubric, rule.Scorers)
}

// roundOf counts the repairs by rule that led to a candidate.
func roundOf(c art.Candidate) int {
	if c.Planned.Retouch == nil {
		return 0
	}
	return c.Planned.Retouch.Round
}

// mended is the recipe that makes some places of a candidate anew.
func (f *Factory) mended(ctx context.Context, c art.CandidateView, places []art.Box, rule *art.Repair) (art.PlannedRecipe, error) {
	can, err := f.inpainter(FixOrder{}, c.Planned, art.Run{}, brand.Kit{})
	if err != nil {
		return art.PlannedRecipe{}, err
	}
	region, err := imaging.BoxMask(c.Width, c.Height, places)
	if err != nil {
		return art.PlannedRecipe{}, err
	}
	in := plan.Retouched{Candidate: c.Candidate, Engine: can, Record: art.Retouch{
		Region: art.RegionEvidence, Named: failuresOf(*c.Verdict), Boxes: places, Round: roundOf(c.Candidate) + 1, By: art.PolicyRepair,
	}}
	if rule.Strength > 0 && can.Walks() {
		in.Strength = &rule.Strength
	}
	grow, feather := edge(c.Width, c.Height)
	return f.retouch(ctx, in, region, grow, feather)
}

// failuresOf names the scorers whose gates said no.
func failuresOf(v art.Verdict) string {
	var all string
	for _, x := range v.Failures {
		if all != "" {
			all += ", "
		}
		all += x.Scorer
	}
	return all
}

// kinOf are the candidates that a candidate is a changed part of, and those that share its origin: a part made anew is no
// duplicate of the rest.
func kinOf(c art.Candidate, all []art.CandidateView) map[string]bool {
	if c.Planned.Retouch == nil {
		return nil
	}
	byID := map[string]art.Candidate{}
	for _, v := range all {
		byID[v.ID] = v.Candidate
	}
	origin := func(c art.Candidate) string {
		for c.Planned.Retouch != nil && byID[c.Parent].ID != "" {
			c = byID[c.Parent]
		}
		return c.ID
	}
	kin, own := map[string]bool{}, origin(c)
	for _, v := range all {
		kin[v.ID] = origin(v.Candidate) == own
	}
	return kin
}
