package factory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/plan"
)

// When an engine that has stand-ins counts as down: so many failures in a row, and for how long it is then left alone.
const (
	downAfter = 3
	downFor   = 5 * time.Minute
)

// circuit is an engine's, made when it is first needed.
func (f *Factory) circuit(name string) *engine.Circuit {
	f.breaking.Lock()
	defer f.breaking.Unlock()
	if f.circuits == nil {
		f.circuits = map[string]*engine.Circuit{}
	}
	c := f.circuits[name]
	if c == nil {
		c = engine.NewCircuit(downAfter, downFor, f.Now)
		f.circuits[name] = c
	}
	return c
}

// madeOrOver makes a candidate's picture with the planned engine; where that is down, with an engine that stands in and that a
// person has consented to. The candidate comes back as it was made.
func (f *Factory) madeOrOver(ctx context.Context, e engine.Engine, c art.Candidate) (engine.Picture, art.Call, art.Candidate, error) {
	if len(c.Planned.StandIns) == 0 {
		p, call, err := f.made(ctx, e, c)
		return p, call, c, err
	}
	promised, err := f.promised(ctx, e, c.Planned)
	if err != nil {
		return engine.Picture{}, art.Call{}, c, err
	}
	circuit := f.circuit(c.Planned.Engine)
	if !promised { // what is on its way is waited for, however ill its engine is
		if resting := circuit.Open(c.Planned.Engine); resting != nil {
			return f.over(ctx, c, resting)
		}
	}
	p, call, err := f.made(ctx, e, c)
	open := circuit.Heard(ctx, err)
	if err == nil || ctx.Err() != nil || !errors.Is(err, art.ErrUnavailable) || errors.Is(err, engine.ErrUnknown) {
		return p, call, c, err
	}
	if promised, asking := f.promised(ctx, e, c.Planned); promised || asking != nil || !open && e.Info().Ready {
		return p, call, c, errors.Join(err, asking)
	}
	return f.over(ctx, c, err)
}

// promised tells whether a recipe may have been paid for: its newest call is open, unknown or done. Then nobody else is asked.
func (f *Factory) promised(ctx context.Context, e engine.Engine, p art.PlannedRecipe) (bool, error) {
	if bought, err := f.bought(e, p.Recipe); err != nil || !bought {
		return false, err
	}
	return f.Ledger.Promised(ctx, recipeKey(p.ID))
}

// over lets the first stand-in that a person has consented to make the picture, and writes that into the candidate.
func (f *Factory) over(ctx context.Context, c art.Candidate, down error) (engine.Picture, art.Call, art.Candidate, error) {
	fail := func(err error) (engine.Picture, art.Call, art.Candidate, error) {
		return engine.Picture{}, art.Call{}, c, err
	}
	policy := art.ModelPolicy{}
	if f.Consents != nil {
		var err error
		if policy.Consents, err = f.Consents(); err != nil {
			return fail(err)
		}
	}
	run, err := f.Records.Run(ctx, c.Run)
	if err != nil {
		return fail(err)
	}
	from := c.Planned.Engine
	for _, s := range c.Planned.StandIns {
		consent, ok := policy.ConsentTo(run.BrandID, from, s.Engine)
		if !ok {
			return fail(&art.FieldError{
				Field: "failover", Reason: fmt.Sprintf("%s is down (%v); %s could stand in, and nobody has consented", from, down, s.Engine),
				Remedy: plan.ConsentCommand(run.BrandID, from, s.Engine) + "; then call make again", Kind: art.ErrRefused,
			})
		}
		over := &art.FailedOver{From: from, To: s.Engine, Recipe: c.Planned.ID, Reason: down.Error(), Adapted: s.Adapted, By: consent.By, Date: consent.Date}
		made := c
		made.Planned = art.PlannedRecipe{Recipe: s.Recipe, ID: s.ID, Cell: c.Planned.Cell, Source: s.Source, Concerns: c.Planned.Concerns, FailedOver: over}
		p, call, err := f.standIn(ctx, made)
		if errors.Is(err, art.ErrUnavailable) && !errors.Is(err, engine.ErrUnknown) && !errors.Is(err, errPromised) {
			down = errors.Join(down, err) // the next one, if there is one
			continue
		}
		return p, call, made, err
	}
	return fail(fmt.Errorf("factory: %s and everybody who could stand in are down: %w", from, down))
}

// errPromised marks a failure after which a picture may still come, and be paid for.
var errPromised = errors.New("a picture may still come")

// standIn makes a candidate's picture with the engine that stands in.
func (f *Factory) standIn(ctx context.Context, c art.Candidate) (engine.Picture, art.Call, error) {
	if err := f.running(ctx, c.Planned.Recipe); err != nil {
		return engine.Picture{}, art.Call{}, err
	}
	e, err := f.Engines.Get(c.Planned.Engine)
	if err != nil {
		return engine.Picture{}, art.Call{}, err
	}
	p, call, err := f.made(ctx, e, c)
	if err == nil {
		return p, call, nil
	}
	if promised, asking := f.promised(ctx, e, c.Planned); promised || asking != nil {
		err = errors.Join(err, asking, errPromised)
	}
	return p, call, err
}

// recipeKey is what orders of a recipe are called in the books.
func recipeKey(id string) string { return "recipe/" + id }
