package factory

import (
	"context"
	"fmt"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/judge"
)

// judge scores one candidate against the brand's rubric. It waits until all earlier candidates of the run are
// rendered, so that the word on near-duplicates does not depend on which worker was faster.
func (f *Factory) judge(ctx context.Context, job art.Job) (art.Change, error) {
	c, err := f.Records.Candidate(ctx, job.Subject)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: judge: %w", err)
	}
	all, err := f.Records.Candidates(ctx, c.Run)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: judge: %w", err)
	}
	for _, earlier := range all[:c.Index] {
		if earlier.Image == "" && earlier.Failure == "" {
			return art.Change{}, fmt.Errorf("factory: judge: %s waits for %s: %w", c.ID, earlier.ID, art.ErrNotYet)
		}
	}
	run, err := f.Records.Run(ctx, c.Run)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: judge: %w", err)
	}
	k, err := Kit(run.Run)
	if err != nil {
		return art.Change{}, err
	}
	subject, err := f.subject(ctx, c.Candidate, k.Colours)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: judging %s: %w", c.ID, err)
	}
	panel := f.Panel
	if subject.Reel != nil {
		panel = slices.Concat(panel, judge.ClipPanel())
	}
	v := judge.Decide(panel.ScoreAll(ctx, []judge.Subject{subject}, f.Scores)[0], k.Rubric)
	v.Candidate, v.At = c.ID, f.Now()
	return art.Change{
		Verdicts: []art.Verdict{v},
		Jobs:     []art.Job{{Kind: art.JobSelect, Run: c.Run, Subject: c.ID, Revision: job.Revision}},
		Events:   []art.Event{{Kind: "candidate", Run: c.Run, Candidate: c.ID, At: f.Now()}},
	}, nil
}

// subject is what the panel looks at: the picture, the brand's colours and everything made earlier.
func (f *Factory) subject(ctx context.Context, c art.Candidate, palette []art.Colour) (judge.Subject, error) {
	p, err := f.decode(ctx, c.Image)
	if err != nil {
		return judge.Subject{}, err
	}
	if err := f.pictures.read(ctx, f.Records); err != nil {
		return judge.Subject{}, err
	}
	s := judge.Subject{Picture: p, SHA256: c.Image, Prompt: c.Planned.Recipe.Prompt, Palette: palette}
	if c.Clip != nil {
		s.SHA256 = c.Clip.Blob
		if s.Reel, err = f.reel(ctx, *c.Clip); err != nil {
			return judge.Subject{}, err
		}
	}
	f.pictures.compare(&s, c)
	return s, nil
}
