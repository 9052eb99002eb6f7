package library_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"presswerk/internal/library"
)

func TestAVectorIsReadAsItWasWritten(t *testing.T) {
	v := []float32{3, -4, 0, 0.02}
	got, err := library.ReadVector(library.WriteVector(v))
	if err != nil || math.Abs(float64(got[0])-0.6) > 0.005 || math.Abs(float64(got[1])+0.8) > 0.005 || got[2] != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestTheNearestOfSeveralVectorsIsFound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func() []float32 {
		v := make([]float32, 64)
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
		return v
	}
	var x library.Vectors
	if _, ok, err := x.Nearest(random()); ok || err != nil {
		t.Errorf("an empty collection found something: %v", err)
	}
	var wanted []float32
	for n := range 500 {
		v := random()
		if n == 321 {
			wanted = v
		}
		if err := x.Add(library.Print{Place: n}, v); err != nil {
			t.Fatal(err)
		}
	}
	got, ok, err := x.Nearest(random(), around(r, wanted, 0.9))
	if err != nil || !ok || got.Place != 321 || got.Which != 1 || got.Cosine < 0.7 || x.Len() != 500 {
		t.Errorf("%+v, %v, %v of %d", got, ok, err, x.Len())
	}
	if err := x.Add(library.Print{}, []float32{1, 2}); err == nil {
		t.Error("a vector of another network was taken")
	}
}

func FuzzReadVector(f *testing.F) {
	f.Add("AQL/")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := library.ReadVector(text)
		if err == nil && len(v) == 0 {
			t.Error("nothing was read as a vector")
		}
	})
}
