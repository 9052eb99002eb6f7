package diffusion

import (
	"context"
	"errors"
	"fmt"
)

// Denoiser predicts what a network makes of noisy latents.
type Denoiser interface {
	// Denoise takes rows of latents [rows, channels, height, width] and one row of conditioning for each, and returns
	// the network's output, [rows, …] too. It must not keep or change latents.
	Denoise(ctx context.Context, latents []float32, rows int, timestep float64, cond Conditioning) ([]float32, error)
}

// Conditioning is encoded prompts, one row each.
type Conditioning struct {
	Rows   int
	Hidden []float32 // [Rows, Tokens, Width]
	Tokens int
	Width  int
	// Extra holds further inputs of the network by name, [Rows, len/Rows] each, such as SDXL's text_embeds and time_ids.
	Extra map[string][]float32
	// Negative is how many rows at the front are of the negative prompt.
	Negative int
}

// Join puts the rows of b below those of a. They must be equally long and wide and have the same extras.
func (a Conditioning) Join(b Conditioning) (Conditioning, error) {
	if a.Tokens != b.Tokens || a.Width != b.Width || len(a.Extra) != len(b.Extra) {
		return Conditioning{}, fmt.Errorf("diffusion: prompts of %d×%d and %d×%d numbers can't share a batch", a.Tokens, a.Width, b.Tokens, b.Width)
	}
	joined := Conditioning{Rows: a.Rows + b.Rows, Tokens: a.Tokens, Width: a.Width, Extra: map[string][]float32{}}
	joined.Hidden = append(append(joined.Hidden, a.Hidden...), b.Hidden...)
	for name, values := range a.Extra {
		other, ok := b.Extra[name]
		if !ok {
			return Conditioning{}, fmt.Errorf("diffusion: one prompt has %q, the other has not", name)
		}
		joined.Extra[name] = append(append([]float32(nil), values...), other...)
	}
	return joined, nil
}

// Guidance is classifier-free guidance.
//
// Source: Ho & Salimans 2022, arXiv:2207.12598.
type Guidance struct {
	// Scale 1 or less follows the positive prompt alone; more pushes away from the negative one.
	Scale float64
	// Rescale 0..1 mixes in an output with the spread of the positive one, against burning.
	// Source: Lin et al. 2023, arXiv:2305.08891, section 3.4.
	Rescale float64
	// Start and End are the shares of a walk's calls between which there is guidance; End 0 means to the end.
	// Source: Kynkäänniemi et al. 2024, arXiv:2404.07724; counted as diffusers' ClassifierFreeGuidance does.
	Start, End float64
}

// within says whether call, of calls, has guidance.
func (g Guidance) within(call, calls int) bool {
	end := g.End
	if end == 0 {
		end = 1
	}
	return int(g.Start*float64(calls)) <= call && call < int(end*float64(calls))
}

// On says whether a negative prompt has any effect.
func (g Guidance) On() bool { return g.Scale > 1 }

// Apply mixes the outputs of one picture into positive, in place.
func (g Guidance) Apply(positive, negative []float32) {
	var before float64
	if g.Rescale > 0 {
		before = spread(positive)
	}
	scale := float32(g.Scale)
	for i, p := range positive {
		n := negative[i]
		positive[i] = n + float32(scale*(p-n))
	}
	if after := spread(positive); g.Rescale > 0 && after > 0 {
		factor := float32(g.Rescale*(before/after) + 1 - g.Rescale)
		for i := range positive {
			positive[i] *= factor
		}
	}
}

// Walk takes a batch of latents from noise to picture.
type Walk struct {
	Denoiser Denoiser
	Samplers []Sampler // one for each picture, all made alike
	Noise    []Noise   // one for each picture; used by stochastic samplers only
	Positive Conditioning
	Negative Conditioning // ignored when guidance is off
	// Schedule, when set, says what steers each call, in the place of Positive and Negative.
	Schedule func(call int) Mix
	Guidance Guidance
	Start    int // the first call; above 0 for image-to-image
	End      int // stop before this call; 0 means the last one
	// Before, when set, is told of each call before the denoiser is asked.
	Before func(call int)
	// After, when set, may change the latents after each call, as inpainting does.
	After func(call int, latents []float32)
	// OnStep, when set, hears of the latents after each call; it must not keep or change them. Its error ends the walk.
	OnStep func(call, calls int, latents []float32) error
}

