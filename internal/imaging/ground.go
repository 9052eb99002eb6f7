package imaging

import "slices"

// Ground evens a plain background: pixels that hang together with the picture's border and nearly have its colour get
// that colour. What differs more keeps its own, with a soft change between.
type Ground struct {
	Near  float64 // CIEDE2000 up to which a pixel takes the border's colour
	Far   float64 // CIEDE2000 from which it keeps its own
	Share float64 // of the border that must lie within Far, or the background isn't plain and stays as it is
}

// Apply returns the evened picture and tells whether there was a plain background; else the picture is p itself.
func (g Ground) Apply(p *RGB) (out *RGB, plain bool) {
	keep, ground, plain := g.figure(p)
	if !plain {
		return p, false
	}
	out = &RGB{Width: p.Width, Height: p.Height, Pix: slices.Clone(p.Pix)}
	for i, share := range keep {
		for k, v := range ground {
			own := float64(out.Pix[3*i+k])
			out.Pix[3*i+k] = uint8(own*share + float64(v)*(1-share) + 0.5)
		}
	}
	return out, true
}

// Figure is what stands on the ground: 1 for pixels that keep their own colour, 0 for those that take the ground's. There is none
// where the background isn't plain.
func (g Ground) Figure(p *RGB) (figure *Plane, plain bool) {
	keep, _, plain := g.figure(p)
	if !plain {
		return nil, false
	}
	figure = NewPlane(p.Width, p.Height)
	for i, share := range keep {
		figure.Pix[i] = float32(share)
	}
	return figure, true
}

// figure gives for each pixel how much of its own colour it keeps, 0..1, and the ground's colour.
func (g Ground) figure(p *RGB) (keep []float64, ground [3]uint8, plain bool) {
	border := borderOf(p.Width, p.Height)
	ground = medianColour(p, border)
	lab := ToLab(ground[0], ground[1], ground[2])
	away := make([]float64, p.Width*p.Height)
	for i := range away {
		away[i] = DeltaE(ToLab(p.Pix[3*i], p.Pix[3*i+1], p.Pix[3*i+2]), lab)
	}
	near := 0
	for _, i := range border {
		if away[i] < g.Far {
			near++
		}
	}
	if float64(near) < g.Share*float64(len(border)) {
		return nil, ground, false
	}
	keep = make([]float64, len(away))
	for i := range keep {
		keep[i] = 1
	}
	for _, i := range flood(p.Width, p.Height, border, func(i int) bool { return away[i] < g.Far }) {
		share := min(1, max(0, (away[i]-g.Near)/(g.Far-g.Near)))
		keep[i] = share * share * (3 - 2*share) // no visible edge where the change begins and ends
	}
	return keep, ground, true
}

// borderOf lists the pixels at the picture's edge.
func borderOf(width, height int) []int {
	var border []int
	for y := range height {
		for x := range width {
			if x == 0 || y == 0 || x == width-1 || y == height-1 {
				border = append(border, y*width+x)
			}
		}
	}
	return border
}

// medianColour takes the median of each channel, which a subject that reaches the edge doesn't move.
func medianColour(p *RGB, at []int) [3]uint8 {
	var colour [3]uint8
	values := make([]uint8, len(at))
	for k := range colour {
		for n, i := range at {
			values[n] = p.Pix[3*i+k]
		}
		slices.Sort(values)
		colour[k] = values[len(values)/2]
	}
	return colour
}

// flood lists the pixels that can be reached from start over side neighbours for which open holds.
func flood(width, height int, start []int, open func(int) bool) []int {
	seen := make([]bool, width*height)
	var reached []int
	visit := func(i int) {
		if !seen[i] && open(i) {
			seen[i] = true
			reached = append(reached, i)
		}
	}
	for _, i := range start {
		visit(i)
	}
	for k := 0; k < len(reached); k++ {
		i := reached[k]
		if x := i % width; x > 0 {
			visit(i - 1)
		}
		if i%width < width-1 {
			visit(i + 1)
		}
		if i >= width {
			visit(i - width)
		}
		if i < width*(height-1) {
			visit(i + width)
		}
	}
	return reached
}
