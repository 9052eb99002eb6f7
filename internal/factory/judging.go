package factory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
	"presswerk/internal/safety"
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
	subject, err := f.subject(ctx, c.Candidate, kinOf(c.Candidate, all), k)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: judging %s: %w", c.ID, err)
	}
	panel := f.Panel
	if subject.Reel != nil {
		panel = slices.Concat(panel, judge.ClipPanel())
	}
	v := judge.Decide(panel.ScoreAll(ctx, []judge.Subject{subject}, f.Scores)[0], k.RubricFor(run.Brief.Channels))
	v.Candidate, v.At = c.ID, f.Now()
	if v.Concerns, err = f.readWords(v, k); err != nil {
		return art.Change{}, fmt.Errorf("factory: judging %s: %w", c.ID, err)
	}
	return art.Change{
		Verdicts: []art.Verdict{v},
		Jobs:     []art.Job{{Kind: art.JobSelect, Run: c.Run, Subject: c.ID, Revision: job.Revision}},
		Events:   []art.Event{{Kind: "candidate", Run: c.Run, Candidate: c.ID, At: f.Now()}},
	}, nil
}

// look is a picture as a brand looks at it.
func look(k brand.Kit, p *imaging.RGB) judge.Subject {
	return judge.Subject{Picture: p, Palette: k.Colours, Forbidden: k.Forbidden, Layout: k.Layout}
}

// textScorer is the scorer whose evidence is the text that stands in a picture.
const textScorer = "ocr"

// readWords looks at the text that stands in a picture: marks of others, and what must not be said.
func (f *Factory) readWords(v art.Verdict, k brand.Kit) ([]art.Concern, error) {
	if f.Guide == nil {
		return nil, nil
	}
	for _, s := range v.Scores {
		if s.Scorer == textScorer && s.Available && s.Evidence != nil && s.Evidence.Text != "" {
			g, err := f.Guide(k.Sector)
			if err != nil {
				return nil, err
			}
			return g.Look([]safety.Field{{Name: "picture.text", Words: s.Evidence.Text}}, safety.For{Brand: k.ID, On: f.Now()}), nil
		}
	}
	return nil, nil
}

// subject is what the panel looks at: the picture, the brand's colours and everything made earlier, but for its kin.
func (f *Factory) subject(ctx context.Context, c art.Candidate, kin map[string]bool, k brand.Kit) (judge.Subject, error) {
	p, err := f.decode(ctx, c.Image)
	if err != nil {
		return judge.Subject{}, err
	}
	if err := f.pictures.read(ctx, f.Records); err != nil {
		return judge.Subject{}, err
	}
	s := look(k, p)
	s.SHA256, s.Prompt, s.Texts = c.Image, c.Planned.Recipe.Prompt, letteringOf(c.Planned.Source)
	if c.License != nil {
		s.Prompt = c.License.Title.In(art.English)
	}
	if c.Clip != nil {
		s.SHA256 = c.Clip.Blob
		if s.Reel, err = f.reel(ctx, *c.Clip); err != nil {
			return judge.Subject{}, err
		}
	}
	f.pictures.compare(&s, c, kin)
	return s, nil
}

// letteringOf are the words that shall stand in a picture, line by line: none where the structured prompt asks for none, and nil,
// which says nothing of words, where there is no such prompt.
func letteringOf(p art.Prompt) []string {
	if p.Subject.Empty() && p.Lettering == "" {
		return nil
	}
	texts := []string{}
	for line := range strings.Lines(p.Lettering) {
		if line = strings.TrimSpace(line); line != "" {
			texts = append(texts, line)
		}
	}
	return texts
}
