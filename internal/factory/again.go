package factory

import (
	"context"
	"errors"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Again makes an asset's picture again from its record and compares it with the stored one, pixel by pixel, as the
// renderer gave them before finishing. What is missing for it is listed in the answer and is no error.
func (f *Factory) Again(ctx context.Context, assetID string) (art.Comparison, error) {
	a, err := f.Records.Asset(ctx, assetID)
	if err != nil {
		return art.Comparison{}, fmt.Errorf("factory: again: %w", err)
	}
	r := a.Planned.Recipe
	answer := art.Comparison{Asset: a.ID, Expected: a.PixelsSHA256, Engine: r.Engine}
	e, err := f.Engines.Get(r.Engine)
	if err != nil {
		answer.Missing = append(answer.Missing, err.Error())
		return answer, nil
	}
	p, err := e.Render(ctx, r, nil)
	if errors.Is(err, art.ErrNotFound) || errors.Is(err, art.ErrMismatch) || errors.Is(err, art.ErrUnavailable) {
		answer.Missing = append(answer.Missing, err.Error())
		return answer, nil
	}
	if err != nil {
		return answer, fmt.Errorf("factory: making %s again: %w", a.ID, err)
	}
	answer.PixelsSHA256 = p.PixelsSHA256
	if answer.Identical = p.PixelsSHA256 == a.PixelsSHA256; answer.Identical {
		return answer, nil
	}
	return answer, f.distance(ctx, a, p.Bytes, &answer)
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
	if now.Width != then.Width || now.Height != then.Height {
		answer.MaxAbsDiff, answer.MeanAbsDiff = 255, 255
		return nil
	}
	sum := 0
	for i, v := range now.Pix {
		d := max(int(v), int(then.Pix[i])) - min(int(v), int(then.Pix[i]))
		answer.MaxAbsDiff = max(answer.MaxAbsDiff, d)
		sum += d
	}
	answer.MeanAbsDiff = float64(sum) / float64(len(now.Pix))
	return nil
}
