package watermark

import (
	"math"
	"slices"
)

// blur is a Gaussian by three box blurs, which cost the same for every width. Edges repeat.
//
// Source: Wells 1986, "Efficient synthesis of Gaussian filters by cascaded uniform filters"; widths as in Kovesi 2010.
func blur(v []float32, width, height int, sigma float64) []float32 {
	out, other := slices.Clone(v), make([]float32, len(v))
	for _, reach := range boxes(sigma) {
		if reach == 0 {
			continue
		}
		for y := range height {
			run(out[y*width:(y+1)*width], other[y*width:(y+1)*width], reach)
		}
		down(other, out, width, height, reach)
	}
	return out
}

// boxes gives the reaches of three boxes whose variances together are sigma's.
func boxes(sigma float64) [3]int {
	const n = 3
	ideal := math.Sqrt(12*sigma*sigma/n + 1)
	low := int(ideal)
	if low%2 == 0 {
		low--
	}
	l := float64(low)
	small := int(math.Round((12*sigma*sigma - n*l*l - 4*n*l - 3*n) / (-4*l - 4)))
	var all [3]int
	for i := range all {
		all[i] = low / 2
		if i >= small {
			all[i]++
		}
	}
	return all
}

// run writes running means of a line.
func run(in, out []float32, reach int) {
	n := len(in)
	sum, scale := float64(0), 1/float64(2*reach+1)
	for i := -reach; i <= reach; i++ {
		sum += float64(in[min(n-1, max(0, i))])
	}
	slide := func(from, to int) {
		for i := from; i < to; i++ {
			out[i] = float32(sum * scale)
			sum += float64(in[min(n-1, i+reach+1)]) - float64(in[max(0, i-reach)])
		}
	}
	inside := min(reach, n)
	outside := max(inside, n-reach-1) // from inside to here nothing repeats
	slide(0, inside)
	if inside < outside {
		gone, to := in[:outside-inside], out[inside:outside]
		come := in[2*reach+1:][:len(to)]
		gone = gone[:len(to)]
		for i := range to {
			to[i] = float32(sum * scale)
			sum += float64(come[i]) - float64(gone[i])
		}
	}
	slide(outside, n)
}

// down writes running means of all columns, row by row.
func down(in, out []float32, width, height, reach int) {
	sums, scale := make([]float64, width), 1/float64(2*reach+1)
	row := func(y int) []float32 {
		y = min(height-1, max(0, y))
		return in[y*width : (y+1)*width]
	}
	for y := -reach; y <= reach; y++ {
		for x, v := range row(y) {
			sums[x] += float64(v)
		}
	}
	for y := range height {
		come, gone, to := row(y+reach+1), row(y-reach), out[y*width:(y+1)*width]
		come, gone, add := come[:len(to)], gone[:len(to)], sums[:len(to)]
		for x := range to {
			to[x] = float32(add[x] * scale)
			add[x] += float64(come[x]) - float64(gone[x])
		}
	}
}
