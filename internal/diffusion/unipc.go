package diffusion

import (
	"math"
	"slices"
)

// unipc predicts the next latents from the last calls and, once the denoiser has seen them, corrects them.
//
// Source: Zhao et al. 2023, arXiv:2302.04867, algorithms 5 to 8; diffusers' UniPCMultistepScheduler.
type unipc struct {
	solverWalk
	corrected []float32 // latents of the call before; nil at the first one
	order     int       // that its prediction used
}

func newUniPC(c Config, steps int) (Sampler, error) {
	switch c.SolverType {
	case "bh1", "bh2":
	case "midpoint", "heun", "logrho":
		c.SolverType = "bh2" // as diffusers reads them
	default:
		return nil, badConfig("solver_type", "%q is unknown, known are bh1 and bh2", c.SolverType)
	}
	switch {
	case !c.PredictX0 && (c.FinalSigmas == "zero" || c.UseFlowSigmas || c.Thresholding):
		return nil, badConfig("predict_x0", "without it unipc can't end at 0, threshold or follow a flow")
	case c.FinalSigmas == "sigma_min" && c.bent() && steps == 1:
		return nil, badConfig("steps", "one step of unipc on a curve to sigma_min would stand still")
	case !c.LowerOrderFinal && c.SolverOrder > 1 && (c.FinalSigmas == "zero" || c.bent()):
		return nil, badConfig("lower_order_final", "unipc needs it where the last step ends at 0 or stands still")
	}
	c.LambdaMinClipped = math.Inf(-1) // the class has no such choice
	w, err := newSolverWalk("unipc", c, steps, true)
	if err != nil {
		return nil, err
	}
	switch {
	case c.UseFlowSigmas:
		sigmas := unipcFlowSigmas(c, steps)
		last := 0.0
		if c.FinalSigmas == "sigma_min" {
			last = sigmas[steps-1]
		}
		err = w.flow(sigmas, last)
	case c.FinalSigmas == "sigma_min" && c.bent() && len(c.Sigmas) == 0:
		w.sigmas[steps] = w.sigmas[steps-1]
	}
	return &unipc{solverWalk: w}, err
}

// unipcFlowSigmas are even levels of a flow, shifted, the first a little below 1.
func unipcFlowSigmas(c Config, steps int) []float64 {
	out := linspace(1, 1/float64(c.NumTrainTimesteps), steps+1)[:steps]
	for i, s := range out {
		out[i] = shifted(c.FlowShift, s)
	}
	if math.Abs(out[0]-1) < 1e-6 {
		out[0] -= 1e-6
	}
	return out
}

func (u *unipc) Stochastic(int) bool { return false }

func (u *unipc) Step(i int, output, latents []float32, _ Noise) {
	converted, predictedNoise := u.predicted(i, output, latents)
	if !u.PredictX0 {
		converted = predictedNoise
	}
	if i > 0 && u.corrected != nil && !slices.Contains(u.DisableCorrector, i-1) {
		u.correct(i, converted, latents)
	}
	u.remember(converted)
	u.order = u.SolverOrder
	if u.LowerOrderFinal {
		u.order = min(u.order, len(u.timesteps)-i)
	}
	u.order = min(u.order, len(u.history))
	u.corrected = slices.Clone(latents)
	u.predict(i, latents)
}

// predict is UniP: it moves the latents from level i to i+1.
func (u *unipc) predict(i int, latents []float32) {
	order := u.order
	h := u.lambda(i+1) - u.lambda(i)
	scale := u.advance(i, h, latents)
	if order == 1 {
		return
	}
	ratios, differences := u.slopes(i, i, order, h)
	weights := []float64{0.5}
	if order > 2 {
		weights = u.weights(ratios[:order-1], h)
	}
	for k, d := range differences {
		axpby(1, latents, scale*weights[k], d)
	}
}

// correct is UniC: it makes the step from level i−1 to i again, now knowing what the denoiser says at i.
func (u *unipc) correct(i int, converted, latents []float32) {
	copy(latents, u.corrected)
	h := u.lambda(i) - u.lambda(i-1)
	scale := u.advance(i-1, h, latents)
	weights := []float64{0.5}
	var differences [][]float32
	if u.order > 1 {
		var ratios []float64
		ratios, differences = u.slopes(i-1, i-1, u.order, h)
		weights = u.weights(append(ratios, 1), h)
	}
	for k, d := range differences {
		axpby(1, latents, scale*weights[k], d)
	}
	axpby(1, latents, scale*weights[len(weights)-1], combine(1, converted, -1, u.history[0]))
}

// advance makes the first-order step from level i over h and returns what the differences are to be scaled with.
func (u *unipc) advance(i int, h float64, latents []float32) float64 {
	a, s := u.shares(i)
	aNext, sNext := u.shares(i + 1)
	keep, scale := sNext/s, -aNext
	if !u.PredictX0 {
		keep, scale = aNext/a, -sNext
	}
	hh := u.signed(h)
	axpby(keep, latents, scale*math.Expm1(hh), u.history[0])
	if u.SolverType == "bh1" {
		return scale * hh
	}
	return scale * math.Expm1(hh)
}

// signed is the step as the exponentials take it: backwards when the picture is predicted.
func (u *unipc) signed(h float64) float64 {
	if u.PredictX0 {
		return -h
	}
	return h
}

// slopes are the differences of older outputs to the newest one, which belongs to level at, over how far they lie
// back in steps of h.
func (u *unipc) slopes(at, level, order int, h float64) (ratios []float64, differences [][]float32) {
	for k := 1; k < order; k++ {
		r := (u.lambda(level-k) - u.lambda(at)) / h
		ratios = append(ratios, r)
		differences = append(differences, combine(1/r, u.history[k], -1/r, u.history[0]))
	}
	return ratios, differences
}

// weights solves the order conditions: sum over k of weight[k]·ratio[k]^j = b[j].
func (u *unipc) weights(ratios []float64, h float64) []float64 {
	hh := u.signed(h)
	divisor := math.Expm1(hh)
	phi := math.Expm1(hh)/hh - 1
	if u.SolverType == "bh1" {
		divisor = hh
	}
	n := len(ratios)
	rows := make([][]float64, n) // each with its right side
	factorial := 1.0
	for j := range rows {
		rows[j] = make([]float64, n+1)
		for k, r := range ratios {
			rows[j][k] = math.Pow(r, float64(j))
		}
		rows[j][n] = phi * factorial / divisor
		factorial *= float64(j + 2)
		phi = phi/hh - 1/factorial
	}
	return solve(rows)
}

// solve is Gauss's elimination with row exchange. Each row holds the coefficients and then the right side.
func solve(rows [][]float64) []float64 {
	n := len(rows)
	for c := range n {
		best := c
		for r := c + 1; r < n; r++ {
			if math.Abs(rows[r][c]) > math.Abs(rows[best][c]) {
				best = r
			}
		}
		rows[c], rows[best] = rows[best], rows[c]
		for r := range n {
			if r == c {
				continue
			}
			f := rows[r][c] / rows[c][c]
			for k := c; k <= n; k++ {
				rows[r][k] -= f * rows[c][k]
			}
		}
	}
	out := make([]float64, n)
	for r := range out {
		out[r] = rows[r][n] / rows[r][r]
	}
	return out
}
