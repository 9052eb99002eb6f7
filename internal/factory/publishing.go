package factory

import (
	"context"
	"fmt"

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
	approved := map[string]bool{}
	for _, c := range candidates {
		if c.Decision == nil || c.Decision.Action != art.Approve {
			continue
		}
		if c.AssetID == "" {
			return art.Change{}, nil // its finish will ask again
		}
		approved[c.AssetID] = true
	}
	all, err := f.Records.RunAssets(ctx, run.ID)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: publish: %w", err)
	}
	var assets []art.Asset
	for _, a := range all {
		if approved[a.ID] {
			assets = append(assets, a)
		}
	}
	path, err := f.writeSite(ctx, run, candidates, assets)
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
		RunState:     &art.RunStateChange{Run: run.ID, State: publishedState(run.Run, candidates)},
		Events:       []art.Event{{Kind: "publication", Run: run.ID, At: f.Now()}},
	}, nil
}

// publishedState: a run whose selection still waits for a person stays in review while its first assets are public.
func publishedState(run art.Run, candidates []art.CandidateView) art.RunState {
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
