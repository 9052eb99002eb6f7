package judge

import (
	"math"
	"slices"
)

// Drift compares a score's values of late with earlier ones.
type Drift struct {
	Before, After int     // how many
	PSI           float64 // population stability index over tenths of the earlier values: below 0.1 steady, above 0.25 moved
	KS            float64 // largest distance of the two distributions
	P             float64 // of such a distance by chance alone
	Median        [2]float64
	Alarm         bool
}

// When a drift is an alarm: large enough to matter, and too large for chance.
const (
	alarmPSI = 0.25
	alarmP   = 0.01
	minDrift = 20 // values on each side; with fewer nothing can be told
)

// Drifted compares values; tests is how many scores are looked at together, by which the bar for chance rises (Bonferroni).
// Fewer than twenty values on a side give no alarm and NaN.
//
// Source: Lewis 1994 and Siddiqi 2006 for the index and its bounds; Kolmogorov–Smirnov with the asymptotic distribution in
// Stephens's 1970 form.
func Drifted(before, after []float64, tests int) Drift {
	d := Drift{Before: len(before), After: len(after), PSI: math.NaN(), KS: math.NaN(), P: math.NaN()}
	if min(len(before), len(after)) < minDrift {
		return d
	}
	before, after = slices.Clone(before), slices.Clone(after)
	slices.Sort(before)
	slices.Sort(after)
	d.Median = [2]float64{before[len(before)/2], after[len(after)/2]}
	d.PSI = stability(before, after)
	d.KS = distance(before, after)
	n, m := float64(len(before)), float64(len(after))
	root := math.Sqrt(n * m / (n + m))
	d.P = kolmogorov((root + 0.12 + 0.11/root) * d.KS)
	d.Alarm = d.PSI > alarmPSI && d.P*float64(max(1, tests)) < alarmP
	return d
}

// stability is the index of two sorted lists. Half a value in each tenth keeps empty ones from infinity.
func stability(before, after []float64) float64 {
	const tenths = 10
	sum, b0, a0 := 0.0, 0, 0
	n, m := float64(len(before)), float64(len(after))
	for k := 1; k <= tenths; k++ {
		b1, a1 := len(before), len(after)
		if k < tenths {
			edge := before[min(len(before)-1, k*len(before)/tenths)]
			b1, _ = slices.BinarySearch(before, edge)
			a1, _ = slices.BinarySearch(after, edge)
		}
		if b1 == b0 && a1 == a0 {
			continue // equal values fill several tenths
		}
		p, q := (float64(b1-b0)+0.5)/(n+tenths/2), (float64(a1-a0)+0.5)/(m+tenths/2)
		sum += (q - p) * math.Log(q/p)
		b0, a0 = b1, a1
	}
	return sum
}

// distance is the largest difference of two sorted lists' distribution functions.
func distance(a, b []float64) (most float64) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		x := math.Min(a[i], b[j])
		for i < len(a) && a[i] == x {
			i++
		}
		for j < len(b) && b[j] == x {
			j++
		}
		most = math.Max(most, math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	return most
}

// kolmogorov is the probability that the limit distribution exceeds x.
func kolmogorov(x float64) float64 {
	if x < 0.2 {
		return 1 // the series doesn't converge there; it is above 0.9999999
	}
	sum, sign := 0.0, 1.0
	for k := 1.0; k <= 100; k++ {
		term := math.Exp(-2 * k * k * x * x)
		sum += sign * term
		sign = -sign
		if term < 1e-12 {
			break
		}
	}
	return math.Max(0, math.Min(1, 2*sum))
}
