package imaging

import "math"

// Bilateral smooths flat areas and keeps edges: each pixel becomes the mean of its neighbours, weighted by nearness in
// place and in colour.
//
// Source: Tomasi, Manduchi 1998, "Bilateral filtering for gray and color images".
type Bilateral struct {
	Radius int     // pixels
	Space  float64 // standard deviation in pixels
	Colour float64 // standard deviation in 8-bit levels of RGB distance
}

// Apply returns the smoothed picture.
func (f Bilateral) Apply(p *RGB) *RGB {
	out := &RGB{Width: p.Width, Height: p.Height, Pix: make([]uint8, len(p.Pix))}
	for y := range p.Height {
		for x := range p.Width {
			r, g, b := f.at(p, x, y)
			out.Set(x, y, r, g, b)
		}
	}
	return out
}

func (f Bilateral) at(p *RGB, x, y int) (r, g, b uint8) {
	cr, cg, cb := p.At(x, y)
	var sum [3]float64
	total := 0.0
	for j := max(0, y-f.Radius); j <= min(p.Height-1, y+f.Radius); j++ {
		for i := max(0, x-f.Radius); i <= min(p.Width-1, x+f.Radius); i++ {
			nr, ng, nb := p.At(i, j)
			dr, dg, db := float64(nr)-float64(cr), float64(ng)-float64(cg), float64(nb)-float64(cb)
			place := float64((i-x)*(i-x) + (j-y)*(j-y))
			weight := math.Exp(-place/(2*f.Space*f.Space) - (dr*dr+dg*dg+db*db)/(2*f.Colour*f.Colour))
			sum[0], sum[1], sum[2] = sum[0]+weight*float64(nr), sum[1]+weight*float64(ng), sum[2]+weight*float64(nb)
			total += weight
		}
	}
	return uint8(sum[0]/total + 0.5), uint8(sum[1]/total + 0.5), uint8(sum[2]/total + 0.5)
}
