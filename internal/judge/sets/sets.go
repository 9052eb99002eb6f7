package sets

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"presswerk/internal/art"
)

// Set is features of pictures, one row a picture. It is read-only.
type Set struct{ rows *mat.Dense }

// New takes features, one row a picture, all equally long. Fewer than two rows, rows of different length and numbers
// that are none give art.ErrInvalid.
func New(rows [][]float32) (Set, error) {
	if len(rows) < 2 || len(rows[0]) == 0 {
		return Set{}, art.Invalid("set", fmt.Sprintf("%d pictures have no spread", len(rows)), "give at least two")
	}
	s := Set{mat.NewDense(len(rows), len(rows[0]), nil)}
	for i, row := range rows {
		if len(row) != len(rows[0]) {
			return Set{}, art.Invalid("set", fmt.Sprintf("picture %d has %d features and the first %d", i, len(row), len(rows[0])), "take them all from one network")
		}
		for j, v := range row {
			if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
				return Set{}, art.Invalid("set", fmt.Sprintf("picture %d has a feature that is no number", i), "look at the network")
			}
			s.rows.Set(i, j, float64(v))
		}
	}
	return s, nil
}

// Len is how many pictures there are.
func (s Set) Len() int { return s.rows.RawMatrix().Rows }

// Width is how many features each has.
func (s Set) Width() int { return s.rows.RawMatrix().Cols }

func (s Set) pick(at []int) Set {
	out := mat.NewDense(len(at), s.Width(), nil)
	for i, n := range at {
		out.SetRow(i, s.rows.RawRowView(n))
	}
	return Set{out}
}

// Options of Compare. Zero values take the defaults.
type Options struct {
	Neighbours int    // whose distance is the size of a picture's surroundings; default 3, as in Kynkäänniemi et al.
	Resamples  int    // for the intervals; default 100, below 0 makes none
	Seed       uint64 // of the resampling
}

// Measure is one number about sets.
type Measure struct {
	Name      string        `json:"measure"`
	Value     float64       `json:"value"`
	Low       float64       `json:"low"`  // of the interval that holds 95 % of resamples
	High      float64       `json:"high"` // both are the value where none was asked for
	Direction art.Direction `json:"direction"`
	Meaning   art.Text      `json:"meaning"`
}

// measure is how a number is made of the first set, which is looked at, and the second, which it is compared with.
type measure struct {
	name      string
	direction art.Direction
	low, high float64 // what the number can't leave
	meaning   art.Text
	of        func(a, b Set, neighbours int) float64
}

// Compare measures how the first set differs from the second, and how varied each is.
//
// An interval comes from halves of the sets drawn without putting back (Shao, Wu 1989, "A general theory for jackknife
// variance estimation"): the bootstrap would draw pictures several times, which these measures take for less variety.
func Compare(ctx context.Context, a, b Set, o Options) ([]Measure, error) {
	if a.Width() != b.Width() {
		return nil, art.Invalid("set", fmt.Sprintf("one has %d features and the other %d", a.Width(), b.Width()), "take both from one network")
	}
	if o.Neighbours <= 0 {
		o.Neighbours = 3
	}
	if o.Resamples == 0 {
		o.Resamples = 100
	}
	if min(a.Len(), b.Len()) <= 2*o.Neighbours+1 {
		return nil, art.Invalid("set", fmt.Sprintf("%d and %d pictures are too few for %d neighbours", a.Len(), b.Len(), o.Neighbours), "give more than twice as many, and one")
	}
	all := measures()
	values, drawn := make([]float64, len(all)), make([][]float64, len(all))
	for i, m := range all {
		values[i] = m.of(a, b, o.Neighbours)
	}
	r := rand.New(rand.NewPCG(o.Seed, 0)) //nolint:gosec // the same halves each time
	for range o.Resamples {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("sets: %w", err)
		}
		halfA, halfB := a.pick(r.Perm(a.Len())[:a.Len()/2]), b.pick(r.Perm(b.Len())[:b.Len()/2])
		for i, m := range all {
			drawn[i] = append(drawn[i], m.of(halfA, halfB, o.Neighbours))
		}
	}
	out := make([]Measure, len(all))
	for i, m := range all {
		out[i] = Measure{Name: m.name, Value: values[i], Direction: m.direction, Meaning: m.meaning}
		out[i].Low, out[i].High = interval(values[i], drawn[i], m.low, m.high)
	}
	return out, nil
}

