package gaze

import (
	"cmp"
	"math"
	"slices"

	"presswerk/internal/imaging"
)

// tiny keeps divisions and logarithms of KL finite: the benchmark's number.
const tiny = 2.2204e-16

// NSS is the normalised scanpath saliency (Peters et al. 2005): the mean of the map at the points, in standard deviations (over n) from
// the map's mean. Several at one place count as often. 0 is chance; NaN where the map is the same everywhere.
func NSS(p *imaging.Plane, points []Point) float64 {
	mean, deviation := spread(p.Pix)
	if deviation == 0 || len(points) == 0 {
		return math.NaN()
	}
	sum, n := 0.0, 0
	for _, at := range points {
		sum += float64(at.Count) * (float64(p.Pix[cell(p, at)]) - mean)
		n += at.Count
	}
	return sum / float64(n) / deviation
}

// AUCJudd is the area under the curve of hits over false alarms when the map's values at the points serve as thresholds (Judd et
// al. 2009): hits are the points, each place once, false alarms all other places. 0.5 is chance. Equal values aren't parted by noise, as
// the authors' program does, but joined by a straight line, which is what noise gives in the mean.
func AUCJudd(p *imaging.Plane, points []Point) float64 {
	looked := make([]bool, len(p.Pix))
	for _, at := range points {
		looked[cell(p, at)] = true
	}
	var hits, others []float32
	for i, v := range p.Pix {
		if looked[i] {
			hits = append(hits, v)
		} else {
			others = append(others, v)
		}
	}
	if len(hits) == 0 || len(others) == 0 {
		return math.NaN()
	}
	falling := func(a, b float32) int { return cmp.Compare(b, a) }
	slices.SortFunc(hits, falling)
	slices.SortFunc(others, falling)
	area, lastHit, lastFalse, above := 0.0, 0.0, 0.0, 0
	step := func(hit, wrong float64) {
		area += (wrong - lastFalse) * (hit + lastHit) / 2
		lastHit, lastFalse = hit, wrong
	}
	for i, threshold := range hits {
		if i+1 < len(hits) && hits[i+1] == threshold {
			continue
		}
		for above < len(others) && others[above] >= threshold {
			above++
		}
		step(float64(i+1)/float64(len(hits)), float64(above)/float64(len(others)))
	}
	step(1, 1)
	return area
}

// CC is Pearson's correlation of two maps of one size, −1..1; NaN where one is the same everywhere.
func CC(p, q *imaging.Plane) float64 {
	pm, pd := spread(p.Pix)
	qm, qd := spread(q.Pix)
	if pd == 0 || qd == 0 {
		return math.NaN()
	}
	sum := 0.0
	for i, v := range p.Pix {
		sum += (float64(v) - pm) * (float64(q.Pix[i]) - qm)
	}
	return sum / float64(len(p.Pix)) / pd / qd
}

// SIM is what two maps of one size have in common when both sum to 1 (Judd et al. 2012): 1 is the same, 0 nothing.
func SIM(p, q *imaging.Plane) float64 {
	ps, qs := total(p.Pix), total(q.Pix)
	if !(ps > 0) || !(qs > 0) {
		return math.NaN()
	}
	sum := 0.0
	for i, v := range p.Pix {
		sum += min(float64(v)/ps, float64(q.Pix[i])/qs)
	}
	return sum
}

// KL is the Kullback–Leibler divergence of a map p from what people did, q, both as sums of 1: Σ q ln(ε + q/(ε + p)). 0 is the same; a
// map that is 0 where people looked is punished most.
func KL(p, q *imaging.Plane) float64 {
	ps, qs := total(p.Pix), total(q.Pix)
	if !(ps > 0) || !(qs > 0) {
		return math.NaN()
	}
	sum := 0.0
	for i, v := range p.Pix {
		a, b := float64(v)/ps, float64(q.Pix[i])/qs
		sum += b * math.Log(tiny+b/(tiny+a))
	}
	return sum
}

// Density is how often each place was looked at or clicked, blurred by sigma places.
func Density(points []Point, width, height int, sigma float64) *imaging.Plane {
	p := imaging.NewPlane(width, height)
	for _, at := range points {
		p.Pix[cell(p, at)] += float32(at.Count)
	}
	return p.Gaussian(sigma)
}

// cell is the place of a map that a point lies on.
func cell(p *imaging.Plane, at Point) int {
	x, y := int(at.X*float64(p.Width)), int(at.Y*float64(p.Height))
	return min(max(y, 0), p.Height-1)*p.Width + min(max(x, 0), p.Width-1)
}

func total(values []float32) float64 {
	sum := 0.0
	for _, v := range values {
		sum += float64(v)
	}
	return sum
}

// spread gives mean and standard deviation over n, which is 0 exactly where all values are equal.
func spread(values []float32) (mean, deviation float64) {
	if slices.Min(values) == slices.Max(values) {
		return float64(values[0]), 0
	}
	mean = total(values) / float64(len(values))
	for _, v := range values {
		deviation += (float64(v) - mean) * (float64(v) - mean)
	}
	return mean, math.Sqrt(deviation / float64(len(values)))
}
