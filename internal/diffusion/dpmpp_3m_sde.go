package diffusion

import (
	"math"
	"slices"
)

// dpmpp3mSDE is DPM-Solver++ in its multistep form of third order, as a stochastic differential equation.
//
// Source: k-diffusion's sample_dpmpp_3m_sde with eta 1. diffusers' DPMSolverMultistepScheduler with solver_order 3 is
// not the same: the sign of a term differs there, which dpmpp_2m_sde with solver_order 3 gives.
type dpmpp3mSDE struct {
	sigmaWalk
	fresh   stepNoise
	history [][]float32 // predicted pictures, newest first
}

func newDPMPP3MSDE(c Config, steps int) (Sampler, error) {
	w, err := newSigmaWalk(c, steps)
	if err != nil {
		return nil, err
	}
	if w.sigmas[steps] != 0 {
		return nil, badConfig("final_sigmas_type", "dpmpp_3m_sde must end at 0, not %v", w.sigmas[steps])
	}
	return &dpmpp3mSDE{sigmaWalk: w, fresh: newStepNoise(c, w.sigmas)}, nil
}

// Stochastic is false at the last call, which goes straight to the picture.
func (d *dpmpp3mSDE) Stochastic(i int) bool { return d.sigmas[i+1] > 0 && d.fresh.fromCaller() }

func (d *dpmpp3mSDE) Step(i int, output, latents []float32, noise Noise) {
	clean := d.cleanAt(d.sigmas[i], output, latents)
	d.history = append([][]float32{slices.Clone(clean)}, d.history...)
	d.history = d.history[:min(len(d.history), 3)]
	if d.sigmas[i+1] == 0 {
		copy(latents, clean)
		return
	}
	h := d.way(i)
	decay(latents, math.Exp(-2*h), clean)
	d.correct(i, h, latents)
	up := d.sigmas[i+1] * math.Sqrt(-math.Expm1(-2*h))
	axpby(1, latents, up, d.fresh.draw(len(latents), noise, d.sigmas[i], d.sigmas[i+1]))
}

// way is the length of step i in log-sigma.
func (d *dpmpp3mSDE) way(i int) float64 { return math.Log(d.sigmas[i] / d.sigmas[i+1]) }

// correct adds the terms of second and third order, as far as there is history.
func (d *dpmpp3mSDE) correct(i int, h float64, latents []float32) {
	m := d.history
	if len(m) < 2 {
		return
	}
	phi2 := math.Expm1(-2*h)/(2*h) + 1
	r0 := d.way(i-1) / h
	first := combine(1/r0, m[0], -1/r0, m[1])
	if len(m) < 3 {
		axpby(1, latents, phi2, first)
		return
	}
	r1 := d.way(i-2) / h
	second := combine(1/r1, m[1], -1/r1, m[2])
	second = combine(1/(r0+r1), first, -1/(r0+r1), second)
	axpby(1, latents, phi2, combine(1, first, r0, second))
	axpby(1, latents, -(phi2/(2*h) - 0.5), second)
}