// interval lays the spread of resamples around the value, for halves have another mean than the whole.
func interval(value float64, drawn []float64, low, high float64) (from, to float64) {
	if len(drawn) == 0 {
		return value, value
	}
	mean := 0.0
	for _, v := range drawn {
		mean += v / float64(len(drawn))
	}
	slices.Sort(drawn)
	at := func(q float64) float64 { return value + drawn[int(math.Round(q*float64(len(drawn)-1)))] - mean }
	return max(low, min(value, at(0.025))), min(high, max(value, at(0.975)))
}

func measures() []measure {
	inf := math.Inf(1)
	return []measure{
		{"frechet", art.LowerIsBetter, 0, inf, art.Text{
			"en": "Fréchet distance of the features; with Inception's features it is FID. 0 is no difference; it grows as sets get smaller.",
			"de": "Fréchet-Abstand der Merkmale; mit denen von Inception ist es FID. 0 ist kein Unterschied; er wächst, je kleiner die Mengen sind.",
		}, func(a, b Set, _ int) float64 { return Frechet(a, b) }},
		{"mmd", art.LowerIsBetter, 0, inf, art.Text{
			"en": "Maximum mean discrepancy of the features at unit length, times 1000; with CLIP's features it is CMMD. 0 is no difference.",
			"de": "Maximum Mean Discrepancy der Merkmale auf Länge eins, mal 1000; mit denen von CLIP ist es CMMD. 0 ist kein Unterschied.",
		}, func(a, b Set, _ int) float64 { return MMD(a, b) }},
		{"precision", art.HigherIsBetter, 0, 1, art.Text{
			"en": "Share of the pictures that lie where those compared with lie: how many look right.",
			"de": "Anteil der Bilder, die dort liegen, wo die Vergleichsbilder liegen: wie viele richtig aussehen.",
		}, func(a, b Set, k int) float64 { return Neighbourhoods(a, b, k).Precision }},
		{"recall", art.HigherIsBetter, 0, 1, art.Text{
			"en": "Share of those compared with that lie where the pictures lie: how much of the variety is there.",
			"de": "Anteil der Vergleichsbilder, die dort liegen, wo die Bilder liegen: wie viel der Vielfalt da ist.",
		}, func(a, b Set, k int) float64 { return Neighbourhoods(a, b, k).Recall }},
		{"density", art.HigherIsBetter, 0, inf, art.Text{
			"en": "How many surroundings of those compared with a picture lies in, of as many as it should: 1 is as it should be, outliers count little.",
			"de": "In wie vielen Umgebungen der Vergleichsbilder ein Bild liegt, gemessen am Soll: 1 ist richtig, Ausreißer zählen wenig.",
		}, func(a, b Set, k int) float64 { return Neighbourhoods(a, b, k).Density }},
		{"coverage", art.HigherIsBetter, 0, 1, art.Text{
			"en": "Share of those compared with that have a picture nearby.",
			"de": "Anteil der Vergleichsbilder, die ein Bild in der Nähe haben.",
		}, func(a, b Set, k int) float64 { return Neighbourhoods(a, b, k).Coverage }},
		{"vendi", art.HigherIsBetter, 1, inf, art.Text{
			"en": "Vendi score: how many wholly different pictures would be as varied as these.",
			"de": "Vendi-Wert: wie viele gänzlich verschiedene Bilder so vielfältig wären wie diese.",
		}, func(a, _ Set, _ int) float64 { return Vendi(a) }},
		{"vendi_against", art.HigherIsBetter, 1, inf, art.Text{
			"en": "Vendi score of those compared with.",
			"de": "Vendi-Wert der Vergleichsbilder.",
		}, func(_, b Set, _ int) float64 { return Vendi(b) }},
	}
}
