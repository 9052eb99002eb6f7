package robustness

import (
	"context"
	"math"

	"presswerk/internal/imaging"
	"presswerk/internal/provenance/watermark"
)

// What an adversary takes from the method's public description.
const (
	side    = 128  // pixels of the tile, at the scale on which the longer side has 1024
	loud    = 1.61 // deviation of a mark of 44 dB, in levels
	takeOff = 1.3  // how much more is taken off than was put on: estimates are noisy
)

// markedOver embeds another number with another key.
func markedOver(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) {
	return watermark.New([]byte("somebody else's")).Embed(p, 1, watermark.Options{})
}

// untiled estimates the tile that repeats over a picture and takes it off. The key isn't needed for that.
//
// Source: the idea is that of Kutter, Voloshynovskiy, Herrigel 2000, "The watermark copy attack", used to remove.
func untiled(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) {
	return laid(p, estimated(p), -takeOff), nil
}

// forged lays the estimated tile of a marked picture over a picture that nobody marked.
//
// Source: Kutter, Voloshynovskiy, Herrigel 2000, "The watermark copy attack", SPIE 3971.
func forged(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) {
	target, err := Scene(p.Width, p.Height, 4711)
	if err != nil {
		return nil, err
	}
	return laid(target, estimated(p), takeOff), nil
}

// folding gives the place in the tile of each of n pixels.
func folding(n, long int) []int {
	at := make([]int, n)
	for i := range at {
		at[i] = i * 1024 / long % side
	}
	return at
}

// estimated is the mean of what is fine in a picture over all repetitions of the tile, with deviation 1.
func estimated(p *imaging.RGB) []float64 {
	light := luma(p)
	fine, broad := light.Gaussian(0.8), light.Gaussian(5)
	power := imaging.NewPlane(p.Width, p.Height)
	for i := range fine.Pix {
		fine.Pix[i] -= broad.Pix[i]
		power.Pix[i] = fine.Pix[i] * fine.Pix[i]
	}
	power = power.Gaussian(6)
	long := max(p.Width, p.Height)
	columns, rows := folding(p.Width, long), folding(p.Height, long)
	tile, count := make([]float64, side*side), make([]float64, side*side)
	for y := range p.Height {
		for x := range p.Width {
			i, at := y*p.Width+x, rows[y]*side+columns[x]
			v := float64(fine.Pix[i]) / (math.Sqrt(float64(power.Pix[i])) + 1.5)
			tile[at] += math.Max(-2.5, math.Min(2.5, v))
			count[at]++
		}
	}
	sum := 0.0
	for i := range tile {
		tile[i] /= math.Max(1, count[i])
		sum += tile[i] * tile[i]
	}
	spread := math.Sqrt(sum/float64(len(tile))) + 1e-12
	for i := range tile {
		tile[i] /= spread
	}
	return tile
}

// laid adds a tile to a picture, louder where it is busy, so that a strength of 1 costs as much as a mark of 44 dB.
func laid(p *imaging.RGB, tile []float64, strength float64) *imaging.RGB {
	light := luma(p)
	squares := imaging.NewPlane(p.Width, p.Height)
	for i, v := range light.Pix {
		squares.Pix[i] = v * v
	}
	mean, meanSquare := light.Gaussian(3), squares.Gaussian(3)
	mask, sum := mean, 0.0
	for i, v := range mean.Pix {
		spread := math.Sqrt(math.Max(0, float64(meanSquare.Pix[i]-v*v)))
		mask.Pix[i] = float32(0.55 + math.Min(spread/12, 1.6))
		sum += float64(mask.Pix[i] * mask.Pix[i])
	}
	gain := strength * loud / math.Sqrt(sum/float64(len(mask.Pix)))
	long := max(p.Width, p.Height)
	columns, rows, out := folding(p.Width, long), folding(p.Height, long), like(p)
	for y := range p.Height {
		for x := range p.Width {
			i := y*p.Width + x
			add := gain * float64(mask.Pix[i]) * tile[rows[y]*side+columns[x]]
			for c := range 3 {
				out.Pix[3*i+c] = level(float64(p.Pix[3*i+c]) + add)
			}
		}
	}
	return out
}
