package vision

import (
	"math"
	"slices"

	"presswerk/internal/imaging"
)

// Saliency is how much each place of a picture draws the eye by what can be seen there, whatever it means.
type Saliency struct {
	// Map lies over the whole picture; its longer side is 64. The highest value is 1, and all are 0 where the picture is flat.
	Map *imaging.Plane
	// Contrast is the largest difference of a place from its surroundings, 0..255: below 4 the picture counts as flat.
	Contrast float64
}

// Sizes and bounds of saliency.
const (
	salientSide  = 256 // longer side of the picture that is looked at
	saliencySide = salientSide >> mapLevel
	mapLevel     = 2    // of the pyramid, whose size maps have
	leastSide    = 32   // of a very long picture's shorter side
	flatContrast = 4    // levels below which nothing stands out
	fovea        = 0.03 // standard deviation of the last blur, by the longer side: about a degree of sight
)

// FindSaliency takes the mean of two maps, each scaled to 0..1: the spectral residual of brightness, and the contrast of centre and
// surround in brightness and two opponent colours. Then it blurs by about what the eye sees sharply at once, takes the
// lower quartile off, and squares. It has no centre bias: see Centred.
//
// Source: Hou & Zhang 2007, "Saliency Detection: A Spectral Residual Approach"; Itti, Koch, Niebur 1998, "A Model of
// Saliency-Based Visual Attention for Rapid Scene Analysis".
func FindSaliency(p *imaging.RGB) Saliency {
	width, height := salientSize(p.Width, p.Height)
	channels := shrunk(p, width, height)
	surround, contrast := centreSurround(channels)
	s := Saliency{Map: surround, Contrast: contrast}
	if contrast < flatContrast {
		clear(s.Map.Pix)
		return s
	}
	grey := imaging.NewPlane(width, height)
	for i := range grey.Pix {
		grey.Pix[i] = 0.299*channels[0].Pix[i] + 0.587*channels[1].Pix[i] + 0.114*channels[2].Pix[i]
	}
	residual := spectralResidual(grey.Resize(residualSide, residualSide)).Resize(surround.Width, surround.Height)
	fadeBorder(residual)
	scaleToOne(surround)
	scaleToOne(residual)
	for i, v := range residual.Pix {
		surround.Pix[i] = (surround.Pix[i] + v) / 2
	}
	s.Map = surround.Gaussian(fovea * saliencySide)
	liftOff(s.Map)
	scaleToOne(s.Map)
	return s
}

// liftOff takes the lower quartile from all values, since what every place has draws the eye nowhere, and squares them, so that the
// haze around high places is no place of its own.
func liftOff(p *imaging.Plane) {
	sorted := slices.Clone(p.Pix)
	slices.Sort(sorted)
	low := sorted[len(sorted)/4]
	for i, v := range p.Pix {
		v = max(0, v-low)
		p.Pix[i] = v * v
	}
}

// Centred gives what is left when places far from the middle count less: by (1 − share) + share · exp(−(x² + y²) / 2σ²), where
// the edges are at x, y = ±1 and σ = 0.45. People look at the middle first, whatever is there.
//
// Source: Tatler 2007, "The central fixation bias in scene viewing"; the width is about that of Clarke & Tatler 2014.
func (s Saliency) Centred(share float64) Saliency {
	const sigma = 0.45
	out := Saliency{Map: imaging.NewPlane(s.Map.Width, s.Map.Height), Contrast: s.Contrast}
	for i, v := range s.Map.Pix {
		x := 2*(float64(i%s.Map.Width)+0.5)/float64(s.Map.Width) - 1
		y := 2*(float64(i/s.Map.Width)+0.5)/float64(s.Map.Height) - 1
		out.Map.Pix[i] = v * float32(1-share+share*math.Exp(-(x*x+y*y)/(2*sigma*sigma)))
	}
	scaleToOne(out.Map)
	return out
}

// Flat tells whether nothing stands out.
func (s Saliency) Flat() bool { return s.Contrast < flatContrast }

// Fixation is a place that the eye is predicted to rest on.
type Fixation struct {
	X, Y  float64 // shares of width and height, 0..1
	Value float64 // saliency there, 0..1
}

// ScanPath predicts in which order the eye goes where: it rests on the highest place, which then is inhibited, so that the
// next one wins, and so on until most places were asked for or what is left is below a fifth of the first. Of equal places
// the upper one comes first, then the left one.
//
// Source: Koch & Ullman 1985, "Shifts in selective visual attention"; winner-take-all and inhibition of return as in Itti, Koch,
// Niebur 1998, where the inhibited disc has a sixth of the shorter side as radius.
func (s Saliency) ScanPath(most int) []Fixation {
	const least = 0.2
	left := slices.Clone(s.Map.Pix)
	w, h := s.Map.Width, s.Map.Height
	radius := float64(min(w, h)) / 6
	var path []Fixation
	for len(path) < most {
		best := 0
		for i, v := range left {
			if v > left[best] {
				best = i
			}
		}
		if v := float64(left[best]); v <= 0 || len(path) > 0 && v < least*path[0].Value {
			break
		}
		x, y := best%w, best/w
		path = append(path, Fixation{(float64(x) + 0.5) / float64(w), (float64(y) + 0.5) / float64(h), float64(left[best])})
		for i := range left {
			if math.Hypot(float64(i%w-x), float64(i/w-y)) <= radius {
				left[i] = 0
			}
		}
	}
	return path
}

// salientSize is the size at which a picture is looked at, whatever its own is.
func salientSize(width, height int) (int, int) {
	long := max(width, height)
	side := func(n int) int { return max(leastSide, (n*salientSide+long/2)/long) }
	return side(width), side(height)
}

// shrunk gives a picture's three channels at another size: the means of blocks where a side shrinks.
func shrunk(p *imaging.RGB, width, height int) (out [3]*imaging.Plane) {
	if p.Width < width || p.Height < height {
		for k := range out {
			out[k] = p.Plane(k).Resize(width, height)
		}
		return out
	}
	for k := range out {
		out[k] = imaging.NewPlane(width, height)
	}
	for y := range height {
		top, bottom := y*p.Height/height, (y+1)*p.Height/height
		for x := range width {
			left, right := x*p.Width/width, (x+1)*p.Width/width
			var r, g, b int
			for row := top; row < bottom; row++ {
				line := p.Pix[3*(row*p.Width+left) : 3*(row*p.Width+right)]
				for i := 0; i+2 < len(line); i += 3 {
					r, g, b = r+int(line[i]), g+int(line[i+1]), b+int(line[i+2])
				}
			}
			n, i := float32((bottom-top)*(right-left)), y*width+x
			out[0].Pix[i], out[1].Pix[i], out[2].Pix[i] = float32(r)/n, float32(g)/n, float32(b)/n
		}
	}
	return out
}

// scaleToOne divides by the highest value, if that is above 0.
func scaleToOne(p *imaging.Plane) {
	high := float32(0)
	for _, v := range p.Pix {
		high = max(high, v)
	}
	if high > 0 {
		for i := range p.Pix {
			p.Pix[i] /= high
		}
	}
}
