package factory

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"presswerk/internal/art"
)

// Trial is one prompt that an engine was tried with: a picture, or why there is none.
type Trial struct {
	Planned art.PlannedRecipe
	Kept    art.Kept
	Refused string // what the engine said, where it refused the words or the picture
	Failure string // what went wrong otherwise: nobody knows what the engine would have said
}

// Try renders a prompt set on one engine as Probe does, and keeps neither a record nor a baseline: refusals are answers here. What
// costs something gives ErrRefused with the price unless pay is true, and is bought within the workspace's budgets.
func (f *Factory) Try(ctx context.Context, o ProbeOrder, pay bool, progress func(done, total int)) (art.Probe, []Trial, error) {
	p, planned, err := f.probe(o)
	if err != nil {
		return p, nil, err
	}
	if err := f.priced(o, planned); err != nil && !pay {
		return p, nil, err
	}
	count := counter(len(planned.Recipes), progress)
	all := make([]Trial, len(planned.Recipes))
	for i, r := range planned.Recipes {
		t := Trial{Planned: r}
		t.Kept, err = f.fresh(ctx, r)
		switch {
		case ctx.Err() != nil:
			return p, nil, fmt.Errorf("factory: trying %s: %w", o.Engine, ctx.Err())
		case errors.Is(err, art.ErrRefused):
			t.Refused = err.Error()
		case err != nil:
			t.Failure = err.Error()
		}
		all[i] = t
		count()
	}
	return p, all, nil
}

// priced says what a plan costs, as a refusal; nil where it is free.
func (f *Factory) priced(o ProbeOrder, p art.Plan) error {
	in, err := f.input(o.Order)
	if err != nil || len(p.Recipes) == 0 {
		return err
	}
	r := p.Recipes[0]
	c, _ := capable(in.Engines, r.Engine, strings.TrimSuffix(r.Model.Name+"@"+r.Model.Version, "@"))
	q := in.Prices.Quote(c, r.Recipe)
	if q.Free() {
		return nil
	}
	return &art.FieldError{Field: "pay", Reason: fmt.Sprintf("%d pictures of %s at %s each cost something", len(p.Recipes), r.Engine, q), Remedy: "add --pay to buy them, or ask for fewer", Kind: art.ErrRefused}
}
