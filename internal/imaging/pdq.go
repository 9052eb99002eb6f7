package imaging

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"presswerk/internal/art"
)

// Hash is a PDQ perceptual hash of 256 bits. Pictures that look alike have hashes that differ in few bits: at most 31
// is Meta's threshold for "the same picture". It survives recompression and resizing, not cropping or turning.
type Hash [32]byte

// String writes the hash as 64 hex digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads what String wrote.
func ParseHash(s string) (Hash, error) {
	var h Hash
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) {
		return h, art.Invalid("hash", fmt.Sprintf("%q is no PDQ hash", s), "write it as 64 hex digits")
	}
	copy(h[:], b)
	return h, nil
}

// Distance is the number of bits in which two hashes differ, 0..256.
func (h Hash) Distance(o Hash) int {
	n := 0
	for i := range h {
		n += bits.OnesCount8(h[i] ^ o[i])
	}
	return n
}

// Sizes of PDQ: the picture is brought to pdqGrid², of whose cosine transform pdqBits² coefficients make the hash.
const (
	pdqGrid = 64
	pdqBits = 16
)

// pdqSide is the side of the square that pictures are brought to first. The reference does so with larger ones; here all are,
// so that a picture and its enlargement are blurred alike.
const pdqSide = 512

// PDQ hashes a picture. Quality, 0..100, tells how much there is to see; below 50 the hash says little, since flat
// pictures all look alike.
//
// Source: Davis, Rosen 2019, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", section 5
// and facebook/ThreatExchange, pdq/README. Bit 16·i + j is that of row i, column j, counted from the first byte's
// highest bit.
func PDQ(p *RGB) (h Hash, quality int, err error) {
	luma, err := pdqLuma(p)
	if err != nil {
		return h, 0, err
	}
	coefficients, quality := pdqCoefficients(luma, 0)
	return pdqHash(&coefficients), quality, nil
}

// Turns names the orders of PDQTurned: what was done to a picture whose upright original has the hash.
func Turns() [8]string {
	return [8]string{"upright", "mirrored left to right", "mirrored top to bottom", "turned by 180°", "mirrored at the main diagonal", "turned by 90° to the right", "turned by 90° to the left", "mirrored at the other diagonal"}
}

// PDQTurned hashes a picture as it is and in the seven other ways to turn and mirror it, in the order of Turns.
func PDQTurned(p *RGB) (all [8]Hash, quality int, err error) {
	luma, err := pdqLuma(p)
	if err != nil {
		return all, 0, err
	}
	// The blur is not the same in both directions, so mirrored pictures are blurred anew. The main diagonal exchanges
	// rows and columns of the transform.
	for n := range 4 {
		coefficients, q := pdqCoefficients(luma, n)
		all[n] = pdqHash(&coefficients)
		for i := range pdqBits {
			for j := range i {
				a, b := &coefficients[i*pdqBits+j], &coefficients[j*pdqBits+i]
				*a, *b = *b, *a
			}
		}
		all[n+4] = pdqHash(&coefficients)
		if n == 0 {
			quality = q
		}
	}
	return all, quality, nil
}

func pdqLuma(p *RGB) (*Plane, error) {
	if p.Width < 1 || p.Height < 1 || len(p.Pix) != 3*p.Width*p.Height {
		return nil, art.Invalid("picture", "it has no pixels", "give a picture of at least 1×1")
	}
	luma := NewPlane(p.Width, p.Height)
	for i := range luma.Pix {
		luma.Pix[i] = float32(0.299*float64(p.Pix[3*i]) + 0.587*float64(p.Pix[3*i+1]) + 0.114*float64(p.Pix[3*i+2]))
	}
	return luma.Resize(pdqSide, pdqSide), nil
}

