package diffusion

import (
	"math"
	"slices"
)

// pndm follows the diffusion equation with a linear multistep method (plms), which three Runge-Kutta steps of four
// calls each may start up; with skip_prk_steps the second call is repeated instead.
//
// Source: Liu et al. 2022, arXiv:2202.09778, algorithm 2 and eqs. (9), (11) to (13); diffusers' PNDMScheduler. Like
// there, the steps are counted from where the walk begins, so image-to-image repeats its own second call.
type pndm struct {
	trainingWalk
	stride  int
	prk     int         // calls of the Runge-Kutta start
	counter int         // calls so far
	history [][]float32 // the last outputs, newest first
	sum     []float32   // of a Runge-Kutta step's outputs
	start   []float32   // latents where such a step, or the repeated one, began
}

func newPNDM(c Config, steps int) (Sampler, error) {
	switch {
	case c.PredictionType == "sample":
		return nil, badConfig("prediction_type", "pndm has no formula for sample")
	case c.RescaleZeroSNR:
		return nil, badConfig("rescale_betas_zero_snr", "pndm divides by the signal, which is nothing at the first step")
	case !c.SkipPRKSteps && steps < 4:
		return nil, badConfig("steps", "the Runge-Kutta start of pndm needs 4, not %d; or set skip_prk_steps", steps)
	}
	w, err := newTrainingWalk("pndm", c, steps, nil)
	if err != nil {
		return nil, err
	}
	p := &pndm{trainingWalk: w, stride: c.NumTrainTimesteps / steps}
	if c.SkipPRKSteps {
		p.timesteps = repeatSecond(w.timesteps)
		return p, nil
	}
	p.timesteps = p.rungeKuttaTimesteps(w.timesteps)
	p.prk = 12
	return p, nil
}

// newPLMS is pndm without the Runge-Kutta start, whatever the config says.
func newPLMS(c Config, steps int) (Sampler, error) {
	c.SkipPRKSteps = true
	return newPNDM(c, steps)
}

func repeatSecond(t []float64) []float64 {
	if len(t) < 2 {
		return t
	}
	return slices.Insert(slices.Clone(t), 1, t[1])
}

// rungeKuttaTimesteps visits each of the first three steps at its start, twice half-way and at its end.
func (p *pndm) rungeKuttaTimesteps(t []float64) []float64 {
	half := float64(p.NumTrainTimesteps / len(t) / 2)
	var out []float64
	for k := range 3 {
		out = append(out, t[k], t[k+1]+half, t[k+1]+half, t[k+1])
	}
	return append(out, t[3:]...)
}

func (p *pndm) Stochastic(int) bool { return false }

func (p *pndm) Step(i int, output, latents []float32, _ Noise) {
	if p.counter < p.prk {
		p.rungeKutta(i, output, latents)
	} else {
		p.multistep(i, output, latents)
	}
	p.counter++
}

// rungeKutta is one call of the four that make a step.
func (p *pndm) rungeKutta(i int, output, latents []float32) {
	t := int(p.timesteps[i])
	to := t
	if p.counter%2 == 0 {
		to -= p.stride / 2
	}
	from := int(p.timesteps[p.counter/4*4])
	e := slices.Clone(output)
	switch p.counter % 4 {
	case 0:
		p.push(output)
		p.sum = make([]float32, len(output))
		axpby(1, p.sum, 1.0/6, output)
		p.start = slices.Clone(latents)
	case 1, 2:
		axpby(1, p.sum, 1.0/3, output)
	case 3:
		axpby(1.0/6, e, 1, p.sum)
	}
	copy(latents, p.start)
	p.move(from, to, latents, e)
}

// multistep mixes the last outputs, as many as there are up to four.
func (p *pndm) multistep(i int, output, latents []float32) {
	t := int(p.timesteps[i])
	from, to := t, t-p.stride
	if p.counter != 1 {
		p.push(output)
	} else {
		from, to = t+p.stride, t
	}
	h := p.history
	var e []float32
	switch {
	case p.counter == 0:
		p.start = slices.Clone(latents)
		e = slices.Clone(output)
	case p.counter == 1:
		e = combine(0.5, output, 0.5, h[0])
		copy(latents, p.start)
	case len(h) == 1: // only a walk of one call that is stepped again
		e = slices.Clone(output)
	case len(h) == 2:
		e = combine(3.0/2, h[0], -1.0/2, h[1])
	case len(h) == 3:
		e = combine(23.0/12, h[0], -16.0/12, h[1])
		axpby(1, e, 5.0/12, h[2])
	default:
		e = combine(55.0/24, h[0], -59.0/24, h[1])
		axpby(1, e, 37.0/24, h[2])
		axpby(1, e, -9.0/24, h[3])
	}
	p.move(from, to, latents, e)
}

func (p *pndm) push(output []float32) {
	p.history = append([][]float32{slices.Clone(output)}, p.history...)
	p.history = p.history[:min(4, len(p.history))]
}

// move goes from one training step to another along the predicted noise e, which it overwrites.
func (p *pndm) move(from, to int, latents, e []float32) {
	now, next := p.at(from), p.at(to)
	if p.PredictionType == "v_prediction" {
		axpby(math.Sqrt(now), e, math.Sqrt(1-now), latents)
	}
	divisor := now*math.Sqrt(1-next) + math.Sqrt(now*(1-now)*next)
	axpby(math.Sqrt(next/now), latents, (now-next)/divisor, e)
}
