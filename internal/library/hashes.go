package library

import (
	"encoding/binary"
	"math/bits"
	"runtime"
	"slices"
	"sync"
)

// Hash is a perceptual hash of 256 bits.
type Hash = [32]byte

// Radius is the most bits in which two hashes may differ to be found without looking at all.
const Radius = 31

// alike is the most bits in which two hashes may differ so that one of their 16 parts is equal.
const alike = 15

// words is a hash as four numbers, for quick comparison.
type words [4]uint64

func toWords(h Hash) words {
	return words{binary.BigEndian.Uint64(h[:]), binary.BigEndian.Uint64(h[8:]), binary.BigEndian.Uint64(h[16:]), binary.BigEndian.Uint64(h[24:])}
}

func (w words) distance(o words) int {
	return bits.OnesCount64(w[0]^o[0]) + bits.OnesCount64(w[1]^o[1]) + bits.OnesCount64(w[2]^o[2]) + bits.OnesCount64(w[3]^o[3])
}

// part is the n-th sixteenth of a hash.
func (w words) part(n int) uint16 { return uint16(w[n/4] >> (16 * (n % 4))) }

const (
	parts    = 16 // 16 parts of 16 bits
	partBits = 16
)

// Hashes is an index by Norouzi, Punjani, Fleet 2012, "Fast search in Hamming space with multi-index hashing": two hashes
// that differ in at most 31 of 256 bits differ in at most one bit of at least one of 16 parts, so that looking up each part
// and its 16 neighbours finds all of them. It takes about 100 bytes a hash. One writer or many readers at a time.
type Hashes struct {
	all   []words
	first [parts][]int32 // by a part's value, the newest hash that has it, plus 1; 0 is none
	next  [parts][]int32 // by hash, the one before it with the same value, plus 1
}

// NewHashes makes an empty index.
func NewHashes() *Hashes {
	x := &Hashes{}
	for i := range x.first {
		x.first[i] = make([]int32, 1<<partBits)
	}
	return x
}

// Len is how many hashes there are.
func (x *Hashes) Len() int { return len(x.all) }

// Add puts in a hash and gives its number, counted from 0.
func (x *Hashes) Add(h Hash) int {
	w, n := toWords(h), len(x.all)
	x.all = append(x.all, w)
	for i := range x.first {
		value := w.part(i)
		x.next[i] = append(x.next[i], x.first[i][value])
		x.first[i][value] = int32(n + 1)
	}
	return n
}

// Hit is a hash that was found.
type Hit struct {
	Number   int
	Distance int // in bits
}

// Within lists all hashes that differ in at most radius bits, the nearest first, equal ones by their number. A radius over
// Radius looks at every hash.
func (x *Hashes) Within(h Hash, radius int) []Hit {
	var hits []Hit
	found := map[int]bool{}
	x.look(toWords(h), radius, func(n, distance int) {
		if distance <= radius && !found[n] {
			found[n] = true
			hits = append(hits, Hit{n, distance})
		}
	})
	slices.SortFunc(hits, func(a, b Hit) int {
		if a.Distance != b.Distance {
			return a.Distance - b.Distance
		}
		return a.Number - b.Number
	})
	return hits
}

// Choice says which hashes may be found, and which of equally near ones is. Both are asked by several goroutines at a time.
type Choice struct {
	Allow  func(n int) bool    // nil allows all
	Before func(a, b int) bool // whether a comes before b; nil takes the lowest number
}

// Nearest gives the hash that differs least from any of some hashes, which are usually those of one picture in all its turns,
// and which of them that is: of equally near ones the first. Everything is looked at only where none of them has another
// within Radius. ok is false where there is none.
func (x *Hashes) Nearest(hashes []Hash, choose Choice) (hit Hit, which int, ok bool) {
	wanted := make([]words, len(hashes))
	best := nearest{choose: choose, hit: Hit{Number: -1, Distance: 257}}
	for k, h := range hashes {
		wanted[k] = toWords(h)
	}
	for _, radius := range []int{alike, Radius} { // a nearest one within a radius is the nearest of all
		if best.hit.Distance <= radius {
			break
		}
		for k, w := range wanted {
			x.look(w, radius, func(n, distance int) { best.consider(k, n, distance) })
		}
	}
	if best.hit.Distance > Radius {
		best = x.scan(wanted, choose)
	}
	return best.hit, best.which, best.hit.Number >= 0
}

// nearest is the best hit so far.
type nearest struct {
	choose Choice
	hit    Hit
	which  int
}

func (b *nearest) consider(which, n, distance int) {
	if distance > b.hit.Distance || distance == b.hit.Distance && !b.earlier(which, n) {
		return
	}
	if b.choose.Allow == nil || b.choose.Allow(n) {
		b.hit, b.which = Hit{n, distance}, which
	}
}

func (b *nearest) earlier(which, n int) bool {
	switch {
	case which != b.which:
		return which < b.which
	case n == b.hit.Number:
		return false
	case b.choose.Before == nil:
		return n < b.hit.Number
	}
	return b.choose.Before(n, b.hit.Number)
}

// scan compares every hash with all that are wanted, each processor a part of them.
func (x *Hashes) scan(wanted []words, choose Choice) nearest {
	const least = 20_000 // hashes that are worth a goroutine
	parts := make([]nearest, max(1, min(runtime.GOMAXPROCS(0), len(x.all)/least)))
	var all sync.WaitGroup
	for p := range parts {
		all.Go(func() {
			from := p * len(x.all) / len(parts)
			best := nearest{choose: choose, hit: Hit{Number: -1, Distance: 257}}
			for i, o := range x.all[from : (p+1)*len(x.all)/len(parts)] {
				for k, w := range wanted {
					if d := w.distance(o); d <= best.hit.Distance {
						best.consider(k, from+i, d)
					}
				}
			}
			parts[p] = best
		})
	}
	all.Wait()
	best := parts[0]
	best.choose.Allow = nil // they were allowed already
	for _, o := range parts[1:] {
		if o.hit.Number >= 0 {
			best.consider(o.which, o.hit.Number, o.hit.Distance)
		}
	}
	return best
}

// look tells of every hash within a radius, and of some beyond; it may tell of one several times.
func (x *Hashes) look(w words, radius int, tell func(n, distance int)) {
	if radius > Radius {
		for n, o := range x.all {
			tell(n, w.distance(o))
		}
		return
	}
	flips := 0 // within alike one part is equal; beyond it may differ by a bit
	if radius > alike {
		flips = partBits
	}
	for i := range x.first {
		value := w.part(i)
		for flip := -1; flip < flips; flip++ {
			near := value
			if flip >= 0 {
				near ^= 1 << flip
			}
			for n := x.first[i][near]; n != 0; n = x.next[i][n-1] {
				tell(int(n-1), w.distance(x.all[n-1]))
			}
		}
	}
}
