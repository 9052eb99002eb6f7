package imaging

import (
	"cmp"
	"slices"
)

// Swatch is a colour of a picture and how much of the area it covers.
type Swatch struct {
	R, G, B uint8
	Share   float64 // 0..1
}

// Lab converts the swatch's colour.
func (s Swatch) Lab() Lab { return ToLab(s.R, s.G, s.B) }

// Hex writes the swatch's colour as "#rrggbb".
func (s Swatch) Hex() string { return Hex(s.R, s.G, s.B) }

// bin is a cell of the colour histogram, or a group of them.
type bin struct {
	n, r, g, b int
}

func (c bin) mean() (r, g, b uint8) { return uint8(c.r / c.n), uint8(c.g / c.n), uint8(c.b / c.n) }

func (c *bin) add(o bin) { c.n, c.r, c.g, c.b = c.n+o.n, c.r+o.r, c.g+o.g, c.b+o.b }

// Palette finds at most n dominant colours, the largest first. It counts colours on a grid of 16 levels a channel and
// joins each cell, the fullest first, to the first group whose mean is within CIEDE2000 10, so it is deterministic and
// needs no starting points. Cells below 0.05 % of the area are left out as noise; shares are of the whole area.
func Palette(p *RGB, n int) []Swatch {
	grid := make([]bin, 16*16*16)
	for i := 0; i+2 < len(p.Pix); i += 3 {
		r, g, b := p.Pix[i], p.Pix[i+1], p.Pix[i+2]
		grid[int(r>>4)<<8|int(g>>4)<<4|int(b>>4)].add(bin{1, int(r), int(g), int(b)})
	}
	area := p.Width * p.Height
	cells := slices.DeleteFunc(grid, func(c bin) bool { return c.n*2000 < area })
	slices.SortStableFunc(cells, func(a, b bin) int { return cmp.Compare(b.n, a.n) })
	var groups []bin
	for _, c := range cells {
		i := nearGroup(groups, ToLab(c.mean()))
		if i < 0 {
			groups = append(groups, c)
			continue
		}
		groups[i].add(c)
	}
	slices.SortStableFunc(groups, func(a, b bin) int { return cmp.Compare(b.n, a.n) })
	swatches := make([]Swatch, 0, min(n, len(groups)))
	for _, c := range groups[:min(n, len(groups))] {
		r, g, b := c.mean()
		swatches = append(swatches, Swatch{R: r, G: g, B: b, Share: float64(c.n) / float64(area)})
	}
	return swatches
}

// nearGroup gives the first group within CIEDE2000 10 of a colour, or −1.
func nearGroup(groups []bin, l Lab) int {
	return slices.IndexFunc(groups, func(g bin) bool { return DeltaE(l, ToLab(g.mean())) < 10 })
}
