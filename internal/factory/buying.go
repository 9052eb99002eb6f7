package factory

import (
	"context"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/ledger"
)

// Resolve takes a person's word on a call of which nobody knew what had become of it, and lets its candidate, when it was
// given up, be rendered once more: from the picture that the person brought, from the job that they found, or anew where
// nothing was charged. A call that was charged and has no picture is bought once more only where the word says so.
func (f *Factory) Resolve(ctx context.Context, c art.Call, word ledger.Word) (art.Call, error) {
	if f.Ledger == nil {
		return c, art.Unsupported("call", "nothing is bought here", "open the workspace's line")
	}
	c, err := f.Ledger.Resolve(ctx, c, word)
	if err != nil {
		return c, fmt.Errorf("factory: resolving: %w", err)
	}
	if c.State == art.CallLost && !word.Anew {
		return c, nil
	}
	return c, f.GoOn(ctx, c)
}

// GoOn has the candidate of a call that somebody has resolved rendered again, where it was given up. Doing so twice does no
// harm: a process that was killed after the word was written down, and before this, leaves it to the next one.
func (f *Factory) GoOn(ctx context.Context, c art.Call) error {
	if c.Candidate == "" {
		return nil
	}
	v, err := f.Records.Candidate(ctx, c.Candidate)
	if err != nil || v.Failure == "" {
		return err
	}
	run, err := f.Records.Run(ctx, v.Run)
	if err != nil {
		return err
	}
	now := f.Now()
	change := art.Change{
		Failures: []art.RenderFailure{{Candidate: v.ID}}, // without a reason: it is not given up any more
		Jobs:     []art.Job{{Kind: art.JobRender, Run: v.Run, Subject: v.ID, Revision: int(now.UnixMilli())}},
		Events:   []art.Event{{Kind: "candidate", Run: v.Run, Candidate: v.ID, At: now}},
	}
	if run.State == art.RunFailed || run.State == art.RunEmpty || run.State == art.RunExplored {
		change.RunState = &art.RunStateChange{Run: v.Run, State: art.RunWorking}
	}
	if err := f.Commit(ctx, change); err != nil {
		return fmt.Errorf("factory: going on with %s: %w", v.ID, err)
	}
	return nil
}
