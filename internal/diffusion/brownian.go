package diffusion

import (
	"math"
	"strconv"
)

// brownianTree is a Brownian path that its seed alone decides, whatever is asked of it and in which order: the tree
// halves the interval until both ends of a question are among its nodes, and each node has its own random numbers.
//
// Source: Li et al. 2020, arXiv:2001.01328, section 4 (virtual Brownian tree); the numbers are those of torchsde
// 0.2.6, BrownianInterval with halfway_tree, tol 1e-6 and pool_size 24.
type brownianTree struct {
	seed uint64
	size int
	root *brownianNode
	path []float32 // increment over the whole interval
}

// brownianNode is one interval; its numbers are drawn anew when asked for, which keeps memory flat.
type brownianNode struct {
	start, end, middle float64
	key, depth         uint32 // where in the tree it is
	seed               uint32 // of the numbers that divide its increment
	left, right        *brownianNode
}

// newBrownianTree spans the times from start to end for paths of size numbers.
func newBrownianTree(seed uint64, size int, start, end float64) *brownianTree {
	t := &brownianTree{seed: seed, size: size, path: make([]float32, size)}
	t.root = &brownianNode{start: round6(start), end: round6(end)}
	NewTorchNoise(int64(seedSequence(seed, nil))).Normal(t.path)
	scale(t.path, math.Sqrt(end-start))
	return t
}

// round6 rounds to six decimals as Python does; the tree's times lie on that grid, so that halving ends.
func round6(x float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', 6, 64), 64)
	if err != nil {
		return x
	}
	return r
}

// increment adds to dst how far the path moves from one time to a later one.
func (t *brownianTree) increment(dst []float32, from, to float64) {
	from = round6(math.Max(from, t.root.start))
	to = round6(math.Min(to, t.root.end))
	if from < to {
		t.collect(dst, t.root, t.path, from, to)
	}
}

// collect adds the increments of the nodes that make up from … to, in order. Path is the increment over node n.
func (t *brownianTree) collect(dst []float32, n *brownianNode, path []float32, from, to float64) {
	if from == n.start && to == n.end {
		axpby(1, dst, 1, path)
		return
	}
	if n.left == nil {
		if from == n.start {
			t.split(n, to)
		} else {
			t.split(n, from)
		}
	}
	left := t.leftOf(n, path)
	if from < n.middle {
		t.collect(dst, n.left, left, from, math.Min(to, n.middle))
	}
	if to > n.middle {
		right := combine(1, path, -1, left)
		t.collect(dst, n.right, right, math.Max(from, n.middle), to)
	}
}

// leftOf divides a node's increment: the left half's is a bridge between none and all of it.
func (t *brownianTree) leftOf(n *brownianNode, path []float32) []float32 {
	before, after := n.middle-n.start, n.end-n.middle
	whole := 1 / (n.end - n.start)
	z := make([]float32, t.size)
	NewTorchNoise(int64(n.seed)).Normal(z)
	fb, fw, fs := float32(before), float32(whole), float32(math.Sqrt(before*after*whole))
	for i, v := range path {
		mean := float32(float32(v*fb) * fw)
		z[i] = mean + float32(z[i]*fs)
	}
	return z
}

// split halves the node, and its halves, until at is where two nodes meet.
func (t *brownianTree) split(n *brownianNode, at float64) {
	for {
		n.middle = round6(0.5 * (n.end + n.start))
		n.seed = seedSequence(t.seed, []uint32{n.key, n.depth})
		n.left = &brownianNode{start: n.start, end: n.middle, key: 2 * n.key, depth: n.depth + 1}
		n.right = &brownianNode{start: n.middle, end: n.end, key: 2*n.key + 1, depth: n.depth + 1}
		switch {
		case at == n.middle || n.middle == n.start || n.middle == n.end:
			return
		case at > n.middle:
			n = n.right
		default:
			n = n.left
		}
	}
}

func scale(x []float32, by float64) {
	f := float32(by)
	for i := range x {
		x[i] *= f
	}
}

// seedSequence is the first word that numpy's SeedSequence with a pool of 24 words makes of a seed and a spawn key.
//
// Source: O'Neill 2015, "Developing a seed_seq alternative"; numpy's numpy/random/bit_generator.pyx.
func seedSequence(seed uint64, spawnKey []uint32) uint32 {
	const pool = 24
	entropy := []uint32{uint32(seed)}
	if high := uint32(seed >> 32); high != 0 {
		entropy = append(entropy, high)
	}
	if len(spawnKey) > 0 { // so that a spawned sequence never looks like another seed's
		entropy = append(append(entropy, make([]uint32, pool-len(entropy))...), spawnKey...)
	}
	var words [pool]uint32
	constant := uint32(0x43b0d7e5)
	hash := func(v uint32) uint32 {
		v ^= constant
		constant *= 0x931e8875
		v *= constant
		return v ^ v>>16
	}
	mix := func(x, y uint32) uint32 {
		v := 0xca01f9dd*x - 0x4973f715*y
		return v ^ v>>16
	}
	for i := range words {
		var v uint32
		if i < len(entropy) {
			v = entropy[i]
		}
		words[i] = hash(v)
	}
	for from := range words {
		for to := range words {
			if from != to {
				words[to] = mix(words[to], hash(words[from]))
			}
		}
	}
	for _, v := range entropy[min(len(entropy), pool):] {
		for to := range words {
			words[to] = mix(words[to], hash(v))
		}
	}
	v := words[0] ^ 0x8b51f9dd
	constantB := uint32(0x58f38ded)
	constantB *= 0x8b51f9dd
	v *= constantB
	return v ^ v>>16
}
