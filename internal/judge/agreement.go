package judge

import (
	"maps"
	"math"
	"slices"
)

// Word is what one person said of one thing; Value is a rank, such as 0 rejected, 1 to be fixed, 2 approved.
type Word struct {
	Thing, Person string
	Value         float64
}

// Agreement is Krippendorff's α over what several people said: 1 is full agreement, 0 what chance would give. Without things
// that two people spoke about, or where all words are the same, it is NaN.
type Agreement struct {
	Alpha  float64
	Things int // that at least two people spoke about
	People int // who spoke about them
}

// Metric tells how far the values at i and j are from each other, squared; count is how often each value was said.
type Metric func(values []float64, count []float64, i, j int) float64

// Nominal values are equal or not.
func Nominal(_, _ []float64, i, j int) float64 {
	if i == j {
		return 0
	}
	return 1
}

// Ordinal values are ranks: how often values between two of them were said counts.
func Ordinal(_, count []float64, i, j int) float64 {
	i, j = min(i, j), max(i, j)
	if i == j {
		return 0
	}
	between := -(count[i] + count[j]) / 2
	for _, n := range count[i : j+1] {
		between += n
	}
	return between * between
}

// Agree computes α. A person's later words on a thing don't count: only the first ones were said without knowing others'.
//
// Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability".
func Agree(words []Word, metric Metric) Agreement {
	things, people := map[string]map[string]float64{}, map[string]bool{}
	for _, w := range words {
		if things[w.Thing] == nil {
			things[w.Thing] = map[string]float64{}
		}
		if _, said := things[w.Thing][w.Person]; !said {
			things[w.Thing][w.Person] = w.Value
		}
	}
	maps.DeleteFunc(things, func(_ string, said map[string]float64) bool { return len(said) < 2 })
	often := map[float64]float64{}
	for _, said := range things {
		for who, v := range said {
			often[v]++
			people[who] = true
		}
	}
	values := slices.Sorted(maps.Keys(often))
	count, total := make([]float64, len(values)), 0.0
	for i, v := range values {
		count[i] = often[v]
		total += often[v]
	}
	sum := func(of []float64) (s float64) {
		for i, a := range of {
			for j, b := range of {
				s += a * b * metric(values, count, i, j)
			}
		}
		return s
	}
	a := Agreement{Things: len(things), People: len(people), Alpha: math.NaN()}
	observed := 0.0
	for _, name := range slices.Sorted(maps.Keys(things)) { // sums of floats have an order
		here := make([]float64, len(values))
		for _, v := range things[name] {
			at, _ := slices.BinarySearch(values, v)
			here[at]++
		}
		observed += sum(here) / float64(len(things[name])-1)
	}
	if expected := sum(count); expected > 0 {
		a.Alpha = 1 - (total-1)*observed/expected
	}
	return a
}
