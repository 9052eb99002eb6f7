package factory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
	"presswerk/internal/library"
	"presswerk/internal/prompt"
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
	k.Identity = cmp.Or(run.Brief.Identity, k.Identity)
	subject, err := f.subject(ctx, c.Candidate, kinOf(c.Candidate, all), k)
	if err != nil {
		return art.Change{}, fmt.Errorf("factory: judging %s: %w", c.ID, err)
	}
	panel := f.Panel
	if subject.Reel != nil {
		panel = slices.Concat(panel, judge.ClipPanel())
	}
	var vector []float32
	subject.Embedded = func(_ string, v []float32) { vector = v }
	v := judge.Decide(panel.ScoreAll(ctx, []judge.Subject{subject}, f.Scores)[0], k.RubricFor(run.Brief.Channels))
	v.Candidate, v.At = c.ID, f.Now()
	if v.Concerns, err = f.readWords(v, k); err != nil {
		return art.Change{}, fmt.Errorf("factory: judging %s: %w", c.ID, err)
	}
	return art.Change{
		Fingerprints: f.vectorOf(ctx, c, subject.Picture, vector),
		Verdicts:     []art.Verdict{v},
		Jobs:         []art.Job{{Kind: art.JobSelect, Run: c.Run, Subject: c.ID, Revision: job.Revision}},
		Events:       []art.Event{{Kind: "candidate", Run: c.Run, Candidate: c.ID, At: f.Now()}},
	}, nil
}

// asked is a picture as a brand looks at it that wanted one recipe's picture.
func (f *Factory) asked(ctx context.Context, k brand.Kit, p *imaging.RGB, r art.PlannedRecipe) (judge.Subject, error) {
	s, err := f.eyes.Look(ctx, k, f.Blobs.Get)
	s.Picture, s.Prompt, s.Texts = p, wordsOf(r.Recipe), letteringOf(r.Source)
	return s, err
}

// wordsOf is a recipe's prompt as people read it, without signs that weigh words.
func wordsOf(r art.Recipe) string {
	if r.Syntax != prompt.A1111 {
		return r.Prompt
	}
	var words []string
	for _, piece := range prompt.ParseAttention(r.Prompt) {
		if !piece.IsBreak() {
			words = append(words, strings.TrimSpace(piece.Text))
		}
	}
	return strings.Join(words, " ")
}

// vectorOf is a candidate's vector as its fingerprint, made anew where no scorer needed it. A picture without one is still found
// by its hash.
func (f *Factory) vectorOf(ctx context.Context, c art.CandidateView, p *imaging.RGB, v []float32) []art.Fingerprint {
	if f.Embedder == nil {
		return nil
	}
	if v == nil {
		var err error
		if v, err = judge.Vector(ctx, p, f.Embedder); err != nil {
			return nil
		}
	}
	return []art.Fingerprint{{Candidate: c.ID, Run: c.Run, Index: c.Index, Kind: art.EmbeddingKind(f.Embedder.Embedder().SHA256), Hash: library.WriteVector(v)}}
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
	s, err := f.asked(ctx, k, p, c.Planned)
	if err != nil {
		return judge.Subject{}, err
	}
	s.SHA256 = c.Image
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
