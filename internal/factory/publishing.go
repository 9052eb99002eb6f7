package factory

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"presswerk/internal/art"
)

// publish writes the run's site with every asset that is approved now. It waits until all approved candidates are
// finished, so that a site is written once for a whole selection and again for each later decision.
func (f *Factory) publish(ctx context.Context, job art.Job) (art.Change, error) {
	run, err := f.Records.Run(ctx, job.Run)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: publish: %w", err)
	}
	candidates, err := f.Records.Candidates(ctx, run.ID)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: publish: %w", err)
	}
	assets, complete, err := f.approved(ctx, candidates, run.ID)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: publish: %w", err)
	}
	if !complete {
		return art.Change{}, nil // a finish is on its way and will ask again
	}
	if err := f.publishable(ctx, candidates, run.Run); err != nil {
		return art.Change{}, fmt.Errorf("factory: publish: %w", err)
	}
	if assets, err = f.marked(assets, candidates, run.Run); err != nil {
		return art.Change{}, fmt.Errorf("factory: publish: %w", err)
	}
	if len(assets) == 0 && run.Publication == nil {
		return f.nothingToPublish(run.Run, candidates), nil
	}
	path, err := f.Site.Write(ctx, run, candidates, assets)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: publishing run %s: %w", run.ID, err)
	}
	p := art.Publication{
		ID: art.Digest([]byte(run.ID + job.Subject))[:16], Run: run.ID, Target: "files", Path: path, At: f.Now(),
	}
	for _, a := range assets {
		p.Assets = append(p.Assets, a.ID)
	}
	return art.Change{
		Publications: []art.Publication{p},
		RunState:     &art.RunStateChange{Run: run.ID, State: publishedState(candidates)},
		Events:       []art.Event{{Kind: "publication", Run: run.ID, At: f.Now()}},
	}, nil
}

// nothingToPublish ends a run whose whole selection was turned down before anything of it was public.
func (f *Factory) nothingToPublish(run art.Run, candidates []art.CandidateView) art.Change {
	for _, c := range candidates {
		if c.Selection == nil && c.Failure == "" {
			return art.Change{} // the selection is still to come
		}
	}
	if run.State == art.RunFailed || publishedState(candidates) != art.RunPublished {
		return art.Change{}
	}
	return art.Change{
		RunState: &art.RunStateChange{Run: run.ID, State: art.RunEmpty},
		Events:   []art.Event{{Kind: "run", Run: run.ID, At: f.Now()}},
	}
}

// approved lists the assets whose newest decision is an approval, the best ranked first, and tells whether all of them
// are finished.
func (f *Factory) approved(ctx context.Context, candidates []art.CandidateView, run string) ([]art.Asset, bool, error) {
	approved, complete := map[string]bool{}, true
	rank := map[string]int{}
	for _, c := range candidates {
		if c.Decision == nil || c.Decision.Action != art.Approve {
			continue
		}
		complete = complete && c.AssetID != ""
		approved[c.AssetID] = true
		rank[c.AssetID] = len(candidates) + 1 // not ranked: approved beside the selection
		if c.Selection != nil && c.Selection.Rank > 0 {
			rank[c.AssetID] = c.Selection.Rank
		}
	}
	all, err := f.Records.RunAssets(ctx, run)
	if err != nil {
		return nil, false, err
	}
	all = slices.DeleteFunc(all, func(a art.Asset) bool { return !approved[a.ID] })
	slices.SortStableFunc(all, func(a, b art.Asset) int { return cmp.Compare(rank[a.ID], rank[b.ID]) })
	return all, complete, nil
}

// publishable refuses a site with a picture whose licence does not allow it today.
func (f *Factory) publishable(ctx context.Context, candidates []art.CandidateView, run art.Run) error {
	for _, c := range candidates {
		if c.Decision == nil || c.Decision.Action != art.Approve {
			continue
		}
		if err := f.covered(ctx, c.Candidate, run); err != nil {
			return err
		}
	}
	return nil
}

// PublishAgain writes a run's site as it stands in the records.
func (f *Factory) PublishAgain(ctx context.Context, id string) (string, error) {
	run, err := f.Records.Run(ctx, id)
	if err != nil {
		return "", fmt.Errorf("factory: publish again: %w", err)
	}
	if run.Publication == nil {
		return "", fmt.Errorf("factory: run %s has never been published; approve something first: %w", id, art.ErrConflict)
	}
	candidates, err := f.Records.Candidates(ctx, id)
	if err != nil {
		return "", fmt.Errorf("factory: publish again: %w", err)
	}
	assets, _, err := f.approved(ctx, candidates, id)
	if err == nil {
		err = f.publishable(ctx, candidates, run.Run)
	}
	if err == nil {
		assets, err = f.marked(assets, candidates, run.Run)
	}
	if err != nil {
		return "", fmt.Errorf("factory: publish again: %w", err)
	}
	return f.Site.Write(ctx, run, candidates, assets)
}

// publishedState: a run whose selection still waits for a person stays in review while its first assets are public.
func publishedState(candidates []art.CandidateView) art.RunState {
	for _, c := range candidates {
		if c.Verdict == nil && c.Failure == "" {
			return art.RunWorking
		}
		if c.Selection != nil && c.Selection.Selected && c.Decision == nil {
			return art.RunReview
		}
	}
	return art.RunPublished
}
