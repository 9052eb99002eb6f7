package imaging

import "math"

// Plane is one channel of any numbers, row-major, no padding, for arithmetic that 8 bits would round away.
// len(Pix) is always Width*Height.
type Plane struct {
	Width, Height int
	Pix           []float32
}

// NewPlane makes a plane of zeros. Both sides must be at least 1.
func NewPlane(width, height int) *Plane {
	return &Plane{Width: width, Height: height, Pix: make([]float32, width*height)}
}

// Plane copies a channel, 0 for red to 2 for blue, with levels 0..255.
func (p *RGB) Plane(channel int) *Plane {
	out := NewPlane(p.Width, p.Height)
	for i := range out.Pix {
		out.Pix[i] = float32(p.Pix[3*i+channel])
	}
	return out
}

// Gaussian blurs with the standard deviation sigma in pixels; 0 or less copies. The kernel ends at four deviations, and
// the picture is mirrored at its border without repeating the outermost pixel, as cv2.GaussianBlur does with floats.
func (p *Plane) Gaussian(sigma float64) *Plane {
	kernel := gaussianKernel(sigma)
	reach := len(kernel) / 2
	across, out := NewPlane(p.Width, p.Height), NewPlane(p.Width, p.Height)
	columns := mirrored(p.Width, reach)
	for y := range p.Height {
		from, to := p.Pix[y*p.Width:(y+1)*p.Width], across.Pix[y*p.Width:(y+1)*p.Width]
		for x := range to {
			sum := float32(0)
			for k, weight := range kernel {
				sum += weight * from[columns[x+k]]
			}
			to[x] = sum
		}
	}
	rows := mirrored(p.Height, reach)
	for y := range p.Height {
		to := out.Pix[y*p.Width : (y+1)*p.Width]
		for k, weight := range kernel {
			from := across.Pix[rows[y+k]*p.Width:]
			for x := range to {
				to[x] += weight * from[x]
			}
		}
	}
	return out
}

// gaussianKernel gives an odd number of weights that sum to 1.
func gaussianKernel(sigma float64) []float32 {
	if !(sigma > 0) {
		return []float32{1}
	}
	size := int(math.RoundToEven(8*sigma+1)) | 1
	exact := make([]float64, size)
	sum := 0.0
	for i := range exact {
		d := float64(i - size/2)
		exact[i] = math.Exp(-d * d / (2 * sigma * sigma))
		sum += exact[i]
	}
	kernel := make([]float32, size)
	for i, v := range exact {
		kernel[i] = float32(v / sum)
	}
	return kernel
}

// mirrored lists, for the positions −reach to n−1+reach, which of n pixels stands there.
func mirrored(n, reach int) []int {
	places := make([]int, n+2*reach)
	period := max(1, 2*(n-1))
	for i := range places {
		at := (i - reach) % period
		if at < 0 {
			at += period
		}
		places[i] = min(at, period-at)
		if n == 1 {
			places[i] = 0
		}
	}
	return places
}

// Resize scales to width × height, both at least 1: a side that shrinks takes the mean of the area that each new pixel
// covers, a side that grows is interpolated linearly. Numbers are taken as they are: networks were trained on pictures
// that were resized so. For pictures that people see there is the function Resize.
func (p *Plane) Resize(width, height int) *Plane {
	across := NewPlane(width, p.Height)
	for x, taps := range resizeTaps(p.Width, width) {
		for y := range p.Height {
			sum := 0.0
			for _, t := range taps {
				sum += t.weight * float64(p.Pix[y*p.Width+t.at])
			}
			across.Pix[y*width+x] = float32(sum)
		}
	}
	out := NewPlane(width, height)
	for y, taps := range resizeTaps(p.Height, height) {
		for x := range width {
			sum := 0.0
			for _, t := range taps {
				sum += t.weight * float64(across.Pix[t.at*width+x])
			}
			out.Pix[y*width+x] = float32(sum)
		}
	}
	return out
}

// tap is how much of one old pixel goes into a new one.
type tap struct {
	at     int
	weight float64
}

// resizeTaps lists for each of to new pixels what it takes of from old ones; weights sum to 1.
func resizeTaps(from, to int) [][]tap {
	all := make([][]tap, to)
	scale := float64(from) / float64(to)
	for i := range all {
		if to >= from {
			middle := min(max((float64(i)+0.5)*scale-0.5, 0), float64(from-1))
			left := int(middle)
			part := middle - float64(left)
			all[i] = []tap{{left, 1 - part}, {min(left+1, from-1), part}}
			continue
		}
		begin, end := float64(i)*scale, float64(i+1)*scale
		for at := int(begin); at < from && float64(at) < end; at++ {
			covered := min(end, float64(at+1)) - max(begin, float64(at))
			all[i] = append(all[i], tap{at, covered / scale})
		}
	}
	return all
}
