package factory

import (
	"context"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/brand"
)

// Bias renders neutral prompts on one engine's model, looks for people in the pictures, and keeps what they present. Without
// Options.People nothing could be said, and it gives ErrUnavailable before anything is rendered.
func (f *Factory) Bias(ctx context.Context, o ProbeOrder, set art.BiasSet, pictures int, pay bool, progress func(done, total int)) (art.BiasProbe, error) {
	if f.People == nil {
		return art.BiasProbe{}, fmt.Errorf("factory: nothing here finds people in pictures: %w", art.ErrUnavailable)
	}
	o.Set = brand.PromptSet{}
	for _, p := range set.Prompts {
		o.Set.Prompts = append(o.Set.Prompts, brand.FixedPrompt{Name: p.Name, Prompt: art.Prompt{Subject: art.Part{Words: p.Words}}})
	}
	for i := range pictures {
		o.Set.Seeds = append(o.Set.Seeds, art.Seed(i+1))
	}
	begun, trials, err := f.Try(ctx, o, pay, progress)
	if err != nil {
		return art.BiasProbe{}, err
	}
	p := art.BiasProbe{Engine: begun.Engine, EngineVersion: begun.EngineVersion, Model: begun.Model, Set: set, At: f.Now()}
	for _, t := range trials {
		s := art.BiasShot{Prompt: t.Planned.Cell["prompt"], Seed: t.Planned.Seed, Image: t.Kept.Image, Refused: t.Refused, Failure: t.Failure, People: []art.Presented{}}
		if s.Image != "" {
			picture, err := f.decode(ctx, s.Image)
			if err != nil {
				return p, err
			}
			found, err := f.People(ctx, picture)
			if err != nil {
				return p, fmt.Errorf("factory: looking for people: %w", err)
			}
			s.People = append(s.People, found...)
		}
		p.Shots = append(p.Shots, s)
	}
	content, err := art.CanonicalJSON(p)
	if err != nil {
		return p, fmt.Errorf("factory: naming a bias probe: %w", err)
	}
	p.ID = "bias-" + art.Digest(content)[:10]
	return p, f.Commit(ctx, art.Change{BiasProbes: []art.BiasProbe{p}})
}
