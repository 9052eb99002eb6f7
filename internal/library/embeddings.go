package library

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"slices"
	"sync"

	"presswerk/internal/art"
)

// Embeddings is an index of vectors by their direction. A search compares the signs of all numbers first, one bit each, and
// ranks the best by cosine of the vectors kept in 8 bits a number: as in Charikar 2002, "Similarity estimation techniques
// from rounding algorithms", with the axes as planes. It takes width·9/8 bytes a vector. One writer or many readers at a time.
type Embeddings struct {
	width  int
	centre []float32
	codes  []uint64 // signs, (width+63)/64 words a vector
	levels []int8   // width numbers a vector
	norms  []float32
}

// NewEmbeddings makes an empty index for vectors of a width. Signs are taken around a centre, which should be the mean of
// what will be put in: networks' vectors point in much the same direction, and around 0 most of their signs would be
// equal. nil is 0.
func NewEmbeddings(width int, centre []float32) (*Embeddings, error) {
	if width < 1 || centre != nil && len(centre) != width {
		return nil, art.Invalid("width", fmt.Sprintf("%d numbers are no vector", width), "take the network's own width")
	}
	return &Embeddings{width: width, centre: slices.Clone(centre)}, nil
}

// Len is how many vectors there are.
func (x *Embeddings) Len() int { return len(x.norms) }

// Add puts in a vector of any length and gives its number, counted from 0.
func (x *Embeddings) Add(v []float32) (int, error) {
	code, levels, norm, err := x.quantise(v)
	if err != nil {
		return 0, err
	}
	x.codes, x.levels, x.norms = append(x.codes, code...), append(x.levels, levels...), append(x.norms, norm)
	return len(x.norms) - 1, nil
}

func (x *Embeddings) quantise(v []float32) (code []uint64, levels []int8, norm float32, err error) {
	high := float32(0)
	for _, f := range v {
		if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
			return nil, nil, 0, art.Invalid("embedding", "it has a number that is none", "look at the network")
		}
		high = max(high, f, -f)
	}
	if len(v) != x.width || high == 0 {
		return nil, nil, 0, art.Invalid("embedding", fmt.Sprintf("it has %d numbers, or only zeros", len(v)), fmt.Sprintf("give %d numbers of the same network", x.width))
	}
	code, levels = make([]uint64, (x.width+63)/64), make([]int8, x.width)
	squares := 0.0
	for i, f := range v {
		middle := float32(0)
		if x.centre != nil {
			middle = x.centre[i]
		}
		if f > middle {
			code[i/64] |= 1 << (i % 64)
		}
		levels[i] = int8(math.Round(float64(f / high * 127)))
		squares += float64(levels[i]) * float64(levels[i])
	}
	return code, levels, float32(math.Sqrt(squares)), nil
}

// Near is a vector that was found.
type Near struct {
	Number int
	Cosine float64 // −1..1
}

// Nearest gives the vectors of the highest cosine, at most count, the best first. Of all vectors, the looks whose signs
// agree most are ranked; more looks find more and take longer, and under 1 takes 64 for each that is asked for.
func (x *Embeddings) Nearest(v []float32, count, looks int) ([]Near, error) {
	code, levels, norm, err := x.quantise(v)
	if err != nil {
		return nil, err
	}
	if looks < 1 {
		looks = 64 * count
	}
	var ranked []Near
	for _, n := range x.bySigns(code, max(looks, count)) {
		dot := int32(0)
		for i, l := range x.levels[n*x.width : (n+1)*x.width] {
			dot += int32(l) * int32(levels[i])
		}
		ranked = append(ranked, Near{n, float64(dot) / float64(norm) / float64(x.norms[n])})
	}
	slices.SortFunc(ranked, func(a, b Near) int {
		return cmp.Or(cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(a.Number, b.Number))
	})
	return ranked[:min(count, len(ranked))], nil
}

// bySigns lists at least count vectors whose signs agree with a code in most places, or all there are.
func (x *Embeddings) bySigns(code []uint64, count int) []int {
	n, w := len(x.norms), len(code)
	distances := make([]uint16, n)
	workers := max(1, min(runtime.GOMAXPROCS(0), n/10_000))
	counts := make([][]int, workers)
	var all sync.WaitGroup
	for k := range workers {
		counts[k] = make([]int, 64*w+1)
		all.Go(func() {
			for i := k * n / workers; i < (k+1)*n/workers; i++ {
				d := 0
				for j, c := range x.codes[i*w : (i+1)*w] {
					d += bits.OnesCount64(c ^ code[j])
				}
				distances[i] = uint16(d)
				counts[k][d]++
			}
		})
	}
	all.Wait()
	limit, sum := 0, 0
	for ; limit < 64*w; limit++ {
		for k := range counts {
			sum += counts[k][limit]
		}
		if sum >= count {
			break
		}
	}
	found := make([]int, 0, sum)
	for i, d := range distances {
		if int(d) <= limit {
			found = append(found, i)
		}
	}
	return found
}
