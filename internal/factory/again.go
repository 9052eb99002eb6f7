package factory

import (
	"context"
	"errors"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/imaging"
	"presswerk/internal/ledger"
)

// Again makes an asset's picture again from its record and compares it with the stored one, pixel by pixel, as the
// renderer gave them before finishing. What is missing for it is listed in the answer and is no error. What costs
// something is asked for anew, never taken from what was paid for earlier, and gives ErrRefused with the price unless pay
// is true.
func (f *Factory) Again(ctx context.Context, assetID string, pay bool) (art.Comparison, error) {
	a, err := f.Records.Asset(ctx, assetID)
	if err != nil {
		return art.Comparison{}, fmt.Errorf("factory: again: %w", err)
	}
	if a.License != nil {
		return art.Comparison{}, art.Unsupported("asset", fmt.Sprintf("%s was not made here, it came from %s", a.ID, a.License.Source), "nothing makes it again")
	}
	r := a.Planned.Recipe
	answer := art.Comparison{Asset: a.ID, Expected: a.PixelsSHA256, Engine: r.Engine}
	e, err := f.maker(r)
	if err != nil {
		answer.Missing = append(answer.Missing, err.Error())
		return answer, nil
	}
	p, call, err := f.remade(ctx, e, a, pay)
	answer.Call = call.ID
	if errors.Is(err, art.ErrNotFound) || errors.Is(err, art.ErrMismatch) || errors.Is(err, art.ErrUnavailable) {
		answer.Missing = append(answer.Missing, err.Error())
		return answer, nil
	}
	if err != nil {
		return answer, fmt.Errorf("factory: making %s again: %w", a.ID, err)
	}
	if p, err = f.putBack(ctx, r, p); err != nil {
		return answer, fmt.Errorf("factory: making %s again: %w", a.ID, err)
	}
	if r.Clip != nil { // posters are compared, after all frames
		if _, p.Bytes, p.PixelsSHA256, err = f.unrolled(ctx, p.Bytes); err != nil {
			return answer, fmt.Errorf("factory: looking at the new clip of %s: %w", a.ID, err)
		}
	}
	answer.PixelsSHA256 = p.PixelsSHA256
	if answer.Identical = p.PixelsSHA256 == a.PixelsSHA256; answer.Identical {
		return answer, nil
	}
	return answer, f.distance(ctx, a, p.Bytes, &answer)
}

// remade renders an asset's recipe once more. Its calls have a key of their own: one that is open or unknown is gone on
// with, one that is done is not used again.
func (f *Factory) remade(ctx context.Context, e engine.Engine, a art.Asset, pay bool) (engine.Picture, art.Call, error) {
	bought, err := f.bought(e, a.Planned.Recipe)
	if err != nil {
		return engine.Picture{}, art.Call{}, err
	}
	if !bought {
		p, err := e.Render(ctx, a.Planned.Recipe, nil)
		return p, art.Call{}, err
	}
	q, err := f.Ledger.Quote(e, a.Planned.Recipe)
	if err != nil {
		return engine.Picture{}, art.Call{}, err
	}
	if !q.Free() && !pay {
		price := fmt.Sprintf("about %s %s", q.Amount, q.Currency)
		if !q.Known {
			price = "nobody knows how much"
		}
		return engine.Picture{}, art.Call{}, &art.FieldError{
			Field: "pay", Reason: fmt.Sprintf("%s would make it anew, which costs %s", a.Planned.Engine, price),
			Remedy: "say --pay (over HTTP, pay=true) to buy it; the stored picture stays as it is either way", Kind: art.ErrRefused,
		}
	}
	run, err := f.Records.Run(ctx, a.Run)
	if err != nil {
		return engine.Picture{}, art.Call{}, err
	}
	o := ledger.Order{Key: "again/" + a.ID, Recipe: a.Planned.Recipe, Run: a.Run, Candidate: a.Candidate, Brand: a.Brand, Budgets: run.Brief.Budgets, Fresh: true}
	return f.Ledger.Render(ctx, e, o, nil)
}

// distance fills in how far the new picture is from the stored one.
func (f *Factory) distance(ctx context.Context, a art.Asset, again []byte, answer *art.Comparison) error {
	now, err := imaging.Decode(ctx, again, imaging.Limits{})
	if err != nil {
		return fmt.Errorf("factory: reading the new picture: %w", err)
	}
	then, err := f.decode(ctx, a.Image)
	if err != nil {
		return fmt.Errorf("factory: reading the stored picture: %w", err)
	}
	answer.MaxAbsDiff, answer.MeanAbsDiff = pixelDistance(now, then)
	return nil
}
