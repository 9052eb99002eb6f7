package vision

import "presswerk/internal/imaging"

// centreSurround is how much each place differs from its surroundings in brightness and in two opponent colours, on several
// scales, and the largest difference in levels. The map has the size of the pyramid's level mapLevel.
//
// After Itti, Koch, Niebur 1998 with centres on levels 2 to 4 and surrounds two and three levels above, of a smaller picture than theirs. Colours are red against
// green and blue against yellow without their division by brightness, which makes dark noise colourful. There are no maps of
// orientation: the spectral residual sees texture.
func centreSurround(rgb [3]*imaging.Plane) (*imaging.Plane, float64) {
	var features [3]*imaging.Plane // brightness, red–green, blue–yellow
	for k := range features {
		features[k] = imaging.NewPlane(rgb[0].Width, rgb[0].Height)
	}
	for i := range rgb[0].Pix {
		r, g, b := rgb[0].Pix[i], rgb[1].Pix[i], rgb[2].Pix[i]
		features[0].Pix[i], features[1].Pix[i], features[2].Pix[i] = (r+g+b)/3, r-g, b-(r+g)/2
	}
	brightness, contrast := conspicuity(features[:1])
	colour, colourful := conspicuity(features[1:])
	for i, v := range colour.Pix {
		brightness.Pix[i] += v
	}
	return brightness, max(contrast, colourful)
}

// conspicuity adds up the maps of some features over all scales, each promoted by how few places stand out in it.
func conspicuity(features []*imaging.Plane) (*imaging.Plane, float64) {
	const firstCentre, lastCentre, nearSurround, farSurround = 2, 4, 2, 3
	var sum *imaging.Plane
	contrast := 0.0
	for _, f := range features {
		levels := pyramid(f, lastCentre+farSurround)
		size := levels[mapLevel]
		if sum == nil {
			sum = imaging.NewPlane(size.Width, size.Height)
		}
		for c := firstCentre; c <= lastCentre; c++ {
			for s := c + nearSurround; s <= c+farSurround; s++ {
				d := difference(levels[c], levels[s])
				for _, v := range d.Pix {
					contrast = max(contrast, float64(v))
				}
				d = d.Resize(size.Width, size.Height)
				fadeBorder(d)
				promote(d, flatContrast*2)
				for i, v := range d.Pix {
					sum.Pix[i] += v
				}
			}
		}
	}
	promote(sum, 1)
	return sum, contrast
}

// pyramid gives a plane at level 0 and then each time half as large, up to the level last.
func pyramid(p *imaging.Plane, last int) []*imaging.Plane {
	levels := []*imaging.Plane{p}
	for range last {
		p = p.Resize(max(1, p.Width/2), max(1, p.Height/2))
		levels = append(levels, p)
	}
	for k, l := range levels[1:] {
		levels[k+1] = l.Gaussian(0.7) // with the mean of four, about what a pyramid of five taps sees
	}
	return levels
}

// difference is by how much the centre differs from the surround at each place of the centre's level.
func difference(centre, surround *imaging.Plane) *imaging.Plane {
	d := surround.Resize(centre.Width, centre.Height)
	for i, v := range centre.Pix {
		d.Pix[i] = max(v-d.Pix[i], d.Pix[i]-v)
	}
	return d
}

// fadeBorder lessens what lies at the edge, where a surround is seen by half only, and a spectrum takes both sides of a picture for
// neighbours.
func fadeBorder(p *imaging.Plane) {
	const reach = 4 // places
	for i := range p.Pix {
		x, y := i%p.Width, i/p.Width
		if edge := min(x, y, p.Width-1-x, p.Height-1-y); edge < reach {
			p.Pix[i] *= float32(edge+1) / (reach + 1)
		}
	}
}

// promote is the paper's operator N: it scales a map to 0..1 and multiplies it by the square of what 1 is above the mean of
// its other peaks, so that one thing alone counts more than many alike. What is below weak at most stays weak.
func promote(p *imaging.Plane, weak float32) {
	const peak = 0.1 // from which a local maximum counts
	high := weak
	for _, v := range p.Pix {
		high = max(high, v)
	}
	top, sum, n := float32(0), float32(0), 0
	for i, v := range p.Pix {
		if v > peak*high && isPeak(p, i) {
			top, sum, n = max(top, v/high), sum+v/high, n+1
		}
	}
	others := float32(0)
	if n > 1 {
		others = (sum - top) / float32(n-1)
	}
	factor := (1 - others) * (1 - others) / high
	for i := range p.Pix {
		p.Pix[i] *= factor
	}
}

// isPeak tells whether none of a place's eight neighbours is higher, nor as high and read before it.
func isPeak(p *imaging.Plane, i int) bool {
	x, y, v := i%p.Width, i/p.Width, p.Pix[i]
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			nx, ny := x+dx, y+dy
			if nx < 0 || ny < 0 || nx >= p.Width || ny >= p.Height || dx == 0 && dy == 0 {
				continue
			}
			if o := p.Pix[ny*p.Width+nx]; o > v || o == v && ny*p.Width+nx < i {
				return false
			}
		}
	}
	return true
}