// pdqCoefficients transforms a square mirrored left to right (1), top to bottom (2) or both (3).
func pdqCoefficients(luma *Plane, mirror int) (c [pdqBits * pdqBits]float64, quality int) {
	v := make([]float64, len(luma.Pix))
	for y := range pdqSide {
		for x := range pdqSide {
			to := y*pdqSide + x
			if mirror&1 != 0 {
				to += pdqSide - 1 - 2*x
			}
			if mirror&2 != 0 {
				to += (pdqSide - 1 - 2*y) * pdqSide
			}
			v[to] = float64(luma.Pix[y*pdqSide+x])
		}
	}
	jarosz(v, pdqSide, pdqSide)
	grid := decimate(v, pdqSide, pdqSide)
	return cosine(&grid), pdqQuality(&grid)
}

func pdqHash(coefficients *[pdqBits * pdqBits]float64) (h Hash) {
	sorted := *coefficients
	slices.Sort(sorted[:])
	median := sorted[(len(sorted)-1)/2]
	for i, c := range coefficients {
		if c > median {
			h[i/8] |= 0x80 >> (i % 8)
		}
	}
	return h
}

// jarosz blurs in place so that the coming decimation does not alias: two passes of a box along rows and columns.
func jarosz(v []float64, width, height int) {
	window := func(n int) int { return (n + 2*pdqGrid - 1) / (2 * pdqGrid) }
	line := make([]float64, max(width, height))
	for range 2 {
		for y := range height {
			box(v[y*width:], 1, width, window(width), line)
		}
		for x := range width {
			box(v[x:], width, height, window(height), line)
		}
	}
}

// box replaces n values, stride apart, by the mean over a window around each, which is cut at the ends.
func box(v []float64, stride, n, window int, out []float64) {
	after := (window + 2) / 2 // how far the window reaches to the right, the place itself counted
	before := window - after
	sum, left, right := 0.0, 0, 0
	for i := range n {
		for ; right < min(n, i+after); right++ {
			sum += v[right*stride]
		}
		for ; left < i-before; left++ {
			sum -= v[left*stride]
		}
		out[i] = sum / float64(right-left)
	}
	for i := range n {
		v[i*stride] = out[i]
	}
}

func decimate(v []float64, width, height int) (grid [pdqGrid * pdqGrid]float64) {
	for i := range pdqGrid {
		y := int((float64(i) + 0.5) * float64(height) / pdqGrid)
		for j := range pdqGrid {
			x := int((float64(j) + 0.5) * float64(width) / pdqGrid)
			grid[i*pdqGrid+j] = v[y*width+x]
		}
	}
	return grid
}

// cosine gives coefficients 1..16 × 1..16 of the grid's discrete cosine transform, without the constant ones.
func cosine(grid *[pdqGrid * pdqGrid]float64) (out [pdqBits * pdqBits]float64) {
	var d [pdqBits][pdqGrid]float64
	for i := range pdqBits {
		for j := range pdqGrid {
			d[i][j] = math.Sqrt(2.0/pdqGrid) * math.Cos(math.Pi/2/pdqGrid*float64(i+1)*float64(2*j+1))
		}
	}
	var half [pdqBits][pdqGrid]float64
	for i := range pdqBits {
		for j := range pdqGrid {
			for k := range pdqGrid {
				half[i][j] += d[i][k] * grid[k*pdqGrid+j]
			}
		}
	}
	for i := range pdqBits {
		for j := range pdqBits {
			for k := range pdqGrid {
				out[i*pdqBits+j] += half[i][k] * d[j][k]
			}
		}
	}
	return out
}

// pdqQuality sums the gradients of the grid, in steps of a hundredth of the range.
func pdqQuality(grid *[pdqGrid * pdqGrid]float64) int {
	sum := 0
	step := func(a, b float64) int { return int(math.Abs(a-b) * 100 / 255) }
	for i := range pdqGrid {
		for j := range pdqGrid {
			if i+1 < pdqGrid {
				sum += step(grid[i*pdqGrid+j], grid[(i+1)*pdqGrid+j])
			}
			if j+1 < pdqGrid {
				sum += step(grid[i*pdqGrid+j], grid[i*pdqGrid+j+1])
			}
		}
	}
	return min(100, sum/90)
}
