package local

import (
	"context"

	"presswerk/internal/art"
	"presswerk/internal/diffusion"
	"presswerk/internal/prompt"
)

// conditioned is what the prompts of a batch say to the denoiser.
type conditioned struct {
	positive diffusion.Conditioning
	negative diffusion.Conditioning
	schedule func(call int) diffusion.Mix // in the place of the two, when set
	notes    [][]string                   // for each picture
}

// prompts encodes the prompts of this batch in their syntax.
func (b *batch) prompts(ctx context.Context) (conditioned, error) {
	if b.recipes[0].Syntax == prompt.A1111 {
		return b.promptsA1111(ctx)
	}
	var c conditioned
	var err error
	c.positive, c.negative, c.notes, err = b.pipe.conditioning(ctx, b.recipes, b.words)
	if err == nil {
		b.pipe.addConditions(b.recipes[0], &c.positive, &c.negative)
	}
	return c, err
}

// guidanceOf is the guidance that a recipe asks for.
func guidanceOf(r art.Recipe) diffusion.Guidance {
	g := diffusion.Guidance{Scale: r.GuidanceScale, Rescale: r.GuidanceRescale, Start: r.GuidanceStart, End: guidanceEnd(r)}
	if g.End == 0 {
		g.Start, g.End = 1, 1 // no call at all, whereas the walk takes 0 for the end
	}
	return g
}

func guidanceEnd(r art.Recipe) float64 {
	if r.GuidanceEnd == nil {
		return 1
	}
	return *r.GuidanceEnd
}
