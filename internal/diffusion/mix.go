package diffusion

import (
	"errors"
	"fmt"
)

// Mix is what steers one call of the denoiser: several prompts at once, each with its weight. Every conditioning has a
// row for each picture, and all are equally long.
type Mix struct {
	Positive []Weighted
	Negative Conditioning
}

// Weighted is a conditioning with its weight; 1 is the usual one.
type Weighted struct {
	Conditioning
	Weight float64
}

// steering is what one call asks the denoiser for: the negative's rows when guided, then each positive's.
type steering struct {
	cond    Conditioning
	guided  bool
	weights []float64 // of the positives; nil for a single one that weighs 1
}

// steer gives a function that says what steers each call of those from Start to end.
func (w Walk) steer(end int) func(call int) (steering, error) {
	within := func(call int) bool { return w.Guidance.within(call-w.Start, end-w.Start) }
	if w.Schedule != nil {
		return func(call int) (steering, error) { return w.mixed(w.Schedule(call), within(call)) }
	}
	guided := steering{guided: true}
	return func(call int) (_ steering, err error) {
		if !within(call) || !w.Guidance.On() {
			return steering{cond: w.Positive}, nil
		}
		if guided.cond.Rows == 0 {
			guided.cond, err = w.Negative.Join(w.Positive)
			guided.cond.Negative = w.Negative.Rows
		}
		return guided, err
	}
}

// mixed puts the conditionings of a mix below each other.
func (w Walk) mixed(mix Mix, within bool) (steering, error) {
	if len(mix.Positive) == 0 {
		return steering{}, errors.New("no prompt")
	}
	var s steering
	if len(mix.Positive) > 1 || mix.Positive[0].Weight != 1 {
		for _, p := range mix.Positive {
			s.weights = append(s.weights, p.Weight)
		}
	}
	s.guided = within && (w.Guidance.On() || s.weights != nil)
	all := make([]Conditioning, 0, len(mix.Positive)+1)
	if s.guided {
		all = append(all, mix.Negative)
	}
	for _, p := range mix.Positive {
		all = append(all, p.Conditioning)
	}
	for i, c := range all {
		if c.Rows != len(w.Samplers) {
			return steering{}, fmt.Errorf("%d prompts for %d pictures", c.Rows, len(w.Samplers))
		}
		if i == 0 {
			s.cond = c
			continue
		}
		var err error
		if s.cond, err = s.cond.Join(c); err != nil {
			return steering{}, err
		}
	}
	if s.guided {
		s.cond.Negative = mix.Negative.Rows
	}
	return s, nil
}

// positive is what the network says for all prompts together, batch numbers of out, which it may overwrite. Each
// prompt pushes away from the negative one by its weight; without guidance, from the first one.
//
// Source: Liu et al. 2022, arXiv:2206.01714, eq. (11); AUTOMATIC1111's combine_denoised.
func (s steering) positive(out []float32, batch int) []float32 {
	last := out[len(out)-batch:]
	if s.weights == nil {
		return last
	}
	base, prompts := out[:batch], out[len(out)-batch*len(s.weights):]
	for j := range last {
		sum := base[j]
		for k, weight := range s.weights {
			sum += (prompts[k*batch+j] - base[j]) * float32(weight)
		}
		last[j] = sum
	}
	return last
}
