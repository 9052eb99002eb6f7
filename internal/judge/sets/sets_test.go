package sets_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/judge/sets"
)

// features are those of trainer/reference/make_sets.py.
func features(n, width int, seed uint64, shift, spread float64) [][]float32 {
	state, out := seed, make([][]float32, n)
	for i := range out {
		out[i] = make([]float32, width)
		for j := range out[i] {
			total := 0.0
			for range 4 {
				state = state*6364136223846793005 + 1442695040888963407
				total += float64(state>>40) / (1 << 24)
			}
			out[i][j] = float32(shift + (total-2)*spread*float64(1+j%3))
		}
	}
	return out
}

func set(t *testing.T, rows [][]float32) sets.Set {
	t.Helper()
	s, err := sets.New(rows)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestMeasuresAreThoseOfTheReferences: clean-fid and torchmetrics, prdc, vendi-score, and CMMD's formula.
func TestMeasuresAreThoseOfTheReferences(t *testing.T) {
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		N, M, Width         int
		Shift, Spread       float64
		Frechet             float64
		FrechetTorchmetrics float64 `json:"frechet_torchmetrics"`
		MMD                 float64
		Precision, Recall   float64
		Density, Coverage   float64
		Vendi               float64
	}
	if err := json.Unmarshal(data, &cases); err != nil || len(cases) == 0 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, c := range cases {
		a, b := set(t, features(c.N, c.Width, 1, c.Shift, c.Spread)), set(t, features(c.M, c.Width, 2, 0.1, 1))
		near := sets.Neighbourhoods(a, b, 3)
		for name, v := range map[string][3]float64{
			"Fréchet, clean-fid": {sets.Frechet(a, b), c.Frechet, 1e-5}, "Fréchet, torchmetrics": {sets.Frechet(a, b), c.FrechetTorchmetrics, 1e-5},
			"MMD": {sets.MMD(a, b), c.MMD, 1e-9}, "Vendi": {sets.Vendi(a), c.Vendi, 1e-9},
			"precision": {near.Precision, c.Precision, 1e-12}, "recall": {near.Recall, c.Recall, 1e-12},
			"density": {near.Density, c.Density, 1e-12}, "coverage": {near.Coverage, c.Coverage, 1e-12},
		} {
			if math.Abs(v[0]-v[1]) > v[2]*max(1, math.Abs(v[1])) {
				t.Errorf("%d × %d: %s is %v, the reference's %v", c.N, c.Width, name, v[0], v[1])
			}
		}
	}
}

func TestSetsWhoseAnswerIsKnown(t *testing.T) {
	same := make([][]float32, 12)
	apart := make([][]float32, 12)
	for i := range same {
		same[i] = []float32{1, 2, 3}
		apart[i] = make([]float32, 12)
		apart[i][i] = float32(i + 1)
	}
	if v := sets.Vendi(set(t, same)); math.Abs(v-1) > 1e-9 {
		t.Errorf("the same picture twelve times is as varied as %v", v)
	}
	if v := sets.Vendi(set(t, apart)); math.Abs(v-12) > 1e-9 {
		t.Errorf("twelve with nothing in common are as varied as %v", v)
	}
	a := set(t, features(40, 6, 1, 0, 1))
	if v := sets.Frechet(a, a); v > 1e-9 {
		t.Errorf("a set is %v from itself", v)
	}
	if v := sets.MMD(a, a); math.Abs(v) > 1e-9 {
		t.Errorf("a set is %v from itself", v)
	}
	far := features(40, 6, 1, 0, 1)
	for _, row := range far {
		row[2] += 3
	}
	if v := sets.Frechet(a, set(t, far)); math.Abs(v-9) > 1e-4 {
		t.Errorf("moved by 3, a set is %v away, want 9", v)
	}
}

func TestIntervalsHoldTheValueAndComeAgain(t *testing.T) {
	ctx, a, b := context.Background(), set(t, features(60, 6, 1, 0.3, 1)), set(t, features(50, 6, 2, 0, 1))
	one, err := sets.Compare(ctx, a, b, sets.Options{Resamples: 20, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	two, err := sets.Compare(ctx, a, b, sets.Options{Resamples: 20, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	wide := 0
	for i, m := range one {
		if m.Low > m.Value || m.High < m.Value || m.Meaning[art.German] == "" {
			t.Errorf("%+v", m)
		}
		if m.Low < m.High {
			wide++
		}
		if two[i].Low != m.Low || two[i].High != m.High {
			t.Errorf("%s: %v–%v, then %v–%v", m.Name, m.Low, m.High, two[i].Low, two[i].High)
		}
	}
	if wide < 6 {
		t.Errorf("only %d measures have an interval", wide)
	}
	none, err := sets.Compare(ctx, a, b, sets.Options{Resamples: -1})
	if err != nil || none[0].Low != none[0].Value || none[0].High != none[0].Value {
		t.Errorf("without resamples: %+v, %v", none, err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := sets.Compare(ended, a, b, sets.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}

// TestTheIntervalIsAsWideAsTheSpread: of the mean-like MMD over many draws of sets.
func TestTheIntervalIsAsWideAsTheSpread(t *testing.T) {
	ctx, inside := context.Background(), 0
	const draws = 40
	var values []float64
	var found []sets.Measure
	for k := range uint64(draws) {
		got, err := sets.Compare(ctx, set(t, features(60, 4, 100+k*7919, 0.5, 1)), set(t, features(60, 4, 900+k*104729, 0, 1)), sets.Options{Resamples: 60, Seed: k})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range got {
			if m.Name == "mmd" {
				values, found = append(values, m.Value), append(found, m)
			}
		}
	}
	mean := 0.0
	for _, v := range values {
		mean += v / draws
	}
	for _, m := range found {
		if m.Low <= mean && mean <= m.High {
			inside++
		}
	}
	if inside < draws*8/10 {
		t.Errorf("%d of %d intervals hold the mean of all draws", inside, draws)
	}
}

func TestSetsThatAreNoneAreRefused(t *testing.T) {
	nan := float32(math.NaN())
	for _, rows := range [][][]float32{nil, {{1}}, {{}, {}}, {{1, 2}, {1}}, {{1}, {nan}}} {
		if _, err := sets.New(rows); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%v: %v", rows, err)
		}
	}
	a := set(t, features(20, 3, 1, 0, 1))
	if _, err := sets.Compare(context.Background(), a, set(t, features(20, 4, 1, 0, 1)), sets.Options{}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("another network's: %v", err)
	}
	if _, err := sets.Compare(context.Background(), a, set(t, features(7, 3, 1, 0, 1)), sets.Options{}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("too few: %v", err)
	}
}