// Run walks latents [batch, …] in place. They are unit-variance noise times InitialScale, or what AddNoise made.
// It stops when ctx ends and returns its error, wrapped.
func (w Walk) Run(ctx context.Context, latents []float32) error {
	batch := len(w.Samplers)
	if err := w.check(latents); err != nil {
		return err
	}
	timesteps := w.Samplers[0].Timesteps()
	end := w.End
	if end == 0 {
		end = len(timesteps)
	}
	size := len(latents) / batch
	steer := w.steer(end)
	var input []float32
	for i := w.Start; i < end; i++ {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("diffusion: step %d: %w", i, err)
		}
		if w.Before != nil {
			w.Before(i)
		}
		steering, err := steer(i)
		if err != nil {
			return fmt.Errorf("diffusion: step %d: %w", i, err)
		}
		rows := steering.cond.Rows
		if want := rows * size; len(input) != want {
			input = make([]float32, want)
		}
		scaleInto(input, latents, w.Samplers[0].Scale(i))
		out, err := w.Denoiser.Denoise(ctx, input, rows, timesteps[i], steering.cond)
		if err != nil {
			return fmt.Errorf("diffusion: step %d: %w", i, err)
		}
		if len(out) != len(input) {
			return fmt.Errorf("diffusion: step %d: the denoiser gave %d numbers for %d", i, len(out), len(input))
		}
		positive := steering.positive(out, len(latents))
		for b, s := range w.Samplers {
			from, to := b*size, (b+1)*size
			if steering.guided {
				w.Guidance.Apply(positive[from:to], out[from:to])
			}
			s.Step(i, positive[from:to], latents[from:to], w.noise(b))
		}
		if w.After != nil {
			w.After(i, latents)
		}
		if w.OnStep != nil {
			if err := w.OnStep(i, len(timesteps), latents); err != nil {
				return fmt.Errorf("diffusion: after step %d: %w", i, err)
			}
		}
	}
	return nil
}

// check refuses what doesn't fit.
func (w Walk) check(latents []float32) error {
	batch := len(w.Samplers)
	switch {
	case batch == 0 || len(latents) == 0 || len(latents)%batch != 0:
		return fmt.Errorf("diffusion: %d numbers can't be latents of %d pictures", len(latents), batch)
	case w.Start < 0 || w.Start >= len(w.Samplers[0].Timesteps()) || w.End < 0 || w.End > len(w.Samplers[0].Timesteps()):
		return fmt.Errorf("diffusion: calls %d to %d are not among %d", w.Start, w.End, len(w.Samplers[0].Timesteps()))
	case w.Schedule == nil && w.Positive.Rows != batch:
		return fmt.Errorf("diffusion: %d prompts for %d pictures", w.Positive.Rows, batch)
	case w.stochastic() && len(w.Noise) != batch:
		return errors.New("diffusion: this sampler needs noise for every picture")
	case w.Schedule == nil && w.Guidance.On() && w.Negative.Rows != batch:
		return fmt.Errorf("diffusion: %d negative prompts for %d pictures", w.Negative.Rows, batch)
	}
	return nil
}

// stochastic says whether any call of this walk draws noise; some samplers draw at every second one.
func (w Walk) stochastic() bool {
	s := w.Samplers[0]
	end := w.End
	if end == 0 {
		end = len(s.Timesteps())
	}
	for i := w.Start; i < end; i++ {
		if s.Stochastic(i) {
			return true
		}
	}
	return false
}

func (w Walk) noise(b int) Noise {
	if b < len(w.Noise) {
		return w.Noise[b]
	}
	return nil
}

// scaleInto fills dst with src times scale, as often as src fits.
func scaleInto(dst, src []float32, scale float64) {
	f := float32(scale)
	for i := range dst {
		dst[i] = src[i%len(src)] * f
	}
}
