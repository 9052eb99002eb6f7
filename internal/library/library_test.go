package library_test

import (
	"cmp"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"presswerk/internal/library"
)

func randomHash(r *rand.Rand) (h library.Hash) {
	for i := range h {
		h[i] = byte(r.UintN(256))
	}
	return h
}

func flipped(r *rand.Rand, h library.Hash, n int) library.Hash {
	for _, bit := range r.Perm(256)[:n] {
		h[bit/8] ^= 1 << (bit % 8)
	}
	return h
}

func distance(a, b library.Hash) int {
	n := 0
	for i := range a {
		n += bits.OnesCount8(a[i] ^ b[i])
	}
	return n
}

func TestHashesWithinTheRadiusAreAllFound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x, all := library.NewHashes(), []library.Hash{}
	centre := randomHash(r)
	for i := range 5000 {
		h := randomHash(r)
		if i%2 == 0 { // half of them lie around one hash, on both sides of the radius
			h = flipped(r, centre, r.IntN(64))
		}
		x.Add(h)
		all = append(all, h)
	}
	for _, radius := range []int{0, 5, 31, 40, 256} {
		for range 20 {
			q := flipped(r, centre, r.IntN(32))
			var want []library.Hit
			for n, h := range all {
				if d := distance(q, h); d <= radius {
					want = append(want, library.Hit{Number: n, Distance: d})
				}
			}
			slices.SortStableFunc(want, func(a, b library.Hit) int { return cmp.Compare(a.Distance, b.Distance) })
			if got := x.Within(q, radius); !slices.Equal(got, want) {
				t.Fatalf("within %d: %d found, want %d", radius, len(got), len(want))
			}
		}
	}
}

func TestTheNearestHashIsTheNearestOfAll(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	x, all := library.NewHashes(), []library.Hash{}
	if _, _, ok := x.Nearest([]library.Hash{randomHash(r)}, library.Choice{}); ok {
		t.Error("an empty index found something")
	}
	for range 41_000 { // so many that two goroutines look at all
		all = append(all, randomHash(r))
		x.Add(all[len(all)-1])
	}
	odd := func(n int) bool { return n%2 == 1 }
	for i := range 60 {
		q := []library.Hash{randomHash(r), flipped(r, all[r.IntN(len(all))], 2*i), randomHash(r)} // near ones and ones that only looking at all finds
		for _, allow := range []func(int) bool{nil, odd} {
			best, at, of := 257, -1, 0
			for k, wanted := range q {
				for n, h := range all {
					if d := distance(wanted, h); d < best && (allow == nil || allow(n)) {
						best, at, of = d, n, k
					}
				}
			}
			if got, which, ok := x.Nearest(q, library.Choice{Allow: allow}); !ok || got.Number != at || got.Distance != best || which != of {
				t.Fatalf("nearest is %+v of %d, want %d at %d of %d", got, which, at, best, of)
			}
		}
	}
}

func TestOfEquallyNearPrintsTheFirstInOrderIsGiven(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	h := randomHash(r)
	a, b := library.Print{Name: "a", Run: "x", Place: 1}, library.Print{Name: "b", Run: "x", Place: 2}
	for _, order := range [][]library.Print{{a, b}, {b, a}} {
		p := library.NewPrints()
		for _, print := range order {
			p.Add(print, flipped(r, h, 3))
		}
		p.Add(library.Print{Name: "far"}, randomHash(r))
		if m, compared, ok := p.Nearest([]library.Hash{h}, nil); !ok || m.Name != "a" || m.Distance != 3 || compared != 3 {
			t.Errorf("%+v of %d", m, compared)
		}
		if m, _, ok := p.Nearest([]library.Hash{h}, func(p library.Print) bool { return p.Place == 2 }); !ok || m.Name != "b" {
			t.Errorf("among those allowed: %+v", m)
		}
	}
}

// around gives a vector whose cosine to another is about as wanted.
func around(r *rand.Rand, v []float32, cosine float64) []float32 {
	out, squares := make([]float32, len(v)), 0.0
	for _, f := range v {
		squares += float64(f) * float64(f)
	}
	scale := math.Sqrt(squares/float64(len(v))) * math.Tan(math.Acos(cosine))
	for i, f := range v {
		out[i] = f + float32(scale*r.NormFloat64())
	}
	return out
}

func TestEmbeddingsFindTheNearestAndTellTheirCosine(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const width, count = 96, 20_000
	x, err := library.NewEmbeddings(width, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]float32
	for range count {
		v := make([]float32, width)
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
		all = append(all, v)
		if _, err := x.Add(v); err != nil {
			t.Fatal(err)
		}
	}
	missed := 0
	for n := range 200 {
		got, err := x.Nearest(around(r, all[n], 0.85), 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got[0].Number != n {
			missed++
		} else if got[0].Cosine < 0.7 || got[0].Cosine > 0.95 {
			t.Errorf("cosine %v, want about 0.85", got[0].Cosine)
		}
	}
	if missed > 2 {
		t.Errorf("%d of 200 were missed", missed)
	}
	if got, _ := x.Nearest(all[5], 3, 0); len(got) != 3 || got[0].Number != 5 || math.Abs(got[0].Cosine-1) > 1e-6 {
		t.Errorf("a vector's own neighbours: %+v", got)
	}
}

func TestAVectorThatIsNoneIsRefused(t *testing.T) {
	if _, err := library.NewEmbeddings(0, nil); err == nil {
		t.Error("a width of 0 was taken")
	}
	if _, err := library.NewEmbeddings(2, []float32{1}); err == nil {
		t.Error("a centre of another width was taken")
	}
	x, _ := library.NewEmbeddings(2, []float32{1, -1})
	for _, v := range [][]float32{nil, {1}, {0, 0}, {float32(math.NaN()), 1}, {float32(math.Inf(1)), 1}} {
		if _, err := x.Add(v); err == nil {
			t.Errorf("%v was taken", v)
		}
	}
	if got, err := x.Nearest([]float32{1, 2}, 5, 0); err != nil || len(got) != 0 {
		t.Errorf("an empty index found %v, %v", got, err)
	}
}
