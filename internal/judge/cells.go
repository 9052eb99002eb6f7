package judge

import (
	"math"

	"presswerk/internal/art"
)

// cellSide is how many pixels of a picture one cell of an evidence map stands for.
const cellSide = 32

// cells gathers numbers by place into a coarse map.
type cells struct {
	columns, rows int
	sum, weight   []float64
}

func newCells(width, height int) *cells {
	c := &cells{columns: (width + cellSide - 1) / cellSide, rows: (height + cellSide - 1) / cellSide}
	c.sum, c.weight = make([]float64, c.columns*c.rows), make([]float64, c.columns*c.rows)
	return c
}

// add counts a value at a pixel with a weight.
func (c *cells) add(x, y int, value, weight float64) {
	i := y/cellSide*c.columns + x/cellSide
	c.sum[i] += value * weight
	c.weight[i] += weight
}

// heat shows the mean of each cell, where full is the value that is shown as 255.
func (c *cells) heat(full float64) *art.Heat {
	h := &art.Heat{Width: c.columns, Height: c.rows, Values: make([]byte, len(c.sum))}
	for i, sum := range c.sum {
		if c.weight[i] > 0 {
			h.Values[i] = byte(255*math.Max(0, math.Min(1, sum/c.weight[i]/full)) + 0.5)
		}
	}
	return h
}
