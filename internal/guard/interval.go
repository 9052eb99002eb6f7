package guard

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// interval is a mean with its confidence interval.
type interval struct{ mean, low, high float64 }

// meanInterval gives the mean of paired differences with the two-sided interval of Student's t at a confidence in (0, 1).
// Values that are all equal give an interval of no width; fewer than two give an infinite one, because nothing is known.
//
// Source: Student 1908, "The Probable Error of a Mean", Biometrika 6; as scipy.stats.ttest_rel(…).confidence_interval.
func meanInterval(differences []float64, confidence float64) interval {
	n := float64(len(differences))
	if n == 0 {
		return interval{0, math.Inf(-1), math.Inf(1)}
	}
	mean := 0.0
	for _, d := range differences {
		mean += d / n
	}
	if n < 2 {
		return interval{mean, math.Inf(-1), math.Inf(1)}
	}
	squares := 0.0
	for _, d := range differences {
		squares += (d - mean) * (d - mean)
	}
	half := quantile(1-(1-confidence)/2, n-1) * math.Sqrt(squares/(n-1)/n)
	return interval{mean, mean - half, mean + half}
}

// quantile is that of Student's t with so many degrees of freedom.
func quantile(p, freedom float64) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile(p)
}
